"""Five forked readers of one block: RSS counts it six times, PSS once: `shared.py MB SECONDS`."""

import os
import sys
import time

block = bytearray(int(sys.argv[1]) << 20)
block[::4096] = b"\1" * len(block[::4096])
children = []
for _ in range(5):
    child = os.fork()
    if child == 0:
        sum(block[::4096])
        time.sleep(float(sys.argv[2]))
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
