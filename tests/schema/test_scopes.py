"""Who may do what: every root field says what it needs, and is held to it. A field of tomorrow is held to it too."""

from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLObjectType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_non_null_type,
    parse,
    visit,
)

from core.access import ROLE_SCOPES, SCOPES, Role
from resolvers.context import Platform
from resolvers.read.source import Many, One
from schema.access import Access
from schema.query import SCOPE, metadata_of
from schema.reading import SOURCES
from schema.transport.operation import GRAPHQL_SCHEMA
from tests.client import GraphQL, LiveServer
from tests.factories import Shop, make_shop
from tests.live.socket import connect
from tests.schema.arguments import Builder, Root, broken_promises, roots, selection
from tests.tenancy.catalog import fingerprint
from tests.tenancy.world import FilledShop, filled_shop, key_with

# Whoever opens a field to more callers opens it here too, for everybody to see.
OPEN = {
    Access.PUBLIC: {"userRegister", "signIn", "sessionRefresh", "passwordResetRequest", "passwordReset"},
    Access.USER: {
        "viewer",
        "signOut",
        "signOutEverywhere",
        "passwordChange",
        "workspaceCreate",
        "invitationAccept",
    },
    Access.PLATFORM: {"themeRegister"},
    # With a storefront token too, which every visitor of a site has.
    Access.WORKSPACE: {
        "workspace",
        "product",
        "productBySlug",
        "products",
        "storefrontConfig",
        "activeBanners",
        "activeLogos",
        "orderByToken",
        "node",
        "nodes",
        "orderPlace",
        "membershipDelete",
        "visitorEventsTrack",
    },
    # The resolver asks for the scope of the table that is named: tests/export/ holds it to that.
    Access.EXPORT: {"exportCreate"},
    # With a storefront token too, which is shown no orders: tests/changes/ holds it to that.
    Access.EVENTS: {"changes"},
}
# Scopes that no field needs yet, and what they are kept for.
ROOTS = roots()
GUARDED = [root for root in ROOTS if isinstance(root.needs, str)]
CHANGING = [
    root
    for root in ROOTS
    if root.operation == "mutation" and root.needs not in {Access.PUBLIC, Access.USER, Access.PLATFORM}
]


def needed_below(root: Root) -> set[str]:
    """What types and fields need that lie below the root in the document that the tests send."""
    document = parse(f"{root.operation} {{ {root.name} {selection(root.definition.type)} }}")
    found: set[str | None] = set()
    types = TypeInfo(GRAPHQL_SCHEMA)

    class Fields(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent, field, type_ = types.get_parent_type(), types.get_field_def(), types.get_type()
            if source := SOURCES.get(str(parent)):
                found.add(getattr(source.fields.get(node.name.value), "scope", None))
            if field and parent and parent.name != root.operation.title():
                found.add(metadata_of(field).get(SCOPE))
            if type_ and (source := SOURCES.get(get_named_type(type_).name)):
                found.add(source.scope)

    visit(document, TypeInfoVisitor(types, Fields()))
    return {scope for scope in found if scope}


# Each mutation, with each scope that something below it needs and itself does not.
DEEPER = [(root, scope) for root in CHANGING for scope in sorted(needed_below(root) - {root.needs})]


def name_of(root: Root) -> str:
    return root.name


class TestRootFields:
    """What each root field says that it needs."""

    @pytest.mark.parametrize("root", ROOTS, ids=name_of)
    def test_each_names_a_scope_or_an_access(self, root: Root) -> None:
        assert isinstance(root.needs, Access) or root.needs in SCOPES, f"{root.name} needs {root.needs!r}"

    @pytest.mark.parametrize("access", list(Access), ids=lambda access: access.name)
    def test_those_without_a_scope_are_listed(self, access: Access) -> None:
        assert {root.name for root in ROOTS if root.needs is access} == OPEN[access]

    @pytest.mark.parametrize("root", ROOTS, ids=name_of)
    def test_each_says_it_in_its_description(self, root: Root) -> None:
        needs = root.needs.value if isinstance(root.needs, Access) else f"the scope `{root.needs}`"

        assert (root.definition.description or "").endswith(f"Needs {needs}.")


@pytest.fixture
async def world(graphql: GraphQL, shop: Shop) -> FilledShop:
    return await filled_shop(graphql, shop)


@pytest.fixture(scope="module")
async def untouched(platform: Platform, graphql: GraphQL) -> FilledShop:
    """One shop for all that is refused: each test sees that it is left as it was."""
    return await filled_shop(graphql, await make_shop(platform, graphql))


async def ask(
    graphql: GraphQL, live_server: LiveServer, world: FilledShop, root: Root, credentials: dict[str, str]
) -> dict[str, Any]:
    """The answer to the root field with valid arguments, over a websocket where it is a subscription."""
    document, variables = Builder(root, world.global_ids).request()
    if root.operation != "subscription":
        return await graphql(document, variables, **credentials)
    given = {
        "authorization": f"Bearer {credentials['token']}" if "token" in credentials else "",
        "storefrontToken": credentials.get("storefront_token", ""),
    }
    async with connect(live_server) as socket:
        await socket.init(**{key: value for key, value in given.items() if value})
        await socket.subscribe(document, variables)
        # What is refused is refused at once; what is not begins at once too, or with the next event.
        await socket.subscribe("{ __typename }", key="after")
        answer = await socket.receive()
    return {"errors": answer["payload"]} if answer["type"] == "error" else {"data": {}}


def codes(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", ())]


def refused_at(answer: dict[str, Any]) -> list[list[str | int]]:
    return [error.get("path", []) for error in answer.get("errors", ()) if error["extensions"]["code"] == "FORBIDDEN"]


class TestGuardedFields:
    """Every root field that needs a scope."""

    def test_are_there(self) -> None:
        assert {"query", "mutation", "subscription"} == {root.operation for root in GUARDED}

    @pytest.mark.parametrize("root", GUARDED, ids=name_of)
    async def test_refuse_a_key_with_every_scope_but_theirs(
        self, graphql: GraphQL, live_server: LiveServer, untouched: FilledShop, root: Root
    ) -> None:
        key = await key_with(untouched.shop, *(scope for scope in SCOPES if scope != root.needs))
        before = await fingerprint(untouched.shop.platform, untouched.shop.workspace_id)

        answer = await ask(graphql, live_server, untouched, root, {"token": key})

        assert codes(answer) == ["FORBIDDEN"], answer
        assert answer["errors"][0]["extensions"]["scope"] == root.needs
        assert not (answer.get("data") or {}).get(root.name)
        assert await fingerprint(untouched.shop.platform, untouched.shop.workspace_id) == before

    @pytest.mark.parametrize("root", GUARDED, ids=name_of)
    async def test_refuse_shoppers(
        self, graphql: GraphQL, live_server: LiveServer, untouched: FilledShop, root: Root
    ) -> None:
        before = await fingerprint(untouched.shop.platform, untouched.shop.workspace_id)

        answer = await ask(graphql, live_server, untouched, root, {"storefront_token": untouched.shop.storefront_token})

        assert codes(answer) == ["FORBIDDEN"], answer
        assert await fingerprint(untouched.shop.platform, untouched.shop.workspace_id) == before

    @pytest.mark.parametrize("root", GUARDED, ids=name_of)
    async def test_refuse_anonymous_callers(
        self, graphql: GraphQL, live_server: LiveServer, untouched: FilledShop, root: Root
    ) -> None:
        before = await fingerprint(untouched.shop.platform, untouched.shop.workspace_id)

        answer = await ask(graphql, live_server, untouched, root, {})

        assert codes(answer) == ["UNAUTHENTICATED"], answer
        assert await fingerprint(untouched.shop.platform, untouched.shop.workspace_id) == before

    @pytest.mark.parametrize("root", GUARDED, ids=name_of)
    async def test_let_a_key_through_that_has_their_scope_alone(
        self, graphql: GraphQL, live_server: LiveServer, world: FilledShop, root: Root
    ) -> None:
        """What lies deeper may need more: it is null with an error at its path, and only where it may be null."""
        key = await key_with(world.shop, root.needs)

        answer = await ask(graphql, live_server, world, root, {"token": key})

        assert set(codes(answer)) <= {"FORBIDDEN"}, answer
        assert [root.name] not in refused_at(answer), answer
        if root.operation != "subscription":
            assert broken_promises(root.definition.type, answer["data"][root.name], root.name) == []


class TestFieldsWithScopes:
    """Fields below the root that not everybody may read."""

    def test_are_nullable(self) -> None:
        """One refusal must not take the whole answer with it. A relation needs what its target's type needs.

        Only a list of what needs no more than its parent cannot be refused.
        """
        wrong = []
        for type_name, source in SOURCES.items():
            type_ = GRAPHQL_SCHEMA.type_map[type_name]
            assert isinstance(type_, GraphQLObjectType)
            for name, declared in source.fields.items():
                guards = [declared.scope, getattr(declared, "visible", None)]
                if isinstance(declared, One):
                    guards.append(SOURCES[declared.type_name].scope)
                if isinstance(declared, Many) and SOURCES[declared.type_name].scope != source.scope:
                    guards.append(SOURCES[declared.type_name].scope)
                if any(guards) and is_non_null_type(type_.fields[name].type):
                    wrong.append(f"{type_name}.{name}")

        assert wrong == []

    def test_that_are_computed_are_nullable_and_say_what_they_need(self) -> None:
        guarded = {
            f"{type_.name}.{name}": (field, scope)
            for type_ in GRAPHQL_SCHEMA.type_map.values()
            if isinstance(type_, GraphQLObjectType)
            for name, field in type_.fields.items()
            if (scope := metadata_of(field).get(SCOPE))
        }

        assert "CustomerFigures.email" in guarded
        for name, (field, scope) in guarded.items():
            assert not is_non_null_type(field.type), name
            assert (field.description or "").endswith(f"Needs the scope `{scope}`."), name
            assert scope in SCOPES, name

    @pytest.mark.parametrize(("root", "missing"), DEEPER, ids=lambda each: getattr(each, "name", each))
    async def test_keep_the_promises_of_their_types_where_they_are_refused(
        self, graphql: GraphQL, world: FilledShop, root: Root, missing: str
    ) -> None:
        """Nothing is null that the schema says is there, whatever scope the caller of a mutation has not."""
        key = await key_with(world.shop, *(scope for scope in SCOPES if scope != missing))
        document, variables = Builder(root, world.global_ids).request()

        answer = await graphql(document, variables, token=key)

        assert set(codes(answer)) <= {"FORBIDDEN"}, answer
        shown = (answer.get("data") or {}).get(root.name)
        assert broken_promises(root.definition.type, shown, root.name) == []

    async def test_are_null_with_an_error_at_their_path(self, world: FilledShop) -> None:
        key = await key_with(world.shop, "orders:write")
        document = """
          mutation ($id: ID!) {
            done: orderCancel(id: $id, input: { reason: "Broken" }) {
              order { status why: cancelReason again: cancelReason }
              userErrors { code }
            }
          }
        """

        answer = await world.shop.admin(document, {"id": world.global_id("Order")}, token=key)

        assert answer["data"] == {
            "done": {"order": {"status": "CANCELLED", "why": None, "again": None}, "userErrors": []}
        }
        assert refused_at(answer) == [["done", "order", "why"], ["done", "order", "again"]]
        assert {error["extensions"]["scope"] for error in answer["errors"]} == {"orders:read"}

    async def test_are_answered_to_who_has_the_scope(self, world: FilledShop) -> None:
        key = await key_with(world.shop, "orders:write", "orders:read")
        document = (
            'mutation ($id: ID!) { orderCancel(id: $id, input: { reason: "Broken" }) { order { cancelReason } } }'
        )

        answer = await world.shop.admin(document, {"id": world.global_id("Order")}, token=key)

        assert answer == {"data": {"orderCancel": {"order": {"cancelReason": "Broken"}}}}


class TestScopes:
    """The scopes themselves, and the roles that are sets of them."""

    def test_each_role_has_what_the_role_below_it_has(self) -> None:
        owner, admin, staff, viewer = (ROLE_SCOPES[role] for role in (Role.OWNER, Role.ADMIN, Role.STAFF, Role.VIEWER))

        assert owner >= admin >= staff >= viewer
        assert viewer
        assert staff > viewer
        assert set(ROLE_SCOPES) == set(Role)

    def test_each_is_held_by_some_role(self) -> None:
        assert set().union(*ROLE_SCOPES.values()) == set(SCOPES)

    def test_viewers_change_nothing(self) -> None:
        assert {scope for scope in ROLE_SCOPES[Role.VIEWER] if not scope.endswith(":read")} == set()

    def test_each_is_needed_by_some_field(self) -> None:
        needed = {root.needs for root in ROOTS if isinstance(root.needs, str)}
        needed |= {source.scope for source in SOURCES.values() if source.scope}
        needed |= {
            declared.scope for source in SOURCES.values() for declared in source.fields.values() if declared.scope
        }

        needed |= {source.unpublished_scope for source in SOURCES.values() if source.unpublished_scope}

        assert needed == set(SCOPES)
