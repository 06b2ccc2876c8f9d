"""How well what changes reaches those who are to know: webhooks, pollers, and what waits."""

from datetime import datetime
from typing import Any

import strawberry

from core.access import Caller
from core.ids import GlobalIdOf
from resolvers.feed import event_cursor
from resolvers.webhook.health import LAST_DAY, OLDEST_WAITING, UNRELAYED, WAITING, last_delivered_at, of_last_day
from schema.polling import PollingState
from schema.query import read_one
from schema.reading import column, many, one, reads
from schema.webhook import WebhookEndpoint

_RATE = "the share of tries, 0 to 1, that the receiver took; null where there was none"
_OF_WORKSPACE = "h.workspace_id = {t}.id"
_OF_ENDPOINT = "h.workspace_id = {t}.workspace_id and h.endpoint_id = {t}.id"


def _rate(delivered: int, tries: int) -> float | None:
    return delivered / tries if tries else None


def _tries(what: str, of: str) -> Any:
    return column(f"How many {what} there were in the last {LAST_DAY}.", of_last_day("tries", of))


@reads("webhook_endpoint", scope="events:read")
@strawberry.type(description="How well a webhook endpoint takes what is sent to it.")
class WebhookEndpointHealth:
    """One endpoint: what is wrong with it, and since when."""

    endpoint_id: strawberry.ID = column("The endpoint's id.", "{t}.id", convert=GlobalIdOf("WebhookEndpoint"))
    webhook_endpoint: WebhookEndpoint | None = one(
        "The endpoint. Needs the scope `webhooks:read`.", "WebhookEndpoint", "{c}.id = {p}.id"
    )
    try_count: int = _tries("tries", _OF_ENDPOINT)
    success_rate: float | None = column(
        f"Of the last {LAST_DAY}: {_RATE}.",
        of_last_day("delivered", _OF_ENDPOINT),
        of_last_day("tries", _OF_ENDPOINT),
        convert=_rate,
    )
    retry_success_rate: float | None = column(
        "The same of tries that were not the first.",
        of_last_day("retries_delivered", _OF_ENDPOINT),
        of_last_day("retries", _OF_ENDPOINT),
        convert=_rate,
    )
    given_up_count: int = column(
        f"How many deliveries were given up in the last {LAST_DAY}, after all their tries.",
        of_last_day("given_up", _OF_ENDPOINT),
    )
    waiting_count: int = column("How many deliveries wait for it.", WAITING.format(of="d.endpoint_id = {t}.id"))
    oldest_waiting_at: datetime | None = column(
        "When the oldest of these was entered: it has not heard of anything since. Null where none waits.",
        OLDEST_WAITING.format(of="d.endpoint_id = {t}.id"),
    )
    last_delivered_at: datetime | None = column(
        "When it last took something, in the time that the log is kept.",
        last_delivered_at(_OF_ENDPOINT),
    )
    failing_since: datetime | None = column("When it first failed since it last took something.")


@reads("workspace", workspace_column="id", scope="events:read")
@strawberry.type(description="How well what changes in the workspace reaches those who are to know.")
class SyncHealth:
    """The workspace as a whole, and each endpoint and poller."""

    last_sequence: int = column(
        "The number of the last event that was committed.",
        "(select k.sequence from workspace_counter k where k.workspace_id = {t}.id)",
    )
    latest_cursor: str = column(
        "Its cursor.",
        "(select k.sequence from workspace_counter k where k.workspace_id = {t}.id)",
        convert=event_cursor,
    )
    unrelayed_count: int = column("How many events wait to be turned into deliveries.", UNRELAYED)
    try_count: int = _tries("tries to deliver a webhook", _OF_WORKSPACE)
    retry_count: int = column(
        f"How many of these, in the last {LAST_DAY}, were not the first try.", of_last_day("retries", _OF_WORKSPACE)
    )
    success_rate: float | None = column(
        f"Of the last {LAST_DAY}: {_RATE}.",
        of_last_day("delivered", _OF_WORKSPACE),
        of_last_day("tries", _OF_WORKSPACE),
        convert=_rate,
    )
    retry_success_rate: float | None = column(
        "The same of tries that were not the first.",
        of_last_day("retries_delivered", _OF_WORKSPACE),
        of_last_day("retries", _OF_WORKSPACE),
        convert=_rate,
    )
    given_up_count: int = column(
        f"How many deliveries were given up in the last {LAST_DAY}, after all their tries.",
        of_last_day("given_up", _OF_WORKSPACE),
    )
    waiting_count: int = column("How many deliveries wait, for active endpoints.", WAITING.format(of="true"))
    oldest_waiting_at: datetime | None = column(
        "When the oldest of these was entered. Null where none waits.", OLDEST_WAITING.format(of="true")
    )
    webhook_endpoints = many(
        WebhookEndpointHealth, "Each webhook endpoint.", "{c}.workspace_id = {p}.id", seen_with_parent=True
    )
    pollers = many(PollingState, "Each poller of `changes`.", "{c}.workspace_id = {p}.id", seen_with_parent=True)


def _own(caller: Caller) -> dict[str, object]:
    return {"id": caller.workspace_id}


QUERIES = {
    "sync_health": read_one(
        SyncHealth,
        "How well what changes reaches webhook endpoints and pollers.",
        "events:read",
        [],
        _own,
    ),
}
