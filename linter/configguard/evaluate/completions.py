"""How a statement ends that leaves its block: a jump, a return, or one that nobody knows."""

from __future__ import annotations

from enum import Enum

from configguard.evaluate.values import Unknown, Value


class Jump(Enum):
    """Leaving a loop or one turn of it."""

    BREAK = "break"
    CONTINUE = "continue"


class Return:
    """Leaving a function with a value."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value


class Unsure:
    """Leaving here or not: what follows may run or not, and may have changed what it changes.

    `returns`: what the function may return here; None where it only jumps.
    """

    __slots__ = ("returns", "why")

    def __init__(self, why: Unknown, returns: Unknown | None) -> None:
        self.why = why
        self.returns = returns


Completion = Return | Jump | Unsure | None
