"""Takes memory at a steady rate, in a child of its own: `ramp.py MB_PER_SECOND MOST_MB`.

Writes `MB SECONDS` lines to the file REACHED, so that a test knows when a limit was crossed.
"""

import os
import sys
import time

rate, most = float(sys.argv[1]), int(sys.argv[2])
if os.fork():
    os.wait()
    raise SystemExit
held = []
began = time.monotonic()
with open(os.environ["REACHED"], "w", buffering=1) as log:
    while len(held) * 10 < most:
        block = bytearray(10 << 20)
        block[::4096] = b"\1" * len(block[::4096])
        held.append(block)
        log.write(f"{len(held) * 10} {time.monotonic()}\n")
        time.sleep(max(0.0, len(held) * 10 / rate - (time.monotonic() - began)))
time.sleep(20)
