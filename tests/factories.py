"""Fresh workspaces, people and products, straight into the tables: what a test is not about should be quick."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher

from core.access import SCOPES, Caller, CallerKind, Role
from core.access_token import issue_access_token
from core.clock import now
from core.crypto import hash_secret, new_secret, pack_token
from core.database import pinned
from core.ids import global_id, new_id
from resolvers.authentication import API_KEY_PREFIX, STOREFRONT_TOKEN_PREFIX
from resolvers.context import Context, Platform
from resolvers.theme import Named, read_manifest, register_theme
from tests.client import GraphQL

STARTER = json.loads(Path("themes/starter/theme.json").read_text())
PASSWORD = "correct horse battery"
# One hash for all: argon2 is slow on purpose, and how fast people sign in is another test's subject.
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)

PRODUCT_CREATE = """
mutation ($input: ProductCreateInput!) {
  productCreate(input: $input) {
    product { id slug revision variants(first: 10) { nodes { id sku } } }
    userErrors { code field message }
  }
}
"""
ORDER_PLACE = """
mutation ($input: OrderPlaceInput!) {
  orderPlace(input: $input) {
    order { id number status email total { amount currencyCode } }
    orderToken
    userErrors { code field message }
  }
}
"""


@dataclass(frozen=True)
class Person:
    """A user who is signed in."""

    id: UUID
    email: str
    password: str
    token: str
    session_id: UUID


@dataclass(frozen=True)
class Shop:
    """A workspace of its own for one test."""

    platform: Platform
    graphql: GraphQL
    workspace_id: UUID
    slug: str
    currency_code: str
    owner: Person
    api_key: str
    api_key_id: UUID
    storefront_token: str
    storefront_token_id: UUID

    @property
    def owner_email(self) -> str:
        return self.owner.email

    @property
    def owner_password(self) -> str:
        return self.owner.password

    @property
    def owner_token(self) -> str:
        return self.owner.token

    async def admin(self, document: str, variables: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """As the workspace's API key, which has every scope."""
        return await self.graphql(document, variables, **{"token": self.api_key, **options})

    async def shopper(self, document: str, variables: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """As an anonymous shopper."""
        return await self.graphql(document, variables, **{"storefront_token": self.storefront_token, **options})

    async def product(self, *, quantity: int = 10, price: str = "12.50", **overrides: Any) -> dict[str, Any]:
        """An active product with one variant: its `id`, `slug`, `revision` and `variants`."""
        unique = new_id().hex[-10:]
        money = {"amount": price, "currencyCode": self.currency_code}
        given = {
            "title": f"Lamp {unique}",
            "status": "ACTIVE",
            "variants": [{"sku": f"SKU-{unique}", "price": money, "quantity": quantity}],
        } | overrides
        answer = await self.admin(PRODUCT_CREATE, {"input": given})
        payload = answer["data"]["productCreate"]
        assert payload["userErrors"] == [], answer
        product: dict[str, Any] = payload["product"]
        return product

    async def variant(self, **options: Any) -> str:
        """The id of the one variant of a new active product."""
        found: str = (await self.product(**options))["variants"]["nodes"][0]["id"]
        return found

    async def order(self, variant_id: str, quantity: int = 1, **options: Any) -> dict[str, Any]:
        """The payload of an order for one variant."""
        lines = [{"variantId": variant_id, "quantity": quantity}]
        given = {"email": "shopper@example.com", "lines": lines}
        answer = await self.shopper(ORDER_PLACE, {"input": given}, **options)
        assert "errors" not in answer, answer
        payload: dict[str, Any] = answer["data"]["orderPlace"]
        return payload

    async def sql(self, statement: str, *arguments: Any) -> list[Any]:
        """Runs a statement as the application does: its role, pinned to this workspace."""
        async with self.platform.database.app.acquire() as connection, pinned(connection, self.workspace_id):
            rows: list[Any] = await connection.fetch(statement, *arguments)
            return rows


async def make_user(platform: Platform, email: str | None = None) -> Person:
    user_id, session_id = new_id(), new_id()
    email = email or f"user-{user_id.hex[-12:]}@example.com"
    async with platform.database.system.acquire() as connection, connection.transaction():
        await connection.execute(
            "insert into app_user (id, email, password_hash) values ($1, $2, $3)",
            user_id,
            email,
            PASSWORD_HASH,
        )
        await connection.execute(
            "insert into user_session (id, user_id, expires_at) values ($1, $2, $3)",
            session_id,
            user_id,
            now() + timedelta(days=1),
        )
    token, _ = issue_access_token(platform.settings, user_id, session_id)
    return Person(user_id, email, PASSWORD, token, session_id)


async def add_member(platform: Platform, workspace_id: UUID, person: Person, role: Role) -> UUID:
    membership_id = new_id()
    async with platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        await connection.execute(
            "insert into membership (workspace_id, id, user_id, role) values ($1, $2, $3, $4)",
            workspace_id,
            membership_id,
            person.id,
            role.value,
        )
    return membership_id


async def make_shop(
    platform: Platform, graphql: GraphQL, currency_code: str = "EUR", *, hides_stock: bool = False
) -> Shop:
    workspace_id, key_id, token_id = new_id(), new_id(), new_id()
    slug = f"shop-{workspace_id.hex[-12:]}"
    owner = await make_user(platform)
    secret = new_secret()
    storefront_token = pack_token(STOREFRONT_TOKEN_PREFIX, workspace_id, token_id, new_secret())
    async with platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        await connection.execute(
            "insert into workspace (id, slug, name, currency_code) values ($1, $2, 'Lamps & Co', $3)",
            workspace_id,
            slug,
            currency_code,
        )
        await connection.execute("insert into workspace_counter (workspace_id) values ($1)", workspace_id)
        await connection.execute(
            "insert into api_key (workspace_id, id, name, secret_hash, scopes) values ($1, $2, 'tests', $3, $4)",
            workspace_id,
            key_id,
            hash_secret(secret),
            list(SCOPES),
        )
        await connection.execute(
            "insert into storefront_token (workspace_id, id, name, token, hides_stock) "
            "values ($1, $2, 'tests', $3, $4)",
            workspace_id,
            token_id,
            storefront_token,
            hides_stock,
        )
    await add_member(platform, workspace_id, owner, Role.OWNER)
    return Shop(
        platform=platform,
        graphql=graphql,
        workspace_id=workspace_id,
        slug=slug,
        currency_code=currency_code,
        owner=owner,
        api_key=pack_token(API_KEY_PREFIX, workspace_id, key_id, secret),
        api_key_id=key_id,
        storefront_token=storefront_token,
        storefront_token_id=token_id,
    )


async def starter_theme(platform: Platform) -> UUID:
    """The theme that the project brings, registered if it was not yet."""
    return await make_theme(platform, STARTER, Named("FOLDER", "starter", None))


async def make_theme(platform: Platform, manifest: Any, source: Named | None = None) -> UUID:
    """A theme, registered by a platform administrator."""
    admin = Context(platform, Caller(CallerKind.USER, id=new_id(), session_id=new_id(), is_platform_admin=True))
    made = await register_theme(admin, read_manifest(manifest), source)
    return UUID(str(made["id"]))


SITE_CREATE = """
mutation ($input: SiteCreateInput!) {
  siteCreate(input: $input) {
    site { id name slug url storefrontToken revision liveStorefrontVersion { id number digest } }
    userErrors { code field message }
  }
}
"""


async def make_site(shop: Shop, theme_id: UUID | None = None, **overrides: Any) -> dict[str, Any]:
    """A site of the shop, of the starter theme where none is named."""
    theme_id = theme_id or await starter_theme(shop.platform)
    given = {"name": "Lamps", "slug": f"lamps-{new_id().hex[-12:]}", "themeId": global_id("Theme", theme_id)}
    answer = await shop.admin(SITE_CREATE, {"input": given | overrides})
    payload = answer["data"]["siteCreate"]
    assert payload["userErrors"] == [], answer
    site: dict[str, Any] = payload["site"]
    return site
