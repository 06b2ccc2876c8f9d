"""Following a deployment: its log from wherever somebody left off, and on as it is written, to its end."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime
from functools import partial
from typing import NamedTuple
from uuid import UUID

from core.cursors import numbered_cursor, parse_numbered_cursor
from core.database import pinned
from core.errors import NotFound
from resolvers.context import Context
from resolvers.deployment.deployment import MISSING
from resolvers.write import workspace_of

# Seconds: a doorbell that was lost costs no more.
LOOK_SECONDS = 1.0
BATCH = 200
_OVER = frozenset({"LIVE", "SUPERSEDED", "FAILED", "CANCELLED"})

STATUS = "select status from deployment where workspace_id = $1 and id = $2"
LINES = """
select number, at, status, step, text from deployment_log_line
 where workspace_id = $1 and deployment_id = $2 and number > $3 order by number limit $4
"""


class Progress(NamedTuple):
    """One line of the log."""

    number: int
    at: datetime
    status: str
    step: str | None
    text: str


progress_cursor = partial(numbered_cursor, "line")
parse_progress_cursor = partial(parse_numbered_cursor, "line")


async def follow_deployment(
    context: Context, deployment_id: UUID | None, after: str | None
) -> AsyncGenerator[Progress, None]:
    """The deployment's log behind the cursor, from its beginning where there is none, as it is written.

    It ends when the deployment has come to its end.

    Raises:
        NotFound: the workspace has no such deployment.
        BadUserInput: the cursor is malformed.

    """
    read = parse_progress_cursor(after) if after is not None else 0
    platform, workspace_id = context.platform, workspace_of(context)
    with platform.deployment_waiters.waiting(str(deployment_id)) as rung:
        while True:
            rung.clear()
            async with platform.database.app.acquire() as connection, pinned(connection, workspace_id):
                # Its status first: what is written behind it is found by the next look.
                status = await connection.fetchval(STATUS, workspace_id, deployment_id)
                rows = await connection.fetch(LINES, workspace_id, deployment_id, read, BATCH)
            if status is None:
                raise NotFound(MISSING)
            for row in rows:
                yield Progress(*row)
                read = row["number"]
            if len(rows) == BATCH:
                continue
            if status in _OVER:
                return
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await rung.wait()
            except TimeoutError:
                continue
