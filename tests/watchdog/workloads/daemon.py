"""Leaves a process behind that nobody waits for: `daemon.py SECONDS [NAME]`."""

import os
import sys
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        if len(sys.argv) > 2:
            sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
            os.execv(sys.executable, [*sleep, *sys.argv[2:]])
        time.sleep(60)
    os._exit(0)
os.wait()
time.sleep(float(sys.argv[1]))
