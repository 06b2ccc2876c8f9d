"""A read root field is one statement: counted where the process sends them to PostgreSQL."""

from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from graphql import FieldNode, OperationDefinitionNode, OperationType, parse
from sqlalchemy import event

from core.ids import global_id
from resolvers.context import Platform
from tests.client import GraphQL
from tests.factories import Shop
from tests.operations import STOREFRONT
from tests.schema.arguments import Builder, Root, roots
from tests.tenancy.world import FilledShop, filled_shop

READS = roots("query")
# What is computed has a statement for each group of figures, and the transaction's own: how many that is for everything
# that the schema can be asked for, twice where the period before has the same; and for the operation of the examples.
COMPUTED = {"analytics": 45}
COMPUTED_EXAMPLES = {"Dashboard": 10}
NEWER_THAN_ANY_CACHE = {"X-Min-Sequence": str(10**15)}
BEFORE = "before_cursor_execute"
# One process of the test run opens all its connections, not each of them.
pytestmark = pytest.mark.xdist_group("all_connections")


class Operation(NamedTuple):
    """A query of the examples."""

    text: str
    name: str
    fields: int


def example_queries() -> Iterator[Operation]:
    for path in sorted(Path("schema/examples").glob("*.graphql")):
        text = path.read_text()
        for node in parse(text).definitions:
            if isinstance(node, OperationDefinitionNode) and node.operation is OperationType.QUERY and node.name:
                fields = [each for each in node.selection_set.selections if isinstance(each, FieldNode)]
                yield Operation(text, node.name.value, len(fields))


EXAMPLES = list(example_queries())
OF_SHOPPERS = {each.name for each in EXAMPLES if each.text == STOREFRONT} | {"Changes"}
# Values for the examples' variables, by operation, from a shop; a variable that is left out must be optional.
VARIABLES: dict[str, Any] = {
    "Products": lambda world, _: {"first": 10},
    "ProductBySlug": lambda world, order: {"slug": order["slug"]},
    "OrderByToken": lambda world, order: {"token": order["token"]},
    "Orders": lambda world, _: {"first": 10},
    "Order": lambda world, _: {"id": world.global_id("Order")},
    "Assets": lambda world, _: {"first": 10},
    "WebhookDeliveries": lambda world, _: {"first": 10},
    "Changes": lambda world, _: {"first": 10},
    "Themes": lambda *_: {"first": 10},
    "Sites": lambda *_: {"first": 10},
    "SitesHealth": lambda *_: {"first": 10},
    "Deployments": lambda world, _: {"siteId": world.global_id("Site"), "first": 10},
    "Versions": lambda world, _: {"siteId": world.global_id("Site"), "first": 10},
    "ActiveBanners": lambda *_: {"filter": {"audience": {}}},
    "Banners": lambda world, _: {"siteId": world.global_id("Site")},
    "Dashboard": lambda *_: {"range": {"days": 30}},
    "VersionDiff": lambda _, known: known["versions"],
}


@pytest.fixture
async def world(graphql: GraphQL, shop: Shop) -> FilledShop:
    await open_all_connections(shop.platform)
    return await filled_shop(graphql, shop)


async def open_all_connections(platform: Platform) -> None:
    """A connection that is opened while statements are counted would not be listened to."""
    async with AsyncExitStack() as stack:
        for pool in (platform.database.app, platform.database.system):
            for _ in range(pool.connections.size):
                await stack.enter_async_context(pool.acquire())


@contextmanager
def recorded(platform: Platform) -> Iterator[list[str]]:
    """The statements that are executed while the block runs.

    SQLAlchemy's statements pass asyncpg's logger by, so its engines are listened to besides. Who polled is written in
    the background, whatever is asked meanwhile.
    """
    statements: list[str] = []

    def note(record: Any) -> None:
        if not record.query.startswith("\ninsert into polling_state"):
            statements.append(record.query)

    def note_of_engine(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    pools = (platform.database.app, platform.database.system)
    drivers = [driver for pool in pools for driver in pool.connections._idle]
    for driver in drivers:
        driver.add_query_logger(note)
    for pool in pools:
        event.listen(pool.engine.sync_engine, BEFORE, note_of_engine)
    try:
        yield statements
    finally:
        for driver in drivers:
            driver.remove_query_logger(note)
        for pool in pools:
            event.remove(pool.engine.sync_engine, BEFORE, note_of_engine)


class TestReads:
    """Query root fields, once the caller is known."""

    @pytest.mark.parametrize("operation", EXAMPLES, ids=lambda operation: operation.name)
    async def test_each_field_of_the_examples_is_one_statement(self, world: FilledShop, operation: Operation) -> None:
        shop = world.shop
        product = await shop.product()
        order = await shop.order(product["variants"]["nodes"][0]["id"])
        versions = await shop.sql("select id from storefront_version order by number")
        diff = {
            key: global_id("StorefrontVersion", row["id"]) for key, row in zip(("from", "to"), versions, strict=True)
        }
        known = {"slug": product["slug"], "token": order["orderToken"], "versions": diff}
        variables = VARIABLES.get(operation.name, lambda *_: {})(world, known)
        send = shop.shopper if operation.name in OF_SHOPPERS else shop.admin
        options = {"operation": operation.name, "headers": NEWER_THAN_ANY_CACHE}
        if operation.name == "StorefrontConfig":
            (row,) = await shop.sql("select token from storefront_token where site_id is not null")
            options["storefront_token"] = row["token"]

        expected = await send(operation.text, variables, **options)
        with recorded(shop.platform) as statements:
            answer = await send(operation.text, variables, **options)

        assert "errors" not in answer, answer
        assert all(answer["data"].values()), answer
        assert answer == expected
        assert len(statements) == COMPUTED_EXAMPLES.get(operation.name, operation.fields), statements

    @pytest.mark.parametrize("root", READS, ids=lambda root: root.name)
    async def test_each_field_of_the_schema_is_one_statement(
        self, graphql: GraphQL, world: FilledShop, root: Root
    ) -> None:
        document, variables = Builder(root, world.global_ids).request()
        caller = {"token": world.shop.owner_token, "workspace": world.shop.slug}

        await graphql(document, variables, **caller)
        with recorded(world.shop.platform) as statements:
            answer = await graphql(document, variables, **caller)

        assert "errors" not in answer, answer
        assert len(statements) <= COMPUTED.get(root.name, 1), statements
        assert statements or not answer["data"][root.name], statements

    async def test_deep_lists_are_read_with_their_parents(self, world: FilledShop) -> None:
        for _ in range(3):
            await world.shop.product()
        document = """{
          products(first: 50) {
            nodes { images { nodes { url } } variants(first: 5) { nodes { sku product { variants { totalCount } } } } }
            totalCount
          }
        }"""

        await world.shop.admin(document)
        with recorded(world.shop.platform) as statements:
            answer = await world.shop.admin(document)

        assert answer["data"]["products"]["totalCount"] == 4
        assert len(statements) == 1, statements

    async def test_the_count_sees_every_statement(self, world: FilledShop) -> None:
        with recorded(world.shop.platform) as statements:
            await world.shop.sql("select 1")
            async with world.shop.platform.database.app.session(world.shop.workspace_id):
                pass
            await world.shop.admin("{ a: workspace { slug } b: workspace { slug } }")

        assert [statement for statement in statements if "select 1" in statement]
        assert len([statement for statement in statements if "set_config" in statement]) == 4
