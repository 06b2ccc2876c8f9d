"""CloudFront before sites that have domains of their own, where hosting is AWS's (HOSTING=aws).

What is to be is compared with what was done, as PostgreSQL has it; what is missing is done, one call of AWS after the
other, each written down before the next. A host that is killed in between goes on from there: asked once more, AWS
gives what it made before. Nobody waits for it: until it is done, and whenever it fails, sites are served without.
"""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import orjson
import structlog

from core.access import Caller, CallerKind
from core.database import DATABASE_FAULTS
from core.events import SyncEventType
from integrations.hosting.aws import Aws, AwsFailed, Wanted, digest_of
from integrations.hosting.process import NotStarted, app_folder
from integrations.hosting.static import static_paths
from resolvers.context import Context, Platform
from resolvers.deployment.folders import kept_folder
from resolvers.deployment.log import Line, append_now
from resolvers.site.site import hostname_of
from resolvers.write import write

log = structlog.get_logger()

LOOK_SECONDS = 5.0
AT_ONCE = 20
# Seconds until a site is looked at again by itself, by its status: AWS says nothing, it must be asked.
WAITS = {"WAITING": 60.0, "DEPLOYING": 15.0, "ENDING": 30.0, "LIVE": 24 * 3600.0}
FIRST_RETRY, LAST_RETRY = 15.0, 15 * 60.0

# Sites that have no edge yet, whose time has come, or of which something else is wanted than was. What failed waits.
FIND = """
with site_now as (
  select s.workspace_id, s.id as site_id, s.slug, s.live_deployment_id as live,
         case when s.deleted_at is null then array(
           select d.name from site_domain d
            where d.workspace_id = s.workspace_id and d.site_id = s.id and d.status <> 'PENDING' order by d.name)
         else '{}' end as wanted
    from site s
   where s.deleted_at is null and s.live_deployment_id is not null
      or exists (select from site_edge e where e.workspace_id = s.workspace_id and e.site_id = s.id))
select n.workspace_id, n.site_id, n.slug, n.live, n.wanted, e.status, e.error, e.certificate_arn, e.certificate_names,
       e.next_certificate_arn, e.next_certificate_names, e.old_certificate_arn, e.certificate_number, e.records,
       e.distribution_id, e.distribution_domain, e.config_digest, e.uploaded_deployment_id, e.attempt
  from site_now n left join site_edge e on e.workspace_id = n.workspace_id and e.site_id = n.site_id
 where e.site_id is null and n.wanted <> '{}'
    or e.due_at <= now()
    or e.attempt = 0 and e.status <> 'ENDING'
       and (e.names <> n.wanted or e.uploaded_deployment_id is distinct from n.live and n.live is not null)
 order by e.due_at nulls first limit $1
"""
SAVED = (
    "status",
    "error",
    "certificate_arn",
    "certificate_names",
    "next_certificate_arn",
    "next_certificate_names",
    "old_certificate_arn",
    "certificate_number",
    "records",
    "distribution_id",
    "distribution_domain",
    "config_digest",
    "uploaded_deployment_id",
    "attempt",
)
SAVE = f"""
insert into site_edge (workspace_id, site_id, names, due_at, {", ".join(SAVED)})
values ($1, $2, $3, now() + $4 * interval '1 second', {", ".join(f"${place}" for place in range(5, 5 + len(SAVED)))})
on conflict (workspace_id, site_id) do update
   set names = excluded.names, due_at = excluded.due_at, {", ".join(f"{name} = excluded.{name}" for name in SAVED)}
"""  # noqa: S608 - names of ours
FORGET = "delete from site_edge where workspace_id = $1 and site_id = $2"
KEPT = "select id from deployment where workspace_id = $1 and site_id = $2 and is_kept"


@dataclass
class Edge:
    """A site, and how far what stands before it has come. The fields are `FIND`'s, in order."""

    workspace_id: UUID
    site_id: UUID
    slug: str
    live: UUID | None
    wanted: list[str]
    status: str | None
    error: str | None
    certificate_arn: str | None
    certificate_names: list[str] | None
    next_certificate_arn: str | None
    next_certificate_names: list[str] | None
    old_certificate_arn: str | None
    certificate_number: int | None
    records: str | None
    distribution_id: str | None
    distribution_domain: str | None
    config_digest: str | None
    uploaded_deployment_id: UUID | None
    attempt: int | None

    def __post_init__(self) -> None:
        """One that is not there yet begins with nothing."""
        self.status = self.status or "WAITING"
        self.certificate_names = self.certificate_names or []
        self.next_certificate_names = self.next_certificate_names or []
        self.certificate_number, self.attempt = self.certificate_number or 0, self.attempt or 0
        self.records = self.records or "{}"

    @property
    def wait(self) -> float:
        """Seconds until it is looked at again by itself."""
        if self.attempt:
            return min(FIRST_RETRY * 2.0 ** (self.attempt - 1), LAST_RETRY)
        return WAITS["WAITING" if self.next_certificate_arn and self.status == "LIVE" else str(self.status)]


async def tend_for_ever(platform: Platform, aws: Aws) -> None:
    """Looks again and again what is to stand before sites, and has it made, until it is cancelled."""
    while True:
        try:
            await tend_edges(platform, aws)
        except DATABASE_FAULTS as error:
            log.warning("not known what CloudFront is to serve, asking again", error=str(error))
        await asyncio.sleep(LOOK_SECONDS)


async def tend_edges(platform: Platform, aws: Aws) -> int:
    """Does what there is to do, of each site as far as it goes now; gives of how many there was something."""
    async with platform.database.system.acquire() as connection:
        rows = await connection.fetch(FIND, AT_ONCE)
    for row in rows:
        edge = Edge(**dict(row))
        try:
            await _tend(platform, aws, edge)
        except DATABASE_FAULTS:
            raise
        except Exception:
            # The others are tended; this one is when it is due again.
            log.exception("site's edge not tended by a fault of ours", site_id=str(edge.site_id))
            await _fail(platform, edge, "Something went wrong on the side of Vitrine.")
    return len(rows)


async def _tend(platform: Platform, aws: Aws, edge: Edge) -> None:
    before = (edge.status, edge.error)
    try:
        if not edge.wanted:
            if await _end(platform, aws, edge):
                return
        else:
            await _upload(platform, aws, edge)
            await _certify(platform, aws, edge)
            await _distribute(platform, aws, edge)
    except (AwsFailed, NotStarted) as failure:
        await _fail(platform, edge, str(failure))
    else:
        edge.error, edge.attempt = None, 0
        await _save(platform, edge)
    if (edge.status, edge.error) != before:
        await _tell(platform, edge)


async def _fail(platform: Platform, edge: Edge, reason: str) -> None:
    edge.error, edge.attempt = reason, (edge.attempt or 0) + 1
    await _save(platform, edge)


async def _save(platform: Platform, edge: Edge) -> None:
    values = [getattr(edge, name) for name in SAVED]
    async with platform.database.system.acquire() as connection:
        await connection.execute(SAVE, edge.workspace_id, edge.site_id, edge.wanted, edge.wait, *values)


async def _tell(platform: Platform, edge: Edge) -> None:
    """Says so in the log of what is live, and to whoever follows the workspace."""
    if edge.live is None:
        return
    text = edge.error or {
        "WAITING": f"CloudFront waits for the certificate of {', '.join(edge.wanted)}.",
        "DEPLOYING": f"CloudFront is told of {', '.join(edge.wanted)}: this takes some minutes.",
        "LIVE": f"CloudFront serves {', '.join(edge.certificate_names or [])}.",
        "ENDING": "CloudFront is told that the site has no domains any more.",
    }.get(str(edge.status), "")
    await append_now(platform, edge.workspace_id, edge.live, [Line("LIVE", None, text)])
    context = Context(platform, Caller(CallerKind.SYSTEM, workspace_id=edge.workspace_id, label="Vitrine"))
    async with write(context) as tx:
        tx.event(SyncEventType.SITE_UPDATED, "Site", edge.site_id)


async def _upload(platform: Platform, aws: Aws, edge: Edge) -> None:
    """Has the static files of what is live in the bucket, and no others than those of deployments that are kept."""
    if edge.live is None or edge.uploaded_deployment_id == edge.live:
        return
    app = app_folder(kept_folder(platform.settings, edge.live))
    done = await asyncio.to_thread(aws.bucket.upload, str(edge.site_id), app)
    edge.uploaded_deployment_id = edge.live
    await _save(platform, edge)
    text = f"{done.files} static files are in S3, {done.new} of them new ({done.new_bytes:,} bytes)."
    await append_now(platform, edge.workspace_id, edge.live, [Line("LIVE", None, text)])
    await _forget_static(platform, aws, edge)


async def _forget_static(platform: Platform, aws: Aws, edge: Edge) -> None:
    async with platform.database.system.acquire() as connection:
        rows = await connection.fetch(KEPT, edge.workspace_id, edge.site_id)
    try:
        apps = [app_folder(kept_folder(platform.settings, row["id"])) for row in rows]
    except NotStarted:
        # What it has is not known: then nothing is deleted.
        return
    paths = await asyncio.to_thread(lambda: set().union(*(static_paths(app) for app in apps)))
    await asyncio.to_thread(aws.bucket.keep_only, str(edge.site_id), paths)


async def _certify(platform: Platform, aws: Aws, edge: Edge) -> None:
    """Has a certificate for all domains. Until a new one is issued the one before stays in use."""
    if edge.certificate_arn and set(edge.wanted) <= set(edge.certificate_names or []):
        await _drop_next(platform, aws, edge)
        return
    if edge.next_certificate_names != edge.wanted:
        await _drop_next(platform, aws, edge)
    if edge.next_certificate_arn is None:
        salt = f"{edge.site_id} {edge.certificate_number}"
        edge.next_certificate_arn = await asyncio.to_thread(aws.certificates.request, edge.wanted, salt)
        edge.next_certificate_names = edge.wanted
        await _save(platform, edge)
    found = await asyncio.to_thread(aws.certificates.find, edge.next_certificate_arn)
    if found is None or not (found.is_issued or found.is_waiting):
        await _drop_next(platform, aws, edge)
        raise AwsFailed(f"The certificate could not be made: {found.reason if found else 'it is gone'}.")
    edge.records = orjson.dumps(found.records).decode()
    if found.is_issued:
        await _deleted(aws, edge.old_certificate_arn)
        edge.old_certificate_arn = edge.certificate_arn
        edge.certificate_arn, edge.certificate_names = edge.next_certificate_arn, edge.next_certificate_names
        edge.next_certificate_arn, edge.next_certificate_names = None, []
        await _save(platform, edge)


async def _drop_next(platform: Platform, aws: Aws, edge: Edge) -> None:
    """Gives up a certificate that was asked for: another is wanted, or none."""
    if edge.next_certificate_arn is None:
        return
    await asyncio.to_thread(aws.certificates.delete, edge.next_certificate_arn)
    edge.next_certificate_arn, edge.next_certificate_names = None, []
    edge.certificate_number = (edge.certificate_number or 0) + 1
    await _save(platform, edge)


async def _distribute(platform: Platform, aws: Aws, edge: Edge) -> None:
    """Has a distribution for those domains that the certificate in use has."""
    names = [name for name in edge.wanted if name in (edge.certificate_names or [])]
    if edge.certificate_arn is None or not names:
        return
    wanted = Wanted(
        site=str(edge.site_id),
        names=names,
        certificate_arn=edge.certificate_arn,
        origin=hostname_of(platform.settings, edge.slug),
        is_https=platform.settings.site_url(edge.slug).startswith("https://"),
        static_path=aws.bucket.path(str(edge.site_id)),
    )
    digest = digest_of(wanted)
    if edge.distribution_id is None or edge.config_digest != digest:
        if edge.distribution_id is None:
            made = await asyncio.to_thread(aws.distributions.create, wanted)
        else:
            made = await asyncio.to_thread(aws.distributions.update, edge.distribution_id, wanted)
        edge.distribution_id, edge.distribution_domain, edge.config_digest = made.id, made.domain, digest
        edge.status = "DEPLOYING"
        await _save(platform, edge)
    if edge.status != "LIVE":
        await _look_at_distribution(aws, edge)
    if edge.status == "LIVE":
        edge.old_certificate_arn = await _deleted(aws, edge.old_certificate_arn)


async def _deleted(aws: Aws, arn: str | None) -> str | None:
    """None, once the certificate is deleted; the same while something has it still."""
    is_gone = arn is None or await asyncio.to_thread(aws.certificates.delete, arn)
    return None if is_gone else arn


async def _look_at_distribution(aws: Aws, edge: Edge) -> None:
    found = await asyncio.to_thread(aws.distributions.find, str(edge.distribution_id))
    if found is None:
        edge.distribution_id = edge.distribution_domain = edge.config_digest = None
        raise AwsFailed("The distribution is gone: it is made anew.")
    edge.status = "LIVE" if found.is_deployed else "DEPLOYING"


async def _end(platform: Platform, aws: Aws, edge: Edge) -> bool:
    """Takes everything away, which takes several looks. Whether nothing is left."""
    # Should the site have a domain again meanwhile, all is told and uploaded anew.
    edge.status, edge.config_digest, edge.uploaded_deployment_id = "ENDING", None, None
    if edge.distribution_id is not None:
        if not await asyncio.to_thread(aws.distributions.end, edge.distribution_id):
            return False
        edge.distribution_id = edge.distribution_domain = None
    edge.certificate_arn = await _deleted(aws, edge.certificate_arn)
    edge.next_certificate_arn = await _deleted(aws, edge.next_certificate_arn)
    edge.old_certificate_arn = await _deleted(aws, edge.old_certificate_arn)
    edge.certificate_names, edge.next_certificate_names = [], []
    await _save(platform, edge)
    if edge.certificate_arn or edge.next_certificate_arn or edge.old_certificate_arn:
        return False
    await asyncio.to_thread(aws.bucket.keep_only, str(edge.site_id), ())
    async with platform.database.system.acquire() as connection:
        await connection.execute(FORGET, edge.workspace_id, edge.site_id)
    return True
