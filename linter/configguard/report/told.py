"""A finding told in a few plain lines, for formats that have no frames."""

from __future__ import annotations

from configguard.checking.finding import Finding, Problem
from configguard.report.text_safety import one_line
from configguard.ruleset.messages import condition_words

MESSAGE_MOST = 400
_TEXT_MOST = 2000


def told(finding: Finding) -> list[str]:
    """What happens, where and when, why it matters, what to do: each a line."""
    lines = [scoped(finding)]
    lines += [because.message for because in finding.because if not because.at]
    lines += [f"Also: {', '.join(finding.also)}"] if finding.also else []
    lines += [finding.consequence] if finding.consequence else []
    if finding.fix is not None:
        flag = "--fix" if finding.fix.safety == "safe" else "--fix --unsafe-fixes"
        lines.append(f"Fix ({flag}): {finding.fix.title}")
    else:
        lines += finding.remedy
    return [_sentence(one_line(line, _TEXT_MOST)) for line in lines]


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def scoped(finding: Finding) -> str:
    """The message of a finding, with where and when it holds if not always."""
    scope = scope_of(finding)
    return f"{finding.message} ({scope})" if scope else finding.message


def scope_of(finding: Finding) -> str:
    """Where and when a finding holds, if not always."""
    places: dict[tuple[str, ...], str] = {("ci",): " in CI", ("local",): " locally"}
    place = places.get(finding.environments, "")
    condition = condition_words(finding.when or {})
    if condition in finding.message:
        condition = ""
    return f"only{place}{condition}" if place or condition else ""


def problem_text(problem: Problem) -> str:
    """What is wrong with an input, as one line."""
    return one_line(problem.message, MESSAGE_MOST)


def place_of(problem: Problem) -> str | None:
    """The file that a problem is about."""
    return problem.at[0].file if problem.at else problem.file
