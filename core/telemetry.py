"""Logs as JSON lines and metrics for Prometheus."""

import asyncio
import logging
import sys
from datetime import UTC, datetime
from functools import cache

import orjson
import structlog
from prometheus_client import Counter, Gauge, Histogram
from structlog.typing import Processor

from core.access import Caller

SECONDS = Histogram(
    "vitrine_graphql_request_seconds",
    "How long GraphQL requests took, in seconds, by kind and outcome.",
    ["kind", "outcome"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
# `labels` looks a child up under a lock each time; there are a dozen of them in all.
_labelled = cache(SECONDS.labels)
INTERNAL_ERRORS = Counter("vitrine_internal_errors_total", "Faults of ours in GraphQL, logged and masked.")
SOCKETS = Gauge("vitrine_websockets", "Open websockets.")
SUBSCRIPTIONS = Gauge("vitrine_subscriptions", "Subscriptions that are being followed.")


def note_request(
    request_id: str, kind: str, operation: str | None, codes: list[str] | None, caller: Caller | None, seconds: float
) -> None:
    """One log line and the metrics of a GraphQL request."""
    outcome = "errors" if codes else "ok"
    _labelled(kind, outcome).observe(seconds)
    REQUEST_LOG.write(
        {
            "event": "graphql",
            "request_id": request_id,
            "kind": kind,
            "operation": operation[:MAX_NAME] if operation else None,
            "outcome": outcome,
            "codes": codes,
            "workspace": caller.workspace_id if caller else None,
            "caller": caller.kind if caller else None,
            "caller_id": caller.id if caller else None,
            "ms": round(seconds * 1000, 2),
            "level": "info",
            "timestamp": datetime.now(UTC),
        }
    )


class RequestLog:
    """Lines of requests, gathered for a tenth of a second and written at once.

    Structlog and a system call for each would cost as much as all the rest of a cached answer. A process that is killed
    loses the last tenth of a second of them; warnings and errors are written by themselves, at once.
    """

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self.is_on = False

    def write(self, line: dict[str, object]) -> None:
        if not self.is_on:
            return
        if not self._lines:
            asyncio.get_running_loop().call_later(_GATHER_SECONDS, self.flush)
        self._lines.append(orjson.dumps(line, default=str, option=_LINE))

    def flush(self) -> None:
        """Writes what was gathered."""
        lines, self._lines = self._lines, []
        sys.stdout.buffer.write(b"".join(lines))
        sys.stdout.buffer.flush()


_GATHER_SECONDS = 0.1
MAX_NAME = 100
_LINE = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
REQUEST_LOG = RequestLog()


def configure_logging(level: str) -> None:
    """Sends everything, structlog's and the standard library's, to standard output as JSON lines."""
    number = logging.getLevelNamesMapping()[level]
    REQUEST_LOG.is_on = number <= logging.INFO
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
