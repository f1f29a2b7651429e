"""Which rules a check judges: what options, settings and the rules that exist come to."""

from __future__ import annotations

from collections.abc import Mapping

from configguard.cli.common import fail, suggestion
from configguard.cli.requests import CheckRequest
from configguard.limits.settings import Settings
from configguard.ruleset.rule import Rule


def refuse_unknown_rules(wanted: CheckRequest, known: Mapping[str, Rule]) -> None:
    """End with exit code 2 where an option names a rule that there is not."""
    for option, names in (
        ("--select", wanted.select),
        ("--ignore", wanted.ignore),
        ("--extend-select", wanted.extend_select),
    ):
        for name in names or ():
            if name not in known:
                near = suggestion(name, tuple(known))
                fail(f"{option} {name}: there is no such rule{near or '; see configguard rules'}")


def chosen_rules(
    wanted: CheckRequest, settings: Settings, known: Mapping[str, Rule]
) -> tuple[Rule, ...]:
    """The rules that are asked for, as severe as the settings say.

    `--select` takes the place of `select` and `ignore` in the settings, `--extend-select` adds to
    what they leave, `--ignore` has the last word. What is named on the command line is judged also
    where the settings have it off.
    """
    named = frozenset((*(wanted.select or ()), *wanted.extend_select))
    graded = dict(settings.severity)
    off = {name for name, grade in graded.items() if grade == "off"}
    if wanted.select is not None:
        chosen = named
    else:
        listed = frozenset(known) if settings.select is None else settings.select
        chosen = (listed - settings.ignore - off) | named
    chosen -= frozenset(wanted.ignore or ())
    return tuple(
        rule.graded(graded[name]) if name in graded and name not in off else rule
        for name, rule in known.items()
        if name in chosen
    )
