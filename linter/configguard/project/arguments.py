"""What each package manager does with the arguments of a script, and with `pre` and `post`.

Measured on npm 6.14, 10.9, 11.19; pnpm 7.33, 8.15, 9.15, 10.30, 12.21; yarn 1.22, 3.8, 4.18; bun
1.3.14.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from configguard.project.scripts import ManagerInUse
from configguard.syntax.shell_words import Word, unknown_word

_PNPM_HOOKS = 9
"""pnpm 7 and 8 run no `pre` and `post` scripts unless they are told to."""
_PNPM_KEEPS_DASHES = 10


def hooks_run(manager: ManagerInUse) -> bool | None:
    """Whether `prex` and `postx` run with the script `x`; None where that is not known."""
    match manager.name:
        case "npm" | "yarn" | "bun":
            return True
        case "yarn-berry":
            return False
        case "pnpm":
            return None if manager.major is None else manager.major >= _PNPM_HOOKS
    return None


def handed_on(
    row: Mapping[str, Any],
    words: Sequence[Word],
    after: Sequence[Word] | None,
    manager: ManagerInUse,
) -> list[Word]:
    """The arguments that reach the script: `words` follow its name, `after` a `--` of npm."""
    dashes = next((index for index, word in enumerate(words) if word.text == "--"), None)
    match row.get("arguments"):
        case "words":
            return [*words, *(after or ())]
        case "bun":
            return list(words[1:] if dashes == 0 else words)
        case "yarn":
            return _of_yarn(words, dashes, manager, in_exec=row.get("then") == "package-command")
        case "all" if row.get("script-name"):
            return _of_pnpm_test(words, dashes, manager.major)
    return list(words)


def _of_pnpm_test(words: Sequence[Word], dashes: int | None, major: int | None) -> list[Word]:
    """Up to 9, `pnpm test` (alone of all ways) reads options itself, and drops the dashes."""
    before = words if dashes is None else words[:dashes]
    if major is not None and major >= _PNPM_KEEPS_DASHES:
        return list(words)
    if major is not None and any(word.start.startswith("-") for word in before):
        reason = f"pnpm {major} refuses options that it does not know"
        return [unknown_word(reason, words[0].origin, "any")]
    if dashes is None:
        return list(words)
    rest = words[dashes + 1 :]
    if major is not None:
        return [*before, *rest]
    reason = "pnpm up to 9 drops these dashes, and later ones hand them on"
    return [*before, unknown_word(reason, words[dashes].origin, "any"), *rest]


def _of_yarn(
    words: Sequence[Word], dashes: int | None, manager: ManagerInUse, *, in_exec: bool
) -> list[Word]:
    """Yarn 1 drops `--` and options before it, and without one those of `yarn exec`."""
    if manager.name == "yarn-berry":
        return list(words)
    before = words if dashes is None else words[:dashes]
    options = any(word.start.startswith("-") or word.text is None for word in before)
    if dashes is None and not (in_exec and options):
        return list(words)
    if manager.name == "yarn" and not options:
        return [*before, *words[len(before) + 1 :]]
    reason = "yarn 1 and later ones differ in what they hand on here"
    return [unknown_word(reason, words[0].origin, "any")]
