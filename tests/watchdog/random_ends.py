"""`make stress`: guarded trees that are ended at random moments; nothing may survive."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from watchdog.running import Runs, tagged, wait_for, workload

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL)
GONE_WITHIN_S = 15.0


def end_at_random(folder: Path, number: int, dice: random.Random) -> str:
    """Signal a guarded tree while it starts, runs or ends. Raises AssertionError.

    The front, the keeper or the whole group; at times a second signal follows.
    """
    folder.mkdir()
    runs = Runs(folder)
    try:
        run = runs.start(workload("tree", 2))
        wait_for(lambda: run.process.poll() is not None or run.events("started"), "it started")
        keeper = run.keeper()
        time.sleep(dice.uniform(0.0, 0.8))
        how = dice.choice(("front", "front", "group", "keeper"))
        with contextlib.suppress(ProcessLookupError):
            if how == "group" and number != signal.SIGKILL:
                os.killpg(run.process.pid, number)
            elif how == "keeper" and number in (signal.SIGTERM, signal.SIGKILL):
                os.kill(keeper, number)
            else:
                how = "front"
                os.kill(run.process.pid, number)
        if dice.random() < 0.3:
            how += ", then again"
            time.sleep(dice.uniform(0.0, 0.3))
            # Unreaped by us, the front's pid is its own. Both KILLed is the one hole, and known.
            if run.process.poll() is None and "keeper" not in how:
                os.kill(run.process.pid, dice.choice((signal.SIGKILL, signal.SIGTERM)))
        run.wait()
        wait_for(lambda: not tagged(run.tag), f"nothing survives ({how})", GONE_WITHIN_S)
        return how
    finally:
        runs.close()


def main() -> int:
    """End so many trees; exit 1 at the first survivor."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    dice = random.Random(seed)
    counts: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="configguard-ends-") as folder:
        for turn in range(turns):
            number = dice.choice(SIGNALS)
            try:
                how = end_at_random(Path(folder, str(turn)), number, dice)
            except AssertionError as fault:
                print(f"turn {turn} of seed {seed}, {number.name}: {fault}")
                return 1
            key = f"{number.name} to the {how}"
            counts[key] = counts.get(key, 0) + 1
    print(f"{turns} trees ended at random moments (seed {seed}), nothing survived:")
    for key in sorted(counts):
        print(f"  {counts[key]:4} {key}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
