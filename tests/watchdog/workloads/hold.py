"""Holds MB of touched memory for some seconds: `hold.py MB SECONDS`."""

import sys
import time

block = bytearray(int(sys.argv[1]) << 20)
block[::4096] = b"\1" * len(block[::4096])
time.sleep(float(sys.argv[2]))
