"""A process that is never there: each forks the next one, in a session of its own, and ends.

One lives at a time, for a millisecond; it ends by itself after some seconds: `comet.py SECONDS`.
"""

import os
import signal
import sys
import time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
end = time.monotonic() + float(sys.argv[1])
open(os.environ["READY"], "w").close()
while time.monotonic() < end:
    if os.fork():
        os._exit(0)
    os.setsid()
