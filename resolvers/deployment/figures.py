"""What a worker's builds come to, for Prometheus."""

from prometheus_client import Counter, Histogram

BUILDS = Counter(
    "vitrine_builds",
    "Builds of sites' themes by this worker, by what came of them: built, failed or cancelled.",
    labelnames=["result"],
)
BUILD_SECONDS = Histogram(
    "vitrine_build_seconds",
    "How long builds took that came to something, in seconds.",
    buckets=(5, 10, 20, 40, 60, 90, 120, 180, 300, 600, 1200),
)
for _result in ("built", "failed", "cancelled"):
    BUILDS.labels(_result)
