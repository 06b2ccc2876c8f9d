"""The rules that every type of the schema follows, and the promise that what is published is not broken unannounced."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    BreakingChangeType,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
    get_named_type,
    is_introspection_type,
    is_specified_scalar_type,
    parse,
    validate,
)

from schema.schema import SCHEMA
from schema.transport.operation import GRAPHQL_SCHEMA
from tests.schema.arguments import Root, roots

SDL = Path("schema.graphql")
EXAMPLES = sorted(Path("schema/examples").glob("*.graphql"))
# Lists that cannot grow. Any other is a connection.
LISTS = {
    # As many as `limit`, at most 100.
    *(
        f"Analytics.{name}"
        for name in (
            "topPages",
            "stock",
            "entryPages",
            "exitPages",
            "topProducts",
            "topCustomers",
            "sources",
            "mediums",
            "campaigns",
            "devices",
            "browsers",
            "operatingSystems",
            "countries",
        )
    ),
    "Analytics.cohorts",  # at most 1,096 days by month, or 371 by week
    "Cohort.periods",
    "Analytics.series",  # at most 1,096 days, or 31 days of hours
    "Analytics.funnel",  # four steps
    "AssetUpload.headers",
    "ApiKey.scopes",  # at most as many as there are scopes
    "Query.nodes",  # as many as ids were sent
    "StorefrontToken.allowedOrigins",  # at most 50
    "Query.storefrontVersionDiff",  # at most 5,000, or it is refused
    "StorefrontDraftValidatePayload.changedSections",  # five
    "BannerTarget.countries",  # this and the next four: at most 50
    "BannerTarget.devices",
    "BannerTarget.languages",
    "BannerTarget.utmCampaigns",
    "BannerTarget.utmSources",
    "ResponsiveSettings.hiddenOn",  # at most as many as there are devices
    "StorefrontVersion.tags",  # at most 20
    "StorefrontTokenOperationsRegisterPayload.operations",  # as many as documents were sent
    "StorefrontTokenOperationsUnregisterPayload.hashes",  # as many as were sent
    "WebhookEndpoint.eventTypes",  # at most as many as there are
}
MUTATIONS = roots("mutation")
OURS = [t for t in GRAPHQL_SCHEMA.type_map.values() if not is_introspection_type(t) and not is_specified_scalar_type(t)]
WITH_FIELDS = [t for t in OURS if isinstance(t, GraphQLObjectType | GraphQLInterfaceType)]


def name_of(root: Root) -> str:
    return root.name


class TestDescriptions:
    """Every word of the schema is explained."""

    def test_are_everywhere(self) -> None:
        assert [name for name, text in described(GRAPHQL_SCHEMA) if not (text or "").strip()] == []

    def test_are_sentences(self) -> None:
        assert [name for name, text in described(GRAPHQL_SCHEMA) if not (text or "").strip().endswith((".", "…"))] == []


def described(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Everything that has a description, by its name."""
    for type_ in schema.type_map.values():
        if is_introspection_type(type_) or is_specified_scalar_type(type_):
            continue
        yield type_.name, type_.description
        if isinstance(type_, GraphQLEnumType):
            yield from ((f"{type_.name}.{key}", value.description) for key, value in type_.values.items())
        elif isinstance(type_, GraphQLInputObjectType):
            yield from ((f"{type_.name}.{key}", each.description) for key, each in type_.fields.items())
        elif isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for key, each in type_.fields.items():
                yield f"{type_.name}.{key}", each.description
                yield from ((f"{type_.name}.{key}({arg})", a.description) for arg, a in each.args.items())


# Mutations that take a list of things, each of which is done or refused by itself.
BATCHES = {"visitorEventsTrack": {"events": "VisitorEventInput"}}


class TestMutations:
    """Every mutation looks like every other."""

    @pytest.mark.parametrize("root", MUTATIONS, ids=name_of)
    def test_each_answers_a_payload_of_its_own(self, root: Root) -> None:
        title = root.name[0].upper() + root.name[1:]
        payload = root.definition.type

        assert isinstance(payload, GraphQLObjectType), "a mutation field is nullable"
        assert payload.name == f"{title}Payload"
        assert [name for name, each in payload.fields.items() if isinstance(each.type, GraphQLNonNull)] == [
            "userErrors"
        ]
        error = payload.fields["userErrors"].type
        assert str(error) == f"[{title}UserError!]!"
        error_type = get_named_type(error)
        assert isinstance(error_type, GraphQLObjectType)
        assert [interface.name for interface in error_type.interfaces] == ["UserError"]
        code = error_type.fields["code"].type
        assert str(code) == f"{title}UserErrorCode!"
        assert isinstance(get_named_type(code), GraphQLEnumType)

    @pytest.mark.parametrize("root", MUTATIONS, ids=name_of)
    def test_each_takes_its_id_by_id_and_changes_by_input(self, root: Root) -> None:
        title = root.name[0].upper() + root.name[1:]
        inputs = {name: get_named_type(a.type).name for name, a in root.definition.args.items()}

        # The one mutation of something by another thing that is there: its form is given to clients.
        more = {"deploymentId"} if root.name == "siteRollback" else set()
        assert {name for name, kind in inputs.items() if kind == "ID"} <= {"id", "ids"} | more
        assert {name: kind for name, kind in inputs.items() if kind.endswith("Input")} in (
            {},
            {"input": f"{title}Input"},
            BATCHES.get(root.name),
        )


class TestLists:
    """What can grow is a connection."""

    def test_connections_take_relays_arguments(self) -> None:
        both_ways = {"first": "Int", "after": "String", "last": "Int", "before": "String"}
        # A log is read forwards.
        forwards = {"Query.changes": {"first": "Int!", "after": "String"}}
        wrong = [
            f"{type_.name}.{name}"
            for type_ in WITH_FIELDS
            for name, each in type_.fields.items()
            if get_named_type(each.type).name.endswith("Connection")
            and {key: str(a.type) for key, a in each.args.items() if key in both_ways}
            != forwards.get(f"{type_.name}.{name}", both_ways)
        ]

        assert wrong == []

    def test_connections_take_no_arguments_of_their_own(self) -> None:
        known = {"first", "after", "last", "before", "filter", "sort"}
        wrong = [
            f"{type_.name}.{name}"
            for type_ in WITH_FIELDS
            for name, each in type_.fields.items()
            if get_named_type(each.type).name.endswith("Connection") and not set(each.args) <= known
        ]

        assert wrong == []

    def test_other_lists_are_listed(self) -> None:
        found = {
            f"{type_.name}.{name}"
            for type_ in WITH_FIELDS
            for name, each in type_.fields.items()
            if isinstance(bare(each.type), GraphQLList) and not is_ruled(type_.name, name)
        }

        assert found == LISTS


def bare(type_: object) -> object:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def is_ruled(type_name: str, name: str) -> bool:
    """The lists that connections and payloads are made of."""
    return (
        (type_name.endswith("Connection") and name in {"nodes", "edges"})
        or (type_name.endswith("Payload") and name == "userErrors")
        or (type_name.endswith("UserError") and name == "field")
    )


class TestPublishedSchema:
    """`schema.graphql`, by which clients are generated."""

    def test_is_what_the_code_says(self) -> None:
        assert SDL.exists(), "run `make schema`"
        assert SDL.read_text() == SCHEMA.as_str() + "\n", "run `make schema`"

    @pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
    def test_accepts_the_examples(self, path: Path) -> None:
        assert validate(GRAPHQL_SCHEMA, parse(path.read_text())) == []

    def test_removes_only_what_was_deprecated_before(self) -> None:
        committed = committed_schema()
        if committed is None:
            pytest.skip("git has no schema.graphql yet")

        assert unannounced(build_schema(committed), build_schema(SCHEMA.as_str())) == []


def committed_schema() -> str | None:
    """The schema of the last commit; None where there is none."""
    git = shutil.which("git")
    if git is None:
        return None
    shown = subprocess.run(  # noqa: S603 - git, with no argument of anybody's
        [git, "show", f"HEAD:./{SDL}"], capture_output=True, text=True, check=False
    )
    return shown.stdout if shown.returncode == 0 else None


_REMOVED = {
    BreakingChangeType.FIELD_REMOVED: re.compile(r"(?:Field )?(?P<type>\w+)\.(?P<name>\w+) was removed\."),
    BreakingChangeType.VALUE_REMOVED_FROM_ENUM: re.compile(
        r"(?:Enum value )?(?:(?P<type>\w+)\.)?(?P<name>\w+) was removed(?: from enum type (?P<enum>\w+))?\."
    ),
}


def unannounced(old: GraphQLSchema, new: GraphQLSchema) -> list[str]:
    """The changes that break clients and are no removals of what the old schema said was deprecated."""
    return [
        change.description
        for change in find_breaking_changes(old, new)
        if not _was_deprecated(old, new, change.description, change.type)
    ]


def _was_deprecated(old: GraphQLSchema, new: GraphQLSchema, description: str, kind: BreakingChangeType) -> bool:
    if kind is BreakingChangeType.TYPE_REMOVED:
        name = next(
            each for each in old.type_map if re.search(rf"\b{each}\b", description) and each not in new.type_map
        )
        return all(reason for user, reason in _users(old, name) if user in new.type_map)
    if kind not in _REMOVED:
        return False
    found = _REMOVED[kind].fullmatch(description)
    if found is None:
        return False
    parts = found.groupdict()
    type_ = old.type_map[parts["type"] or parts["enum"]]
    members = type_.values if isinstance(type_, GraphQLEnumType) else getattr(type_, "fields", {})
    return bool(members[parts["name"]].deprecation_reason)


def _users(schema: GraphQLSchema, name: str) -> Iterator[tuple[str, str | None]]:
    """Which types have fields and arguments of the named type, and whether these were deprecated."""
    for type_ in schema.type_map.values():
        for each in getattr(type_, "fields", {}).values():
            if get_named_type(each.type).name == name:
                yield type_.name, each.deprecation_reason
            for argument in getattr(each, "args", {}).values():
                if get_named_type(argument.type).name == name:
                    yield type_.name, each.deprecation_reason or argument.deprecation_reason


class TestUnannouncedChanges:
    """The rule that the published schema is held to, on a small one."""

    OLD = """
      type Query { a: Int  b: Int @deprecated(reason: "Use a.")  c(x: Int): C @deprecated(reason: "Gone.")  d: D }
      type C { e: Int }
      enum D { ON  OFF @deprecated(reason: "Use ON.") }
    """

    @pytest.mark.parametrize(
        ("new", "broken"),
        [
            (OLD, 0),
            (OLD.replace("a: Int", "a: Int f: Int"), 0),
            (OLD.replace('b: Int @deprecated(reason: "Use a.")', ""), 0),
            (OLD.replace('OFF @deprecated(reason: "Use ON.")', ""), 0),
            (OLD.replace('c(x: Int): C @deprecated(reason: "Gone.")', "").replace("type C { e: Int }", ""), 0),
            (OLD.replace("a: Int ", ""), 1),
            (OLD.replace("a: Int", "a: String"), 1),
            (OLD.replace("ON ", ""), 1),
            (OLD.replace("x: Int", "x: Int!"), 1),
            (OLD.replace("a: Int", "a(y: Int!): Int"), 1),
            (OLD.replace("d: D", "").replace("enum D", "enum E"), 2),
        ],
    )
    def test_are_found(self, new: str, broken: int) -> None:
        assert len(unannounced(build_schema(self.OLD), build_schema(new))) == broken
