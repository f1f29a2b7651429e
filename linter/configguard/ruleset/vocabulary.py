"""The closed vocabulary of rules: which facts and placeholders there are for each `over`.

ruleset/subjects.yaml holds it. `wrong_words(data)` finds what a rule file names that is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from configguard.limits.shape import Misfit, Path, shown
from configguard.resources import table
from configguard.ruleset.messages import PLACEHOLDER
from configguard.ruleset.rule import TEXTS

_ORIGIN = ".origin"
_WORDS = dict.fromkeys(("const", "enum", "minimum", "maximum", "contains", "not", "anyOf", "allOf"))
Fact = Mapping[str, Any]


@cache
def facts_of(over: str) -> dict[str, Fact]:
    """The facts of one kind of subject, by name."""
    data = table("ruleset/subjects")
    return {name: data["facts"][name] for name in data["subjects"][over]["facts"]}


@cache
def placeholders_of(over: str) -> tuple[str, ...]:
    """What may stand in braces in the texts of rules over one kind of subject."""
    data = table("ruleset/subjects")
    return (
        *data["common-placeholders"],
        *data["subjects"][over]["placeholders"],
        *(name for name in data["subjects"][over]["facts"] if name not in RESERVED),
    )


RESERVED = ("runner",)
"""Facts that are common placeholders already."""


def wrong_words(data: Mapping[str, Any]) -> list[Misfit]:
    """What a rule names that is not in the vocabulary, each with its path in the file.

    It takes files of any shape: what does not fit the schema is told elsewhere.
    """
    overs = [one for one in _list(data.get("over")) if one in table("ruleset/subjects")["subjects"]]
    if not overs:
        return []
    found = [*_of_checks(data, overs), *_of_severity(data, overs), *_of_texts(data, overs)]
    settable = dict.fromkeys(table("ruleset/subjects")["settable"])
    pairs = [data, *map(_dict, _list(data.get("checks")))]
    required = {
        str(name).removesuffix(_ORIGIN) for one in pairs for name in _dict(one.get("require"))
    }
    for name in _dict(_dict(data.get("fix")).get("set")):
        path = ("fix", "set", name)
        if name not in settable:
            found.append(Misfit(path, _unknown("a fix cannot set", name, settable)))
        elif not found and name not in required:  # a misspelt requirement is told by itself
            never = f"no check requires {name}, so that this is never written"
            found.append(Misfit(path, never))
    return found


def _of_checks(data: Mapping[str, Any], overs: list[str]) -> Iterator[Misfit]:
    if "checks" not in data:
        if len(overs) > 1:
            several = "a rule over several things says in `checks` what is required of which"
            yield Misfit(("over",), several)
        yield from _of_pair((), data, overs[0])
        return
    judged: set[Any] = set()
    for index, check in enumerate(_list(data["checks"])):
        path = ("checks", index)
        over = _dict(check).get("over", overs[0] if len(overs) == 1 else None)
        judged.add(over)
        if over is None:
            yield Misfit(path, f"this check lacks `over`: one of {', '.join(overs)}")
        elif over not in overs:
            yield Misfit((*path, "over"), f"{shown(over)} does not stand in the rule's `over`")
        else:
            yield from _of_pair(path, _dict(check), over)
    for index, one in enumerate(_list(data["over"])):
        if one in overs and one not in judged:
            yield Misfit(("over", index), f"no check is over {one}")


def _of_pair(path: Path, pair: Mapping[str, Any], over: str) -> Iterator[Misfit]:
    known = facts_of(over)
    for word in ("applies", "require"):
        for name, constraint in _dict(pair.get(word)).items():
            here = (*path, word, name)
            plain = str(name).removesuffix(_ORIGIN)
            if plain not in known:
                yield Misfit(here, _unknown(f"{over} has no fact", plain, known))
            elif name == plain:
                yield from _of_constraint(here, name, constraint, known[name])


def _of_constraint(path: Path, name: str, constraint: Any, fact: Fact) -> Iterator[Misfit]:
    """Values that a fact never has: a rule that names them never holds, or always."""
    for word, operand in _dict(constraint).items():
        if word == "not":
            yield from _of_constraint((*path, word), name, operand, fact)
        elif word in ("anyOf", "allOf"):
            for index, one in enumerate(_list(operand)):
                yield from _of_constraint((*path, word, index), name, one, fact)
        elif word == "const":
            yield from _of_value((*path, word), name, operand, fact)
        elif word == "enum":
            for index, one in enumerate(_list(operand)):
                yield from _of_value((*path, word, index), name, one, fact)
        elif word in ("minimum", "maximum") and fact["type"] in ("text", "boolean"):
            yield Misfit((*path, word), f"{name} is no number: `{word}` never decides it")
        elif word not in _WORDS:
            yield Misfit((*path, word), _unknown("a constraint has no word", str(word), _WORDS))


def _of_value(path: Path, name: str, value: Any, fact: Fact) -> Iterator[Misfit]:
    if isinstance(value, dict):
        return  # a limit: the schema lists them
    fits = {
        "text": isinstance(value, str) and value in fact.get("values", (value,)),
        "boolean": isinstance(value, bool),
        "number": (isinstance(value, int | float) and not isinstance(value, bool))
        or value in fact.get("words", ()),
    }.get(fact["type"], True)
    if not fits:
        yield Misfit(path, f"{name} is never {shown(value)}: it is {_range(fact)}")


def _range(fact: Fact) -> str:
    if fact["type"] == "boolean":
        return "true or false"
    if fact["type"] == "number":
        return " or ".join(("a number", *map(shown, fact.get("words", ()))))
    return f"one of {', '.join(fact['values'])}" if "values" in fact else "a text"


def _of_severity(data: Mapping[str, Any], overs: list[str]) -> Iterator[Misfit]:
    words = table("ruleset/subjects")["when"]
    known = {**words, **{name: fact for over in overs for name, fact in facts_of(over).items()}}
    grades = _list(data.get("severity"))
    for index, grade in enumerate(grades):
        path: Path = ("severity", index)
        for name, wanted in _dict(_dict(grade).get("when")).items():
            here = (*path, "when", name)
            if name not in known:
                yield Misfit(here, _unknown("`when` knows no", str(name), known))
            elif isinstance(wanted, dict):
                yield from _of_constraint(here, name, wanted, known[name])
            else:
                yield from _of_value(here, name, wanted, known[name])
        last = index == len(grades) - 1
        if last and "when" in _dict(grade):
            yield Misfit(path, "the last severity must have no `when`: it is for all other cases")
        if not last and isinstance(grade, dict) and "when" not in grade:
            yield Misfit(path, "this severity has no `when`, so those below it never count")
        if isinstance(_dict(grade).get("is"), dict) and not data.get("defeats"):
            yield Misfit((*path, "is"), "{as: rule-it-defeats} needs `defeats`: the rules it means")


def _of_texts(data: Mapping[str, Any], overs: list[str]) -> Iterator[Misfit]:
    checks = [_dict(one) for one in _list(data.get("checks"))]
    for over in overs:
        own = [one for one in checks if one.get("over", overs[0]) == over]
        for key in TEXTS:
            # A text that every check of an `over` has its own of is not said about it.
            if not own or any(key not in one for one in own):
                yield from _of_text((key,), data.get(key), over)
    for index, check in enumerate(_list(data.get("checks"))):
        over = _dict(check).get("over", overs[0])
        for key in TEXTS if over in overs else ():
            yield from _of_text(("checks", index, key), _dict(check).get(key), over)


def _of_text(path: Path, text: Any, over: str) -> Iterator[Misfit]:
    if isinstance(text, list):
        for index, one in enumerate(text):
            yield from _of_text((*path, index), one, over)
        return
    known = dict.fromkeys(placeholders_of(over))
    for name in PLACEHOLDER.findall(text) if isinstance(text, str) else ():
        if name not in known:
            yield Misfit(path, _unknown(f"a text about {over} has no placeholder", name, known))


def _unknown(what: str, name: str, known: Mapping[str, Any]) -> str:
    """What is not known, and what was probably meant."""
    from difflib import get_close_matches

    near = get_close_matches(name[:60], list(known), 1, 0.6)
    meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    return f"{what} {shown(name)}: {meant}"


def _dict(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
