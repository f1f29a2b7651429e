"""What guarding a command costs, beside tools that also watch one, run in turn.

    python benchmarks/watchdog.py [--driver]

Two questions: what is added to a command that ends at once, and what watching 100 sleeping
processes takes. Prints ratios; it is no test. con-duct, psrecord and benchexec come from PyPI into
a virtual environment of their own; resource_monitor (Debian: coop-computing-tools) and
benchexec's runexec are measured where they can run. `--driver`: the tests' bare driver of the
process half in place of `configguard run`.
"""

from __future__ import annotations

import os
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = 9
PROCESSES = 100
SETTLE_S = 6.0
WATCHED_S = 20.0
PEERS = ("con-duct", "psrecord", "benchexec")
DRIVER = ROOT / "tests" / "watchdog" / "driver.py"
SLEEPERS = f"for n in $(seq {PROCESSES}); do sleep 60 & done; sleep 60"


def main() -> None:
    """Set up, measure in turn, print."""
    with tempfile.TemporaryDirectory(prefix="configguard-bench-") as folder:
        work = Path(folder)
        venv.create(work / "venv", with_pip=True)
        binaries = work / "venv" / "bin"
        pip = [str(binaries / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
        subprocess.run(
            [*pip, "--disable-pip-version-check", str(ROOT), *PEERS],
            check=True,
            capture_output=True,
        )
        wrappers = usable(wrappers_of(binaries, work), work)
        print(f"machine: {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}\n")
        start_up(wrappers, work)
        watching(wrappers, work)


def wrappers_of(binaries: Path, work: Path) -> dict[str, list[str]]:
    """The command line before the command, for each tool."""
    python = str(binaries / "python")
    ours = [str(binaries / "configguard"), "run", "--no-gate", "--"]
    if "--driver" in sys.argv:
        ours = [python, str(DRIVER), '{"settings": {"run_id": "bench"}}', "--"]
    out = str(work / "out")
    found = {
        "configguard run": ours,
        "con-duct": [str(binaries / "con-duct"), "run", "-q", "-p", f"{out}_", "--"],
        "psrecord": [
            *(str(binaries / "psrecord"), "--include-children", "--interval", "1"),
            *("--log", f"{out}.txt"),
        ],
        "runexec": [str(binaries / "runexec"), "--no-container", "--output", f"{out}.log", "--"],
    }
    monitor = shutil.which("resource_monitor")
    if monitor is not None:
        found["resource_monitor"] = [monitor, "-i", "1", "-O", out, "--"]
    return found


def line(name: str, wrapper: list[str], command: list[str]) -> list[str]:
    """A guarded command line: psrecord takes the command as one word."""
    return [*wrapper, shlex.join(command)] if name == "psrecord" else [*wrapper, *command]


def usable(wrappers: dict[str, list[str]], work: Path) -> dict[str, list[str]]:
    """The tools that run here; says which do not."""
    found = {}
    for name, wrapper in wrappers.items():
        command = line(name, wrapper, ["true"])
        done = subprocess.run(command, cwd=work, capture_output=True, timeout=60, check=False)
        clean(work)
        if done.returncode == 0:
            found[name] = wrapper
        else:
            words = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            print(f"{name} does not run here: exit code {done.returncode} {words}")
    return found


def start_up(wrappers: dict[str, list[str]], work: Path) -> None:
    """Wall and CPU time that each tool adds to `true`."""
    commands = {name: line(name, wrapper, ["true"]) for name, wrapper in wrappers.items()}
    commands = {"true": ["true"], "python -c pass": [sys.executable, "-c", "pass"], **commands}
    walls: dict[str, list[float]] = {name: [] for name in commands}
    cpus: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(RUNS + 1):
        for name, command in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            began = time.monotonic()
            subprocess.run(command, cwd=work, capture_output=True, timeout=60, check=True)
            wall = time.monotonic() - began
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            clean(work)
            if turn:
                walls[name].append(wall)
                used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
                cpus[name].append(used)
    print("added to `true` (median):")
    bare_wall, bare_cpu = statistics.median(walls["true"]), statistics.median(cpus["true"])
    ours = statistics.median(walls["configguard run"]) - bare_wall
    for name in commands:
        wall = statistics.median(walls[name]) - bare_wall
        cpu = statistics.median(cpus[name]) - bare_cpu
        ratio = f"{wall / ours:5.1f} x ours" if name in wrappers else ""
        print(f"  {name:18} {wall * 1000:6.0f} ms  ({cpu * 1000:4.0f} ms CPU)  {ratio}")
    python = statistics.median(walls["python -c pass"]) - bare_wall
    print(f"  ours is {ours / python:.1f} x a bare Python (goal: below 90 ms on a quiet machine)\n")


def watching(wrappers: dict[str, list[str]], work: Path) -> None:
    """CPU that each tool takes to watch sleeping processes, with its own defaults."""
    print(f"watching {PROCESSES} sleeping processes for {WATCHED_S:.0f} s:")
    used = {name: watched(name, wrapper, work) for name, wrapper in wrappers.items()}
    ours = used["configguard run"]
    for name, share in used.items():
        print(f"  {name:18} {share:6.2f} % of a core  {share / ours:6.1f} x ours")
    print("  (goal: ours below 1 %)")


def watched(name: str, wrapper: list[str], work: Path) -> float:
    """Percent of a core that the tool's own processes take, with the helpers it starts."""
    command = line(name, wrapper, ["sh", "-c", SLEEPERS])
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        command, cwd=work, stdout=quiet, stderr=quiet, start_new_session=True
    ) as process:
        try:
            time.sleep(SETTLE_S)
            before, began = own_time(process.pid), time.monotonic()
            time.sleep(WATCHED_S)
            after, seconds = own_time(process.pid), time.monotonic() - began
        finally:
            for pid in [*below(process.pid), process.pid]:
                subprocess.run(["kill", "-KILL", str(pid)], stderr=quiet, check=False)
            process.wait()
    clean(work)
    return 100 * (after - before) / seconds


def own_time(pid: int) -> float:
    """CPU seconds of a tool: all below it that is not the watched command."""
    total = 0.0
    for one in [pid, *below(pid)]:
        stat = fields(one)
        if stat and stat[0] not in ("sleep", "sh"):
            total += sum(map(int, stat[12:16])) / os.sysconf("SC_CLK_TCK")
    return total


def below(pid: int) -> list[int]:
    """The descendants of a process."""
    parents = {
        int(f.name): fields(int(f.name)) for f in Path("/proc").iterdir() if f.name.isdigit()
    }
    found = [pid]
    for parent in found:
        found += [one for one, stat in parents.items() if stat and int(stat[2]) == parent]
    return found[1:]


def fields(pid: int) -> list[str]:
    """Name and numbers of a process; none where it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    name = text[text.index("(") + 1 : text.rindex(")")]
    return [name, *text[text.rindex(")") + 2 :].split()]


def clean(work: Path) -> None:
    """Remove what a tool wrote: some refuse to write it twice."""
    for path in [*work.glob("out*"), *work.glob(".configguard")]:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


if __name__ == "__main__":
    main()
