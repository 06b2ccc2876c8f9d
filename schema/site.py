"""Sites: the type, its sort, and the mutations."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import orjson
import strawberry

from core.access import Caller
from core.errors import Problem, Refused
from core.ids import uuid_in
from resolvers.context import Context
from resolvers.deployment import deploy_site, roll_back_site
from resolvers.deployment.deployment import MISSING
from resolvers.domain import PrimaryDomain, set_primary_domain
from resolvers.read.source import SortKey
from resolvers.site import NewSite, SiteChanges, create_site, delete_site, update_site
from resolvers.validation import required_id, validated
from resolvers.write import Outcome
from schema.banner import Banner, BannerFilter, BannerSort
from schema.connection import SortDirection, argument
from schema.deployment import Deployment, DeploymentSort
from schema.domain import SiteDomain
from schema.logo import Logo, LogoFilter, LogoSort
from schema.mutation import deleted_id, mutation, row
from schema.query import read_many, read_one
from schema.reading import Node, column, many, one, reads, row_id
from schema.scalars import JSON
from schema.storefront import StorefrontVersion, StorefrontVersionSort
from schema.storefront_draft import StorefrontDraft, StorefrontDraftFilter, StorefrontDraftSort
from schema.storefront_member import StorefrontGrant, StorefrontMember
from schema.theme import Theme
from schema.url import site_url

if TYPE_CHECKING:
    from schema.sync_health import SiteHealth

# Whoever may write sites sees the one that they wrote.
OWN_SITE = frozenset({"sites:read"})
_KEY = (
    "(select k.token from storefront_token k where k.workspace_id = $1 and k.site_id = {t}.id "
    "and k.revoked_at is null order by k.created_at, k.id limit 1)"
)
_EDGE = "(select e.{} from site_edge e where e.workspace_id = $1 and e.site_id = {{t}}.id)"
_OF_SITE = "{c}.site_id = {p}.id"
_SECTIONS = "(select v.sections from theme_version v where v.theme_id = {t}.theme_id and v.version = {t}.theme_version)"


@strawberry.enum(description="How far CloudFront before a site has come. The site is served without it until then.")
class SiteCdnStatus(Enum):
    """A CDN's status."""

    WAITING = strawberry.enum_value("WAITING", description="For its certificate: `certificateRecordName` of domains.")
    DEPLOYING = strawberry.enum_value("DEPLOYING", description="It was made or changed, which takes some minutes.")
    LIVE = strawberry.enum_value("LIVE", description="It serves the site's domains that lead to it.")
    ENDING = strawberry.enum_value("ENDING", description="It is taken away, as the site has no domains any more.")


@reads(
    "site",
    scope="sites:read",
    where="{t}.deleted_at is null",
    default_sort=("CREATED_AT", "ASC"),
    sorts={"CREATED_AT": SortKey("{t}.created_at", "timestamptz")},
)
@strawberry.type(description="One storefront of the workspace.")
class Site(Node):
    """One site."""

    id: strawberry.ID = row_id()
    name: str = column("Its name.")
    slug: str = column("What its address begins with, unique among all sites.")
    url: str = column(
        "Its address, without a slash at the end: under its primary domain, if it has one.",
        "{t}.slug",
        "{t}.primary_name",
        convert=site_url,
    )
    theme: Theme | None = one("What it is made of.", "Theme", "{c}.id = {p}.theme_id")
    theme_version: str = column("The version of the theme that it is made of, to whose schemas its config is held.")
    sections: JSON = column(
        "For each section of its config the JSON Schema, as `schema`, and the `default`, of its theme's version.",
        _SECTIONS,
        convert=orjson.Fragment,
    )
    storefront_token: str | None = column(
        "The publishable key of its theme: its oldest storefront token that is not revoked; null where all are.", _KEY
    )
    live_storefront_version: StorefrontVersion | None = one(
        "The version of its config that shoppers see.", "StorefrontVersion", "{c}.id = {p}.live_version_id"
    )
    storefront_versions = many(
        StorefrontVersion,
        "The versions of its config, the newest first.",
        "{c}.site_id = {p}.id",
        scope="storefront:read",
        sort_type=StorefrontVersionSort,
    )
    storefront_drafts = many(
        StorefrontDraft,
        "What is in progress, was published or was given up, the newest first.",
        "{c}.site_id = {p}.id",
        scope="storefront:read",
        filter_type=StorefrontDraftFilter,
        sort_type=StorefrontDraftSort,
    )
    storefront_members = many(
        StorefrontMember,
        "Who was given a role in what it looks like, besides the workspace's owners and administrators.",
        "{c}.site_id = {p}.id",
        scope="storefront:read",
    )
    storefront_grants = many(
        StorefrontGrant,
        "Who may edit which parts of what it looks like, besides what their role says.",
        "{c}.site_id = {p}.id",
        scope="storefront:read",
    )
    live_deployment: Deployment | None = one(
        "What is served; null where the site was never live.", "Deployment", "{c}.id = {p}.live_deployment_id"
    )
    deployments = many(
        Deployment, "Its deployments, the newest first.", "{c}.site_id = {p}.id", sort_type=DeploymentSort
    )
    health: Annotated["SiteHealth", strawberry.lazy("schema.sync_health")] | None = one(
        "How it keeps up with what changes. Needs the scope `events:read`.", "SiteHealth", "{c}.id = {p}.id"
    )
    domains = many(SiteDomain, "Its domains, the oldest first: those that are proven and those that are not.", _OF_SITE)
    primary_domain: SiteDomain | None = one(
        "The domain by which it calls itself; null where that is the name that its slug makes.",
        "SiteDomain",
        "{c}.site_id = {p}.id and {c}.name = {p}.primary_name",
    )
    is_redirecting: bool = column("Whether its other names lead to its primary domain.", "{t}.redirects_to_primary")
    cdn_status: SiteCdnStatus | None = column(
        "How far CloudFront before it has come; null where there is none: it has no domains, or is not hosted on AWS.",
        _EDGE.format("status"),
    )
    cdn_error: str | None = column("Why CloudFront could not be told last; it is tried again.", _EDGE.format("error"))
    banners = many(
        Banner,
        "Its banners, in their order.",
        "{c}.site_id = {p}.id",
        scope="storefront:read",
        filter_type=BannerFilter,
        sort_type=BannerSort,
    )
    logos = many(
        Logo,
        "Its logos, the oldest first.",
        "{c}.site_id = {p}.id",
        scope="storefront:read",
        filter_type=LogoFilter,
        sort_type=LogoSort,
    )
    revision: int = column("Goes up with every change: name the one that you read when you update.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.enum(description="What sites are sorted by.")
class SiteSortField(Enum):
    """Keys of a sort."""

    CREATED_AT = strawberry.enum_value("CREATED_AT", description="When it was made.")


@strawberry.input(description="In which order sites come.")
class SiteSort:
    """A sort of sites."""

    field: SiteSortField = strawberry.field(description="What by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


@strawberry.input(description="A site to be made.")
class SiteCreateInput:
    """A new site."""

    name: str = strawberry.field(description="Its name; 1 to 200 characters.")
    slug: str = strawberry.field(
        description="What its address begins with: at most 63 lower-case letters, digits, single hyphens."
    )
    theme_id: strawberry.ID = strawberry.field(description="What it is to be made of, in the theme's newest version.")


@strawberry.input(description="What of a site shall change; what is left out stays.")
class SiteUpdateInput:
    """A change of a site."""

    revision: int = strawberry.field(description="The revision that was read; a stale one is refused with CONFLICT.")
    name: str | None = strawberry.field(default=None, description="Its new name.")
    slug: str | None = strawberry.field(default=None, description="Its new slug; the old one is free for others.")
    theme_version: str | None = strawberry.field(
        default=None,
        description="Another version of its theme. The live config stays as it is; what comes next is held to it.",
    )


@strawberry.input(description="By which of its names a site shall call itself.")
class SitePrimaryDomainSetInput:
    """A primary domain."""

    domain_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="One of its domains that is proven; the name that its slug makes where it is left out.",
    )
    is_redirecting: bool = strawberry.field(default=False, description="Whether its other names shall lead there.")


def _by_id(_caller: Caller, id: str) -> dict[str, Any] | None:  # noqa: A002 - GraphQL's name for it
    found = uuid_in(id, "Site")
    return {"id": found} if found else None


QUERIES = {
    "site": read_one(
        Site,
        "A site by its id; null where there is none.",
        "sites:read",
        [argument("id", strawberry.ID, "The site's id.")],
        _by_id,
    ),
    "sites": read_many(Site, "The workspace's sites.", "sites:read", None, SiteSort),
}


def _site_id(text: str) -> UUID:
    return required_id(text, "Site", "site")


async def _create(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await create_site(context, validated(NewSite, input))


async def _update(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await update_site(context, _site_id(id), validated(SiteChanges, input))


async def _delete(context: Context, id: str) -> Outcome:  # noqa: A002
    return await delete_site(context, _site_id(id))


async def _deploy(context: Context, id: str) -> Outcome:  # noqa: A002
    return await deploy_site(context, _site_id(id))


async def _roll_back(context: Context, id: str, deployment_id: str) -> Outcome:  # noqa: A002
    site_id, wanted = _site_id(id), uuid_in(deployment_id, "Deployment")
    if wanted is None:
        raise Refused(Problem("NOT_FOUND", MISSING, ("deploymentId",)))
    return await roll_back_site(context, site_id, wanted)


async def _set_primary(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await set_primary_domain(context, _site_id(id), validated(PrimaryDomain, input))


_ID = argument("id", strawberry.ID, "The site's id.")

MUTATIONS = {
    "site_create": mutation(
        "siteCreate",
        "Makes a site, with a storefront token of its own and its theme's look.",
        needs="sites:write",
        arguments=[argument("input", SiteCreateInput, "The site.")],
        run=_create,
        returns={"site": row(Site, "The site.", granted=OWN_SITE)},
        codes=("LIMIT_REACHED", "TAKEN"),
    ),
    "site_update": mutation(
        "siteUpdate",
        "Changes a site. A stale revision is refused.",
        needs="sites:write",
        arguments=[_ID, argument("input", SiteUpdateInput, "What shall change.")],
        run=_update,
        returns={"site": row(Site, "The site as it is now.", granted=OWN_SITE)},
        codes=("CONFLICT", "TAKEN"),
    ),
    "site_deploy": mutation(
        "siteDeploy",
        "Begins a deployment of a site: its theme is built and, once it answers, put live. What is live serves until "
        "then. A deployment that still waits gives way.",
        needs="sites:write",
        arguments=[_ID],
        run=_deploy,
        returns={"deployment": row(Deployment, "The deployment.", granted=OWN_SITE)},
        codes=("LIMIT_REACHED", "NOT_DEPLOYABLE"),
    ),
    "site_rollback": mutation(
        "siteRollback",
        "Puts a deployment live again that is kept, in a second or two: it is started, and switched to once it "
        "answers. The answer waits for that, 5 seconds at the most.",
        needs="sites:write",
        arguments=[_ID, argument("deployment_id", strawberry.ID, "The deployment's id.")],
        run=_roll_back,
        returns={"site": row(Site, "The site.", granted=OWN_SITE)},
        codes=("NOT_KEPT",),
    ),
    "site_primary_domain_set": mutation(
        "sitePrimaryDomainSet",
        "Has a site call itself by one of its domains: in links, for search engines, in mail. Point the domain at "
        "Vitrine before its other names lead there.",
        needs="sites:write",
        arguments=[_ID, argument("input", SitePrimaryDomainSetInput, "The domain.")],
        run=_set_primary,
        returns={"site": row(Site, "The site as it is now.", granted=OWN_SITE)},
        codes=("NOT_VERIFIED",),
    ),
    "site_delete": mutation(
        "siteDelete",
        "Deletes a site: its address and domains are free for others, its storefront tokens are revoked. What it "
        "looked like stays.",
        needs="sites:write",
        arguments=[_ID],
        run=_delete,
        returns={"deleted_site_id": deleted_id("Site", "The id of what is gone.")},
    ),
}
