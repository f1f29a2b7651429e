"""Numbers that depend on the machine: non-decreasing expressions over its CPU count."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

Number = float


@dataclass(frozen=True, slots=True, eq=False)
class CpuExpression:
    """A non-decreasing function of `cpus` (an integer >= 1) and how it is written.

    `binds` is how tightly the text holds together: 0 sum, 1 product, 2 atom.
    """

    text: str
    at: Callable[[float], float]
    binds: int = 2

    def __str__(self) -> str:
        return self.text

    @property
    def minimum(self) -> float:
        """The value on one CPU, the least there is."""
        return self.at(1)

    @property
    def maximum(self) -> float | None:
        """The value on a machine of any size; None where it grows without end."""
        most = self.at(math.inf)
        return None if math.isinf(most) or math.isnan(most) else most

    def first_reaching(self, reached: Callable[[float], bool], most: int = 4096) -> int | None:
        """The least CPU count at which a predicate that stays true holds; None if none does."""
        if not reached(self.at(most)):
            return None
        low, high = 1, most
        while low < high:
            middle = (low + high) // 2
            if reached(self.at(middle)):
                high = middle
            else:
                low = middle + 1
        return low


CPUS = CpuExpression("cpus", lambda cpus: cpus)
Operand = CpuExpression | float


def value_at(operand: Operand, cpus: float) -> float:
    """An operand's number on a machine of so many CPUs."""
    return operand.at(cpus) if isinstance(operand, CpuExpression) else operand


def _at(operand: Operand) -> Callable[[float], float]:
    return operand.at if isinstance(operand, CpuExpression) else lambda cpus: operand


def _text(operand: Operand, binds: int) -> str:
    if not isinstance(operand, CpuExpression):
        return f"{operand:g}"
    return operand.text if operand.binds >= binds else f"({operand.text})"


def arithmetic(operator: str, left: Operand, right: Operand) -> CpuExpression | None:
    """`left operator right`; None where the result would not be non-decreasing in `cpus`."""
    constant_right = not isinstance(right, CpuExpression)
    if operator == "+":
        text = f"{_text(left, 0)} + {_text(right, 0)}"
        return CpuExpression(text, lambda n: value_at(left, n) + value_at(right, n), 0)
    if operator == "-" and constant_right:
        text = f"{_text(left, 0)} - {_text(right, 1)}"
        at, taken = _at(left), value_at(right, 1)
        return CpuExpression(text, lambda n: at(n) - taken, 0)
    if operator == "*":
        constants = [side for side in (left, right) if not isinstance(side, CpuExpression)]
        if len(constants) == 1 and constants[0] > 0:
            text = f"{_text(left, 1)} * {_text(right, 1)}"
            return CpuExpression(text, lambda n: value_at(left, n) * value_at(right, n), 1)
    if operator == "/" and constant_right and value_at(right, 1) > 0:
        text = f"{_text(left, 1)} / {_text(right, 2)}"
        return CpuExpression(text, lambda n: value_at(left, n) / value_at(right, n), 1)
    return None


def bounded(name: str, operands: list[Operand]) -> CpuExpression:
    """`min(...)` or `max(...)` of operands."""
    choose = {"min": min, "max": max}[name]
    text = f"{name}({', '.join(_text(operand, 0) for operand in operands)})"
    sides = [_at(operand) for operand in operands]
    if len(sides) == 2:  # as it nearly always is, and asked for hundreds of counts
        left, right = sides
        return CpuExpression(text, lambda n: choose(left(n), right(n)))
    return CpuExpression(text, lambda n: choose(at(n) for at in sides))


def rounded(name: str, operand: CpuExpression) -> CpuExpression:
    """`floor`, `ceil`, `round` (as JavaScript rounds) or `trunc` of an operand."""
    step = ROUNDINGS[name]
    return CpuExpression(f"{name}({operand.text})", lambda n: step(operand.at(n)))


def js_round(number: float) -> float:
    """JavaScript's Math.round: halves go up, towards +infinity."""
    if not math.isfinite(number):
        return number
    below = math.floor(number)
    return float(below if number - below < 0.5 else below + 1)


def _finite(step: Callable[[float], int]) -> Callable[[float], float]:
    return lambda number: number if not math.isfinite(number) else float(step(number))


ROUNDINGS: dict[str, Callable[[float], float]] = {
    "floor": _finite(math.floor),
    "ceil": _finite(math.ceil),
    "trunc": _finite(math.trunc),
    "round": js_round,
}
