"""How well what changes reaches those who are to know: webhooks, pollers, and what waits."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from core.access import Caller
from core.ids import GlobalIdOf
from resolvers.feed import event_cursor
from resolvers.site.health import EVENTS_BEHIND, SITES, STALE
from resolvers.webhook.health import LAST_DAY, OLDEST_WAITING, UNRELAYED, WAITING, last_delivered_at, of_last_day
from schema.polling import PollingState
from schema.query import read_one
from schema.reading import column, many, one, reads
from schema.webhook import WebhookEndpoint

if TYPE_CHECKING:
    from schema.site import Site

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


@strawberry.enum(description="How a site hears of what changes.")
class SiteToldBy(Enum):
    """Webhooks, polling, or nothing."""

    WEBHOOKS = strawberry.enum_value(
        "WEBHOOKS", description="Its own webhook endpoint is active, and took what was posted to it last."
    )
    POLLING = strawberry.enum_value(
        "POLLING", description=f"Webhooks do not arrive, and it polled `changes` within the last {STALE}."
    )
    NOTHING = strawberry.enum_value("NOTHING", description="Neither: it shows what it knew.")


@reads(SITES, scope="events:read")
@strawberry.type(description="How a site keeps up with what changes. What it polls is known a second later.")
class SiteHealth:
    """One site: how it hears of changes, and what it has not heard of."""

    site_id: strawberry.ID = column("The site's id.", "{t}.id", convert=GlobalIdOf("Site"))
    site: Annotated["Site", strawberry.lazy("schema.site")] | None = one(
        "The site. Needs the scope `sites:read`.", "Site", "{c}.id = {p}.id"
    )
    told_by: SiteToldBy = column("How it hears of what changes now.")
    is_stale: bool = column(f"Whether it was not told of an event that shoppers see and that is older than {STALE}.")
    untold_sequence: int | None = column(
        "The number of the first event that shoppers see and that it was not told of: no webhook of it arrived, and "
        "no poller of the site has asked past it. Null where there is none, and where nothing is known of the site: it "
        "has no endpoint of its own and never polled."
    )
    oldest_untold_at: datetime | None = column("When that occurred: what it shows is as old.", "{t}.untold_at")
    events_behind: int = column("How many events were committed from that one on, of whatever type.", EVENTS_BEHIND)
    last_polled_at: datetime | None = column(
        "When it last polled `changes`, with any of its storefront tokens; null where it has not for 30 days."
    )
    polled_sequence: int | None = column("The number of the event that it asked from: it says that it has read so far.")
    webhook_endpoint: WebhookEndpointHealth | None = one(
        "Its own webhook endpoint, which it has once it was live here.",
        "WebhookEndpointHealth",
        "{c}.site_id = {p}.id",
    )
    pollers = many(
        PollingState, "Each storefront token of the site that polls.", "{c}.site_id = {p}.id", seen_with_parent=True
    )


@reads("workspace", workspace_column="id", scope="events:read")
@strawberry.type(description="How well what changes in the workspace reaches those who are to know.")
class SyncHealth:
    """The workspace as a whole, and each endpoint, poller and site."""

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
    sites = many(SiteHealth, "Each site.", "{c}.workspace_id = {p}.id", seen_with_parent=True)


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
