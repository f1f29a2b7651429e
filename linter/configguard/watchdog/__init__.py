"""The guard of a running command: measured, stopped at its limits, nothing of it left behind."""
