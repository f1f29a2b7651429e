"""Seven processes, some in sessions of their own, all asleep: `tree.py DEPTH`.

Each adds a letter to the file READY when it is there.
"""

import os
import subprocess
import sys
import time

depth = int(sys.argv[1])
if depth:
    for alone in (False, True):
        subprocess.Popen([sys.executable, __file__, str(depth - 1)], start_new_session=alone)
with open(os.environ["READY"], "a") as ready:
    ready.write(".")
time.sleep(60)
