"""How long things took, for Prometheus: counted in plain numbers, since its own histogram locks for each."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from prometheus_client.core import HistogramMetricFamily


class Timings:
    """A histogram that one thread fills. Bounds are seconds, in ascending order; each counts what took no longer."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def note(self, seconds: float) -> None:
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def family(self, name: str, explanation: str) -> HistogramMetricFamily:
        """The histogram as Prometheus is told of it: each count holds those before it."""
        bounds = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        return HistogramMetricFamily(
            name, explanation, buckets=list(zip(bounds, accumulate(self._counts), strict=True)), sum_value=self._sum
        )
