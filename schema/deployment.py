"""Deployments of sites: the type, its log, and the mutations."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from core.access import Caller
from core.ids import uuid_in
from resolvers.context import Context
from resolvers.deployment import cancel_deployment, retry_deployment
from resolvers.deployment.progress import follow_deployment, progress_cursor
from resolvers.read.source import SortKey
from resolvers.validation import required_id
from resolvers.write import Outcome
from schema.connection import SortDirection, argument
from schema.live import told_field
from schema.mutation import mutation, row
from schema.query import read_one
from schema.reading import Node, column, many, one, reads, row_id

if TYPE_CHECKING:
    from schema.site import Site

READS = "sites:read"
# Whoever may write sites sees the deployments that they began.
OWN_DEPLOYMENT = frozenset({READS})
_MILLISECONDS = "(extract(epoch from {t}.finished_at - {t}.started_at) * 1000)::bigint"


@strawberry.enum(description="How far a deployment has come.")
class DeploymentStatus(Enum):
    """A deployment's status."""

    QUEUED = strawberry.enum_value("QUEUED", description="It waits for a worker.")
    BUILDING = strawberry.enum_value("BUILDING", description="A worker builds it.")
    STARTING = strawberry.enum_value(
        "STARTING", description="It is built: a host starts it and looks whether it answers."
    )
    LIVE = strawberry.enum_value("LIVE", description="It is what visitors of the site see.")
    SUPERSEDED = strawberry.enum_value(
        "SUPERSEDED", description="A newer one took its place: before it was live, or after."
    )
    FAILED = strawberry.enum_value("FAILED", description="It came to nothing: `error` says why.")
    CANCELLED = strawberry.enum_value("CANCELLED", description="Somebody cancelled it.")


@strawberry.enum(description="What is done in a deployment, in this order.")
class DeploymentStep(Enum):
    """A deployment's step."""

    FETCH = strawberry.enum_value("FETCH", description="The theme's code is fetched.")
    INSTALL = strawberry.enum_value("INSTALL", description="Its packages are installed.")
    CONFIGURE = strawberry.enum_value("CONFIGURE", description="Its environment is written.")
    BUILD = strawberry.enum_value("BUILD", description="It is built.")
    SCAN = strawberry.enum_value("SCAN", description="What browsers are sent is searched for secrets.")
    START = strawberry.enum_value("START", description="It is started.")
    SWITCH = strawberry.enum_value("SWITCH", description="Visitors are led to it.")


@reads(
    "deployment_log_line",
    scope=READS,
    default_sort=("NUMBER", "ASC"),
    sorts={"NUMBER": SortKey("{t}.number", "bigint")},
)
@strawberry.type(description="One line of a deployment's log.")
class DeploymentLogLine:
    """What the build printed, or what was done."""

    number: int = column("Its number, from 1 without gaps.")
    at: datetime = column("When it was written.")
    status: DeploymentStatus = column("How far the deployment was by then.")
    step: DeploymentStep | None = column("What was done then; null before it began.")
    text: str = column("The line, at most 2,000 characters, without colours. Secrets are left out.")


@strawberry.enum(description="Whether a site's server runs.")
class SiteServerStatus(Enum):
    """A server's status."""

    STARTING = strawberry.enum_value("STARTING", description="It is being started.")
    RUNNING = strawberry.enum_value("RUNNING", description="It answers.")
    STOPPED = strawberry.enum_value(
        "STOPPED",
        description="It does not run: nobody visits the site, and who comes starts it; or it failed, as `error` says.",
    )


@reads("(select v.deployment_id as id, v.* from site_server v)", scope=READS)
@strawberry.type(description="The process that serves a deployment.")
class SiteServer:
    """How it does. It has no id of its own."""

    status: SiteServerStatus = column("Whether it runs.")
    error: str | None = column(
        "Why it ended by itself, was ended beyond a bound, or did not start, the last time; with what it printed last. "
        "Null once it has run well for a minute."
    )
    failure_count: int = column(
        "How often in a row that happened. It is started again each time, after longer and longer waits; the third "
        "time the shop's owners get an e-mail."
    )
    failed_at: datetime | None = column("When it happened last.")
    memory_bytes: int | None = column("The memory that it took when it was looked at last, in bytes.")
    checked_at: datetime | None = column("When it was looked at last: every 10 seconds while it runs.")
    requested_at: datetime | None = column("When somebody last asked for something of it, within seconds.")


@reads(
    "deployment",
    scope=READS,
    default_sort=("NUMBER", "DESC"),
    sorts={"NUMBER": SortKey("{t}.number", "bigint")},
)
@strawberry.type(description="One build of a site's theme, and what became of it.")
class Deployment(Node):
    """One deployment."""

    id: strawberry.ID = row_id()
    number: int = column("Its number among the site's deployments, from 1 without gaps.")
    status: DeploymentStatus = column("How far it has come.")
    step: DeploymentStep | None = column("What is done now, or was done last; null before it began.")
    error: str | None = column("Why it came to nothing, where it did.")
    site: Annotated["Site", strawberry.lazy("schema.site")] | None = one(
        "What it is a deployment of; null where that was deleted.", "Site", "{c}.id = {p}.site_id"
    )
    theme_version: str = column("The version of the theme that is built.")
    source_digest: str | None = column("The SHA-256 of the theme's code, all names and contents, once it is built.")
    byte_size: int | None = column("What it takes on the disk, in bytes, once it is built.")
    is_kept: bool = column("Whether its files are there: then the site can be rolled back to it.")
    is_cancelling: bool = column("Whether somebody has cancelled it.")
    author: str = column("Who began it.")
    created_at: datetime = column("When it was begun.")
    started_at: datetime | None = column("When a worker began to build it.")
    finished_at: datetime | None = column("When it was live for the first time, or came to nothing.")
    live_at: datetime | None = column("When it was put live last.")
    duration_ms: int | None = column("From `startedAt` to `finishedAt`, in milliseconds.", _MILLISECONDS)
    server: SiteServer | None = one(
        "The process that serves it; null where it was never started.", "SiteServer", "{c}.deployment_id = {p}.id"
    )
    log_lines = many(DeploymentLogLine, "What was done and printed, in order.", "{c}.deployment_id = {p}.id")


@strawberry.enum(description="What deployments are sorted by.")
class DeploymentSortField(Enum):
    """Keys of a sort."""

    NUMBER = strawberry.enum_value("NUMBER", description="Its number.")


@strawberry.input(description="In which order deployments come.")
class DeploymentSort:
    """A sort of deployments."""

    field: DeploymentSortField = strawberry.field(description="What by.")
    direction: SortDirection = strawberry.field(default=SortDirection.DESC, description="Which way.")


def _by_id(_caller: Caller, id: str) -> dict[str, Any] | None:  # noqa: A002 - GraphQL's name for it
    found = uuid_in(id, "Deployment")
    return {"id": found} if found else None


_ID = argument("id", strawberry.ID, "The deployment's id.")

QUERIES = {
    "deployment": read_one(Deployment, "A deployment by its id; null where there is none.", READS, [_ID], _by_id),
}


@strawberry.type(description="Something that happened in a deployment.")
class DeploymentProgress:
    """One line of the log, as it is written."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on from here.")
    number: int = strawberry.field(description="The line's number, from 1 without gaps.")
    at: datetime = strawberry.field(description="When it was written.")
    status: DeploymentStatus = strawberry.field(description="How far the deployment is.")
    step: DeploymentStep | None = strawberry.field(description="What is done; null before it begins.")
    line: str = strawberry.field(description="What was printed, or done.")


async def _follow(context: Context, arguments: Mapping[str, Any]) -> AsyncGenerator[Any, None]:
    deployment_id = uuid_in(arguments["id"], "Deployment")
    async with aclosing(follow_deployment(context, deployment_id, arguments.get("after"))) as lines:
        async for line in lines:
            yield DeploymentProgress(
                cursor=progress_cursor(line.number),
                number=line.number,
                at=line.at,
                status=DeploymentStatus(line.status),
                step=DeploymentStep(line.step) if line.step else None,
                line=line.text,
            )


_AFTER = argument(
    "after", str | None, "The cursor of the last event that was seen. From the beginning where it is left out.", None
)

SUBSCRIPTIONS = {
    "deployment_progress": told_field(
        "deploymentProgress",
        DeploymentProgress,
        "What is done and printed in a deployment, as it happens. It ends with the deployment: when that is live, came "
        "to nothing, or another took its place.",
        READS,
        _follow,
        [_ID, _AFTER],
    ),
}


def _deployment_id(text: str) -> UUID:
    return required_id(text, "Deployment", "deployment")


async def _cancel(context: Context, id: str) -> Outcome:  # noqa: A002 - GraphQL's name for it
    return await cancel_deployment(context, _deployment_id(id))


async def _retry(context: Context, id: str) -> Outcome:  # noqa: A002
    return await retry_deployment(context, _deployment_id(id))


MUTATIONS = {
    "deployment_cancel": mutation(
        "deploymentCancel",
        "Cancels a deployment that is not live yet: at once where it waits, within seconds where it is being built.",
        needs="sites:write",
        arguments=[_ID],
        run=_cancel,
        returns={"deployment": row(Deployment, "The deployment.", granted=OWN_DEPLOYMENT)},
        codes=("ALREADY_FINISHED",),
    ),
    "deployment_retry": mutation(
        "deploymentRetry",
        "Begins a deployment anew that failed or was cancelled, of the same version of the theme.",
        needs="sites:write",
        arguments=[_ID],
        run=_retry,
        returns={"deployment": row(Deployment, "The new deployment.", granted=OWN_DEPLOYMENT)},
        codes=("LIMIT_REACHED", "NOT_DEPLOYABLE", "NOT_FAILED"),
    ),
}
