"""Building what is due: one deployment at a time, under a lease that is extended as long as the build runs.

Killed at any moment, a worker leaves a lease that runs out. Then another builds it anew, or says that it was given up.
"""

import asyncio
import time
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select

from core.access import Caller, CallerKind
from core.database import DATABASE_FAULTS
from core.events import SyncEventType
from core.ids import new_id
from core.pubsub import site_channel
from integrations.build.base import BuildFailed
from integrations.build.theme import Built, ThemeBuild, built_theme
from models import Deployment
from resolvers.context import Context, Platform
from resolvers.deployment.figures import BUILD_SECONDS, BUILDS
from resolvers.deployment.folders import cache_folder, kept_folder, packages_folder, work_folder
from resolvers.deployment.keep import make_room
from resolvers.deployment.lease import EXTEND_SECONDS, LEASE_SECONDS, MAX_ATTEMPTS, extend_lease, lease_build
from resolvers.deployment.log import Line, append_now, clean, ring_deployment, say
from resolvers.deployment.theme import SiteTheme, build_limits, find_site_theme
from resolvers.write import Write, write

log = structlog.get_logger()

WRITE_SECONDS = 0.25
_GAVE_UP = "Every worker that built it ended before it was done. Try it again; the server's log may say more."
_FAULT = "Something went wrong on the side of Vitrine. Try it again."
_CANCELLED = "It was cancelled."


class _LeaseLost(Exception):
    """Another worker has the deployment by now, or it is no longer to be built."""


async def build_next(platform: Platform) -> bool:
    """Builds the next deployment that is due. False where there is none."""
    token = new_id()
    row = await lease_build(platform, token)
    if row is None:
        return False
    await _Build(platform, row, token).run()
    return True


class _Build:
    """One deployment that this worker has leased."""

    def __init__(self, platform: Platform, row: Any, token: UUID) -> None:
        self._platform = platform
        self._row = row
        self._token = token
        self._lines: list[Line] = []
        self._writing = asyncio.Lock()
        self._secrets: tuple[str, ...] = ()
        # Nobody can take it from this worker any more.
        self._is_built = False
        self._context = Context(platform, Caller(CallerKind.SYSTEM, workspace_id=row["workspace_id"], label="Vitrine"))

    async def run(self) -> None:
        """Builds it and writes what came of it."""
        try:
            if self._row["attempt"] > MAX_ATTEMPTS:
                raise BuildFailed(_GAVE_UP)
            await self._watched()
        except BuildFailed as failure:
            await self._end("FAILED", str(failure))
        except _Cancelled:
            await self._end("CANCELLED", _CANCELLED)
        except _LeaseLost:
            log.warning("build given up, it is no longer this worker's", deployment_id=str(self._row["id"]))
        except DATABASE_FAULTS as error:
            log.warning("build not written, its lease runs out", deployment_id=str(self._row["id"]), error=str(error))
        except Exception:
            log.exception("build failed by a fault of ours", deployment_id=str(self._row["id"]))
            await self._end("FAILED", _FAULT)

    async def _watched(self) -> None:
        """Builds while the lease is extended and what is printed is written. Whichever fails ends the others."""
        building = asyncio.create_task(self._build())
        others = [asyncio.create_task(self._keep_lease()), asyncio.create_task(self._keep_writing())]
        tasks = [building, *others]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(*DATABASE_FAULTS):
                await self._write_lines()

    async def _build(self) -> None:
        row, platform = self._row, self._platform
        begun = time.monotonic()
        site = await find_site_theme(platform, row["workspace_id"], row["site_id"], row["theme_version"])
        self._secrets = (site.webhook_secret,)
        async with built_theme(self._theme_build(site), self._hear) as built:
            await self._write_lines()
            await self._succeed(built)
            self._is_built = True
        BUILDS.labels("built").inc()
        BUILD_SECONDS.observe(time.monotonic() - begun)

    def _theme_build(self, site: SiteTheme) -> ThemeBuild:
        row, settings = self._row, self._platform.settings
        return ThemeBuild(
            slug=site.theme_slug,
            version=row["theme_version"],
            kind=site.kind,
            location=site.location,
            commit=site.commit,
            themes=settings.themes_dir.absolute(),
            environment=site.environment,
            puck_data=site.layout,
            secrets=self._secrets,
            health_path=site.health_path,
            work=work_folder(settings, row["id"], self._token),
            target=kept_folder(settings, row["id"]),
            packages=packages_folder(settings),
            cache=cache_folder(settings, row["site_id"]),
            limits=build_limits(self._platform),
        )

    def _hear(self, step: str, text: str) -> None:
        self._lines.append(Line("BUILDING", step, clean(text, self._secrets)))

    async def _keep_writing(self) -> None:
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            try:
                await self._write_lines()
            except DATABASE_FAULTS as error:
                log.warning("build's log not written, trying again", error=str(error))

    async def _write_lines(self) -> None:
        # One after the other, or both would write the same lines.
        async with self._writing:
            lines = self._lines[:]
            await append_now(self._platform, self._row["workspace_id"], self._row["id"], lines)
            del self._lines[: len(lines)]

    async def _keep_lease(self) -> None:
        """Says that this worker is at it, until it cannot for as long as that is believed."""
        believed_until = time.monotonic() + LEASE_SECONDS
        while True:
            asked = time.monotonic()
            try:
                is_cancelling = await extend_lease(self._platform, self._row, self._token)
            except DATABASE_FAULTS as error:
                log.warning("build's lease not extended, trying again", error=str(error))
                if time.monotonic() > believed_until:
                    raise _LeaseLost from None
            else:
                if is_cancelling is None and not self._is_built:
                    raise _LeaseLost
                if is_cancelling:
                    raise _Cancelled
                believed_until = asked + LEASE_SECONDS
            await asyncio.sleep(EXTEND_SECONDS)

    async def _succeed(self, built: Built) -> None:
        """Asks a host to start it."""
        async with write(self._context) as tx:
            deployment = await self._own(tx)
            if deployment.is_cancelling:
                raise _Cancelled
            deployment.status, deployment.step = "STARTING", "START"
            deployment.starting_since = func.now()
            deployment.source_digest, deployment.byte_size = built
            deployment.is_kept = True
            deployment.lease_until = deployment.lease_token = None
            await make_room(tx, deployment)
            await say(tx, deployment.id, "STARTING", "Built. Waiting for a host to start it.", "START")
        ring_deployment(self._platform, self._row["id"])
        self._platform.doorbells.ring(site_channel(self._row["site_id"]))

    async def _end(self, status: str, reason: str) -> None:
        """Says why it came to nothing. What was live before still is."""
        try:
            async with write(self._context) as tx:
                deployment = await self._own(tx)
                await end_unbuilt(tx, deployment, status, reason)
        except _LeaseLost:
            return
        BUILDS.labels(status.lower()).inc()
        ring_deployment(self._platform, self._row["id"])

    async def _own(self, tx: Write) -> Deployment:
        statement = select(Deployment).where(Deployment.id == self._row["id"]).with_for_update()
        deployment = await tx.session.scalar(statement)
        if deployment is None or deployment.lease_token != self._token or deployment.status != "BUILDING":
            raise _LeaseLost
        return deployment


class _Cancelled(Exception):
    """Somebody cancelled the deployment."""


async def end_unbuilt(tx: Write, deployment: Deployment, status: str, reason: str) -> None:
    """Ends a deployment that never was live."""
    deployment.status = status
    deployment.error = reason
    deployment.finished_at = func.now()
    deployment.lease_until = deployment.lease_token = deployment.starting_since = None
    deployment.is_kept = False
    await say(tx, deployment.id, status, reason, deployment.step)
    if status == "FAILED":
        tx.event(SyncEventType.DEPLOYMENT_FAILED, "Deployment", deployment.id)
    tx.audit("deploymentEnd", "Deployment", deployment.id, {"status": status, "reason": reason})
