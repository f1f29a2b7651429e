"""Decisions about literal samples: when the guard keeps still, warns, stops."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configguard.watchdog.bounds import Bound, RunLimits
from configguard.watchdog.guarding import Decision, Keep, Stop, Warn
from configguard.watchdog.sampling import Sample
from configguard.watchdog.verdict import ALONE, History, Others, judge, step

MB = Bound(1000, "limits.json:1:1")
CPU = Bound(70, "limits.json:1:2")


def sample(t: float, mb: float = 10, cpu_s: float = 0, **more: Any) -> Sample:
    wanted = {
        "memory_kind": "pss",
        "processes": (),
        "available_mb": 8000.0,
        "machine_memory_mb": 16000.0,
        "usable_cpus": 8.0,
        **more,
    }
    return Sample(t=t, cpu_total_s=cpu_s, memory_mb=mb, **wanted)


def decisions(limits: RunLimits, samples: list[Sample], others: Others = ALONE) -> list[Decision]:
    """What is decided about each of some samples, up to the first stop."""
    history, found = History(), list[Decision]()
    for one in samples:
        history, decision = step(limits, history, one, others)
        found.append(decision)
        if isinstance(decision, Stop):
            break
    return found


def stop(limits: RunLimits, samples: list[Sample], others: Others = ALONE) -> Stop | None:
    last = decisions(limits, samples, others)[-1]
    return last if isinstance(last, Stop) else None


def warnings(limits: RunLimits, samples: list[Sample]) -> list[str]:
    return [one.text for one in decisions(limits, samples) if isinstance(one, Warn)]


# --- memory -----------------------------------------------------------------------------------


def test_memory_above_its_limit_for_a_whole_window_stops() -> None:
    found = stop(RunLimits(MB), [sample(t, 1100) for t in (0, 2, 4, 5)])
    assert found == Stop(
        "memory",
        "memory is 1100 MB (PSS), above the limit of 1000 MB (limits.json:1:1) for 5 s",
    )


def test_memory_that_falls_below_in_between_does_not_stop() -> None:
    up_and_down = [sample(t, 1100 if t % 4 else 990) for t in range(60)]
    assert stop(RunLimits(MB), up_and_down) is None


def test_memory_far_above_stops_at_once() -> None:
    found = stop(RunLimits(MB), [sample(0.4, 1251)])
    assert found is not None
    assert found.reason == "memory"
    assert found.urgent
    assert "1251 MB (PSS), more than 1.25 times the limit of 1000 MB" in found.text


def test_a_moment_of_suspension_is_no_window() -> None:
    samples = [sample(0, 1100), sample(6, 1100, after_gap=True), sample(8, 1100)]
    assert stop(RunLimits(MB), samples) is None
    assert stop(RunLimits(MB), [*samples, sample(11, 1100)]) is not None


@pytest.mark.parametrize("more", [{"memory_kind": "rss"}, {"lost": frozenset(("pss-denied",))}])
def test_memory_that_may_be_shared_only_warns_up_to_half_more(more: dict[str, Any]) -> None:
    samples = [sample(t, 1450, **more) for t in range(30)]
    assert stop(RunLimits(MB), samples) is None
    assert len(warnings(RunLimits(MB), samples)) == 1
    assert stop(RunLimits(MB), [sample(0, 1501, **more)]) is not None


def test_a_failed_scan_says_nothing_of_memory() -> None:
    lost = frozenset(("scan",))
    assert stop(RunLimits(MB), [sample(t, 9000, lost=lost) for t in range(20)]) is None


def test_a_limit_that_only_warns_never_stops() -> None:
    only = Bound(1000, "default", stops=False, why="no limits file states it")
    samples = [sample(t, 5000) for t in range(60)]
    assert stop(RunLimits(only), samples) is None
    assert warnings(RunLimits(only), samples) == [
        "memory is 5000 MB (PSS), above the limit of 1000 MB (the default); "
        "only told: no limits file states it"
    ]


def test_near_the_limit_is_told_once_until_it_fell_well_below() -> None:
    heights = [700, 810, 850, 790, 820, 740, 830, 1010, 1020]
    found = warnings(RunLimits(MB), [sample(float(t), mb) for t, mb in enumerate(heights)])
    assert [one.split(" (")[0] for one in found] == [
        "memory is 810 MB",
        "memory is 830 MB",
        "memory is 1010 MB",
    ]
    assert "near the limit of 1000 MB (limits.json:1:1)" in found[0]


# --- available memory -------------------------------------------------------------------------


def test_no_memory_left_stops_the_run_that_takes_most() -> None:
    found = stop(RunLimits(), [sample(1, 9000, available_mb=700.0)])
    assert found is not None
    assert (found.reason, found.urgent) == ("available-memory", True)
    assert "available memory is 700 MB, below 5 % of 16000 MB" in found.text


def test_no_memory_left_because_of_another_stops_nothing() -> None:
    samples = [sample(1, 3000, available_mb=700.0)]
    assert stop(RunLimits(), samples) is None
    assert stop(RunLimits(), samples, Others(largest_mb=9000)) is None
    assert stop(RunLimits(), samples, Others(largest_mb=2900)) is not None


def test_a_run_that_is_only_measured_is_not_stopped_for_available_memory() -> None:
    measured = RunLimits(measures_only=True)
    assert stop(measured, [sample(1, 9000, available_mb=100.0)]) is None


# --- CPU --------------------------------------------------------------------------------------


def busy(*percents: float, cpus: float = 8.0, interval: float = 5.0) -> list[Sample]:
    """A sample at 0, then one after each window with so much of the machine used in it."""
    cpu_s, samples = 0.0, [sample(0, usable_cpus=cpus)]
    for number, percent in enumerate(percents, 1):
        cpu_s += percent / 100 * cpus * interval
        samples.append(sample(number * interval, cpu_s=cpu_s, usable_cpus=cpus))
    return samples


def test_three_windows_in_a_row_above_the_limit_stop() -> None:
    limits = RunLimits(cpu_percent=CPU)
    assert stop(limits, busy(100, 100, 90, 90)) is None
    found = stop(limits, busy(100, 100, 90, 90, 90))
    assert found == Stop(
        "cpu",
        "CPU is 90 % of 8 CPUs (7.2 cores), above the limit of 70 % (limits.json:1:2) for 15 s",
    )


def test_the_warm_up_is_not_judged() -> None:
    limits = RunLimits(cpu_percent=CPU, warmup_s=30)
    assert stop(limits, busy(*[100] * 8)) is None
    assert warnings(limits, busy(*[100] * 6)) == []
    assert stop(limits, busy(*[100] * 9)) is not None


def test_one_window_below_begins_anew() -> None:
    assert stop(RunLimits(cpu_percent=CPU), busy(0, 0, 90, 90, 69, 90, 90)) is None


def test_the_sentinels_looks_are_no_windows() -> None:
    samples = [sample(t / 10, cpu_s=t / 10 * 8, window=False) for t in range(2000)]
    assert stop(RunLimits(cpu_percent=CPU), samples) is None


def test_cpu_time_that_falls_is_no_work() -> None:
    samples = [sample(t, cpu_s=100 - t) for t in range(0, 90, 5)]
    assert decisions(RunLimits(cpu_percent=CPU), samples) == [Keep()] * len(samples)


@pytest.mark.parametrize(
    ("cpus", "enforce", "stops"),
    [(8, "auto", True), (4, "auto", True), (3.5, "auto", False), (1, "auto", False),
     (1, "always", True), (64, "never", False)],
)  # fmt: skip
def test_from_how_many_cpus_on_it_stops(cpus: float, enforce: Any, stops: bool) -> None:
    limits = RunLimits(cpu_percent=CPU, enforce_cpu=enforce)
    samples = busy(*[99] * 8, cpus=cpus)
    assert (stop(limits, samples) is not None) is stops
    assert warnings(limits, samples)


def test_a_limit_in_cores_is_the_lower_one_or_not() -> None:
    both = RunLimits(cpu_percent=CPU, cpu_cores=Bound(2, "cores.json:1:1"))
    found = stop(both, busy(0, 0, 30, 30, 30))
    assert found is not None
    assert "above the limit of 25 % (cores.json:1:1)" in found.text
    wide = RunLimits(cpu_percent=CPU, cpu_cores=Bound(100, "cores.json:1:1"))
    assert stop(wide, busy(0, 0, 69, 69, 69)) is None


# --- time and several runs --------------------------------------------------------------------


def test_a_run_that_takes_too_long_is_warned_and_stopped() -> None:
    limits = RunLimits(wall_s=Bound(100, "--timeout"))
    found = decisions(limits, [sample(t) for t in (0, 79, 81, 99, 100)])
    assert [type(one) for one in found] == [Keep, Keep, Warn, Keep, Stop]
    assert found[-1] == Stop("wall", "it runs longer than the limit of 100 s (--timeout)")


def test_guarded_runs_are_judged_by_their_sum() -> None:
    older = Others(memory_mb=600, names="run a in /x")
    samples = [sample(t, 500) for t in (0, 5)]
    assert stop(RunLimits(MB), samples) is None
    found = stop(RunLimits(MB), samples, older)
    assert found is not None
    assert found.reason == "guarded-sum"
    assert "with older guarded runs (run a in /x) 1100 MB" in found.text


def test_two_runs_that_take_half_each_are_judged_by_their_sum() -> None:
    older = Others(names="run a in /x", cpu_cores=3)
    limits = RunLimits(cpu_percent=CPU)
    samples = busy(0, 0, 50, 50, 50)
    assert stop(limits, samples) is None
    found = stop(limits, samples, older)
    assert found == Stop(
        "guarded-sum",
        "CPU is 50 %, and with older guarded runs (run a in /x) 88 % of 8 CPUs (7.0 cores), "
        "above the limit of 70 % (limits.json:1:2) for 15 s",
    )
    assert stop(limits, busy(0, 0, 50, 20, 50, 50), older) is None


def test_memory_of_others_that_may_be_shared_proves_less() -> None:
    samples = [sample(t, 500) for t in (0, 5)]
    assert stop(RunLimits(MB), samples, Others(900, "a", doubtful=True)) is None
    assert stop(RunLimits(MB), samples, Others(1100, "a", doubtful=True)) is not None


def test_the_first_reason_is_the_gravest() -> None:
    limits = RunLimits(MB, wall_s=Bound(1, "--timeout"))
    found = stop(limits, [sample(5, 9000, available_mb=10.0)])
    assert found is not None
    assert found.reason == "available-memory"


# --- of any samples ---------------------------------------------------------------------------

_numbers = st.floats(0, 5000)
_samples = st.lists(
    st.builds(
        sample,
        st.just(0.0),
        _numbers,
        _numbers,
        window=st.booleans(),
        after_gap=st.booleans(),
        usable_cpus=st.floats(0.1, 64),
        available_mb=st.none() | st.floats(0, 16000),
    ),
    max_size=30,
)


def in_time(samples: list[Sample]) -> list[Sample]:
    from dataclasses import replace

    return [replace(one, t=number * 2.5) for number, one in enumerate(samples)]


@given(_samples)
def test_what_is_below_all_limits_is_never_stopped(samples: list[Sample]) -> None:
    above = RunLimits(Bound(5001, "f"), wall_s=Bound(1e6, "f"), measures_only=True)
    assert stop(above, in_time(samples) or [sample(0)]) is None


@given(_samples)
def test_limits_that_only_warn_never_stop(samples: list[Sample]) -> None:
    def only(value: float) -> Bound:
        return Bound(value, "default", stops=False)

    limits = RunLimits(only(1), only(1), only(0.1), only(1), measures_only=True)
    assert stop(limits, in_time(samples) or [sample(0)]) is None


@given(_samples, st.floats(1, 4000))
def test_a_stop_for_memory_was_above_the_limit_all_the_window(
    samples: list[Sample], limit: float
) -> None:
    samples = in_time(samples) or [sample(0)]
    limits = RunLimits(Bound(limit, "f"), measures_only=True)
    found = decisions(limits, samples)
    if isinstance(found[-1], Stop):
        last = samples[len(found) - 1]
        assert last.memory_mb > limit
        if last.memory_mb <= 1.25 * limit:
            window = [one for one in samples[: len(found)] if one.t >= last.t - 4.75]
            assert all(one.memory_mb > limit for one in window)


@given(_samples)
def test_folding_is_judging_step_by_step(samples: list[Sample]) -> None:
    samples = in_time(samples) or [sample(0)]
    limits = RunLimits(MB, CPU)
    history = History()
    for one in samples:
        history, last = step(limits, history, one)
    assert judge(limits, samples) == last
