"""Methods of texts; regular expressions and most beyond ASCII are unknown."""

from __future__ import annotations

from configguard.evaluate import known_calls, numbers, operators
from configguard.evaluate.meanings import joined
from configguard.evaluate.values import MAX_ITEMS, MAX_TEXT, UNDEFINED, Arr, Known, Unknown, Value
from configguard.source.span import Origin, Span

Arguments = list[Value]


def call_method(text: str, name: str, arguments: Arguments, span: Span) -> Value | None:
    """`text.name(arguments)`; None where texts have no such method."""
    if not known_calls.is_method("string", name):
        return None
    origin = joined(span, *arguments)
    while arguments and isinstance(arguments[-1], Known) and arguments[-1].value is UNDEFINED:
        if name in ("includes", "startsWith", "endsWith", "indexOf", "concat", "lastIndexOf"):
            break  # these take it for the text `undefined`
        arguments = arguments[:-1]
    plain: list[str] = []
    for argument in arguments:
        given = operators.to_text(argument)
        if isinstance(given, Unknown):
            return Unknown("an argument is not known", origin)
        plain.append(given)
    found: str | float | list[str] | None = _whole(text, name, plain)
    if found is None:
        found = _by_index(text, name, arguments, plain, origin)
    if isinstance(found, list) and len(found) > MAX_ITEMS:
        return Unknown(f"an array of more than {MAX_ITEMS} items", origin)
    if isinstance(found, list):
        return Arr([Known(part, origin) for part in found], (span,))
    if found is None:
        return Unknown(f"the text method {name}() is not evaluated", origin)
    if isinstance(found, str) and len(found) > MAX_TEXT:
        return Unknown(f"a text of more than {MAX_TEXT} characters", origin)
    return Known(found, origin)


def _whole(text: str, name: str, plain: list[str]) -> str | bool | list[str] | None:
    """Methods that know no index."""
    match name, plain:
        case (("toLowerCase" | "toUpperCase"), []) if text.isascii():
            return text.lower() if name == "toLowerCase" else text.upper()
        case (("toString" | "valueOf"), _):
            return text
        case "trim", _:
            return text.strip(numbers.SPACE)
        case "trimStart", _:
            return text.lstrip(numbers.SPACE)
        case "trimEnd", _:
            return text.rstrip(numbers.SPACE)
        case "includes", [part]:
            return part in text
        case "startsWith", [part]:
            return text.startswith(part)
        case "endsWith", [part]:
            return text.endswith(part)
        case "concat", _ if sum(map(len, plain)) <= MAX_TEXT:
            return text + "".join(plain)
        case "split", []:
            return [text]
        case "split", [separator] if separator:
            return text.split(separator)
        case "split", [""] if text.isascii():
            return list(text)
        case "replace", [old, new] if "$" not in new:
            return text.replace(old, new, 1)
        case "replaceAll", [old, new] if (
            "$" not in new and text.isascii() and text.count(old) * len(new) <= MAX_TEXT
        ):
            return text.replace(old, new)
        case _:
            return None


def _by_index(
    text: str, name: str, arguments: Arguments, plain: list[str], origin: Origin
) -> str | float | list[str] | None:
    """Methods that count letters, for texts in which each letter is one unit."""
    if not text.isascii() or not all(one.isascii() for one in plain):
        return None
    given = [operators.to_number(argument) for argument in arguments]
    indexes = [numbers.to_integer(one) for one in given if isinstance(one, float)]
    if len(indexes) < len(given):
        return None
    size = len(text)
    start = indexes[0] if indexes else 0.0
    end = indexes[1] if len(indexes) > 1 else float(size)
    match name:
        case "slice":
            return text[numbers.position(start, size) : numbers.position(end, size)]
        case "substring":
            low, high = (int(min(max(one, 0), size)) for one in (start, end))
            return text[min(low, high) : max(low, high)]
        case "charAt":
            return text[int(start)] if 0 <= start < size else ""
        case "at":
            index = start + size if start < 0 else start
            return text[int(index)] if 0 <= index < size else None
        case "charCodeAt":
            return float(ord(text[int(start)])) if 0 <= start < size else float("nan")
        case "indexOf" if len(plain) == 1:
            return float(text.find(plain[0]))
        case "lastIndexOf" if len(plain) == 1:
            return float(text.rfind(plain[0]))
        case "repeat" if 0 <= start <= MAX_TEXT and size * start <= MAX_TEXT:
            return text * int(start)
        case "padStart" | "padEnd" if start <= MAX_TEXT:
            filler = plain[1] if len(plain) > 1 else " "
            missing = max(0, int(start) - size) if filler else 0
            padding = (filler * missing)[:missing] if filler else ""
            return padding + text if name == "padStart" else text + padding
        case _:
            del origin
            return None
