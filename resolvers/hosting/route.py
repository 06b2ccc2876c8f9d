"""From the name that a browser asked for to the address of the process that serves it, as a server needs it.

What was found is believed for `BELIEVED_SECONDS`, and forgotten at once when the site's doorbell rings.
"""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple
from uuid import UUID

import structlog

from core.database import DATABASE_FAULTS
from core.flights import Flights
from core.pubsub import SITES_CHANNEL, site_channel
from resolvers.context import Platform

log = structlog.get_logger()

BELIEVED_SECONDS = 2.0
MAX_KNOWN = 10_000
LOOK_SECONDS = 0.1
NOTE_SECONDS = 5.0

FIND = """
select h.workspace_id, h.site_id, s.live_deployment_id, v.status, v.address, v.error, d.token,
       case when s.redirects_to_primary and s.primary_name <> h.name then s.primary_name end
  from hostname h
  join site s on s.workspace_id = h.workspace_id and s.id = h.site_id
  left join site_domain d on d.workspace_id = h.workspace_id and d.name = h.name
  left join site_server v on v.workspace_id = h.workspace_id and v.deployment_id = s.live_deployment_id
 where h.name = $1 and s.deleted_at is null
"""
WAKE = """
update site_server set wanted_at = now()
 where workspace_id = $1 and deployment_id = $2 and status = 'STOPPED' and (wanted_at is null or wanted_at < stopped_at)
returning true
"""
NOTE = """
update site_server v set requested_at = now() from unnest($1::uuid[], $2::uuid[]) k(workspace_id, id)
 where v.workspace_id = k.workspace_id and v.deployment_id = k.id
"""


class Target(NamedTuple):
    """A site: what is live of it, and the address of the process that serves it, while it runs.

    `token` is what proves the name, where it is a domain of the merchant's own; `leads_to` the site's primary domain,
    where the name only leads there.
    """

    workspace_id: UUID
    site_id: UUID
    deployment_id: UUID | None
    status: str | None
    address: str | None
    error: str | None
    token: str | None
    leads_to: str | None


@dataclass(slots=True)
class _Known:
    target: Target | None
    at: float


class SiteRoutes:
    """This server's knowledge of where sites are."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._flights: Flights[str, Target | None] = Flights()
        self._requested: set[tuple[UUID, UUID]] = set()

    async def run(self) -> None:
        """Hears of changes, and says which sites are asked for, until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._platform.doorbells.listen(SITES_CHANNEL, self._forget_site))
            group.create_task(self._note_for_ever())

    async def find(self, name: str) -> Target | None:
        """Where the name leads; None where it is no site's."""
        known = self._known.get(name)
        if known is not None and known.at + BELIEVED_SECONDS > time.monotonic():
            return known.target
        return await self._flights.join(name, partial(self._look_up, name))

    async def leads(self, name: str) -> bool:
        """Whether a name that may be anybody's is a site's. While PostgreSQL is away it is what it was before."""
        try:
            return await self.find(name) is not None
        except DATABASE_FAULTS as error:
            log.warning("not known whose name it is", host=name, error=str(error))
            known = self._known.get(name)
            return known is not None and known.target is not None

    async def running(self, name: str, seconds: float) -> Target | None:
        """The same, once it runs: one that is stopped is started. After so many seconds it is given as it is."""
        deadline = time.monotonic() + seconds
        while True:
            target = await self.find(name)
            if target is None or target.deployment_id is None:
                return target
            if target.address is not None:
                self._requested.add((target.workspace_id, target.deployment_id))
                return target
            await wake(self._platform, target.workspace_id, target.site_id, target.deployment_id)
            if time.monotonic() > deadline:
                return target
            await asyncio.sleep(LOOK_SECONDS)
            self.forget(name)

    def forget(self, name: str) -> None:
        """Has the name looked up anew: what was known of it does not hold."""
        self._known.pop(name, None)

    async def _look_up(self, name: str) -> Target | None:
        asked = time.monotonic()
        async with self._platform.database.system.acquire() as connection:
            row = await connection.fetchrow(FIND, name)
        target = Target(*row) if row else None
        self._known[name] = _Known(target, asked)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
        return target

    def _forget_site(self, site: str) -> None:
        gone = [name for name, known in self._known.items() if known.target and str(known.target.site_id) == site]
        for name in gone:
            del self._known[name]

    async def _note_for_ever(self) -> None:
        while True:
            await asyncio.sleep(NOTE_SECONDS)
            requested, self._requested = self._requested, set()
            if not requested:
                continue
            try:
                workspaces, deployments = zip(*requested, strict=True)
                async with self._platform.database.system.acquire() as connection:
                    await connection.execute(NOTE, list(workspaces), list(deployments))
            except DATABASE_FAULTS as error:
                self._requested |= requested
                log.warning("not noted which sites are asked for", error=str(error))


async def wake(platform: Platform, workspace_id: UUID, site_id: UUID, deployment_id: UUID) -> None:
    """Has a site started that is stopped. Asking again does no harm."""
    async with platform.database.system.acquire() as connection:
        is_news = await connection.fetchval(WAKE, workspace_id, deployment_id)
    if is_news:
        platform.doorbells.ring(site_channel(site_id))
