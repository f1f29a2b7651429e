"""The texts behind a rule's placeholders, worked out when a template asks for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from configguard.checking.check import Draft
from configguard.ruleset.messages import fact_text
from configguard.ruleset.vocabulary import facts_of
from configguard.runners.profile import cases_of


class Texts(dict[str, str]):
    """Texts by placeholder: those put in, then those of `rarely`, then the facts of a draft.

    A subject has some thirty facts, of which a message names one or two.
    """

    def __init__(self, draft: Draft, cpus: int, rarely: Mapping[str, Callable[[], str]]) -> None:
        super().__init__()
        self._draft = draft
        self._cpus = cpus
        self._rarely = rarely

    def __missing__(self, name: str) -> str:
        work_out = self._rarely.get(name)
        text = self[name] = self._fact(name) if work_out is None else work_out()
        return text

    def _fact(self, name: str) -> str:
        """A fact of the subject; one that breaks the rule as it does. Raises KeyError."""
        subject = self._draft.subject
        broken = [one.case.fact for one in self._draft.violations if one.name == name]
        if broken:
            return fact_text(name, broken[-1], self._cpus)
        if name in subject.facts:
            return fact_text(name, cases_of(subject.facts[name])[0].fact, self._cpus)
        if name in facts_of(subject.over):
            return "not known"  # a version may lack a fact that a text speaks of
        raise KeyError(name)
