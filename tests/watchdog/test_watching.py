"""The sentinel and the end of a tree, with literal figures and a clock of their own."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from typing import Any

import pytest

from configguard.watchdog.daemons import daemons_among, is_daemon
from configguard.watchdog.ending import Ending
from configguard.watchdog.guarding import GuardSettings, Stop
from configguard.watchdog.procfs import ProcfsTree
from configguard.watchdog.sampling import ProcessSample, Sample, Tree
from configguard.watchdog.sentinel import SHORTEST_S, TICK_S, Sentinel
from configguard.watchdog.sight import Sight


def sample(t: float, memory: float, available: float = 5000, machine: float = 8000) -> Sample:
    process = ProcessSample(1, 1.0, 0, "node", (), memory, 0.0)
    return Sample(t, 0.0, memory, "rss", (process,), available, machine, 4)


def sentinel(memory: float, *, t: float = 0.0, available: float = 5000) -> Sentinel:
    found = Sentinel(1000, 1250)
    found.sampled(sample(t, memory, available))
    return found


def test_a_quiet_tree_is_let_be() -> None:
    watch = sentinel(300)
    assert not any(watch.wants(t / 4, 5000, 300) for t in range(1, 40))
    assert watch.tick_s() == TICK_S


@pytest.mark.parametrize(("available", "largest"), [(4490, 300), (5000, 810)])
def test_growth_to_the_warning_mark_calls_for_a_sample(available: float, largest: float) -> None:
    watch = sentinel(300)
    assert not watch.wants(0.25, available + 100 * (available < 5000), min(largest, 700))
    assert watch.wants(0.5, available, largest)


def test_memory_that_others_took_calls_once_and_not_again() -> None:
    watch = sentinel(300)
    assert watch.wants(0.5, 4400, 300)
    watch.sampled(sample(0.5, 300, available=4400))
    assert not watch.wants(0.75, 4400, 300)


def test_above_the_mark_it_looks_once_a_second_and_at_every_step() -> None:
    watch = sentinel(850)
    assert not watch.wants(0.5, 5000, 850)
    assert watch.wants(0.75, 5000, 901)
    assert watch.wants(1.0, 5000, 850)


def test_growth_shortens_the_tick_down_to_the_floor() -> None:
    watch = sentinel(300)
    watch.wants(0.25, 4875, 300)  # 500 MB/s, 825 MB to go
    assert watch.tick_s() == TICK_S
    watch.wants(0.5, 4250, 300)  # 2500 MB/s, 200 MB to go
    assert watch.tick_s() == SHORTEST_S
    watch.sampled(sample(0.6, 300, available=4250))  # it was not ours
    assert watch.tick_s() == TICK_S


def test_scarce_memory_is_looked_at_even_without_a_limit() -> None:
    watch = Sentinel(None, None)
    watch.sampled(sample(0.0, 100, available=900))
    assert not watch.wants(0.25, 700, 100)
    assert watch.wants(0.5, 700, 100)
    watch = Sentinel(None, None)
    watch.sampled(sample(0.0, 100))
    assert not watch.wants(3.0, 4000, 900)


def test_samples_that_cost_much_are_called_for_less_often() -> None:
    watch = sentinel(850)
    watch.cost_s = 0.06
    assert not watch.wants(0.5, 5000, 1000)
    assert watch.wants(0.61, 5000, 1000)


# --- ending -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proc:
    pid: int
    parent: int = 1
    started: float = 1.0


@dataclass
class World:
    """Processes that end, fork or resist as the test says; time passes only in pauses."""

    alive: list[Proc]
    ignore: set[int] = field(default_factory=set)
    immortal: set[int] = field(default_factory=set)
    forks: dict[int, Proc] = field(default_factory=dict)
    """Who forks when it gets a TERM, unless it is stopped."""
    now: float = 0.0
    sent: list[tuple[int, int]] = field(default_factory=list)

    def send(self, target: Proc, number: int) -> bool:
        self.sent.append((target.pid, number))
        if number == signal.SIGTERM and target.pid in self.forks:
            self.alive.append(self.forks.pop(target.pid))
        deadly = number == signal.SIGKILL or (
            number == signal.SIGTERM and target.pid not in self.ignore
        )
        if deadly and target in self.alive and target.pid not in self.immortal:
            self.alive.remove(target)
        return True

    def pause(self, seconds: float) -> None:
        self.now += max(seconds, 0.001)

    def ending(self) -> Ending:
        return Ending(
            living=lambda: list(self.alive),
            send=self.send,  # type: ignore[arg-type]  # a narrower process
            reap=lambda: bool(self.alive),
            pause=self.pause,
            clock=lambda: self.now,
        )


def test_term_goes_to_children_first_and_suffices() -> None:
    world = World([Proc(1), Proc(2, 1), Proc(3, 2)])
    assert world.ending().end(5) == ()
    assert [pid for pid, number in world.sent if number == signal.SIGTERM] == [3, 2, 1]
    assert not any(number == signal.SIGKILL for _, number in world.sent)
    assert world.now < 1


def test_what_ignores_term_is_stopped_then_killed_after_the_grace() -> None:
    world = World([Proc(1), Proc(2)], ignore={1})
    told = []
    ending = world.ending()
    ending.before_kill = lambda: told.append(world.now)
    assert ending.end(5) == ()
    assert told[0] >= 5
    assert world.sent[-2:] == [(1, signal.SIGSTOP), (1, signal.SIGKILL)]


def test_each_gets_one_term_and_newcomers_theirs() -> None:
    world = World([Proc(1)], ignore={1, 9}, forks={1: Proc(9)})
    world.ending().end(1)
    assert [pid for pid, number in world.sent if number == signal.SIGTERM] == [1, 9]


def test_what_has_its_signal_already_is_not_sent_another() -> None:
    world = World([Proc(1), Proc(2)], ignore={1, 2})
    world.ending().end(0.1, skip=[1])
    assert [pid for pid, number in world.sent if number == signal.SIGTERM] == [2]


def test_a_hurry_ends_the_grace() -> None:
    world = World([Proc(1)], ignore={1})
    ending = world.ending()
    ending.hurry = lambda: world.now > 0.2
    ending.end(60)
    assert world.now < 1
    assert world.alive == []


def test_what_cannot_be_ended_is_handed_back() -> None:
    world = World([Proc(1), Proc(2)], immortal={2})
    assert world.ending().end(0.1) == (Proc(2),)


def test_what_is_spared_gets_no_signal() -> None:
    world = World([Proc(1), Proc(2)])
    ending = world.ending()
    ending.spared = {(2, 1.0)}
    assert ending.end(1) == ()
    assert world.alive == [Proc(2)]
    assert all(pid == 1 for pid, _ in world.sent)


def test_what_no_look_sees_is_struck_until_no_child_is_left() -> None:
    """A process that forks and ends between two looks is in none of them."""
    generations = 30
    struck = []

    def strike(spared: object) -> bool:
        struck.append(1)
        return len(struck) < generations

    world = World([])
    ending = world.ending()
    ending.reap = lambda: len(struck) < generations
    ending.adopts = True
    ending.strike = strike
    assert ending.end(0.1) == ()
    assert len(struck) == generations


def test_a_child_that_is_hidden_and_lives_on_is_handed_back() -> None:
    world = World([])
    ending = world.ending()
    ending.reap = lambda: True
    ending.adopts = True
    ending.unseen = lambda: [Proc(77)]
    assert ending.end(0.1) == (Proc(77),)


# --- daemons ------------------------------------------------------------------------------------


def process(pid: int, parent: int, name: str, *command: str) -> ProcessSample:
    return ProcessSample(pid, 1.0, parent, name, command, 1, 0)


def test_known_daemons_are_known_by_name_and_words() -> None:
    assert is_daemon("watchman", ("/usr/bin/watchman", "--foreground"))
    assert is_daemon("node", ("node", "/p/node_modules/nx/src/daemon/server/start.js"))
    assert is_daemon("turbo", ("turbo", "daemon"))
    assert not is_daemon("turbo", ("turbo", "run", "test"))
    assert not is_daemon("node", ("node", "vitest", "--run"))
    assert not is_daemon("node", ())


def test_what_a_daemon_started_is_the_daemons() -> None:
    found = daemons_among(
        [
            process(1, 0, "watchman", "watchman"),
            process(2, 1, "sh", "sh"),
            process(3, 0, "sh", "sh"),
        ]
    )
    assert set(found) == {(1, 1.0), (2, 1.0)}


# --- when nothing can be measured ---------------------------------------------------------------


class Looker:
    """Who looks: counts what it is told."""

    def __init__(self) -> None:
        self.time = 0.0
        self.faults: list[tuple[str, str]] = []
        self.stops: list[Stop] = []
        self.seen: list[Sample] = []

    def now(self) -> float:
        return self.time

    def decide(self, sample: Sample) -> None:
        self.seen.append(sample)

    def stop(self, stop: Stop) -> None:
        self.stops.append(stop)

    def fault(self, kind: str, text: str) -> None:
        self.faults.append((kind, text))

    def take_gap(self) -> bool:
        return False


def no_tree() -> Tree:
    raise PermissionError(13, "Permission denied")


def blind(**settings: Any) -> tuple[Looker, Sight]:
    looker = Looker()
    return looker, Sight(looker, no_tree, lambda: 0.0, GuardSettings("run", **settings))


def test_without_permission_the_command_goes_on_and_it_is_said_once() -> None:
    looker, sight = blind()
    for turn in range(10):
        looker.time = float(turn)
        assert 0 < sight.look() <= 1
    assert looker.faults == [
        (
            "lost",
            "limits cannot be enforced: PermissionError: [Errno 13] Permission denied",
        )
    ]
    assert looker.stops == [] and looker.seen == []


def test_where_monitoring_is_required_its_loss_ends_the_command() -> None:
    looker, sight = blind(require_monitoring=True)
    for _ in range(3):
        sight.look()
    assert [stop.reason for stop in looker.stops] == ["monitoring"]


def test_the_wall_clock_needs_no_sight() -> None:
    looker, sight = blind(wall_s=5)
    looker.time = 4.9
    sight.look()
    assert looker.stops == []
    looker.time = 5.0
    sight.look()
    assert [stop.reason for stop in looker.stops] == ["wall"]


def test_one_failed_look_is_no_loss() -> None:
    looker = Looker()
    trees: list[Tree] = []

    def tree_at_the_second_try() -> Tree:
        trees.append(ProcfsTree(os.getpid()))
        if len(trees) == 1:
            raise OSError(24, "Too many open files")
        return trees[-1]

    sight = Sight(looker, tree_at_the_second_try, lambda: 0.0, GuardSettings("run"))
    sight.look()
    sight.look()
    assert looker.faults == [] and len(looker.seen) == 1


def test_windows_come_at_their_interval_whatever_the_sentinel_asks() -> None:
    looker = Looker()
    settings = GuardSettings("run", interval_s=5)
    sight = Sight(looker, lambda: ProcfsTree(os.getpid()), lambda: 0.0, settings)
    while looker.time < 16:
        looker.time += max(sight.look(), 0.01)
    windows = [sample.t for sample in looker.seen if sample.window]
    assert windows == pytest.approx([0, 5, 10, 15], abs=0.3)
