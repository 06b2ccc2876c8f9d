"""Documents for any root field, made from the schema: the fewest arguments that are valid, and what to select.

A field, argument or type that somebody adds tomorrow is served as it is, or fails with what to add here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from core.ids import new_id
from schema.query import NEEDS
from schema.reading import SOURCES
from schema.transport.operation import GRAPHQL_SCHEMA

HERE = "tests/schema/arguments.py"
Path = tuple[str, ...]
ITEM = "*"

# What a string is, by the name of its argument or input field; any other is a few words.
STRINGS: dict[str, Callable[[], str | None]] = {
    "email": lambda: f"{new_id().hex[-12:]}@example.com",
    "password": lambda: "correct horse battery",
    "currentPassword": lambda: "correct horse battery",
    "newPassword": lambda: "battery horse correct",
    "slug": lambda: f"slug-{new_id().hex[-12:]}",
    "sku": lambda: f"SKU-{new_id().hex[-12:]}",
    "url": lambda: "https://pictures.example/1.png",
    "name": lambda: f"words-{new_id().hex[-12:]}.example",
    "documents": lambda: f"query Words_{new_id().hex} {{ __typename }}",
    "hashes": lambda: new_id().hex * 2,
    "allowedOrigins": lambda: "https://shop.example",
    "after": lambda: None,
    "before": lambda: None,
}
INTEGERS = {"revision": 1, "quantity": 1, "first": 1, "last": 1, "days": 30}
SCALARS: dict[str, Any] = {
    "Boolean": False,
    "Float": 1.0,
    "Decimal": "1",
    "DateTime": "2100-01-01T00:00:00Z",
    "Date": "2026-01-31",
    "JSON": {},
}
# Any other enum gets its first value.
ENUMS = {"CurrencyCode": "EUR", "Role": "STAFF", "ProductStatus": "ACTIVE", "ExportTable": "VISITOR_EVENTS"}
# Inputs that are refused with their required fields alone: the fields that they need besides.
NEEDED_TOO: dict[str, tuple[str, ...]] = {
    "WebhookEventsReplayInput": ("afterSequence",),
    "VisitorDataDeleteInput": ("sessionIds",),
    "AnalyticsRange": ("days",),
}
# IDs of which neither the field nor the input says what they are of: any type that makes the answer differ.
ID_TYPES: dict[tuple[str, Path], str] = {
    ("node", ("id",)): "Product",
    ("nodes", ("ids", ITEM)): "Product",
    ("siteDeploy", ("id",)): "Site",
    ("deploymentProgress", ("id",)): "Deployment",
    ("webhookEndpointPing", ("id",)): "WebhookEndpoint",
    ("webhookEventsReplay", ("id",)): "WebhookEndpoint",
    ("storefrontDraftCreate", ("input", "fromVersionId")): "StorefrontVersion",
    ("storefrontDraftPublish", ("id",)): "StorefrontDraft",
    ("storefrontDraftValidate", ("input", "draftId")): "StorefrontDraft",
    ("storefrontVersionDiff", ("from",)): "StorefrontVersion",
    ("storefrontVersionDiff", ("to",)): "StorefrontVersion",
    ("storefrontVersionRestore", ("id",)): "StorefrontVersion",
    ("bannerVersionRestore", ("id",)): "BannerVersion",
    ("logoVersionRestore", ("id",)): "LogoVersion",
    ("auditEntries", ("filter", "entityId")): "Product",
    ("auditEntries", ("filter", "callerId")): "ApiKey",
}


class Root(NamedTuple):
    """One root field: of which operation, what it is called, what it needs."""

    operation: str
    name: str
    definition: GraphQLField

    @property
    def needs(self) -> Any:
        """The metadata of the Strawberry field; None where it was made without `root_field` or `live_field`."""
        declared = self.definition.extensions.get("strawberry-definition")
        return declared.metadata.get(NEEDS) if declared else None


def roots(*operations: str) -> list[Root]:
    """All root fields of these operations, of all three where none is named."""
    types = {
        "query": GRAPHQL_SCHEMA.query_type,
        "mutation": GRAPHQL_SCHEMA.mutation_type,
        "subscription": GRAPHQL_SCHEMA.subscription_type,
    }
    return [
        Root(operation, name, definition)
        for operation, type_ in types.items()
        if type_ and operation in (operations or types)
        for name, definition in type_.fields.items()
    ]


class Request(NamedTuple):
    """A document with one root field, and its variables."""

    document: str
    variables: dict[str, Any]


@dataclass
class Builder:
    """Makes requests for one root field. `own` are ids of the caller's objects, by type."""

    root: Root
    own: Mapping[str, str]
    probes: Mapping[Path, Any] = field(default_factory=dict)

    def request(self) -> Request:
        """The request with the fewest arguments in which every probe is."""
        arguments = {
            name: argument
            for name, argument in self.root.definition.args.items()
            if is_required_argument(argument) or self._is_probed((name,))
        }
        declared = ", ".join(f"${name}: {argument.type}" for name, argument in arguments.items())
        passed = ", ".join(f"{name}: ${name}" for name in arguments)
        selected = selection(self.root.definition.type)
        return Request(
            f"{self.root.operation} {f'({declared})' if declared else ''} "
            f"{{ {self.root.name}{f'({passed})' if passed else ''} {selected} }}",
            {name: self._value(argument.type, (name,)) for name, argument in arguments.items()},
        )

    def _is_probed(self, path: Path) -> bool:
        return any(probe[: len(path)] == path for probe in self.probes)

    def _value(self, type_: Any, path: Path) -> Any:
        if isinstance(type_, GraphQLNonNull):
            return self._value(type_.of_type, path)
        if path in self.probes:
            return self.probes[path]
        if isinstance(type_, GraphQLList):
            return [self._value(type_.of_type, (*path, ITEM))]
        if isinstance(type_, GraphQLInputObjectType):
            needed = NEEDED_TOO.get(type_.name, ())
            return {
                name: self._value(each.type, (*path, name))
                for name, each in type_.fields.items()
                if is_required_input_field(each) or name in needed or self._is_probed((*path, name))
            }
        if isinstance(type_, GraphQLEnumType):
            return ENUMS.get(type_.name, next(iter(type_.values)))
        return self._scalar(type_, path)

    def _scalar(self, type_: Any, path: Path) -> Any:
        name = next(part for part in reversed(path) if part != ITEM)
        if type_.name == "ID":
            return self.own[id_type(self.root, path)]
        if type_.name == "String":
            make = STRINGS.get(name, lambda: f"A few words {new_id().hex[-12:]}")
            return make()
        if type_.name == "Int":
            return INTEGERS.get(name, 1)
        if type_.name not in SCALARS:
            pytest.fail(
                f"{self.root.name}.{'.'.join(path)}: add a value of the scalar {type_.name} to SCALARS in {HERE}."
            )
        return SCALARS[type_.name]


def id_type(root: Root, path: Path) -> str:
    """The type of the object that this ID names."""
    named = ID_TYPES.get((root.name, path)) or _named_type(root, path)
    if named is None:
        pytest.fail(f"Of what is {root.name}({'.'.join(path)}) an id? Add its type to ID_TYPES in {HERE}.")
    return named


def _named_type(root: Root, path: Path) -> str | None:
    name = next(part for part in reversed(path) if part != ITEM)
    if name == "id" and len(path) > 1:
        return _longest(type_ for type_ in SOURCES if _input_type(root, path).startswith(type_))
    if name == "id":
        returned = get_named_type(root.definition.type)
        fields = returned.fields if isinstance(returned, GraphQLObjectType) else {}
        shown = [returned.name, *(get_named_type(each.type).name for each in fields.values())]
        deleted = [each.removeprefix("deleted").removesuffix("Id") for each in fields if each.startswith("deleted")]
        return next((type_ for type_ in [*shown, *deleted] if type_ in SOURCES), None)
    stem = name.removesuffix("Ids").removesuffix("Id")
    stem = stem[:1].upper() + stem[1:]
    if stem in SOURCES:
        return stem
    # A `fromVersionId` may be of many types; a `mobileAssetId` is an asset's.
    return _longest(type_ for type_ in SOURCES if type_.endswith(stem) or stem.endswith(type_))


def _longest(names: Any) -> str | None:
    return max(names, key=len, default=None)


def _input_type(root: Root, path: Path) -> str:
    """The name of the input type whose field the path ends in."""
    type_: Any = get_named_type(root.definition.args[path[0]].type)
    for part in path[1:-1]:
        if part != ITEM:
            type_ = get_named_type(type_.fields[part].type)
    return str(type_.name)


def places(root: Root, scalar: str) -> list[Path]:
    """Every place in the root field's arguments where a value of the scalar can stand."""
    found: list[Path] = []
    for name, argument in root.definition.args.items():
        _find(argument.type, (name,), (), scalar, found)
    return found


def _find(type_: Any, path: Path, above: Path, scalar: str, found: list[Path]) -> None:
    if isinstance(type_, GraphQLNonNull):
        _find(type_.of_type, path, above, scalar, found)
    elif isinstance(type_, GraphQLList):
        _find(type_.of_type, (*path, ITEM), above, scalar, found)
    elif isinstance(type_, GraphQLInputObjectType) and type_.name not in above:
        for name, each in type_.fields.items():
            _find(each.type, (*path, name), (*above, type_.name), scalar, found)
    elif isinstance(type_, GraphQLScalarType) and type_.name == scalar:
        found.append(path)


def selection(type_: Any, depth: int = 2) -> str:
    """Everything without required arguments to this depth; leaves of an interface's types under names of their own."""
    named = get_named_type(type_)
    if is_leaf_type(named):
        return ""
    if isinstance(named, GraphQLInterfaceType):
        parts = [
            f"... on {each.name} {{ {' '.join(_leaves(each, f'{each.name}_'))} }}"
            for each in GRAPHQL_SCHEMA.get_possible_types(named)
        ]
        return f"{{ __typename {' '.join(parts)} }}"
    if not isinstance(named, GraphQLObjectType):
        pytest.fail(f"selection() in {HERE} does not know what to select of {named}.")
    parts = ["__typename", *_leaves(named, "")]
    if depth:
        parts += [
            f"{name} {selection(each.type, depth - 1)}"
            for name, each in named.fields.items()
            if not is_leaf_type(get_named_type(each.type)) and not _wants_arguments(each)
        ]
    return f"{{ {' '.join(parts)} }}"


def _leaves(type_: GraphQLObjectType, prefix: str) -> list[str]:
    return [
        f"{prefix}{name}: {name}" if prefix else name
        for name, each in type_.fields.items()
        if is_leaf_type(get_named_type(each.type)) and not _wants_arguments(each)
    ]


def _wants_arguments(definition: GraphQLField) -> bool:
    return any(is_required_argument(argument) for argument in definition.args.values())


def broken_promises(document_type: Any, value: Any, path: str = "") -> list[str]:
    """Where the answer is null although the type says that it never is. Keys must be the fields' own names."""
    if isinstance(document_type, GraphQLNonNull):
        return [f"{path} is null"] if value is None else broken_promises(document_type.of_type, value, path)
    if value is None:
        return []
    if isinstance(document_type, GraphQLList):
        return [
            broken
            for i, item in enumerate(value)
            for broken in broken_promises(document_type.of_type, item, f"{path}.{i}")
        ]
    if isinstance(document_type, GraphQLObjectType):
        return [
            broken
            for key, item in value.items()
            if key in document_type.fields
            for broken in broken_promises(document_type.fields[key].type, item, f"{path}.{key}")
        ]
    return []
