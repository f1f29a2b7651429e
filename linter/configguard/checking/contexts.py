"""What rules judge besides suites and settings: runs, scripts and CI steps, and CI jobs.

Each subject belongs to one suite; what several suites have in common is told once, by its place.
"""

from __future__ import annotations

from collections.abc import Mapping

from configguard.checking.subjects import Subject, kind_fact
from configguard.evaluate.constraints import UNDECIDED
from configguard.project.invocations import Invocation
from configguard.project.invoked import of_environment
from configguard.project.running import Ways, jobs_of, time_limit, watches
from configguard.project.suites import Configured, Run, Suite, suite_id
from configguard.ruleset.judge import plain_value
from configguard.ruleset.messages import fact_text, on_cpus
from configguard.runners.profile import Fact, KnownFact, OneOfFact, UnknownFact, cases_of
from configguard.source.document import Document
from configguard.source.span import Origin, Span
from configguard.source.workspace import MAX_LOCK_BYTES, Workspace

_RAISES = {"workers": "raisesWorkers", "retries": "raisesRetries"}


def contexts_of(
    config: Configured, ways: Ways, workspace: Workspace, cpus: int
) -> dict[str, list[Subject]]:
    """The runs, invocations and jobs of a config, by the id of the suite that they belong to."""
    found: dict[str, list[Subject]] = {}
    subjects = [subject for run in config.runs for subject in _of_run(run, config)]
    for suite in config.suites:
        subjects += _of_invocations(suite, config, ways, cpus)
        subjects += _of_jobs(suite, ways, workspace)
    for subject in subjects:
        found.setdefault(subject.suite.id, []).append(subject)
    return found


def _common(suite: Suite) -> dict[str, Fact]:
    return {"kind": kind_fact(suite), "runner": KnownFact(suite.runner, "default")}


def _of_run(run: Run, config: Configured) -> list[Subject]:
    """What starts together: it belongs to the first of its end-to-end suites."""
    suites = [suite for suite in config.suites if suite.id in run.suites]
    e2e = [suite for suite in suites if suite.kind.kind == "e2e"]
    if not suites:
        return []
    leading = (e2e or suites)[0]
    together = ", ".join(str(suite.project or suite.file) for suite in e2e)
    found: list[Subject] = []
    for environment, workers in run.workers.items():
        profile = leading.profiles.get(environment)
        if profile is None:
            continue
        facts = {
            **_common(leading),
            "workers": workers,
            "e2eWorkers": run.e2e_workers[environment],
            "e2eSuites": KnownFact(float(len(e2e)), "default"),
        }
        anchor = leading.invocation.chain[:1] if leading.invocation else profile.anchor
        words = {"together": together}
        about = tuple(suite.id for suite in suites)
        found.append(
            Subject(
                "run",
                "",
                leading,
                environment,
                profile,
                facts,
                context=run.id,
                anchor=anchor,
                with_suites=about,
                words=words,
            )
        )
    return found


def _of_invocations(suite: Suite, config: Configured, ways: Ways, cpus: int) -> list[Subject]:
    """What runs a suite as it is here, each script and step by itself."""
    known, unclear = _starts(suite, ways)
    watching = {one.invocation.id: watches(suite, one) for one in ways.of(suite)}
    written = next(
        (one for one in config.suites if one.key == suite.key and one.invocation is None), suite
    )
    found: list[Subject] = []
    for invocation in (*known, *unclear):
        for environment, profile in of_environment(suite.profiles, invocation).items():
            facts = {
                **_common(suite),
                "startedBy": KnownFact(invocation.kind, "default"),
                "watches": KnownFact(watching[invocation.id], "default"),
                "guarded": KnownFact(invocation.guarded, "default"),
                "guardedByAnother": KnownFact(ways.guarded_by_another(invocation), "default"),
            }
            words = {"invocation": invocation.title, "given": "", "as-written": ""}
            if invocation in known:
                before = written.profiles.get(environment)
                facts.update(
                    _load(suite, invocation, profile.facts, before.facts if before else {}, cpus)
                )
                raised = _raised(facts)
                words["given"] = _told(raised, facts, cpus)
                words["as-written"] = _told(raised, before.facts if before else {}, cpus)
            plain = suite_id(suite.config, suite.key)
            subject = Subject("invocation", "", suite, environment, profile, facts)
            found.append(
                subject._replace(
                    context=invocation.title,
                    anchor=invocation.chain[:1],
                    words={**words, "suite": plain},
                )
            )
    return found


def _starts(suite: Suite, ways: Ways) -> tuple[list[Invocation], list[Invocation]]:
    """What runs a suite as it is here, and what runs it in a way that is not clear."""
    known = [*((suite.invocation,) if suite.invocation else ()), *suite.same_as]
    if suite.invocation is not None:
        return known, []
    return known, [one.invocation for one in ways.of(suite) if one.doubt is not None]


def _load(
    suite: Suite,
    invocation: Invocation,
    now: dict[str, Fact],
    before: dict[str, Fact],
    cpus: int,
) -> dict[str, Fact]:
    """The load of a suite under an invocation, and whether that raises it."""
    found: dict[str, Fact] = {}
    for name, raises in _RAISES.items():
        fact = now.get(name)
        if fact is None:
            continue
        found[name] = _placed(fact, suite, invocation)
        most, was = _most(fact, cpus), _most(before[name], cpus) if name in before else None
        by_command = any(case.fact.origin in ("flag", "environment") for case in cases_of(fact))
        if most is not None and was is not None:
            raised = most > was and (by_command or name in suite.changed)
            found[raises] = KnownFact(raised, "flag" if raised else "default")
    return found


def _most(fact: Fact, cpus: int) -> float | None:
    """The greatest value of any case; None where one is not known."""
    values = [plain_value(c.fact, cpus) for c in cases_of(fact) if c.when.holds_at(cpus)]
    if UNDECIDED in values or not values:
        return None
    return max(float("inf") if isinstance(one, str) else float(one) for one in values)


def _placed(fact: Fact, suite: Suite, invocation: Invocation) -> Fact:
    """A fact that a flag sets, at the flag of this invocation: others may give the same one."""
    own = suite.invocation
    if own is None or own is invocation or isinstance(fact, OneOfFact) or fact.origin != "flag":
        return fact
    flags = [flag for flag in own.line.flags if fact.at and fact.at[0] in flag.at]
    same = invocation.line.last(*(flag.name for flag in flags)) if flags else None
    return fact._replace(at=same.at if same is not None else invocation.chain[:1])


def _raised(facts: Mapping[str, Fact]) -> list[str]:
    """The facts that an invocation raises."""
    true = KnownFact(True, "flag")
    return [name for name, raises in _RAISES.items() if facts.get(raises) == true]


def _told(names: list[str], facts: Mapping[str, Fact], cpus: int) -> str:
    """Some facts in words: `4 workers and 2 retries`."""
    told: list[str] = []
    for name in names:
        fact = cases_of(facts[name])[0].fact
        text = fact_text(name, fact, cpus)
        noun = name.removesuffix("s") if text == "1" else name
        noun = "retry" if noun == "retrie" else noun
        told.append(f"{text} {noun}{on_cpus(fact, cpus)}")
    return " and ".join(told)


def _of_jobs(suite: Suite, ways: Ways, workspace: Workspace) -> list[Subject]:
    """The CI jobs that run a suite."""
    profile = suite.profiles.get("ci")
    if profile is None:
        return []
    known, unclear = _starts(suite, ways)
    plain = suite_id(suite.config, suite.key)
    found: list[Subject] = []
    for one in jobs_of([*known, *unclear], ways):
        facts = {
            **_common(suite),
            "provider": KnownFact(one.job.provider, "default"),
            "jobTimeoutMinutes": _without_place(time_limit(one.steps)),
            "guarded": KnownFact(one.guarded, "default"),
        }
        subject = Subject("job", "", suite, "ci", profile, facts)
        found.append(
            subject._replace(
                context=one.job.id,
                anchor=_first_line(workspace, one.job.span),
                words={"job": one.job.title, "suite": plain},
            )
        )
    return found


def _without_place(fact: Fact) -> Fact:
    """What a job lacks stands nowhere: the job itself is the place."""
    return fact if isinstance(fact, UnknownFact | OneOfFact) else fact._replace(at=())


def _first_line(workspace: Workspace, span: Span) -> Origin:
    """The first line of what a span covers: a whole job would fill the screen."""
    document = workspace.read(span.file, MAX_LOCK_BYTES)
    if not isinstance(document, Document):
        return (span,)
    end = document.data.find(b"\n", span.start, span.end)
    return (span if end < 0 else span._replace(end=end),)
