"""macOS: the footprint of a process. Not seen: written from Apple's headers, never run here.

RSS misleads there: compressed pages drop out of it, so that a process of many GB may show few.
"""

from __future__ import annotations

import ctypes

from configguard.watchdog.machine import MB

_RUSAGE_INFO_V2 = 2
_FOOTPRINT_AT = 16 + 7 * 8
"""`ri_phys_footprint` in `struct rusage_info_v2`: after a UUID and seven 64-bit numbers."""
_SIZE = 1024


def footprint_mb(pid: int) -> float | None:
    """What the process costs the machine; None where it cannot be had."""
    try:
        call = ctypes.CDLL("/usr/lib/libproc.dylib").proc_pid_rusage
    except (OSError, AttributeError):
        return None
    buffer = ctypes.create_string_buffer(_SIZE)
    if call(pid, _RUSAGE_INFO_V2, buffer) != 0:
        return None
    value = int.from_bytes(buffer.raw[_FOOTPRINT_AT : _FOOTPRINT_AT + 8], "little")
    return value / MB
