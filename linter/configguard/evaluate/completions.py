"""How a statement ends that leaves its block: a jump or a return."""

from __future__ import annotations

from enum import Enum

from configguard.evaluate.values import Value


class Jump(Enum):
    """Leaving a loop or one turn of it."""

    BREAK = "break"
    CONTINUE = "continue"


class Return:
    """Leaving a function with a value."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value


Completion = Return | Jump | None
