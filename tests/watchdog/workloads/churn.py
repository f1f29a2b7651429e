"""Short-lived children that burn CPU, `churn.py SECONDS AT_A_TIME`; tells the true CPU time."""

import os
import sys
import time

end = time.monotonic() + float(sys.argv[1])
most = int(sys.argv[2])
living = set()
count = 0
while time.monotonic() < end or living:
    while len(living) < most and time.monotonic() < end:
        child = os.fork()
        if child == 0:
            done = time.process_time() + 0.04
            while time.process_time() < done:
                pass
            os._exit(0)
        living.add(child)
        count += 1
    living.discard(os.wait()[0])
times = os.times()
print(sum(times[:4]), count, flush=True)
