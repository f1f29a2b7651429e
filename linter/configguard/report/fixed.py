"""What fixing did, as text: each fix by its file, then what the suites do now."""

from __future__ import annotations

from collections.abc import Sequence

from configguard.checking.finding import Effect, Mended
from configguard.report.style import Style
from configguard.report.text_safety import wrap

_TEXT_MOST = 2000
_MOST_SUITES = 20


def fixed_lines(
    mended: Sequence[Mended], effects: Sequence[Effect], style: Style, *, would: bool = False
) -> list[str]:
    """The block of lines; `would`: nothing was written, so that it is only a prospect."""
    if not mended:
        return []
    lines: list[str] = []
    for file in dict.fromkeys(one.file for one in mended):
        verb = "Would fix" if would else "Fixed"
        lines.append(style.bold(f"{verb} {style.clean(style.path(file), 400)}"))
        for one in mended:
            if one.file == file:
                text = f"{_worded(one.title, style)} [{style.clean(one.rule)}]"
                first, *rest = wrap(text, style.width - 4)
                sign = style.added("+")
                lines += [f"  {sign} {first}", *(f"    {more}" for more in rest)]
    lines.append(style.bold("What they would do then" if would else "What they do now"))
    for effect in effects[:_MOST_SUITES]:
        suite = style.clean(style.path(effect.suite), 400)
        first, *rest = wrap(f"{suite}: {_worded(effect.message, style)}", style.width - 4)
        lines += [f"  {first}", *(f"    {more}" for more in rest)]
    hidden = len(effects) - _MOST_SUITES
    lines += [f"  and {hidden} suites more"] if hidden > 0 else []
    if not effects:
        lines.append("  the same as before")
    return lines


def _worded(text: str, style: Style) -> str:
    return style.told(text.replace("→", style.glyph("→", "->")), _TEXT_MOST)
