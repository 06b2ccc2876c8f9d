"""Looking whether a domain is proven: when its owner asks, and by itself.

Looking takes seconds and asks strangers, so no transaction is open meanwhile; what was found is then written to the
domain as it is by then.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.access import Caller, CallerKind
from core.clock import now
from core.database import DATABASE_FAULTS
from core.errors import Problem, Refused
from core.events import SyncEventType
from core.pubsub import site_channel
from integrations.domain import Finding, Proof, Prover, new_prover, proof_name
from models import Hostname, Site, SiteDomain
from resolvers.account.throttle import Subject, count
from resolvers.context import Context, Platform
from resolvers.domain.domain import MISSING, allow_origin, end_domain, locked_domain
from resolvers.domain.name import shown_name
from resolvers.domain.schedule import next_look
from resolvers.email.owners import tell_owners
from resolvers.write import Outcome, Write, workspace_of, write

log = structlog.get_logger()

# Of a workspace, in a quarter of an hour: each asks strangers' servers.
CHECKS = 60
AT_ONCE = 8
# A worker that dies while it looks leaves the domain to others after this.
LEASE = "2 minutes"

FIND = "select id, workspace_id, name, token, status, proof from site_domain where workspace_id = $1 and id = $2"
IS_ANY_DUE = "select exists (select from site_domain where due_at <= now())"
TAKE = f"""
with due as (select workspace_id, id from site_domain where due_at <= now() order by due_at limit $1
             for update skip locked)
update site_domain d set due_at = now() + interval '{LEASE}'
  from due where d.workspace_id = due.workspace_id and d.id = due.id
returning d.id, d.workspace_id, d.name, d.token, d.status, d.proof
"""  # noqa: S608 - a constant of ours
HOLDER = """
select d.workspace_id, d.id, d.token from hostname h
  join site_domain d on d.workspace_id = h.workspace_id and d.name = h.name
 where h.name = $1 and d.workspace_id <> $2
"""


class _Look(NamedTuple):
    """What a look at a domain found: the proof, if any, and what stands in the DNS."""

    proof: Proof | None
    problem: str | None
    records: frozenset[str]
    is_certain: bool = True


class _Held(Exception):
    """Another workspace's site has the name, and has the right to it as far as can be told."""


async def verify_domain(context: Context, domain_id: UUID) -> Outcome:
    """Looks now whether a domain is proven; its status and problem say what came of it. The outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, TAKEN (a site of another workspace has it proven), TOO_MANY_ATTEMPTS.

    """
    platform, workspace_id = context.platform, workspace_of(context)
    async with platform.database.system.acquire() as connection:
        row = await connection.fetchrow(FIND, workspace_id, domain_id)
    if row is None:
        raise Refused(Problem("NOT_FOUND", MISSING, ("id",)))
    await count(platform, Subject(f"domains:{workspace_id}", CHECKS))
    try:
        return await _look_and_write(context, row, tuple(Proof))
    except _Held as held:
        raise Refused(Problem("TAKEN", str(held), ("id",))) from None


async def is_any_domain_due(platform: Platform) -> bool:
    """Whether a domain is to be looked at."""
    async with platform.database.system.acquire() as connection:
        return bool(await connection.fetchval(IS_ANY_DUE))


async def verify_due_domains(platform: Platform) -> int:
    """Looks at domains whose time has come; gives how many there were."""
    async with platform.database.system.acquire() as connection:
        due = await connection.fetch(TAKE, AT_ONCE)
    await asyncio.gather(*(_verify_due(platform, row) for row in due))
    return len(due)


async def _verify_due(platform: Platform, row: Any) -> None:
    """A claim may be proven either way; what is proven is held to the way that it was."""
    proofs = (Proof(row["proof"]),) if row["proof"] else tuple(Proof)
    try:
        await _look_and_write(_system(platform, row["workspace_id"]), row, proofs)
    except (_Held, Refused):
        return
    except DATABASE_FAULTS as error:
        log.warning("domain not looked at, trying again", domain=row["name"], error=str(error))
    except Exception:
        # The others are looked at; this one is tried again with the next of them.
        log.exception("domain cannot be looked at", domain=row["name"])


async def _look_and_write(context: Context, row: Any, proofs: tuple[Proof, ...]) -> Outcome:
    look = await _look(new_prover(context.platform.settings), row["name"], row["token"], proofs)
    try:
        if look.proof is not None and row["status"] == "PENDING":
            await _take_from_holder(context.platform, row, look)
        return await _write(context, row["id"], look)
    except _Held as held:
        # Refused, and yet the domain says why: so the refusal is not the outcome that the caller's key stands for.
        await _write(replace(context, idempotency=None), row["id"], look._replace(proof=None, problem=str(held)))
        raise


async def _look(prover: Prover, name: str, token: str, proofs: tuple[Proof, ...]) -> _Look:
    found: dict[Proof, Finding] = {}
    for proof in proofs:
        found[proof] = await prover.find(name, proof)
        if token in found[proof].tokens:
            return _Look(proof, None, _records(found))
    problem = " ".join(each.problem for each in found.values() if each.problem)
    return _Look(None, problem, _records(found), all(each.is_certain for each in found.values()))


def _records(found: dict[Proof, Finding]) -> frozenset[str]:
    return found[Proof.DNS].tokens if Proof.DNS in found else frozenset()


async def _take_from_holder(platform: Platform, row: Any, look: _Look) -> None:
    """Frees a name that a site of another workspace has, if its record is gone and the claim's stands in its place.

    Who controls the DNS has the name. A file proves less: whoever has the name may serve it, so it takes nothing away.

    Raises:
        _Held: the name stays where it is.

    """
    async with platform.database.system.acquire() as connection:
        holder = await connection.fetchrow(HOLDER, row["name"], row["workspace_id"])
    if holder is None:
        return
    if look.proof is not Proof.DNS or holder["token"] in look.records:
        raise _Held(
            f"Another shop has {row['name']}. It becomes yours where your TXT record stands in its DNS, and "
            "that shop's does not."
        )
    context = _system(platform, holder["workspace_id"])
    try:
        async with write(context) as tx:
            site, domain = await locked_domain(tx, holder["id"])
            site_id = site.id
            await _end(tx, site, domain, "Somebody else has proven that it is theirs by a record in its DNS.")
    except Refused:
        # Gone in this moment: the better.
        return
    platform.doorbells.ring(site_channel(site_id))


async def _write(context: Context, domain_id: UUID, look: _Look) -> Outcome:
    async with write(context) as tx:
        site, domain = await locked_domain(tx, domain_id)
        was = domain.status
        domain.checked_at, domain.problem, domain.looks = now(), look.problem, domain.looks + 1
        if look.proof is not None:
            await _prove(tx, site, domain, look.proof)
        elif was == "VERIFIED" and look.is_certain:
            await _let_lapse(tx, site, domain)
        is_over = look.proof is None and _is_over(domain, look)
        if domain.status != was:
            domain.looks = 0
        domain.due_at = now() + next_look(domain.status, domain.looks, is_certain=look.is_certain)
        if domain.status != was or context.caller.kind is not CallerKind.SYSTEM:
            said = {"site": site.slug, "name": domain.name, "status": domain.status}
            tx.audit("siteDomainVerify", "SiteDomain", domain.id, said)
        if is_over:
            await _end(tx, site, domain, _OVER[was])
        outcome, site_id, is_news = tx.done(id=domain_id), site.id, is_over or domain.status != was
    if is_news:
        context.platform.doorbells.ring(site_channel(site_id))
    return outcome


async def _prove(tx: Write, site: Site, domain: SiteDomain, proof: Proof) -> None:
    """Has the site served under the domain, from now on.

    Raises:
        _Held: in this moment another one has come to have it.

    """
    is_new = domain.status == "PENDING"
    if domain.status != "VERIFIED":
        tx.event(SyncEventType.SITE_DOMAIN_VERIFIED, "SiteDomain", domain.id)
    domain.status, domain.proof, domain.expires_at, domain.problem = "VERIFIED", proof.value, None, None
    if not is_new:
        return
    await _take_name(tx, site.id, domain.name)
    domain.verified_at = now()
    url = tx.context.platform.settings.domain_url(domain.name)
    await allow_origin(tx, site.id, url)
    text = f"{shown_name(domain.name)} is proven to be yours. The site {site.name} is served there:\n\n  {url}\n"
    await tell_owners(tx, f"{shown_name(domain.name)} leads to {site.name}", text)


async def _take_name(tx: Write, site_id: UUID, name: str) -> None:
    """The name is one site's among all workspaces: of two that prove it at once the second waits, and is refused."""
    made = insert(Hostname).values(name=name, workspace_id=tx.workspace_id, site_id=site_id).on_conflict_do_nothing()
    await tx.session.execute(made)
    if await tx.session.scalar(select(Hostname.site_id).where(Hostname.name == name)) != site_id:
        raise _Held(f"Another shop has just proven {name}. Try again if it should be yours.")


async def _let_lapse(tx: Write, site: Site, domain: SiteDomain) -> None:
    days = tx.context.platform.settings.domain_grace_days
    domain.status, domain.expires_at = "LAPSING", now() + timedelta(days=days)
    tx.event(SyncEventType.SITE_DOMAIN_LAPSING, "SiteDomain", domain.id)
    name = shown_name(domain.name)
    text = (
        f"What proved that {name} is yours is gone: {domain.problem}\n\n"
        f"The site {site.name} is served there until {domain.expires_at:%d %B %Y}. Put it back before that:\n\n"
        f"  {proof_name(domain.name)}  TXT  {domain.token}\n"
    )
    await tell_owners(tx, f"{name} needs its record back", text)


def _is_over(domain: SiteDomain, look: _Look) -> bool:
    """Whether its time is over. Nothing that is served ends because name servers did not answer."""
    if domain.expires_at is None or domain.expires_at > now():
        return False
    return domain.status == "PENDING" or look.is_certain


_OVER = {
    "PENDING": "Nobody proved in time that it is yours.",
    "LAPSING": "What proved that it is yours has been gone for too long.",
}


async def _end(tx: Write, site: Site, domain: SiteDomain, reason: str) -> None:
    name = shown_name(domain.name)
    tx.audit("siteDomainEnd", "SiteDomain", domain.id, {"site": site.slug, "name": domain.name, "reason": reason})
    text = f"{name} is no longer a domain of the site {site.name}: {reason}\n\nAdd it anew if it is yours.\n"
    await end_domain(tx, site, domain)
    await tell_owners(tx, f"{name} is no longer a domain of {site.name}", text)


def _system(platform: Platform, workspace_id: UUID) -> Context:
    return Context(platform, Caller(CallerKind.SYSTEM, workspace_id=workspace_id, label="Vitrine"))
