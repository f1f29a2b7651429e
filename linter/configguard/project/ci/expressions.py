"""GitHub's expressions (`matrix.os == 'x' && 1 || 2`) to values, three-valued.

Facts: actions/runner, `Sdk/Expressions` and `YamlObjectReader`; GitHub's page on expressions.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from configguard.source.span import Origin, chain

MAX_EXPRESSION = 4_000
MAX_DEPTH = 40

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>[-+]?(?:0x[0-9a-fA-F]{1,8}|0o[0-7]{1,10}"
    r"|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.]))"
    r"|(?P<name>[A-Za-z_][\w-]*)|(?P<mark>\|\||&&|==|!=|<=|>=|[<>!()\[\].,*]))"
)
_NUMBER = re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?")
_FORMAT = re.compile(r"\{\{|\}\}|\{(\d+)\}|[{}]")


class Opaque(NamedTuple):
    """Something that only the service knows, and why."""

    reason: str


class Value(NamedTuple):
    """A value of an expression: None, bool, float, str, list and dict of values, or Opaque.

    `origin`: where it is written, for what stands in the repository.
    """

    data: Any
    origin: Origin = ()

    @property
    def truth(self) -> bool | None:
        """Whether it counts as true; None where it is not known."""
        if isinstance(self.data, Opaque):
            return None
        if isinstance(self.data, float):
            return self.data != 0 and not math.isnan(self.data)
        return bool(self.data) or isinstance(self.data, (list, dict))

    @property
    def text(self) -> str | None:
        """What stands in a script in its place; None where it is not known."""
        return None if isinstance(self.data, Opaque) else text_of(self.data)


class BadExpression(Exception):
    """What is wrong with an expression; GitHub refuses the whole workflow."""


Contexts = Mapping[str, "Value | Callable[[str], Value]"]
"""What `env`, `matrix`, `inputs` … stand for: an object, or a function of the property's name."""


def text_of(data: Any) -> str:
    """A value as a string, as GitHub writes it."""
    if data is None:
        return ""
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, float):
        return number_text(data)
    if isinstance(data, str):
        return data
    return "Array" if isinstance(data, list) else "Object"


def number_text(number: float) -> str:
    """A number as .NET writes it with `G15`."""
    if math.isinf(number) or math.isnan(number):
        return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")
    return f"{number:.15G}"


def evaluate(text: str, contexts: Contexts) -> Value:
    """What an expression is worth. Raises BadExpression."""
    if len(text) > MAX_EXPRESSION:
        return Value(Opaque(f"an expression is longer than {MAX_EXPRESSION} characters"))
    parser = _Parser(text, contexts)
    try:
        return parser.whole()
    except RecursionError:  # pragma: no cover - MAX_DEPTH comes first
        return Value(Opaque("an expression is nested too deeply"))


class _Parser:
    """One expression, evaluated while it is read."""

    def __init__(self, text: str, contexts: Contexts) -> None:
        self.text = text
        self.contexts = contexts
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise BadExpression(f"{text[at:].strip()[:20]!r} is not understood")
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        self.at = 0
        self.depth = 0

    def whole(self) -> Value:
        value = self._or()
        if self.at < len(self.tokens):
            raise BadExpression(f"{self.tokens[self.at][1]!r} is unexpected")
        return value

    def _mark(self, *marks: str) -> str | None:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind == "mark" and text in marks:
            self.at += 1
            return text
        return None

    def _expect(self, mark: str) -> None:
        if self._mark(mark) is None:
            raise BadExpression(f"{mark!r} is missing")

    def _or(self) -> Value:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise BadExpression("it is nested too deeply")
        value = self._and()
        while self._mark("||"):
            value = _either(value, self._and(), stops=True)
        self.depth -= 1
        return value

    def _and(self) -> Value:
        value = self._equality()
        while self._mark("&&"):
            value = _either(value, self._equality(), stops=False)
        return value

    def _equality(self) -> Value:
        value = self._relation()
        while mark := self._mark("==", "!="):
            same = _equal(value, self._relation())
            if isinstance(same.data, bool) and mark == "!=":
                same = Value(not same.data, same.origin)
            value = same
        return value

    def _relation(self) -> Value:
        value = self._unary()
        while mark := self._mark("<", ">", "<=", ">="):
            value = _compared(value, mark, self._unary())
        return value

    def _unary(self) -> Value:
        negations = 0
        while self._mark("!"):
            negations += 1
        value = self._postfix()
        if negations and value.truth is not None:
            value = Value(value.truth is (negations % 2 == 0), value.origin)
        return value

    def _postfix(self) -> Value:
        value = self._primary()
        while mark := self._mark(".", "["):
            if mark == ".":
                if self._mark("*"):
                    value = Value(Opaque("`.*` is not followed"), value.origin)
                    continue
                value = _property(value, Value(self._name()))
            elif self._mark("*"):
                self._expect("]")
                value = Value(Opaque("`[*]` is not followed"), value.origin)
            else:
                index = self._or()
                self._expect("]")
                value = _property(value, index)
        return value

    def _name(self) -> str:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind != "name":
            raise BadExpression("a name is missing after '.'")
        self.at += 1
        return text

    def _primary(self) -> Value:
        if self._mark("("):
            value = self._or()
            self._expect(")")
            return value
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        self.at += 1
        if kind == "text":
            return Value(text[1:-1].replace("''", "'"))
        if kind == "number":
            return Value(_number(text))
        if kind != "name":
            raise BadExpression("it ends too early" if not text else f"{text!r} is unexpected")
        if self._mark("("):
            return _called(text.lower(), self._arguments())
        if text in ("true", "false", "null"):
            return Value({"true": True, "false": False, "null": None}[text])
        return self._context(text)

    def _context(self, name: str) -> Value:
        found = self.contexts.get(name.lower())
        if found is None:
            return Value(Opaque(f"`{name}` is known only when the workflow runs"))
        if isinstance(found, Value):
            return found
        if self._mark("."):
            if self._mark("*"):
                return Value(Opaque(f"`{name}.*` is not followed"))
            return found(self._name())
        if self._mark("["):
            index = self._or()
            self._expect("]")
            if index.text is not None:
                return found(index.text)
        return Value(Opaque(f"`{name}` as a whole is not followed"))

    def _arguments(self) -> list[Value]:
        found: list[Value] = []
        if self._mark(")"):
            return found
        found.append(self._or())
        while self._mark(","):
            found.append(self._or())
        self._expect(")")
        return found


def _either(left: Value, right: Value, stops: bool) -> Value:
    """`left || right` (stops at what is true) or `left && right` (at what is false)."""
    if left.truth is None:
        return left
    chosen = left if left.truth is stops else right
    return Value(chosen.data, chain(left.origin, chosen.origin))


def _property(value: Value, index: Value) -> Value:
    for one in (value, index):
        if isinstance(one.data, Opaque):
            return Value(one.data, value.origin)
    found: Value | None = None
    if isinstance(value.data, dict):
        wanted = text_of(index.data).lower()
        found = next((one for key, one in value.data.items() if key.lower() == wanted), None)
    elif isinstance(value.data, list) and isinstance(index.data, float):
        place = index.data
        inside = place == int(place) and 0 <= place < len(value.data)
        found = value.data[int(place)] if inside else None
    return found if found is not None else Value(None, value.origin)


def _number(text: str) -> float:
    sign, digits = (-1.0, text[1:]) if text[0] == "-" else (1.0, text.lstrip("+"))
    if digits[:2] in ("0x", "0o"):
        return sign * int(digits[2:], 16 if digits[1] == "x" else 8)
    return sign * float(digits)


def to_number(data: Any) -> float:
    """A value as a number, as comparisons take it."""
    if data is None or data is False:
        return 0.0
    if data is True:
        return 1.0
    if isinstance(data, float):
        return data
    if isinstance(data, str):
        text = data.strip()
        if not text:
            return 0.0
        if re.fullmatch(r"0x[0-9a-fA-F]{1,8}|0o[0-7]{1,10}", text) or _NUMBER.fullmatch(text):
            return _number(text)
    return math.nan


def same(left: Any, right: Any) -> bool:
    """Whether two known values are equal: texts without case, else as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.upper() == right.upper()
    if isinstance(left, (list, dict)) or isinstance(right, (list, dict)):
        return left is right
    if type(left) is type(right):
        return bool(left == right)
    return to_number(left) == to_number(right)


def _equal(left: Value, right: Value) -> Value:
    origin = chain(left.origin, right.origin)
    for one in (left, right):
        if isinstance(one.data, Opaque):
            return Value(one.data, origin)
    return Value(same(left.data, right.data), origin)


def _compared(left: Value, mark: str, right: Value) -> Value:
    origin = chain(left.origin, right.origin)
    for one in (left, right):
        if isinstance(one.data, Opaque):
            return Value(one.data, origin)
    low: Any = left.data
    high: Any = right.data
    if isinstance(low, str) and isinstance(high, str):
        low, high = low.upper(), high.upper()
    else:
        low, high = to_number(low), to_number(high)
    return Value(
        {"<": low < high, ">": low > high, "<=": low <= high, ">=": low >= high}[mark], origin
    )


def _called(name: str, arguments: list[Value]) -> Value:
    origin = chain(*(one.origin for one in arguments))
    if name not in _FUNCTIONS:
        return Value(Opaque(f"`{name}()` is known only when the workflow runs"), origin)
    for one in arguments:
        if isinstance(one.data, Opaque):
            return Value(one.data, origin)
    try:
        return Value(_FUNCTIONS[name](*(one.data for one in arguments)), origin)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        if isinstance(error, TypeError):
            raise BadExpression(f"{name}() is called with other arguments") from None
        return Value(Opaque(f"{name}() fails"), origin)


def _contains(found: Any, wanted: Any) -> Any:
    if isinstance(found, list):
        known = [one.data for one in found if not isinstance(one.data, Opaque)]
        if len(known) < len(found) and not any(same(one, wanted) for one in known):
            return Opaque("a part of a list is known only when the workflow runs")
        return any(same(one, wanted) for one in known)
    return text_of(wanted).upper() in text_of(found).upper()


def _starts(found: Any, wanted: Any) -> bool:
    return text_of(found).upper().startswith(text_of(wanted).upper())


def _ends(found: Any, wanted: Any) -> bool:
    return text_of(found).upper().endswith(text_of(wanted).upper())


def _format(pattern: Any, *values: Any) -> Any:
    def put(mark: re.Match[str]) -> str:
        if mark[0] in ("{{", "}}"):
            return mark[0][0]
        if mark[1] is None or int(mark[1]) >= len(values):
            raise ValueError(mark[0])
        return text_of(values[int(mark[1])])

    return _FORMAT.sub(put, text_of(pattern))


def _join(items: Any, between: Any = ",") -> Any:
    if not isinstance(items, list):
        return text_of(items)
    if any(isinstance(one.data, Opaque) for one in items):
        return Opaque("a part of a list is known only when the workflow runs")
    return text_of(between).join(text_of(one.data) for one in items)


def _from_json(text: Any) -> Any:
    return of_plain(json.loads(text_of(text))).data


def of_plain(plain: Any, origin: Origin = ()) -> Value:
    """A value for what JSON or YAML gives."""
    if isinstance(plain, dict):
        return Value({str(key): of_plain(one, origin) for key, one in plain.items()}, origin)
    if isinstance(plain, list):
        return Value([of_plain(one, origin) for one in plain], origin)
    if isinstance(plain, int) and not isinstance(plain, bool):
        return Value(float(plain), origin)
    return Value(plain, origin)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": _contains,
    "startswith": _starts,
    "endswith": _ends,
    "format": _format,
    "join": _join,
    "fromjson": _from_json,
}
