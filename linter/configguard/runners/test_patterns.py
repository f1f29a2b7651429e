"""Which files are the tests of a suite, by the patterns of its config.

What is written in a way that is not understood here is Unknown: then no test file is looked at.
Paths are root-relative with a `/` before them, as the runners match whole paths.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from configguard.evaluate.values import Arr, Known, Unknown, Value
from configguard.runners.settings import Reading, Settings
from configguard.runners.versions import matches
from configguard.source.workspace import Unreadable, escapes, folder_of, join

MAX_UNBOUNDED = 2
"""A regular expression with more `*` and `+` is not used: on hostile paths it would take long."""
MAX_STARS = 8


class TestFiles(NamedTuple):
    """The files below some folders that match one of the patterns, and none of the others."""

    folders: tuple[str, ...]
    include: tuple[re.Pattern[str], ...]
    exclude: tuple[re.Pattern[str], ...]

    def has(self, file: str) -> bool:
        """Whether a root-relative file is one of the tests."""
        path = f"/{file}"
        return any(one.search(path) for one in self.include) and not any(
            one.search(path) for one in self.exclude
        )


class NotUnderstood(Exception):
    """Why a pattern is not used; the message is for people."""


Convert = Callable[[str], "re.Pattern[str]"]
_SCRIPT = r"\.(?:c|m)?[jt]sx?$"
_PLAYWRIGHT = (re.compile(rf"[^/]\.(?:spec|test){_SCRIPT}", re.IGNORECASE),)
_VITEST = (re.compile(rf"[^/]*\.(?:spec|test){_SCRIPT}"),)
_VITEST_EXCLUDED = (re.compile(r"/(?:node_modules|\.git)/"),)
_VITEST_3_EXCLUDED = (
    re.compile(r"/(?:node_modules|dist|cypress|\.(?:idea|git|cache|output|temp))/"),
    re.compile(
        r"/(?:karma|rollup|webpack|vite|vitest|jest|ava|babel|nyc|cypress|tsup|build|eslint|"
        r"prettier)\.config\.[^/]*$"
    ),
)
_JEST = (
    re.compile(r"/__tests__/(?:.*/)?[^/]*\.[jt]sx?$"),
    re.compile(r"/(?:[^/]*\.)?(?:spec|test)+\.[jt]sx?$"),
)
_JEST_30 = (
    re.compile(r"/__tests__/(?:.*/)?[^/]*\.[mc]?[jt]sx?$"),
    re.compile(r"/(?:[^/]*\.)?(?:spec|test)+\.[mc]?[jt]sx?$"),
)
_NODE_MODULES = (re.compile(r"/node_modules/"),)


def of_playwright(settings: Settings, file: str) -> TestFiles | Unknown:
    """The test files of a Playwright config or project. Raises Fork, Thrown."""

    def effective(name: str) -> Reading | None:
        own = settings.written(name)
        return own if own is not None or not settings.in_project else settings.root.written(name)

    def convert(text: str) -> re.Pattern[str]:
        return glob(text if text.startswith(("**/", "/")) else f"**/{text}", re.IGNORECASE)

    try:
        folder = folder_of(file)
        test_dir = effective("testDir")
        if test_dir is not None:
            named = _text(test_dir)
            folder = join(folder, named)
            if named.startswith("/") or escapes(folder):
                raise NotUnderstood("testDir leads out of the root")
        include = _patterns(settings, effective("testMatch"), convert)
        exclude = _patterns(settings, effective("testIgnore"), convert)
    except NotUnderstood as why:
        return Unknown(str(why))
    return TestFiles((_plain(folder),), _PLAYWRIGHT if include is None else include, exclude or ())


def of_vitest(settings: Settings, file: str) -> TestFiles | Unknown:
    """The test files of a vitest config or project. Raises Fork, Thrown."""
    workspace = settings.machine.workspace
    folder = folder_of(file)
    try:
        if (
            folder
            and not settings.in_project
            and not workspace.is_file(posixpath.join(folder, "package.json"))
        ):
            raise NotUnderstood("the folder that vitest is started in is not known")
        for name in ("root", "test.root", "test.dir"):
            reading = settings.written(name)
            if reading is None or reading.entry is None:
                continue
            folder = join(folder, _text(reading))
            if escapes(folder):
                raise NotUnderstood(f"{name} leads out of the root")
        base = _plain(folder)

        def convert(text: str) -> re.Pattern[str]:
            plain = re.sub(r"^(\./)+", "", text)
            return glob(f"/{base}/{plain}" if base else f"/{plain}")

        include = _patterns(settings, settings.written("test.include"), convert)
        exclude = _patterns(settings, settings.written("test.exclude"), convert)
    except NotUnderstood as why:
        return Unknown(str(why))
    older = matches(settings.table.version, "<4")
    default = _VITEST_3_EXCLUDED if older else _VITEST_EXCLUDED
    return TestFiles(
        (base,), _VITEST if include is None else include, default if exclude is None else exclude
    )


def of_jest(settings: Settings, folder: str | None) -> TestFiles | Unknown:
    """The test files of a jest config or project; `folder`: its rootDir. Raises Fork, Thrown."""
    try:
        if folder is None:
            raise NotUnderstood("where rootDir lies is not known")
        here = f"/{folder}" if folder else ""

        def convert(text: str) -> re.Pattern[str]:
            return glob(text.replace("<rootDir>", here))

        def regex(text: str) -> re.Pattern[str]:
            return expression(text.replace("<rootDir>", here))

        folders = []
        roots = settings.written("roots")
        for name in ["<rootDir>"] if roots is None else _texts(roots):
            root = name.replace("<rootDir>", here).lstrip("/")
            root = root if name.startswith("<rootDir>") else join(folder, name)
            if escapes(root) or name.startswith("/"):
                raise NotUnderstood("roots lead out of the root")
            folders.append(_plain(root))
        listed = settings.written("testMatch")
        texts = None if listed is None else _texts(listed)
        include = exclude = None
        if texts is not None:
            include = tuple(convert(text) for text in texts if not text.startswith("!"))
            exclude = tuple(convert(text[1:]) for text in texts if text.startswith("!"))
        by_regex = _patterns(settings, settings.written("testRegex"), regex)
        ignored = _patterns(settings, settings.written("testPathIgnorePatterns"), regex)
    except NotUnderstood as why:
        return Unknown(str(why))
    default = _JEST_30 if matches(settings.table.version, ">=30") else _JEST
    ignored = _NODE_MODULES if ignored is None else ignored
    chosen = include if include is not None else by_regex
    return TestFiles(
        tuple(folders), default if chosen is None else chosen, (*ignored, *(exclude or ()))
    )


# --- reading lists of patterns ---------------------------------------------------------------


def _patterns(
    settings: Settings, reading: Reading | None, convert: Convert
) -> tuple[re.Pattern[str], ...] | None:
    """The patterns of a setting, a text, a regular expression, or a list; None if unset."""
    if reading is None:
        return None
    value = reading.value
    if isinstance(value, Known) and value.value is None:
        return None
    items: Iterable[Value] = [value]
    if isinstance(value, Arr):
        if value.more is not None:
            raise NotUnderstood(f"{reading.setting} is not known: {value.more.reason}")
        items = value.items
    found: list[re.Pattern[str]] = []
    for item in items:
        if isinstance(item, Known) and isinstance(item.value, str):
            found.append(convert(item.value))
            continue
        literal = _literal(settings, item)
        if literal is None:
            why = item.reason if isinstance(item, Unknown) else "it is no pattern"
            raise NotUnderstood(f"{reading.setting} is not known: {why}")
        found.append(literal)
    return tuple(found)


def _literal(settings: Settings, value: Value) -> re.Pattern[str] | None:
    """The regular expression that is written where a value comes from."""
    if not isinstance(value, Unknown) or not value.origin:
        return None
    place = value.origin[-1]
    document = settings.machine.workspace.read(place.file)
    if isinstance(document, Unreadable):
        return None
    text = document.text(place.start, place.end)
    closing = text.rfind("/")
    if not text.startswith("/") or closing < 1 or not re.fullmatch("[gi]*", text[closing + 1 :]):
        return None
    return expression(text[1:closing], re.IGNORECASE if "i" in text[closing:] else 0)


def _texts(reading: Reading) -> list[str]:
    value = reading.value
    if not isinstance(value, Arr) or value.more is not None:
        raise NotUnderstood(f"{reading.setting} is not known")
    found = []
    for item in value.items:
        if not isinstance(item, Known) or not isinstance(item.value, str):
            raise NotUnderstood(f"an item of {reading.setting} is not known")
        found.append(item.value)
    return found


def _text(reading: Reading) -> str:
    value = reading.value
    if not isinstance(value, Known) or not isinstance(value.value, str):
        raise NotUnderstood(f"{reading.setting} is not known: {reading.unknown or 'it is no text'}")
    return value.value


def _plain(folder: str) -> str:
    return "" if folder in (".", "") else folder


# --- patterns to Python's regular expressions ------------------------------------------------


def expression(text: str, flags: int = 0) -> re.Pattern[str]:
    """A JavaScript regular expression as Python's, where both mean the same. Raises NotUnderstood.

    What could take long on a hostile path, or differs between the two, is refused.
    """
    refused = NotUnderstood(f"the regular expression {text!r} is not used")
    unbounded, in_class, escaped, before = 0, False, False, ""
    for char in text:
        if escaped:
            if char.isdigit() or char in "pPkuxcbB":
                raise refused
            escaped, before = False, "\\"
            continue
        if char == "\\":
            escaped = True
        elif in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char in "*+{":
            unbounded += 1
            if before == ")":
                raise refused
        before = char
    if unbounded > MAX_UNBOUNDED or "(?<" in text or "[^]" in text or "[[" in text:
        raise refused
    try:
        return re.compile(text, flags)
    except (re.error, RecursionError, OverflowError):
        raise refused from None


_ENDS = {"?": "?", "+": "+", "*": "*", "@": ""}


def glob(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern such as `**/*.e2e.{ts,js}` as a regular expression. Raises NotUnderstood."""
    refused = NotUnderstood(f"the pattern {pattern!r} is not understood")
    if (
        pattern.count("*") > MAX_STARS
        or len(pattern) > 300
        or re.search(r"[\\\"']|/\.\.?/|\*{3}", pattern)
    ):
        raise refused
    made: list[str] = []
    ends: list[str] = []
    at = 0
    while at < len(pattern):
        char, rest = pattern[at], pattern[at:]
        if rest.startswith("**/") and (at == 0 or pattern[at - 1] == "/"):
            made.append("(?:[^/]+/)*" if at else "/(?:[^/]+/)*")
            at += 3
            continue
        if rest == "**" and (at == 0 or pattern[at - 1] == "/"):
            made.append(".*")
            break
        if len(rest) > 1 and rest[1] == "(" and char in "?+*@!":
            if char == "!" or (char in "+*" and re.search(r"[*+]", rest[2:].split(")")[0])):
                raise refused
            made.append("(?:")
            ends.append(f"){_ENDS[char]}")
            at += 2
            continue
        if char == "[":
            closing = pattern.find("]", at + 2)
            inner = pattern[at + 1 : closing]
            if closing < 0 or "[" in inner or "/" in inner:
                raise refused
            made.append(f"[{'^' + inner[1:] if inner[0] in '!^' else inner}]")
            at = closing
        elif char == "*":
            made.append("[^/]*")
        elif char == "?":
            made.append("[^/]")
        elif char in "({":
            if char == "{" and not re.match(r"\{[^{}]*,[^{}]*\}", rest):
                raise refused
            made.append("(?:")
            ends.append(")")
        elif char in ")}" and ends:
            made.append(ends.pop())
        elif (char == "|" or char == ",") and ends:
            made.append("|")
        else:
            made.append(re.escape(char))
        at += 1
    if ends:
        raise refused
    try:
        return re.compile("^" + "".join(made) + "$", flags)
    except (re.error, RecursionError, OverflowError):
        raise refused from None
