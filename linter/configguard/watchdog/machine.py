"""The machine as the guarded tree may use it: memory that is left, CPUs within the quota."""

from __future__ import annotations

import os
import sys
from pathlib import Path

MB = 1 << 20


class Machine:
    """Memory and CPUs of this machine, or of the control groups that we run in."""

    def __init__(self, proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> None:
        self._meminfo = proc / "meminfo"
        self._linux = sys.platform == "linux"
        self._memory_groups: list[tuple[Path, Path, float]] = []
        folders = _group_folders(proc, groups) if self._linux else []
        for folder in folders:
            self._add_memory_group(folder)
        self.memory_mb = min([self._total_mb(), *(limit for _, _, limit in self._memory_groups)])
        self.usable_cpus = min([_affinity(), *_quotas(folders)])

    def available_mb(self) -> float | None:
        """What could still be given out, by the machine and by our control groups."""
        available = self._machine_available_mb()
        for usage, stat, limit in self._memory_groups:
            used = _number(usage)
            if used is not None:
                # Page cache that nothing uses is given back before anything is killed.
                left = limit - used / MB + _field(stat, "inactive_file") / MB
                available = left if available is None else min(available, left)
        return available

    def _machine_available_mb(self) -> float | None:
        if self._linux:
            value = _kilobytes(self._meminfo, b"MemAvailable:")
            return None if value is None else value / 1024
        try:
            import psutil

            return float(psutil.virtual_memory().available) / MB
        except Exception:  # psutil raises what the platform's call raised: it is a loss, told
            return None

    def _total_mb(self) -> float:
        if self._linux:
            return (_kilobytes(self._meminfo, b"MemTotal:") or 0.0) / 1024 or float("inf")
        try:
            import psutil

            return float(psutil.virtual_memory().total) / MB
        except Exception:  # as above
            return float("inf")

    def _add_memory_group(self, folder: Path) -> None:
        for maximum, usage in (
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            limit = _number(folder / maximum)
            # Version 1 says "no limit" as a number above any machine's memory.
            if limit is not None and limit / MB < self._total_mb():
                entry = (folder / usage, folder / "memory.stat", limit / MB)
                self._memory_groups.append(entry)


def _affinity() -> float:
    if hasattr(os, "sched_getaffinity"):
        return float(len(os.sched_getaffinity(0)))
    return float(os.cpu_count() or 1)


def _group_folders(proc: Path, groups: Path) -> list[Path]:
    """Our control groups and all above them, in both versions of the hierarchy."""
    folders: dict[Path, None] = {}
    try:
        lines = (proc / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        roots = [groups / name for name in (controllers or "unified").split(",")]
        for root in roots if controllers else [groups, *roots]:
            folder = root / path.lstrip("/")
            while folder != root and root in folder.parents:
                folders[folder] = None
                folder = folder.parent
            # Within a container the path may name a folder of the host: the root is then ours.
            folders[root] = None
    return [folder for folder in folders if folder.is_dir()]


def _quotas(folders: list[Path]) -> list[float]:
    found: list[float] = []
    for folder in folders:
        try:
            quota, period = (folder / "cpu.max").read_text().split()
            if quota != "max":
                found.append(int(quota) / int(period))
        except (OSError, ValueError, ZeroDivisionError):
            pass
        quota_us = _number(folder / "cpu.cfs_quota_us")
        period_us = _number(folder / "cpu.cfs_period_us")
        if quota_us is not None and quota_us > 0 and period_us:
            found.append(quota_us / period_us)
    return found


def _number(path: Path) -> float | None:
    try:
        return float(path.read_text())
    except (OSError, ValueError):  # also "max"
        return None


def _field(path: Path, name: str) -> float:
    try:
        for line in path.read_text().splitlines():
            key, _, value = line.partition(" ")
            if key in (name, f"total_{name}"):
                return float(value)
    except (OSError, ValueError):
        pass
    return 0.0


def _kilobytes(path: Path, key: bytes) -> float | None:
    try:
        text = path.read_bytes()
        start = text.index(key) + len(key)
        return float(text[start : text.index(b"kB", start)])
    except (OSError, ValueError):
        return None
