"""The command line parser of vitest: cac 6.7, with mri inside, as vitest bundles it."""

from __future__ import annotations

from collections.abc import Sequence

from configguard.evaluate.numbers import to_text
from configguard.runners.flag_parsers import UNKNOWN, Options, Read, Scalar, Taken, camel, number_of


def read_cac(arguments: Sequence[str], options: Options) -> Read:
    """cac 6.7 as vitest bundles it."""
    end = list(arguments).index("--") if "--" in arguments else len(arguments)
    found = Read([], [], list(range(end + 1, len(arguments))), [])
    # mri compares names as they are written, but only the aliases of a boolean's own name count.
    booleans = options.booleans | {
        alias for alias, name in options.aliases.items() if name in options.booleans
    }
    index, unnamed = 0, False
    while index < end:
        argument = arguments[index]
        dashes = len(argument) - len(argument.lstrip("-"))
        if dashes == 0:
            if argument or found.words or unnamed:
                found.words.append(index)
            else:
                unnamed = True  # an empty first word names the command that has no name
        elif argument[dashes:].startswith("no-"):
            name = argument[dashes + 3 :]
            taken = Taken(f"--no-{name}", _cac_name(name, options), False, index, index)
            found.taken.append(taken)
        else:
            index = _cac_option(arguments, index, end, dashes, booleans, options, found)
        index += 1
    tops = _tops(options) if found.taken else set()
    found.unknown.extend(one for one in found.taken if one.name.split(".")[0] not in tops)
    return found


def _tops(options: Options) -> set[str]:
    known = options.booleans | options.values | options.optional | options.strings | options.lists
    return {name.split(".")[0] for name in known} | set(options.aliases)


def _cac_name(name: str, options: Options) -> str:
    first, dot, rest = name.partition(".")
    return options.own(camel(first) + dot + rest)


def _cac_option(
    arguments: Sequence[str],
    index: int,
    end: int,
    dashes: int,
    booleans: frozenset[str],
    options: Options,
    found: Read,
) -> int:
    argument = arguments[index]
    # An option has one letter before its `=`, even if that is a `=` itself.
    equals = argument.find("=", dashes + 1)
    names = argument[dashes:] if equals == -1 else argument[dashes:equals]
    attached = argument[equals + 1 :] if equals != -1 else ""
    at, cut, value = index, 0, None
    if attached:
        value, cut = attached, equals + 1
    elif index + 1 < end and not arguments[index + 1].startswith("-"):
        index += 1
        at, value = index, arguments[index]
    made: Scalar
    letters = [names] if dashes == 2 else list(names)
    for place, name in enumerate(letters):
        written = f"{'--' if dashes == 2 else '-'}{name}"
        own = _cac_name(name, options)
        last = place == len(letters) - 1
        start = at if cut else (at if at == index and value is None else _start(at, value))
        if not last or value is None:
            made = "true" if own in options.strings else True
            found.taken.append(Taken(written, own, made, start, start))
        elif name in booleans:
            if value not in ("true", "false"):
                found.words.append(at)
            found.taken.append(Taken(written, own, value not in ("false", ""), start, start))
        else:
            number = None if UNKNOWN in value else number_of(value)
            made = value if number is None else number
            if number is not None and own in options.strings:
                made = to_text(number)
            found.taken.append(Taken(written, own, made, start, at, cut))
    return index


def _start(at: int, value: str | None) -> int:
    """The argument that an option stands in, where its value is the argument behind it."""
    return at - 1 if value is not None else at
