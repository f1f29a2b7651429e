"""Ignores what asks it to end; touches READY when it does so: `stubborn.py SECONDS`."""

import os
import signal
import sys
import time

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
open(os.environ["READY"], "w").close()
time.sleep(float(sys.argv[1]))
