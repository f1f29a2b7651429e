"""The keeper: starts the command, looks at its tree, stops it, and leaves nothing behind.

Everything that the command starts comes to the keeper when its parent ends (a subreaper), so
"no child is left" means that the whole tree is gone.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from configguard.watchdog.command import FORWARDED, Inherited, NotStarted, start_command
from configguard.watchdog.ending import Ending
from configguard.watchdog.guarding import (
    FAULT_EXIT,
    LIMIT_EXIT,
    RUN_ID,
    GuardSettings,
    Outcome,
    Stop,
    StopReason,
    Watcher,
)
from configguard.watchdog.handover import reaped_s, silence_stdio, write_outcome
from configguard.watchdog.kernel import become_subreaper
from configguard.watchdog.platform import new_ending, new_tree
from configguard.watchdog.sampling import ProcessSample, Sample
from configguard.watchdog.sight import Sight
from configguard.watchdog.telling import GAP_S, Telling
from configguard.watchdog.terminal import Terminal
from configguard.watchdog.wishes import COPY_S, Wishes

_SETTLE_S = 0.5
"""Helpers that end by themselves when their parent has (pipes close) get this long."""
_URGENT_GRACE_S = 0.5
_FIRST_LOOK_S = 0.1
_TIME_OF_US: dict[StopReason, int] = {"monitoring": FAULT_EXIT}


class Keeper(Telling):
    """One guarded run, from the fork of the command to the last process of its tree."""

    def __init__(
        self,
        settings: GuardSettings,
        watcher: Watcher,
        terminal: Terminal,
        inherited: Inherited,
        lifeline: int,
        report: int,
    ) -> None:
        super().__init__(settings, watcher)
        self._terminal = terminal
        self._inherited = inherited
        self._lifeline = lifeline
        self._report = report
        self._main = 0
        self._status: int | None = None
        self._asked_by: int | None = None
        """The signal from outside that was passed on first."""
        self._by_group = False
        self._wishes = Wishes()
        self._front = os.getppid()
        self._hurry = False
        self._kill_at: float | None = None
        self._told_suspended_s = 0.0
        self._awake_at = time.monotonic()
        self._ended_by_us = False

    # --- the run -----------------------------------------------------------------------------

    def run(self, command: Sequence[str]) -> NoReturn:
        """Do all of it, in the forked process; never returns into the caller's program."""
        code = FAULT_EXIT
        try:
            write_outcome(self._report, self._guarded(command))
            code = 0
        except BaseException as fault:
            with contextlib.suppress(BaseException):
                print(f"configguard: the guard failed: {fault!r}", file=sys.stderr)
        finally:
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(BaseException):
                    stream.flush()
            os._exit(code)

    def _guarded(self, command: Sequence[str]) -> Outcome:
        self._adopts = become_subreaper()
        self._wake = self._listen()
        env = {**os.environ, **self._settings.env, RUN_ID: self._settings.run_id}
        try:
            self._main = start_command(command, env, self._inherited, (self._lifeline,))
        except NotStarted as fault:
            outcome = Outcome(exit_code=fault.exit_code, text=str(fault), started=False)
            return self._over(outcome, None)
        except OSError as fault:
            text = f"the command could not be started: {fault.strerror or fault}"
            return self._over(Outcome(exit_code=FAULT_EXIT, text=text, started=False), None)
        silence_stdio()
        self.tell("started", str(self._main))
        sight = self._sight = Sight(
            self,
            lambda: new_tree(os.getpid(), self._settings.run_id, adopts=self._adopts),
            reaped_s,
            self._settings,
        )
        self._watch(sight)
        outcome = self._end(sight)
        if self._ended_by_us or outcome.signal is not None:
            self._terminal.restore()
        return self._over(outcome, sight.final())

    def _over(self, outcome: Outcome, last: Sample | None) -> Outcome:
        self.call(lambda: self._watcher.on_end(outcome, last))
        return outcome

    # --- waiting -----------------------------------------------------------------------------

    def _listen(self) -> select.poll:
        reading, writing = os.pipe()
        for handle in (reading, writing):
            os.set_blocking(handle, False)
        self._wake_out = reading
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        held = set(FORWARDED) - self._inherited.ignored
        for number in held:
            signal.signal(number, self._signalled)
        signal.signal(signal.SIGCHLD, _nothing)
        signal.signal(signal.SIGCONT, self._continued)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, held)
        waiting = select.poll()
        waiting.register(reading, select.POLLIN)
        waiting.register(self._lifeline, select.POLLIN)
        return waiting

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._wishes.reached_keeper(number, time.monotonic())

    def _continued(self, number: int, frame: FrameType | None) -> None:
        # No more than that: a handler may interrupt the watcher in the middle of a line.
        del number, frame
        self._suspended_s += time.monotonic() - self._awake_at
        self._awake_at = time.monotonic()

    def pause(self, seconds: float) -> None:
        """Sleep until something happens: a child ended, a signal, a message of the front."""
        self._awake_at = time.monotonic()
        with contextlib.suppress(InterruptedError):
            ready = self._wake.poll(max(0.0, seconds) * 1000)
            for handle, _ in ready:
                if handle == self._wake_out:
                    with contextlib.suppress(BlockingIOError):
                        os.read(handle, 512)
                else:
                    self._hear(os.read(handle, 64))
        self._awake_at = time.monotonic()

    def _hear(self, message: bytes) -> None:
        """What the front passes on; an end of the line means that it was killed."""
        if not message:
            self._wake.unregister(self._lifeline)
            self._hurry = self._stop is not None
            self.stop(Stop("front-lost", "configguard itself was killed"))
            return
        for number in message:
            self._wishes.reached_front(number, time.monotonic())

    # --- watching ----------------------------------------------------------------------------

    def _watch(self, sight: Sight) -> None:
        """Look, ask and listen until the command ends or has to."""
        self.reap()
        self._first_wait()
        while self._status is None and self._stop is None:
            wait = sight.look()
            if self._stop is not None:
                break
            self.pause(min(wait, self._until_due()))
            self.reap()
            self._take_signals()
            self._tell_suspended()

    def _first_wait(self) -> None:
        # Most commands that end at once need no look at all, nor the modules for one.
        until = time.monotonic() + _FIRST_LOOK_S
        while self._status is None and self._stop is None and time.monotonic() < until:
            self.pause(until - time.monotonic())
            self.reap()
            self._take_signals()

    def _until_due(self) -> float:
        soon = [10.0]
        now = time.monotonic()
        if self._settings.wall_s is not None:
            soon.append(self._settings.wall_s - self.now())
        if self._wishes.open:
            soon.append(COPY_S)
        if self._kill_at is not None:
            soon.append(self._kill_at - now)
        return max(0.0, min(soon))

    def _take_signals(self) -> None:
        """Act on what the user sent: INT is the command's first, all others end it."""
        now = time.monotonic()
        for number, by_group in self._wishes.due(now):
            if self._stop is not None:
                self._hurry = True
                continue
            name = signal.Signals(number).name
            self.tell("interrupted", name)
            first = self._asked_by is None
            self._asked_by = self._asked_by or number
            self._by_group = by_group
            if number not in (signal.SIGINT, signal.SIGQUIT):
                self.stop(Stop("signal", name))
            elif first:
                if not by_group:
                    self._forward(number)
                self._kill_at = now + self._settings.grace_s
            else:
                self._hurry = True
                self.stop(Stop("signal", f"{name} a second time"))
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_at = None
            self.stop(Stop("signal", "it did not end when it was interrupted"))

    def _forward(self, number: int) -> None:
        """Send a signal to what a terminal would send it to: our process group."""
        ending = self._ending()
        for target in ending.living():
            if target.pid == self._main or _in_our_group(target.pid):
                ending.send(target, number)

    def _ending(self) -> Ending:
        ending = new_ending(os.getpid(), self._settings.run_id, adopts=self._adopts)
        ending.reap = self.reap
        return ending

    def reap(self) -> bool:
        """Wait for every child that ended or stopped, without blocking; whether any is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid != self._main:
                continue
            if not os.WIFSTOPPED(status):
                self._status = status
            elif os.WSTOPSIG(status) in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
                self._stop_with_it()

    def _stop_with_it(self) -> None:
        """The command stopped itself (its own Ctrl-Z): the shell looks at the front only."""
        with contextlib.suppress(OSError):
            if os.getppid() == self._front and os.isatty(2):
                os.kill(os.getppid(), signal.SIGTSTP)
                os.kill(os.getpid(), signal.SIGTSTP)

    # --- ending ------------------------------------------------------------------------------

    def _end(self, sight: Sight) -> Outcome:
        """End what is left of the tree; say how the command itself ended."""
        stop = self._stop
        survivors: tuple[ProcessSample, ...] = ()
        leftovers: tuple[ProcessSample, ...] = ()
        kept: tuple[ProcessSample, ...] = ()
        if stop is not None:
            before = sight.processes()
            self.tell("stopping", stop.text, stop.reason, before)
            grace = self._settings.grace_s
            if stop.urgent or stop.reason == "front-lost":
                grace = min(grace, _URGENT_GRACE_S)
            survivors = self._end_all(sight, grace, before, frozenset())
        else:
            self.tell("ended")
            leftovers, kept = self._left_over(sight)
            if kept:
                self.tell("kept", processes=kept)
            if leftovers:
                self.tell("leftovers", processes=leftovers)
            # What no look could catch is left all the same where a child of ours is left.
            if leftovers or (self._adopts and not kept and self.reap()):
                spared = frozenset(process.identity for process in kept)
                survivors = self._end_all(sight, self._settings.grace_s, leftovers, spared)
        if survivors:
            self.tell("survivors", processes=survivors)
        code, number = self._how_it_ended()
        return Outcome(
            exit_code=code,
            signal=number,
            stopped_by=None if stop is None else stop.reason,
            text="" if stop is None else stop.text,
            leftovers=leftovers,
            kept=kept,
            survivors=survivors,
            seconds=self.now(),
            cpu_total_s=max(reaped_s(), sight.highest_s()),
            sampler_cpu_s=sight.cost_s(),
            command_code=self._own_code(),
        )

    def _end_all(
        self,
        sight: Sight,
        grace_s: float,
        known: Sequence[ProcessSample],
        spared: frozenset[tuple[int, float]],
    ) -> tuple[ProcessSample, ...]:
        self._ended_by_us = True
        ending = self._ending()
        ending.pause, ending.spared = self._pause_ending, spared
        reason = self._stop
        ending.hurry = lambda: self._hurry or self._stop is not reason
        ending.before_kill = lambda: self.tell(
            "killing", reason=None if reason is None else reason.reason
        )
        have_it: list[int] = []
        if self._asked_by == signal.SIGTERM and self._by_group:
            have_it = [p.pid for p in ending.living() if _in_our_group(p.pid)]
        left = ending.end(grace_s, skip=have_it)
        if not left:
            return ()
        seen = {p.identity: p for p in (*known, *sight.processes())}
        return tuple(
            seen.get((p.pid, p.started)) or ProcessSample(p.pid, p.started, p.parent, "?", (), 0, 0)
            for p in left
        )

    def _pause_ending(self, seconds: float) -> None:
        self.pause(seconds)
        self._take_signals()
        if self._sight.scarce():
            self._hurry = True

    def _left_over(
        self, sight: Sight
    ) -> tuple[tuple[ProcessSample, ...], tuple[ProcessSample, ...]]:
        """What outlived the command: to be ended, and to be let live."""
        until = time.monotonic() + _SETTLE_S
        pause = 0.005
        while (left := self.reap()) and time.monotonic() < until and self._stop is None:
            self.pause(pause)
            pause = min(pause * 2, 0.1)
        if self._adopts and not left:
            return (), ()  # exact: whatever is left of the tree would be our child
        processes = sight.processes()
        if not self._settings.end_leftovers:
            return (), processes
        from configguard.watchdog.daemons import daemons_among

        spared = daemons_among(processes)
        return (
            tuple(process for process in processes if process.identity not in spared),
            tuple(process for process in processes if process.identity in spared),
        )

    def _own_code(self) -> int | None:
        if self._status is None or not os.WIFEXITED(self._status):
            return None
        return os.WEXITSTATUS(self._status)

    def _how_it_ended(self) -> tuple[int, int | None]:
        own = self._own_code()
        died_of = None
        if self._status is not None and os.WIFSIGNALED(self._status):
            died_of = os.WTERMSIG(self._status)
        if self._stop is not None and self._stop.reason not in ("signal", "front-lost"):
            return _TIME_OF_US.get(self._stop.reason, LIMIT_EXIT), died_of
        if self._stop is not None and self._stop.reason == "front-lost":
            # What the user's shell saw: only KILL ends the front without its doing.
            return 128 + signal.SIGKILL, died_of
        if own is not None:
            return own, None
        if self._stop is not None and self._asked_by is not None:
            # Our KILL is an answer to the user's own signal: that one is told.
            return 128 + self._asked_by, died_of
        return (FAULT_EXIT if died_of is None else 128 + died_of), died_of

    def _tell_suspended(self) -> None:
        away = self._suspended_s - self._told_suspended_s
        self._told_suspended_s = self._suspended_s
        if away > GAP_S:
            self.tell("suspended", f"{away:.1f}")


def _in_our_group(pid: int) -> bool:
    try:
        return os.getpgid(pid) == os.getpgrp()
    except OSError:
        return False


def _nothing(number: int, frame: FrameType | None) -> None:
    """A handler, so that the signal wakes us; an ignored one would not."""
