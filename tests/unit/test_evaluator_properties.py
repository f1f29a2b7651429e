"""Properties of the evaluator: nothing raises, places are right, layout changes no fact."""

from __future__ import annotations

import random
import re
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from configguard.evaluate.configs import Config
from configguard.evaluate.machine import Thrown
from configguard.evaluate.values import Arr, Choice, Cpus, Entry, Known, Obj, Unknown, Value
from configguard.evaluate.worlds import Environment, Opaque
from configguard.source.document import Document
from configguard.source.span import Span
from configguard.source.workspace import Workspace
from configguard.syntax.trees import Parsed, forget, parse
from oracle.programs import written

EMPTY = Path(tempfile.mkdtemp(prefix="configguard-empty-"))
FILE = "vitest.config.mts"
LIMITED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
SEEDS = st.integers(min_value=0, max_value=2**40)


def config_of(text: str, suffix: str = "") -> Config | None:
    """A config of one text; None where it does not parse."""
    file = FILE if not suffix else f"vitest.config{suffix}"
    workspace = Workspace(EMPTY, {file: text.encode("utf-8", "surrogatepass")})
    document = workspace.read(file)
    if not isinstance(document, Document):
        return None
    parsed = parse(document)
    environment = Environment("local", {"CI": None}, "linux")
    if not isinstance(parsed, Parsed):
        return None
    return Config(workspace, parsed, (environment,), lambda machine, value: value)


def facts(text: str) -> list[Any]:
    """What is known of a text's value, in each world, without its places."""
    config = config_of(text)
    assert config is not None, text
    told = []
    for case in config.ask(lambda machine, value: shown(value, ())):
        answer = case.answer
        if isinstance(answer, Thrown):
            answer = "throws"
        elif isinstance(answer, Unknown):
            answer = "unknown"
        # An opaque condition is named by its text, as it is written.
        when = [
            ("opaque" if isinstance(atom, Opaque) else str(atom), truth)
            for atom, truth in case.when
        ]
        told.append((when, answer))
    forget()
    return told


def shown(value: Value, around: tuple[Value, ...]) -> Any:
    if value in around:
        return "itself"
    inside = (*around, value)
    match value:
        case Known(value=scalar):
            return repr(scalar)
        case Cpus(expression=expression):
            return str(expression)
        case Obj(more=more):
            keys = [key for key in list(value.entries) if value.entry(key) is not None]
            held = {key: shown(value.get(key), inside) for key in sorted(keys)}
            return {**held, **({"...": "unknown"} if more else {})}
        case Arr(items=items, more=more):
            return [*(shown(item, inside) for item in items), *(["unknown"] if more else [])]
        case _:
            return type(value).__name__


@LIMITED
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_no_text_makes_it_raise(text: str) -> None:
    for suffix in (".mts", ".cjs"):
        config = config_of(text, suffix)
        if config is not None:
            config.ask(lambda machine, value: shown(value, ()))


@LIMITED
@given(SEEDS)
def test_no_broken_program_makes_it_raise(seed: int) -> None:
    rng = random.Random(seed)
    text = written(seed)
    pieces = re.split(r"(\W)", text)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(pieces))
        pieces[at] = rng.choice(["", pieces[rng.randrange(len(pieces))], pieces[at] * 2])
    config = config_of("".join(pieces))
    if config is not None:
        config.ask(lambda machine, value: shown(value, ()))
    forget()


@LIMITED
@given(SEEDS)
def test_places_lie_in_the_file_and_cover_what_they_claim(seed: int) -> None:
    text = written(seed)
    config = config_of(text)
    assert config is not None
    data = text.encode()
    for case in config.ask(lambda machine, value: list(places(value))):
        if not isinstance(case.answer, list):
            continue
        for what, span in case.answer:
            assert span.file == FILE
            assert 0 <= span.start <= span.end <= len(data)
            covered = data[span.start : span.end].decode()
            if isinstance(what, str):
                # A key as it is written: plain, in quotes, as a number, or computed.
                computed = covered.startswith("[") or "(" in covered or what in covered
                assert computed or covered.strip("'\"") == what, (covered, what)
    forget()


def places(value: Value) -> list[tuple[str | None, Span]]:
    """Every place that a value names: of keys with their name, of all else alone."""
    found: list[tuple[str | None, Span]] = []
    pending: list[Value] = [value]
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        found += [(None, span) for span in one.origin]
        if isinstance(one, Arr):
            pending += one.items
        elif isinstance(one, Obj):
            for entry in one.entries.values():
                if not isinstance(entry, Entry):
                    continue
                found += [(None, entry.expression), (None, entry.whole)]
                found += [(None, span) for span in entry.via]
                source = entry.source
                if isinstance(source, Choice):
                    pending += [case.answer for case in source.cases]
                elif not callable(source):
                    pending.append(source)
    return found


@LIMITED
@given(SEEDS)
def test_what_javascript_ignores_changes_no_fact(seed: int) -> None:
    text = written(seed)
    expected = facts(text)
    for change in (commented, spaced, without_semicolons, other_quotes, trailing_commas):
        assert facts(change(text)) == expected, f"{change.__name__}\n{text}"


def commented(text: str) -> str:
    """The text with comments before statements and after commas."""
    return re.sub(r", (?=\w+: )", ", /* , } */ ", text).replace("; ", "; /* a: 1 */ ") + "// end"


def spaced(text: str) -> str:
    """The text on many lines, indented by tabs."""
    return text.replace("{ ", "{\n\t").replace("; ", ";\r\n\t\t").replace(" }", "\n}")


def without_semicolons(text: str) -> str:
    """The text without the semicolons that a line's end replaces."""
    lines = text.split("\n")
    ends = [*lines[1:], ""]
    return "\n".join(
        line[:-1] if line.endswith(";") and after[:1] not in "([{`+-/;" else line
        for line, after in zip(lines, ends, strict=True)
    )


def other_quotes(text: str) -> str:
    """Single quotes as double ones."""
    return re.sub(r"'([^'\"\\]*)'", r'"\1"', text)


def trailing_commas(text: str) -> str:
    """A comma after the last of plain literals."""
    return re.sub(
        r"(\{ \w+: \d+) \}", r"\1, }", re.sub(r"(?<![\w)\]])\[(\d+(?:, \d+)*)\]", r"[\1,]", text)
    )


@LIMITED
@given(st.permutations(["retry: 1", "bail: 2", "pool: 'x'", "n: { a: 1, b: [2] }", "...base"]))
def test_the_order_of_plain_keys_changes_no_fact(order: list[str]) -> None:
    base = "const base = { other: 1 };\n"
    assert facts(f"{base}export default {{ {', '.join(order)} }};") == facts(
        base + "export default { retry: 1, bail: 2, pool: 'x', n: { a: 1, b: [2] }, ...base };"
    )
