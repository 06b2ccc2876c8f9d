"""The schema, put together from the nouns."""

from typing import Any

import strawberry

from resolvers.read import Engine
from schema import (
    account,
    analytics,
    api_key,
    asset,
    audit,
    banner,
    changes,
    deployment,
    domain,
    event,
    export,
    live_visitors,
    logo,
    member,
    node,
    order,
    polling,
    product,
    site,
    storefront,
    storefront_draft,
    storefront_member,
    storefront_token,
    sync_health,
    theme,
    webhook,
    workspace,
)
from schema.query import resolve_directly
from schema.reading import SOURCES
from schema.scalars import CONFIG

NOUNS = (
    account,
    workspace,
    member,
    api_key,
    storefront_token,
    theme,
    site,
    domain,
    deployment,
    storefront,
    storefront_draft,
    storefront_member,
    asset,
    banner,
    logo,
    product,
    order,
    audit,
    event,
    changes,
    polling,
    webhook,
    sync_health,
    analytics,
    live_visitors,
    export,
    node,
)


def _root(name: str, description: str, attribute: str) -> Any:
    """One root type from what each noun's module has under the attribute."""
    body: dict[str, Any] = {}
    for noun in NOUNS:
        body |= getattr(noun, attribute, {})
    return strawberry.type(type(name, (), body), description=description)


SCHEMA = strawberry.Schema(
    query=_root("Query", "What can be read.", "QUERIES"),
    mutation=_root("Mutation", "What can be changed.", "MUTATIONS"),
    subscription=_root("Subscription", "What can be followed live.", "SUBSCRIPTIONS"),
    config=CONFIG,
)
resolve_directly(SCHEMA._schema)  # noqa: SLF001 - Strawberry gives no other way to graphql-core's schema


def new_engine() -> Engine:
    """A read engine for this schema's types."""
    return Engine(SOURCES)
