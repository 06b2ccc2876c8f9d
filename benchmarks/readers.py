"""Who reads in the benchmarks: storefronts and API keys of workspaces that were made in bulk."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode
from uuid import UUID

import asyncpg
import orjson

from benchmarks.client import post
from benchmarks.shop import operation
from core.access import SCOPES, Caller, CallerKind
from core.crypto import hash_secret, new_secret, pack_token, unpack_token
from core.ids import new_id
from core.persisted import document_hash
from resolvers.authentication import API_KEY_PREFIX, STOREFRONT_TOKEN_PREFIX

_FILE = "storefront.graphql"


def document(name: str) -> str:
    """The text of one of the storefront's operations with the one fragment that they share."""
    return f"{operation(_FILE, name)}\n\n{operation(_FILE, 'ProductCard')}"


PRODUCTS, PRODUCT_BY_SLUG = document("Products"), document("ProductBySlug")


async def add_storefronts(connection: asyncpg.Connection, workspace_ids: Sequence[UUID]) -> list[str]:
    """A storefront token for each workspace."""
    tokens = [pack_token(STOREFRONT_TOKEN_PREFIX, each, new_id(), new_secret()) for each in workspace_ids]
    rows = [(each, shopper(token).id, token) for each, token in zip(workspace_ids, tokens, strict=True)]
    await connection.executemany(
        "insert into storefront_token (workspace_id, id, name, token) values ($1, $2, 'benchmark', $3)", rows
    )
    return tokens


async def add_api_key(connection: asyncpg.Connection, workspace_id: UUID) -> str:
    """A key of the workspace that has every scope."""
    key_id, secret = new_id(), new_secret()
    await connection.execute(
        "insert into api_key (workspace_id, id, name, secret_hash, scopes) values ($1, $2, 'benchmark', $3, $4)",
        workspace_id,
        key_id,
        hash_secret(secret),
        list(SCOPES),
    )
    return pack_token(API_KEY_PREFIX, workspace_id, key_id, secret)


def shopper(token: str) -> Caller:
    """Who comes with the storefront token."""
    parts = unpack_token(STOREFRONT_TOKEN_PREFIX, token)
    if parts is None:
        raise ValueError("no storefront token")
    return Caller(CallerKind.SHOPPER, id=parts[1], workspace_id=parts[0], label="benchmark", address="127.0.0.1")


def asked_by_post(text: str, name: str | None, variables: Mapping[str, object], headers: Mapping[str, str]) -> bytes:
    """A request, ready to send."""
    return post("/graphql", {"query": text, "operationName": name, "variables": variables}, headers)


def persisted_query(text: str) -> dict[str, object]:
    """The `extensions` that name a document by its hash."""
    return {"persistedQuery": {"version": 1, "sha256Hash": document_hash(text)}}


def address_of(text: str, variables: Mapping[str, object], *, persisted: bool) -> str:
    """The path that asks by GET: with the text of the document, or with its hash alone."""
    document_part = {"extensions": orjson.dumps(persisted_query(text)).decode()} if persisted else {"query": text}
    return f"/graphql?{urlencode({'variables': orjson.dumps(variables).decode()} | document_part)}"


def asked_by_get(path: str, headers: Mapping[str, str]) -> bytes:
    """A request, ready to send."""
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()
