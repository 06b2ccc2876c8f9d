"""Logs as JSON lines and metrics for Prometheus."""

import logging
import sys

import orjson
import structlog
from prometheus_client import Counter, Gauge, Histogram
from structlog.typing import Processor

from core.access import Caller

log = structlog.get_logger()

REQUESTS = Counter("vitrine_graphql_requests_total", "GraphQL requests by kind and outcome.", ["kind", "outcome"])
SECONDS = Histogram(
    "vitrine_graphql_request_seconds",
    "How long GraphQL requests took, in seconds.",
    ["kind"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_COUNTS: dict[tuple[str, str], Counter] = {}
_TIMES: dict[str, Histogram] = {}
SOCKETS = Gauge("vitrine_websockets", "Open websockets.")
SUBSCRIPTIONS = Gauge("vitrine_subscriptions", "Subscriptions that are being followed.")


def note_request(
    request_id: str, kind: str, operation: str | None, codes: list[str] | None, caller: Caller | None, seconds: float
) -> None:
    """One log line and the metrics of a GraphQL request."""
    outcome = "errors" if codes else "ok"
    # `labels` looks its child up under a lock each time; there are a dozen of them in all.
    count = _COUNTS.get((kind, outcome))
    if count is None:
        count = _COUNTS[kind, outcome] = REQUESTS.labels(kind, outcome)
    times = _TIMES.get(kind)
    if times is None:
        times = _TIMES[kind] = SECONDS.labels(kind)
    count.inc()
    times.observe(seconds)
    log.info(
        "graphql",
        request_id=request_id,
        kind=kind,
        operation=operation,
        outcome=outcome,
        codes=codes,
        workspace=str(caller.workspace_id) if caller and caller.workspace_id else None,
        caller=f"{caller.kind.value}:{caller.id}" if caller else None,
        ms=round(seconds * 1000, 2),
    )


def configure_logging(level: str) -> None:
    """Sends everything, structlog's and the standard library's, to standard output as JSON lines."""
    number = logging.getLevelNamesMapping()[level]
    processors: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*processors, structlog.processors.JSONRenderer(serializer=orjson.dumps)],
        logger_factory=structlog.BytesLoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=structlog.processors.JSONRenderer(),
            foreign_pre_chain=[*processors, structlog.stdlib.add_logger_name],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
