"""Another workspace's id is an id that does not exist, to the letter: tried wherever the schema takes one."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from graphql import GraphQLObjectType, get_named_type

from core.ids import global_id, new_id
from schema.access import Access
from schema.reading import NODES, SOURCES
from schema.transport.operation import GRAPHQL_SCHEMA
from tests.client import GraphQL, LiveServer
from tests.factories import Shop
from tests.live.socket import connect
from tests.schema.arguments import ITEM, Builder, Path, Root, id_type, places, roots
from tests.tenancy.catalog import fingerprint
from tests.tenancy.world import (
    FilledShop,
    failed_deployment,
    filled_shop,
    new_filled_shop,
    queued_deployment,
    scheduled_draft,
    uploaded_asset,
)

# What is no id whatever ids look like; `malformed` adds what almost is one.
NONSENSE: list[Any] = [
    "",
    " ",
    "\0",
    "0",
    "null",
    "nonsense",
    "💡",
    "' or '1'='1",
    str(UUID(int=7)),
    UUID(int=7).hex,
    "UHJvZHVjdDphYWFhYWFhYWFhYWFhYWFh",
    "x" * 10_000,
    7,
    -1,
    2**53,
]


# Where not any object of the type will do: what makes one that does, and gives its id.
MADE: dict[str, Callable[[FilledShop], Awaitable[str]]] = {
    "assetDelete": uploaded_asset,
    "assetUploadComplete": uploaded_asset,
    "deploymentCancel": queued_deployment,
    "deploymentRetry": failed_deployment,
    "storefrontDraftUnschedule": scheduled_draft,
}


def malformed(good: str, type_name: str) -> list[Any]:
    """Values that are no ids, most of them made of a good one."""
    return [
        *NONSENSE,
        type_name,
        good.removeprefix(type_name),
        good[:-1],
        good + "0",
        good + "\n",
        f" {good}",
        good.swapcase(),
        good.replace(type_name, "Nothing"),
        good.replace(type_name, "Prodüct"),
        good * 3,
    ]


class Place(NamedTuple):
    """Somewhere in the arguments of a root field where an id stands."""

    root: Root
    path: Path

    def __str__(self) -> str:
        return f"{self.root.name}-{'.'.join(self.path)}"


# What is there for all workspaces: a theme.
EVERYBODYS = {name for name in NODES if SOURCES[name].workspace_column is None}
PLACES = [Place(root, path) for root in roots() for path in places(root, "ID")]
# What names nothing by an id, neither itself nor what it is about.
WITHOUT_ANY_ID = {"DeploymentLogLine", "SiteHealth", "SiteServer"}
# Where an id of any type may stand.
OF_ANY_TYPE = {"node", "nodes", "auditEntries"}
Ask = Callable[[Any], Awaitable[dict[str, Any]]]


@pytest.fixture
async def mine(graphql: GraphQL, shop: Shop) -> FilledShop:
    return await filled_shop(graphql, shop)


@pytest.fixture
async def theirs(graphql: GraphQL, other_shop: Shop) -> FilledShop:
    return await filled_shop(graphql, other_shop)


def callers(shop: Shop) -> dict[str, dict[str, str]]:
    """Everybody who may ask something in a workspace."""
    return {
        "a key": {"token": shop.api_key},
        "an owner": {"token": shop.owner_token, "workspace": shop.slug},
        "a shopper": {"storefront_token": shop.storefront_token},
    }


def asker(graphql: GraphQL, place: Place, mine: FilledShop, credentials: dict[str, str]) -> Ask:
    """What sends the place's field with an id there, everything else being valid, and gives the answer."""
    if place.root.operation == "subscription":
        return subscriber(graphql, place, mine, credentials)

    async def ask(probe: Any) -> dict[str, Any]:
        document, variables = Builder(place.root, mine.global_ids, {place.path: probe}).request()
        response = await graphql.response(document, variables, **credentials)  # type: ignore[arg-type]
        answer: dict[str, Any] = response.json()
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}

        assert response.status_code < 500, answer
        assert "INTERNAL" not in codes, answer
        return answer

    return ask


def subscriber(graphql: GraphQL, place: Place, mine: FilledShop, credentials: dict[str, str]) -> Ask:
    """The same over a websocket: the first answer, or the errors."""
    given = {
        "authorization": f"Bearer {credentials['token']}" if "token" in credentials else "",
        "workspace": credentials.get("workspace", ""),
        "storefrontToken": credentials.get("storefront_token", ""),
    }

    async def ask(probe: Any) -> dict[str, Any]:
        document, variables = Builder(place.root, mine.global_ids, {place.path: probe}).request()
        async with connect(LiveServer(graphql.http.base_url.port or 0)) as socket:
            await socket.init(**{key: value for key, value in given.items() if value})
            await socket.subscribe(document, variables)
            message = await socket.receive()
        if message["type"] == "error":
            codes = {error["extensions"]["code"] for error in message["payload"]}
            assert "INTERNAL" not in codes, message
            return {"data": None, "errors": message["payload"]}
        found: dict[str, Any] = message["payload"]
        return found

    return ask


def control(place: Place) -> str:
    return "an owner" if place.root.needs is Access.USER else "a key"


def probed_types(place: Place, caller: str) -> list[str]:
    """The types of what a caller asks for there: all of them, where it is of any or the caller gets in there.

    What is of another type is refused before anybody looks who asks.
    """
    every = sorted(NODES - EVERYBODYS)
    wanted = id_type(place.root, place.path)
    if caller == control(place) or place.root.name in OF_ANY_TYPE or wanted in EVERYBODYS:
        return every
    return [wanted]


def refusals(place: Place, answer: dict[str, Any]) -> list[Any]:
    """What the answer refuses: errors and userErrors."""
    shown = (answer.get("data") or {}).get(place.root.name)
    problems = shown.get("userErrors", []) if isinstance(shown, dict) else []
    return [*answer.get("errors", []), *problems]


class TestEveryId:
    """Each argument and input field of type ID, of each root field."""

    def test_are_there(self) -> None:
        assert {"Theme"} == EVERYBODYS
        assert {"product", "node", "nodes", "productUpdate", "orderPlace", "orderCancel"} <= {
            p.root.name for p in PLACES
        }

    @pytest.mark.parametrize("place", PLACES, ids=str)
    async def test_answers_anothers_as_one_that_does_not_exist(
        self, graphql: GraphQL, mine: FilledShop, theirs: FilledShop, place: Place
    ) -> None:
        workspaces = (mine.shop.workspace_id, theirs.shop.workspace_id)
        before = await fingerprint(mine.shop.platform, *workspaces)

        for caller, credentials in callers(mine.shop).items():
            ask = asker(graphql, place, mine, credentials)
            for type_name in probed_types(place, caller):
                row_id = theirs.ids[type_name]
                missing = await ask(global_id(type_name, new_id()))
                foreign = await ask(global_id(type_name, row_id))

                assert foreign == missing, f"{caller} asked for a {type_name}"

        assert await fingerprint(mine.shop.platform, *workspaces) == before

    @pytest.mark.parametrize("place", PLACES, ids=str)
    async def test_answers_malformed_ones_without_a_fault_of_ours(
        self, graphql: GraphQL, mine: FilledShop, place: Place
    ) -> None:
        before = await fingerprint(mine.shop.platform, mine.shop.workspace_id)

        type_name = id_type(place.root, place.path)
        for credentials in callers(mine.shop).values():
            ask = asker(graphql, place, mine, credentials)
            for value in malformed(mine.global_id(type_name), type_name):
                await ask(value)

        assert await fingerprint(mine.shop.platform, mine.shop.workspace_id) == before

    @pytest.mark.parametrize("place", PLACES, ids=str)
    async def test_is_looked_up(self, graphql: GraphQL, mine: FilledShop, place: Place) -> None:
        """One's own id is found: the arguments that the other tests send are refused for nothing but the id."""
        type_name = id_type(place.root, place.path)
        ask = asker(graphql, place, mine, callers(mine.shop)[control(place)])

        missing = await ask(global_id(type_name, new_id()))
        make = MADE.get(place.root.name)
        own = await ask(await make(mine) if make else mine.global_id(type_name))

        told = f"add what makes {place} valid to tests/schema/arguments.py"
        assert refusals(place, own) == [], told
        assert own != missing, told
        if place.root.operation == "mutation":
            assert [(r.get("code"), r.get("field")) for r in refusals(place, missing)] == [
                ("NOT_FOUND", field_of(place))
            ], told


def field_of(place: Place) -> list[str]:
    """Where a userError says that the id is."""
    return ["0" if part == ITEM else part for part in place.path]


class TestNode:
    """`node` and `nodes`, for every type."""

    def test_reads_every_type_that_has_an_id(self) -> None:
        interface = GRAPHQL_SCHEMA.type_map["Node"]

        assert {each.name for each in GRAPHQL_SCHEMA.get_possible_types(interface)} == NODES  # type: ignore[arg-type]

    @pytest.mark.parametrize("type_name", sorted(NODES - EVERYBODYS))
    async def test_finds_ones_own_and_nobody_elses(self, mine: FilledShop, theirs: FilledShop, type_name: str) -> None:
        own, foreign, missing = mine.global_id(type_name), theirs.global_id(type_name), global_id(type_name, new_id())
        document = "query ($id: ID!, $ids: [ID!]!) { node(id: $id) { id } nodes(ids: $ids) { __typename id } }"

        answers = [
            await mine.shop.admin(document, {"id": wanted, "ids": [own, wanted, own]})
            for wanted in (foreign, missing, own)
        ]

        shown = {"__typename": type_name, "id": own}
        nothing = {"data": {"node": None, "nodes": [shown, None, shown]}}
        assert answers == [nothing, nothing, {"data": {"node": {"id": own}, "nodes": [shown] * 3}}]

    @pytest.mark.parametrize("type_name", sorted(NODES))
    async def test_does_not_find_it_under_another_types_name(self, mine: FilledShop, type_name: str) -> None:
        document = "query ($id: ID!) { node(id: $id) { id } }"
        for other in NODES:
            if SOURCES[other].table != SOURCES[type_name].table:
                answer = await mine.shop.admin(document, {"id": global_id(other, mine.ids[type_name])})

                assert answer == {"data": {"node": None}}, other


# What names an object by another field than `id`.
ID_FIELDS = {"StorefrontPerson": "id: userId"}


class TestRelations:
    """What can be reached from one's own objects."""

    async def test_lead_to_nothing_of_another_workspace(self, graphql: GraphQL, mine: FilledShop) -> None:
        """Every relation of every type, followed from an object of a shop, shows only the shop's own ids."""
        await new_filled_shop(graphql, mine.shop)
        fields = {name: GRAPHQL_SCHEMA.type_map[name] for name in NODES}
        empty = []
        for type_name, type_ in fields.items():
            assert isinstance(type_, GraphQLObjectType)
            for name, definition in type_.fields.items():
                reached = get_named_type(definition.type)
                reached_name = reached.name.removesuffix("Connection")
                if reached_name not in SOURCES:
                    continue
                if reached_name in WITHOUT_ANY_ID:
                    continue
                key = ID_FIELDS.get(reached_name, "id" if reached_name in NODES else "id: entityId")
                selected = f"{{ nodes {{ {key} }} }}" if reached.name.endswith("Connection") else f"{{ {key} }}"
                document = f"query ($id: ID!) {{ node(id: $id) {{ ... on {type_name} {{ {name} {selected} }} }} }}"
                answer = await mine.shop.admin(document, {"id": mine.global_id(type_name)})
                shown = answer["data"]["node"][name]
                if shown is None:
                    empty.append(f"{type_name}.{name}")
                    continue
                ids = [node["id"] for node in shown["nodes"]] if selected.startswith("{ nodes") else [shown["id"]]
                for each in ids:
                    found = await mine.shop.admin("query ($id: ID!) { node(id: $id) { id } }", {"id": each})
                    assert found == {"data": {"node": {"id": each}}}, f"{type_name}.{name}"

        # The newest draft is one that can be edited; another one of the shop was published.
        assert empty == ["StorefrontDraft.publishedVersion"]
