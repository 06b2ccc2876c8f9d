"""Domains of sites: the type and the mutations."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from core.access import Caller
from core.ids import uuid_in
from core.settings import settings
from integrations.domain import PROOF_PATH, proof_name
from resolvers.context import Context
from resolvers.domain import NewDomain, add_domain, remove_domain, verify_domain
from resolvers.domain.name import shown_name
from resolvers.read.source import SortKey
from resolvers.site.site import hostname_of
from resolvers.validation import required_id, validated
from resolvers.write import Outcome
from schema.connection import argument
from schema.mutation import deleted_id, mutation, row
from schema.query import read_one
from schema.reading import Node, column, one, reads, row_id
from schema.url import domain_url

if TYPE_CHECKING:
    from schema.site import Site

READS = "sites:read"
OWN_DOMAIN = frozenset({READS})
_SLUG = "(select s.slug from site s where s.workspace_id = $1 and s.id = {t}.site_id)"
# CloudFront's name, once it serves the site.
_EDGE = (
    "(select e.distribution_domain from site_edge e where e.workspace_id = $1 and e.site_id = {t}.site_id "
    "and e.status = 'LIVE')"
)
_RECORD = (
    "(select e.records::jsonb -> {{t}}.name ->> {part} from site_edge e "
    "where e.workspace_id = $1 and e.site_id = {{t}}.site_id)"
)
_IS_PRIMARY = (
    "exists (select from site s where s.workspace_id = $1 and s.id = {t}.site_id and s.primary_name = {t}.name)"
)


@strawberry.enum(description="How far a domain has come.")
class SiteDomainStatus(Enum):
    """A domain's status."""

    PENDING = strawberry.enum_value(
        "PENDING", description="It is not proven yet: nothing is served under it, and it keeps nobody else from it."
    )
    VERIFIED = strawberry.enum_value("VERIFIED", description="It is proven: its site is served under it.")
    LAPSING = strawberry.enum_value(
        "LAPSING", description="What proved it is gone: its site is served under it until `expiresAt`."
    )


@strawberry.enum(description="By what a domain was proven.")
class SiteDomainProof(Enum):
    """A kind of proof."""

    DNS = strawberry.enum_value("DNS", description="A TXT record.")
    HTTP = strawberry.enum_value("HTTP", description="A file that its server shows.")


def _token_url(name: str) -> str:
    return f"http://{name}{PROOF_PATH}"


def _target(slug: str, edge: str | None) -> str:
    return edge or hostname_of(settings(), slug)


@reads(
    "site_domain",
    scope=READS,
    default_sort=("CREATED_AT", "ASC"),
    sorts={"CREATED_AT": SortKey("{t}.created_at", "timestamptz")},
)
@strawberry.type(description="A domain of a merchant's own, under which a site is served once it is proven.")
class SiteDomain(Node):
    """One domain."""

    id: strawberry.ID = row_id()
    site: Annotated["Site", strawberry.lazy("schema.site")] | None = one(
        "The site that it is of.", "Site", "{c}.id = {p}.site_id"
    )
    name: str = column("The domain as the DNS has it: `xn--mnchen-3ya.example`.")
    display_name: str = column("The domain as people read it: `münchen.example`.", "{t}.name", convert=shown_name)
    url: str = column("The site's address under it, without a slash at the end.", "{t}.name", convert=domain_url)
    status: SiteDomainStatus = column("How far it has come.")
    proof: SiteDomainProof | None = column("By what it was proven; null where it is not yet.")
    problem: str | None = column("What was wrong when it was looked at last; null where nothing was, or nobody has.")
    is_primary: bool = column("Whether the site calls itself by it.", _IS_PRIMARY)
    dns_record_name: str = column("The name of the TXT record that proves it.", "{t}.name", convert=proof_name)
    token: str = column("What the TXT record, or the file, must say.")
    token_url: str = column(
        "Where the file is looked for that proves it, instead of the record: one line of it is the token.",
        "{t}.name",
        convert=_token_url,
    )
    cname_target: str = column(
        "Where the domain is to lead: the name that its CNAME record (ALIAS or ANAME at the top of a zone) has as its "
        "target.",
        _SLUG,
        _EDGE,
        convert=_target,
    )
    certificate_record_name: str | None = column(
        "The name of the CNAME record by which AWS issues and renews its certificate. Null where AWS does not serve "
        "it, or has not said yet.",
        _RECORD.format(part=0),
    )
    certificate_record_value: str | None = column("The target of that record.", _RECORD.format(part=1))
    created_at: datetime = column("When it was added.")
    checked_at: datetime | None = column("When it was looked at last.")
    verified_at: datetime | None = column("When it was proven; null where it is not yet.")
    expires_at: datetime | None = column("When it ends unless it is proven before that; null where it is.")


def _by_id(_caller: Caller, id: str) -> dict[str, Any] | None:  # noqa: A002 - GraphQL's name for it
    found = uuid_in(id, "SiteDomain")
    return {"id": found} if found else None


_ID = argument("id", strawberry.ID, "The domain's id.")

QUERIES = {
    "site_domain": read_one(SiteDomain, "A domain by its id; null where there is none.", READS, [_ID], _by_id),
}


@strawberry.input(description="A domain that a site shall be served under.")
class SiteDomainAddInput:
    """A new domain."""

    site_id: strawberry.ID = strawberry.field(description="Which site.")
    name: str = strawberry.field(description="The domain, such as `www.example.com`, in whatever script.")


def _domain_id(text: str) -> UUID:
    return required_id(text, "SiteDomain", "domain")


async def _add(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002 - GraphQL's name for it
    return await add_domain(context, validated(NewDomain, input))


async def _verify(context: Context, id: str) -> Outcome:  # noqa: A002
    return await verify_domain(context, _domain_id(id))


async def _remove(context: Context, id: str) -> Outcome:  # noqa: A002
    return await remove_domain(context, _domain_id(id))


MUTATIONS = {
    "site_domain_add": mutation(
        "siteDomainAdd",
        "Adds a domain to a site. Nothing is served under it before it is proven, by a TXT record or a file with its "
        "token; it is looked for again and again until `expiresAt`.",
        needs="sites:write",
        arguments=[argument("input", SiteDomainAddInput, "The domain.")],
        run=_add,
        returns={"site_domain": row(SiteDomain, "The domain.", granted=OWN_DOMAIN)},
        codes=("LIMIT_REACHED", "TAKEN"),
    ),
    "site_domain_verify": mutation(
        "siteDomainVerify",
        "Looks now whether a domain is proven. Its `status` says whether it is, its `problem` what is wrong.",
        needs="sites:write",
        arguments=[_ID],
        run=_verify,
        returns={"site_domain": row(SiteDomain, "The domain as it is now.", granted=OWN_DOMAIN)},
        codes=("TAKEN", "TOO_MANY_ATTEMPTS"),
    ),
    "site_domain_remove": mutation(
        "siteDomainRemove",
        "Removes a domain from its site, which is no longer served under it within seconds. Others may add it.",
        needs="sites:write",
        arguments=[_ID],
        run=_remove,
        returns={"deleted_site_domain_id": deleted_id("SiteDomain", "The id of what is gone.")},
    ),
}
