"""What one dispatcher does, for Prometheus: plain numbers until they are asked for."""

from collections.abc import Callable, Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from core.timings import Timings
from resolvers.webhook.result import Result

_MILLISECOND = 0.001
# Seconds. A try has 15 of them.
_TRY_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20)
_DELIVERY_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)


class Figures(Collector):
    """Counts of tries by their outcome, how long they took, and what is under way when one asks."""

    def __init__(self, posts: Callable[[], int], endpoints: Callable[[], int]) -> None:
        self._posts = posts
        self._endpoints = endpoints
        self._delivered = self._failed = self._given_up = 0
        self._tries = Timings(_TRY_BOUNDS)
        self._deliveries = Timings(_DELIVERY_BOUNDS)

    def note(self, result: Result, waited: float | None) -> None:
        """Counts a try. `waited` is how old its delivery was when it began, in seconds, where it was the first try."""
        seconds = result.duration_ms * _MILLISECOND
        self._tries.note(seconds)
        if result.is_delivered:
            self._delivered += 1
            if waited is not None:
                self._deliveries.note(waited + seconds)
        elif result.delay is None:
            self._given_up += 1
        else:
            self._failed += 1

    def collect(self) -> Iterator[Metric]:
        tries = CounterMetricFamily(
            "vitrine_webhook_tries",
            "Webhooks posted: delivered, failed to be tried again, or given up with their last try.",
            labels=["outcome"],
        )
        for outcome, count in (
            ("delivered", self._delivered),
            ("failed", self._failed),
            ("given_up", self._given_up),
        ):
            tries.add_metric([outcome], count)
        yield tries
        yield self._tries.family("vitrine_webhook_try_seconds", "How long tries took, in seconds.")
        yield self._deliveries.family(
            "vitrine_webhook_delivery_seconds",
            "From the moment that an event was relayed to its delivery, in seconds, where the first try did it.",
        )
        yield GaugeMetricFamily("vitrine_webhook_posts", "Webhooks that are being posted.", self._posts())
        yield GaugeMetricFamily(
            "vitrine_webhook_endpoints", "Endpoints that this worker delivers to at the moment.", self._endpoints()
        )
