"""`make stress`: hundreds of thousands of hostile projects, in workers under a watchdog.

A worker that dies or hangs costs only the input it was at: that one is saved, and a new worker
goes on behind it. One input of each fault is made as small as it gets, in `.cache/stress/`.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

import psutil

from stress.examine import empty_root, examine
from stress.mutate import Project, project

ROOT = Path(__file__).resolve().parents[2]
SAVED = ROOT / ".cache" / "stress"
HANG_SECONDS = 20
"""CPU time without progress; what takes more than 2 s and ends is told by the worker."""
WAIT_SECONDS = 300
"""Wall time without progress: it waits for something."""
MEMORY_BYTES = 2_000_000_000
"""Address space of a worker: an input that fills the memory ends with MemoryError."""
MOST_RESTARTS = 200
MOST_TRIES = 600
THOROUGH_EVERY = 8


class Worker:
    """One process at work on every `step`-th input; its place is in a shared file."""

    def __init__(self, options: argparse.Namespace, first: int, end: int, work: Path) -> None:
        self.options, self.end = options, end
        self.place = work / f"place-{first}"
        self.place.write_bytes(struct.pack("<q", first))
        self.out = (work / f"out-{first}").open("w+", encoding="utf-8")
        self.restarts = 0
        self.process = self.start(first)

    def start(self, first: int) -> subprocess.Popen[bytes]:
        """A process that begins with the input `first`."""
        self.at, self.since, self.used = first, time.monotonic(), 0.0
        self.place.write_bytes(struct.pack("<q", first))
        options = self.options
        command = [sys.executable, "-m", "stress.run", "--worker", str(self.place)]
        command += ["--seed", str(options.seed), "--first", str(first), "--end", str(self.end)]
        command += ["--jobs", str(options.jobs)]
        paths = (str(ROOT / "linter"), str(ROOT / "tests"))
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONHASHSEED": "0"}
        return subprocess.Popen(command, env=environment, stdout=self.out, stderr=self.out)

    def watch(self) -> tuple[int, str] | None:
        """The input at which the process died or hangs, if it does; then it goes on behind it."""
        now = struct.unpack("<q", self.place.read_bytes())[0]
        code = self.process.poll()
        if now != self.at:
            self.at, self.since, self.used = now, time.monotonic(), self.cpu_time()
        if code == 0:
            return None
        kind = ""
        if code is not None:
            kind = f"died with code {code}"
        elif (
            self.cpu_time() - self.used > HANG_SECONDS
            or time.monotonic() - self.since > WAIT_SECONDS
        ):
            self.process.kill()
            self.process.wait()
            kind = "hangs"
        if not kind:
            return None
        self.restarts += 1
        if self.restarts > MOST_RESTARTS:
            raise SystemExit(
                f"a worker had to be started {self.restarts} times: see {self.out.name}"
            )
        self.process = self.start(self.at + self.options.jobs)
        return now, kind

    def cpu_time(self) -> float:
        """The CPU time of the process so far."""
        try:
            times = psutil.Process(self.process.pid).cpu_times()
        except psutil.NoSuchProcess:
            return 0.0
        return times.user + times.system

    @property
    def done(self) -> bool:
        return self.process.poll() == 0


def main() -> int:
    """Parse the options and do one of the three jobs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--end", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--try", dest="tried", type=Path, help="examine a saved input once")
    options = parser.parse_args()
    if options.worker is not None:
        return work(options)
    if options.tried is not None:
        return try_saved(options.tried)
    return watch_over(options)


def watch_over(options: argparse.Namespace) -> int:
    """Start the workers, watch them, save and tell what they find."""
    began = time.monotonic()
    end = options.first + options.count
    faults: dict[str, list[tuple[int, str]]] = {}
    with tempfile.TemporaryDirectory(prefix="configguard-stress-") as folder:
        place = Path(folder)
        workers = [Worker(options, options.first + n, end, place) for n in range(options.jobs)]
        told = began
        while not all(worker.done for worker in workers):
            time.sleep(0.2)
            for worker in workers:
                lost = worker.watch()
                if lost is not None:
                    faults.setdefault(lost[1], []).append((lost[0], lost[1]))
            if time.monotonic() - told > 30:
                told = time.monotonic()
                done = min(worker.at for worker in workers) - options.first
                print(f"{done} of {options.count}, {_found(workers)} faults", flush=True)
        for worker in workers:
            worker.out.seek(0)
            _collect(worker.out, faults)
    spent = time.monotonic() - began
    print(f"{options.count} inputs in {spent:.0f} s: {options.count / spent:.0f} inputs/s")
    for kind, found in faults.items():
        _save(options, kind, found)
    print(f"{sum(map(len, faults.values()))} faults of {len(faults)} kinds")
    return 1 if faults else 0


def _found(workers: list[Worker]) -> int:
    return sum(Path(worker.out.name).read_bytes().count(b"\n{") for worker in workers)


def _collect(out: IO[str], faults: dict[str, list[tuple[int, str]]]) -> None:
    for line in out:
        if line.startswith("{"):
            told = json.loads(line)
            faults.setdefault(told["kind"], []).append((told["number"], told["detail"]))
        elif line.strip():
            print(f"a worker said: {line.rstrip()}", file=sys.stderr)


def work(options: argparse.Namespace) -> int:
    """Examine every `jobs`-th input from `first` on; write each fault as a line of JSON."""
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    print(flush=True)
    with empty_root() as folder, options.worker.open("r+b", buffering=0) as place:
        for number in range(options.first, options.end, options.jobs):
            place.seek(0)
            place.write(struct.pack("<q", number))
            made = project(number, options.seed)
            thorough = number // options.jobs % THOROUGH_EVERY == 0
            fault = examine(made, Path(folder), thorough=thorough)
            if fault is not None:
                told = {"number": number, "kind": fault.kind, "detail": fault.detail}
                print(json.dumps(told), flush=True)
    return 0


def _save(options: argparse.Namespace, kind: str, found: list[tuple[int, str]]) -> None:
    """Write the smallest input of a kind that is found; say where."""

    def size(number: int) -> int:
        return sum(map(len, project(number, options.seed).files.values()))

    number, detail = min(found[:200], key=lambda one: size(one[0]))
    made = project(number, options.seed)
    folder = SAVED / f"{options.seed}-{number}"
    print(f"\n{kind}: {len(found)} inputs, the least is {number}\n  {detail}")
    _write(folder, made)
    small = _minimised(made, kind, folder)
    _write(folder, small)
    shown = {name: text[:400] for name, text in small.files.items()}
    print(f"  saved in {folder.relative_to(ROOT)}: {shown}", flush=True)


def _write(folder: Path, made: Project) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in made.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text)
    (folder / "CHECKED").write_text(made.config, "utf-8")


def try_saved(folder: Path) -> int:
    """Examine a saved input in this process; print its fault."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    config = (folder / "CHECKED").read_text("utf-8")
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != "CHECKED")
    made = Project(config, {str(file.relative_to(folder)): file.read_bytes() for file in files})
    with empty_root() as root:
        fault = examine(made, Path(root))
    print(json.dumps({"kind": fault.kind, "detail": fault.detail} if fault else None))
    return 0


def _minimised(made: Project, kind: str, folder: Path) -> Project:
    """The input with files, then ever smaller stretches, left out while the fault stays."""
    dangerous = kind.startswith(("died", "hangs"))
    tries = 0

    def same(files: dict[str, bytes]) -> bool:
        nonlocal tries
        tries += 1
        candidate = Project(made.config, files)
        if not dangerous:
            with empty_root() as root:
                fault = examine(candidate, Path(root))
            return fault is not None and fault.kind == kind
        _write(folder, candidate)
        command = [sys.executable, "-m", "stress.run", "--try", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=10, check=False)
        except subprocess.TimeoutExpired:
            return kind == "hangs"
        return kind == f"died with code {done.returncode}"

    most = 60 if dangerous or kind == "slow" else MOST_TRIES
    files = dict(made.files)
    if not same(files):
        return made
    for name in list(files):
        fewer = {other: text for other, text in files.items() if other != name}
        if name != made.config and same(fewer):
            files = fewer
    for name in list(files):
        length = len(files[name]) // 2
        while length and tries < most:
            at = 0
            while at < len(files[name]) and tries < most:
                text = files[name]
                shorter = {**files, name: text[:at] + text[at + length :]}
                if same(shorter):
                    files = shorter
                else:
                    at += length
            length //= 2
    return Project(made.config, files)


if __name__ == "__main__":
    sys.exit(main())
