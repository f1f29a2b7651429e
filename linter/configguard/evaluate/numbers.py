"""JavaScript's numbers: literals, conversions and text, as ECMAScript 2024 defines them."""

from __future__ import annotations

import math
import re

_DECIMAL = re.compile(r"[+-]?(?:Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)", re.ASCII)
_PREFIXES = {"0x": 16, "0o": 8, "0b": 2}
SPACE = (
    " \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""What JavaScript takes for white space."""


def literal(text: str) -> float | None:
    """The value of a numeric literal such as `1_000`, `35e3`, `0xFF`; None for a BigInt."""
    if text.endswith("n") and not text.startswith(("0x", "0X")):
        return None
    plain = text.replace("_", "")
    base = _PREFIXES.get(plain[:2].lower())
    if base is not None:
        try:
            return float(int(plain[2:], base))
        except (ValueError, OverflowError):
            return None
    if re.fullmatch(r"0[0-7]+", plain):
        return float(int(plain, 8))
    try:
        return float(plain)
    except ValueError:
        return None


def from_text(text: str) -> float:
    """`Number(text)`: the empty string is 0, anything odd is NaN; no separators allowed."""
    plain = text.strip(SPACE)
    if not plain:
        return 0.0
    base = _PREFIXES.get(plain[:2].lower())
    if base is not None:
        digits = plain[2:]
        valid = re.fullmatch({16: "[0-9a-fA-F]+", 8: "[0-7]+", 2: "[01]+"}[base], digits)
        return float(int(digits, base)) if valid and len(digits) < 250 else math.nan
    return float(plain) if _DECIMAL.fullmatch(plain) else math.nan


def parse_int(text: str, radix: int = 10) -> float:
    """`parseInt(text, radix)`: the leading digits, so that `30_000` is 30; NaN without any."""
    plain = text.lstrip(SPACE)
    sign = -1.0 if plain.startswith("-") else 1.0
    plain = plain.removeprefix("-") if sign < 0 else plain.removeprefix("+")
    if radix in (0, 16) and plain[:2].lower() == "0x":
        plain, radix = plain[2:], 16
    radix = radix or 10
    if not 2 <= radix <= 36:
        return math.nan
    total, seen = 0, False
    for character in plain[:400]:
        digit = int(character, 36) if character.isascii() and character.isalnum() else 99
        if digit >= radix:
            break
        total, seen = total * radix + digit, True
    try:
        return sign * float(total) if seen else math.nan
    except OverflowError:
        return sign * math.inf


def parse_float(text: str) -> float:
    """`parseFloat(text)`: the longest leading decimal number; NaN without one."""
    found = _DECIMAL.match(text.lstrip(SPACE))
    return float(found[0]) if found else math.nan


def to_text(number: float) -> str:
    """`String(number)`: the shortest text that reads back as the same number."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0:
        return "0"
    if number < 0:
        return "-" + to_text(-number)
    mantissa, _, exponent = f"{number!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    # The digits without leading zeros, and where the decimal point stands in them.
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    point = len(whole) - leading + int(exponent or 0)
    digits = digits.rstrip("0") or "0"
    if 0 < point <= 21:
        padded = digits.ljust(point, "0")
        return padded[:point] + ("." + padded[point:] if len(padded) > point else "")
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    shown = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{shown}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def to_int32(number: float) -> int:
    """The 32-bit integer that bitwise operators see."""
    if not math.isfinite(number):
        return 0
    wrapped = math.trunc(number) % 2**32
    return wrapped - 2**32 if wrapped >= 2**31 else wrapped


def length(text: str) -> int:
    """`text.length`: its UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def units(text: str, start: int, end: int) -> str:
    """The UTF-16 units of a text from `start` up to `end`."""
    if text.isascii():
        return text[start:end]
    data = text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end]
    return data.decode("utf-16-le", "surrogatepass")


def to_integer(number: float) -> float:
    """A number without its fraction; NaN is 0."""
    if math.isnan(number):
        return 0.0
    return number if math.isinf(number) else float(math.trunc(number))


def position(index: float, size: int) -> int:
    """Where a relative index (negative: from the end) lies in `size` items."""
    if index < 0:
        return int(max(size + index, 0))
    return int(min(index, size))
