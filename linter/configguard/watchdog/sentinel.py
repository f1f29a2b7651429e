"""The cheap look between two samples: what is left, what the largest processes hold.

It assumes the worst (all that the machine lost went to our tree) and calls for a sample when
that would cross a mark; the sample then tells the truth and sets the base anew.
"""

from __future__ import annotations

from configguard.watchdog.sampling import NEAR, ProcessSample, Sample

TICK_S = 0.25
SHORTEST_S = 0.05
_STEP = 0.05
"""Of the limit: growth above the warning mark that is worth a look."""
_SCARCE = 0.1
"""Of the machine's memory: below it any tree is looked at twice a second."""
_LOOK_AGAIN_S = 1.0
_LOOK_SOON_S = 0.5


class Sentinel:
    """When to look again, and whether to look closely now."""

    def __init__(self, memory_mb: float | None, hard_mb: float | None) -> None:
        self._limit = memory_mb
        self._hard = hard_mb if hard_mb is not None else memory_mb
        self._base: Sample | None = None
        self._base_largest = 0.0
        self._estimate = 0.0
        self._estimated_at = 0.0
        self._rate = 0.0
        self.cost_s = 0.0
        """What the last sample cost: samples are never called for so often that they take a
        tenth of a core."""

    def sampled(self, sample: Sample) -> None:
        """Start again from what a sample measured."""
        if sample.t > self._estimated_at:
            self._rate = (sample.memory_mb - self._estimate) / (sample.t - self._estimated_at)
        self._base = sample
        self._estimate, self._estimated_at = sample.memory_mb, sample.t
        self._base_largest = sum(p.memory_mb for p in largest(sample))

    def wants(self, t: float, available_mb: float | None, largest_mb: float) -> bool:
        """Whether what was just read calls for a sample."""
        base = self._base
        if base is None:
            return True
        since = t - base.t
        grown = max(0.0, largest_mb - self._base_largest)
        if available_mb is not None and base.available_mb is not None:
            grown = max(grown, base.available_mb - available_mb)
        estimate = base.memory_mb + grown
        if t > self._estimated_at:
            self._rate = (estimate - self._estimate) / (t - self._estimated_at)
        self._estimate, self._estimated_at = estimate, t
        if since < min(10 * self.cost_s, _LOOK_AGAIN_S):
            return False
        scarce = _SCARCE * base.machine_memory_mb
        if available_mb is not None and available_mb < scarce and since >= _LOOK_SOON_S:
            return True
        if self._limit is None:
            return False
        near = NEAR * self._limit
        if base.memory_mb < near:
            return estimate >= near
        return since >= _LOOK_AGAIN_S or grown >= _STEP * self._limit

    def tick_s(self) -> float:
        """How long to sleep: half of what the growth would need to the hard limit."""
        if self._hard is None or self._rate <= 0:
            return TICK_S
        return min(TICK_S, max(SHORTEST_S, (self._hard - self._estimate) / self._rate / 2))


def largest(sample: Sample, most: int = 3) -> list[ProcessSample]:
    """The processes worth looking at between two samples."""
    return sorted(sample.processes, key=lambda process: -process.memory_mb)[:most]
