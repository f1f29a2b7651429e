"""Starts a new process at every TERM and goes on: what a snapshot-then-kill misses."""

import os
import signal
import sys
import time


def again(number, frame):
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)


signal.signal(signal.SIGTERM, again)
open(os.environ["READY"], "w").close()
while True:
    time.sleep(0.2)
    if len(sys.argv) > 1 and os.fork() == 0:
        time.sleep(60)
