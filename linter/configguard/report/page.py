"""A rule's page for a terminal: headings, wrapped text, code with its colours."""

from __future__ import annotations

import re
import sys
from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown
from rich.padding import Padding
from rich.syntax import Syntax
from rich.text import Text
from rich.theme import Theme

_FENCE = re.compile(r"^```\w+ (?P<file>\S+)(?P<rest>[^\n]*)$", re.MULTILINE)
_WIDEST = 100


class _PlainHeading(Heading):
    """A heading at the left, as the text below it: centred ones read as if they were tables."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(self.text.plain, "bold underline" if self.tag == "h1" else "bold")


class _Code(CodeBlock):
    """Code in the terminal's own colours, set in: a frame would be copied with it."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = Syntax(
            str(self.text).rstrip(),
            self.lexer_name,
            theme="ansi_dark",
            background_color="default",
            word_wrap=True,
        )
        yield Padding(code, (0, 0, 1, 2))


class _Page(Markdown):
    elements: ClassVar = {
        **Markdown.elements,
        "heading_open": _PlainHeading,
        "fence": _Code,
        "code_block": _Code,
    }


def print_page(markdown: str, *, color: bool, width: int) -> None:
    """Print a Markdown page to the terminal."""
    console = Console(
        file=sys.stdout,
        width=min(width, _WIDEST),
        force_terminal=True,
        no_color=not color,
        color_system="standard" if color else None,
        highlight=False,
        theme=Theme({"markdown.code": "cyan"}),
        legacy_windows=False,
    )
    console.print(_Page(_FENCE.sub(_captioned, markdown)))


def _captioned(fence: re.Match[str]) -> str:
    """The fence with what its info says as a line above: the file, the version, the finding."""
    words = [fence["file"]]
    for word in fence["rest"].split():
        name, _, value = word.partition("=")
        if name == "finding":
            rule, _, line = value.partition("@")
            words.append(f"{rule} in line {line}" if line else rule)
        elif name == "fixed":
            words.append("fixed with --unsafe-fixes" if value == "unsafe" else "fixed")
        elif value:
            words.append(f"{name} {value}")
    language = fence[0].split()[0]
    return f"*{', '.join(words)}:*\n\n{language}"
