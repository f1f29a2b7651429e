"""A job's matrix to its combinations, as GitHub's MatrixBuilder makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from configguard.project.ci.expressions import Contexts, Opaque, Value, same
from configguard.project.ci.model import Case
from configguard.project.ci.texts import github_value
from configguard.syntax.yaml_nodes import Node

MAX_CASES = 256
"""GitHub refuses a matrix of more jobs."""


class Combination(NamedTuple):
    """One job of a matrix. `more`: it may have values beyond these, and why; `sure`: it exists."""

    values: Mapping[str, Value]
    more: Opaque | None = None
    sure: bool = True

    def value(self, name: str) -> Value:
        """What `matrix.name` is in it."""
        for key, value in self.values.items():
            if key.lower() == name.lower():
                return value
        return Value(self.more)

    @property
    def case(self) -> Case:
        """Its names and texts, to tell it by."""
        texts = ((name, value.text) for name, value in self.values.items())
        return tuple((name, text) for name, text in texts if text is not None)


def combinations(node: Node | None, contexts: Contexts) -> list[Combination]:
    """The jobs that a `matrix` stands for; one without values where there is none.

    Raises BadExpression.
    """
    if node is None:
        return [Combination({})]
    matrix = github_value(node, contexts)
    if isinstance(matrix.data, Opaque):
        return [Combination({}, matrix.data)]
    if not isinstance(matrix.data, dict):
        return [Combination({}, Opaque("the matrix is no mapping"))]
    vectors: dict[str, list[Value]] = {}
    for name, value in matrix.data.items():
        if name.lower() not in ("include", "exclude"):
            known = value.data if isinstance(value.data, list) else [_unknown(value, name)]
            vectors[name] = known
    return _Builder(vectors, matrix.data).build()


def _unknown(value: Value, name: str) -> Value:
    if isinstance(value.data, Opaque):
        return value
    return Value(Opaque(f"the matrix has no list for `{name}`"), value.origin)


class _Builder:
    """The cross product of some vectors, less what is excluded, with what is included."""

    def __init__(self, vectors: dict[str, list[Value]], matrix: dict[str, Value]) -> None:
        self.vectors = vectors
        self.more: Opaque | None = None
        self.includes = self._listed(matrix, "include", opens=True)
        self.excludes = self._listed(matrix, "exclude", opens=False)
        self.unsure = False
        excluded = matrix.get("exclude")
        self.unsure = excluded is not None and isinstance(excluded.data, Opaque)
        self.used: set[int] = set()

    def _listed(self, matrix: dict[str, Value], name: str, opens: bool) -> list[dict[str, Value]]:
        value = matrix.get(name)
        if value is None:
            return []
        if not isinstance(value.data, list):
            if opens:
                known = isinstance(value.data, Opaque)
                self.more = value.data if known else Opaque(f"the matrix's `{name}` is no list")
            return []
        found = []
        for item in value.data:
            if isinstance(item.data, dict):
                found.append(item.data)
            elif opens:
                self.more = Opaque(f"a part of the matrix's `{name}` is not known")
        return found

    def build(self) -> list[Combination]:
        size = 1 if self.vectors else 0
        for vector in self.vectors.values():
            size *= len(vector)
        if size > MAX_CASES or len(self.includes) > MAX_CASES:
            return [Combination({}, Opaque(f"the matrix has more than {MAX_CASES} combinations"))]
        made = [one for index in range(size) if (one := self._combined(index, size)) is not None]
        for index, include in enumerate(self.includes):
            if index not in self.used:
                made.append(Combination(include, self.more))
        if self.more is not None:
            made.append(Combination({}, self.more, sure=False))
        return made or [Combination({}, None, sure=False)]

    def _combined(self, index: int, size: int) -> Combination | None:
        values: dict[str, Value] = {}
        block = size
        for name, vector in self.vectors.items():
            block //= len(vector)
            values[name] = vector[(index // block) % len(vector)]
        sure = not self.unsure
        for exclude in self.excludes:
            match = self._matches(exclude, values)
            if match:
                return None
            sure = sure and match is False
        extra: dict[str, Value] = {}
        for place, include in enumerate(self.includes):
            own = {name: one for name, one in include.items() if name in self.vectors}
            match = self._matches(own, values)
            if match is False:
                continue
            self.used.add(place)
            for name, one in include.items():
                if name not in self.vectors:
                    unknown = Opaque("whether the matrix includes it is not known")
                    extra[name] = one if match else Value(unknown, one.origin)
        return Combination({**values, **extra}, self.more, sure)

    def _matches(self, wanted: dict[str, Value], values: dict[str, Value]) -> bool | None:
        answers = [
            _alike(one.data, values[name].data) if name in values else False
            for name, one in wanted.items()
        ]
        if False in answers:
            return False
        return None if None in answers else True


def _alike(wanted: Any, found: Any) -> bool | None:
    """Whether a value is what a filter asks for: each text or number in it is compared alone."""
    if isinstance(wanted, Opaque) or isinstance(found, Opaque):
        return None
    if isinstance(wanted, dict):
        below = found if isinstance(found, dict) else {}
        inner = [_alike(one.data, _data(below.get(name))) for name, one in wanted.items()]
    elif isinstance(wanted, list):
        listed = dict(enumerate(found)) if isinstance(found, list) else {}
        inner = [_alike(one.data, _data(listed.get(index))) for index, one in enumerate(wanted)]
    else:
        return same(wanted, found)
    if False in inner:
        return False
    return None if None in inner else True


def _data(value: Value | None) -> Any:
    return None if value is None else value.data
