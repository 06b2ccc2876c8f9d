"""A deployment's log: what happened to it and what its build printed, line by line. Whoever follows it reads this."""

import re
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from core.connections import Connection
from core.database import pinned
from core.pubsub import deployment_channel
from resolvers.context import Platform
from resolvers.write import Write

MAX_LINE = 2_000
# Colours and cursor movements, as programs write them for terminals; and what PostgreSQL's texts cannot hold.
_CONTROLS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")

APPEND = """
with counted as (
  update deployment set line_count = line_count + cardinality($5::text[]),
                        step = coalesce(($4::text[])[cardinality($4::text[])], step)
   where workspace_id = $1 and id = $2 returning line_count - cardinality($5::text[]) as last)
insert into deployment_log_line (workspace_id, id, deployment_id, number, status, step, text)
select $1, uuidv7(), $2, counted.last + l.n, l.status, l.step, l.text
  from counted, unnest($3::text[], $4::text[], $5::text[]) with ordinality l(status, step, text, n)
"""


class Line(NamedTuple):
    """One line, and how far the deployment was by then."""

    status: str
    step: str | None
    text: str


def clean(text: str, secrets: Sequence[str] = ()) -> str:
    """A line as it is kept: without what steers terminals, and without these secrets."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return _CONTROLS.sub("", text)[:MAX_LINE]


async def append(connection: Connection, workspace_id: UUID, deployment_id: UUID, lines: Sequence[Line]) -> None:
    """Adds lines, in a transaction that is pinned. The deployment is locked from here, and at the last one's step."""
    if lines:
        statuses, steps, texts = (list(column) for column in zip(*lines, strict=True))
        await connection.execute(APPEND, workspace_id, deployment_id, statuses, steps, texts)


async def append_now(platform: Platform, workspace_id: UUID, deployment_id: UUID, lines: Sequence[Line]) -> None:
    """Adds lines in a transaction of their own, and tells those who follow."""
    async with platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        await append(connection, workspace_id, deployment_id, lines)
    platform.doorbells.ring(deployment_channel(deployment_id))


async def say(tx: Write, deployment_id: UUID, status: str, text: str, step: str | None = None) -> None:
    """One line of ours, within a write. Once that is committed whoever follows is to be told by `ring_deployment`."""
    await tx.session.flush()
    await append(tx.connection, tx.workspace_id, deployment_id, [Line(status, step, clean(text))])


def ring_deployment(platform: Platform, deployment_id: UUID) -> None:
    platform.doorbells.ring(deployment_channel(deployment_id))
