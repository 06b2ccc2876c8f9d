"""Operations over the whole schema: valid documents of every kind of selection, with variables for them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)

from tests.oracle.data import Row, World
from tests.oracle.plain import SCHEMA, SORTS, TABLES, Page, event_cursor, global_id, moment

MAX_DEPTH = 7
RUNS = 4
NAMES = ("T", "Kind", "x1", "_")
MALFORMED_CURSORS = (
    "",
    "nonsense",
    "CREATED_AT::",
    "POSITION:1:",
    "TITLE:lamp:zz",
    ":::",
    "CREATED_AT:2026:" + "0" * 32,
)
MALFORMED_IDS = ("", "Product", "Product_", "product_" + "0" * 32, "Nothing_" + "0" * 32, "Product_" + "G" * 32, "é_1")
WORDS = (
    "",
    "lamp",
    "la",
    "LAMP brass",
    "ätna",
    "atna",
    "日本",
    "elan vit",
    "sku",
    "größe",
    "zzz",
    "100",
    "straße",
    "o'b",
)
# No NUL, which PostgreSQL refuses where it reads anything: tests/http/test_values.py tries that.
TEXTS = ("", "nonsense", "ada@example.com", "bob@example.com", "BOB@example.com", "productCreate", "orderPlace", "ä")

KNOWN_OF_SHOPPERS = {
    "countryCode": ("AT", "at", "DE", "FR"),
    "languageCode": ("de", "DE-at", "de-AT-1996", "fr"),
    "utmSource": ("ä", "newsletter"),
    "utmCampaign": ("ä", "Ä"),
}


@dataclass
class Operation:
    """A document, the variables to run it with, and what is in it that is worth counting.

    `planted` says that an argument somewhere below a root field may be one that cannot be served.
    """

    text: str
    variables: list[Row]
    traits: set[str]
    planted: bool


@dataclass
class Variable:
    """A variable of the operation: how it is declared, and what makes a value for it."""

    declared: str
    make: Callable[[], Any]
    may_be_null: bool
    may_be_absent: bool


@dataclass
class Writer:
    """Writes one operation."""

    world: World
    chance: Random
    variables: dict[str, Variable] = field(default_factory=dict)
    fragments: dict[str, tuple[str, str]] = field(default_factory=dict)
    traits: set[str] = field(default_factory=set)
    planted: bool = False
    keys: int = 0

    def operation(self) -> Operation:
        """The whole document."""
        roots = [self._root() for _ in range(self._of(1, 1, 2, 3))]
        body = " ".join(self._wrapped("Query", root, 1) for root in roots)
        if self._happens(0.05):
            body += " __typename"
        declared = ", ".join(f"${name}: {variable.declared}" for name, variable in self.variables.items())
        head = "" if not declared and self._happens(0.5) else f"query Q{f'({declared})' if declared else ''} "
        fragments = [f"fragment {name} on {on} {{ {text} }}" for name, (on, text) in self.fragments.items()]
        parts = [head + "{ " + body + " }", *fragments]
        if self._happens(0.3):
            parts.reverse()
        return Operation("\n".join(parts), self._runs(), self.traits, self.planted)

    # -- chance -------------------------------------------------------------------------------------------------------

    def _happens(self, probability: float) -> bool:
        return self.chance.random() < probability

    def _of(self, *choices: Any) -> Any:
        return choices[int(self.chance.random() * len(choices))]

    # -- selections ---------------------------------------------------------------------------------------------------

    def _root(self) -> str:
        query = SCHEMA.query_type
        assert query is not None
        common = ("products", "products", "orders", "product", "node", "nodes", "order")
        # Themes belong to no workspace: other tests add some all the time. What analytics counts has loops of its own.
        return self._field(query, self._of(*sorted(query.fields.keys() - {"themes", "analytics"}), *common), 1)

    def _field(self, parent: GraphQLObjectType | GraphQLInterfaceType, name: str, depth: int, prefix: str = "") -> str:
        """A field with all that belongs to it, here and there twice with different selections."""
        definition = parent.fields[name]
        inner = get_named_type(definition.type)
        key = prefix and f"{prefix}_{name}"
        if not prefix and (self._happens(0.75) if definition.args else self._happens(0.1)):
            self.keys += 1
            key = f"{self._of('a', 'id', 'nodes', 'Zz')}{self.keys}"
        head = f"{key}: {name}" if key else name
        head += self._arguments(parent, name, definition, inner.name)
        if is_leaf_type(inner):
            return head + self._directive()
        if not isinstance(inner, GraphQLObjectType | GraphQLInterfaceType):
            raise TypeError(inner)
        if depth > 1 and inner.name.endswith("Connection"):
            self.traits.add("nested connections")
        text = f"{head}{self._directive()} {{ {self._selections(inner, depth + 1)} }}"
        if self._happens(0.08):
            self.traits.add("merged")
            text += f" {head} {{ {self._selections(inner, depth + 1)} }}"
        return text

    def _selections(self, parent: GraphQLObjectType | GraphQLInterfaceType, depth: int, prefix: str = "") -> str:
        if isinstance(parent, GraphQLInterfaceType):
            return self._interface(depth)
        leaves = [name for name, each in parent.fields.items() if is_leaf_type(get_named_type(each.type))]
        branches = [name for name in parent.fields if name not in leaves]
        chosen = [name for name in leaves if self._happens(0.35)]
        if depth < MAX_DEPTH:
            share = 0.6 if parent.name.endswith(("Connection", "Edge")) else 0.4
            chosen += [name for name in branches if self._happens(share)]
        if self._happens(0.1) or not chosen:
            chosen.append("__typename")
        self.chance.shuffle(chosen)
        written = [
            f"{self._of('', f'{self._of(*NAMES)}: ')}__typename{self._directive()}"
            if name == "__typename"
            else self._field(parent, name, depth, prefix)
            for name in chosen
        ]
        return " ".join(self._wrapped(parent.name, text, depth) for text in written)

    def _interface(self, depth: int) -> str:
        """What is selected of a Node: by type, and of all types."""
        parts = [self._of("id", "__typename", "id __typename", "... on Node { id }")]
        for name in self.chance.sample(sorted(TABLES), self._of(1, 2, 4)):
            type_ = SCHEMA.type_map[name]
            assert isinstance(type_, GraphQLObjectType)
            # Types share names of fields whose types differ: a key of its own for each.
            parts.append(f"... on {name}{self._directive()} {{ {self._selections(type_, depth, prefix=name)} }}")
        self.chance.shuffle(parts)
        return " ".join(parts)

    def _wrapped(self, on: str, text: str, depth: int) -> str:
        """A part of a selection as it is, or in a fragment."""
        match int(self.chance.random() * 40):
            case 0:
                return f"...{self._directive()} {{ {text} }}"
            case 1:
                return f"... on {on}{self._directive()} {{ {text} }}"
            case 2 | 3:
                self.traits.add("fragments")
                name = f"F{len(self.fragments)}"
                self.fragments[name] = (on, text)
                return f"...{name}{self._directive()}"
            case 4 if depth > 1:
                known = [name for name, (type_name, _) in self.fragments.items() if type_name == on]
                return f"{text} ...{self._of(*known)}" if known else text
            case 5 if on in TABLES:
                return f"... on Node {{ {self._of('id', '__typename', 'id')} }} {text}"
            case _:
                return text

    def _directive(self) -> str:
        if self._happens(0.93):
            return ""
        self.traits.add("skipped")
        found = ""
        for name in self._of(("skip",), ("include",), ("skip", "include")):
            value = self._of("true", "false", "")
            found += f" @{name}(if: {value or self._variable('Boolean!', lambda: self._happens(0.5))})"
        return found

    # -- arguments ----------------------------------------------------------------------------------------------------

    def _arguments(self, parent: Any, name: str, definition: GraphQLField, type_name: str) -> str:
        if not definition.args:
            return ""
        node = type_name.removesuffix("Connection")
        is_root = parent is SCHEMA.query_type
        chosen = [each for each in definition.args if self._is_given(each, definition.args[each], is_root=is_root)]
        if "first" in chosen and "last" in chosen and self._happens(0.97):
            chosen.remove(self._of("first", "last"))
        elif {"first", "last"} <= set(chosen):
            self.planted = self.planted or not is_root
        # Cursors should mostly be of the sort that is asked for.
        sorts = [*SORTS.get(node, ({"": ""}, ""))[0]]
        sort = self._of(*sorts) if "sort" in chosen else sorts[0]
        self.chance.shuffle(chosen)
        written = []
        for each in chosen:
            place = Place(node, each, name, sort, is_root)
            value = self._sort(place) if each == "sort" else self._value(definition.args[each].type, place)
            written.append(f"{each}: {value}")
        self.traits |= {each for each in chosen if each in {"filter", "sort"}}
        return f"({', '.join(written)})" if written else ""

    def _is_given(self, name: str, argument: GraphQLArgument, *, is_root: bool) -> bool:
        if isinstance(argument.type, GraphQLNonNull):
            return True
        likely = {"first": 0.5, "last": 0.3, "after": 0.25, "before": 0.15, "filter": 0.45, "sort": 0.5, "siteId": 0.7}
        return self._happens(likely[name] if is_root or name != "first" else 0.7)

    def _sort(self, place: "Place") -> str:
        known = len(self.variables)
        text = f"{{field: {self._either(f'{place.node}SortField!', lambda: place.sort, str)}"
        if self._happens(0.7):
            text += f", direction: {self._value(GraphQLNonNull(SCHEMA.type_map['SortDirection']), place)}"
        # One with a default may stand where null may not, and be null all the same.
        may_be_null = any(variable.may_be_null for variable in [*self.variables.values()][known:])
        self.planted = self.planted or (may_be_null and not place.is_root)
        return text + "}"

    def _value(self, type_: Any, place: "Place", *, inside: bool = False) -> str:
        """An argument's value as it is written: a literal, or a variable."""
        bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if isinstance(bare, GraphQLInputObjectType) and (inside or self._happens(0.75)):
            given = self._some(bare)
            parts = [
                f"{each}: {self._value(bare.fields[each].type, place.of(each, place.name), inside=True)}"
                for each in given
            ]
            return "{" + ", ".join(parts) + "}"
        if not isinstance(type_, GraphQLNonNull) and self._happens(0.04):
            return "null"
        return self._either(str(type_), lambda: self._made(bare, place), lambda value: printed(bare, value))

    def _either(self, type_: str, make: Callable[[], Any], write: Callable[[Any], str]) -> str:
        """A literal or a variable of the type; some variables are stricter than their place, some have defaults."""
        if self._happens(0.7):
            return write(make())
        self.traits.add("variables")
        if not type_.endswith("!") and self._happens(0.2):
            type_ += "!"
        return self._variable(type_, make, write)

    def _variable(self, type_: str, make: Callable[[], Any], write: Callable[[Any], str] = json.dumps) -> str:
        name = f"v{len(self.variables)}"
        has_default = self._happens(0.3)
        if has_default and type_ == "SortDirection!" and self._happens(0.3):
            # It may be null then, which cannot be served.
            type_, self.planted = type_.removesuffix("!"), True
        is_null = not type_.endswith("!")
        declared = f"{type_} = {write(make())}" if has_default else type_
        self.variables[name] = Variable(declared, make, is_null, is_null or has_default)
        return f"${name}"

    def _runs(self) -> list[Row]:
        """Values for the variables of each run: some as before, so that what was kept of the last run is used again."""
        runs = [self._values({}, 0)]
        while len(runs) < RUNS:
            runs.append(self._values(runs[-1], self._of(0, 0.7, 0.7)))
        return runs

    def _values(self, before: Row, kept: float) -> Row:
        values = {}
        for name, variable in self.variables.items():
            if name in before and self._happens(kept):
                values[name] = before[name]
            elif not (variable.may_be_absent and self._happens(0.2)):
                values[name] = None if variable.may_be_null and self._happens(0.15) else variable.make()
        return values

    # -- values -------------------------------------------------------------------------------------------------------

    def _made(self, type_: Any, place: "Place") -> Any:
        """A value of the type, as JSON has it, of what the data holds at this place."""
        match type_:
            case GraphQLNonNull():
                return self._made(type_.of_type, place)
            case GraphQLList():
                return [self._made(type_.of_type, place) for _ in range(self._of(0, 1, 1, 2, 3, 8))]
            case GraphQLInputObjectType():
                return {
                    each: None
                    if self._happens(0.05) and not isinstance(type_.fields[each].type, GraphQLNonNull)
                    else self._made(type_.fields[each].type, place.of(each, place.name))
                    for each in self._some(type_)
                }
            case GraphQLEnumType():
                return self._of(*type_.values)
            case _:
                return self._scalars[type_.name](place)

    @property
    def _scalars(self) -> dict[str, Callable[["Place"], Any]]:
        return {
            "Boolean": lambda _: self._happens(0.5),
            "Int": lambda place: self._size(place) if place.name in {"first", "last"} else self._number(),
            "DateTime": self._moment,
            "ID": self._id,
            "String": self._string,
        }

    def _number(self) -> int:
        return 1000 + int(self._of(-1, 0, 1, 2, 5, 9, 14, 30, 2**31 - 1001))

    def _some(self, type_: GraphQLInputObjectType) -> list[str]:
        """Some keys of an input, few: all that is named must hold, and little would be found."""
        found = self.chance.sample([*type_.fields], min(self._of(0, 1, 1, 1, 1, 2, 2, 3), len(type_.fields)))
        return found + [
            name for name, each in type_.fields.items() if isinstance(each.type, GraphQLNonNull) and name not in found
        ]

    def _size(self, place: "Place") -> int:
        if self._happens(0.02):
            self.planted = self.planted or not place.is_root
            return int(self._of(-1, 101, 2**31 - 1))
        return int(self._of(0, 1, 1, 2, 2, 3, 5, 20, 50) if place.is_root else self._of(0, 1, 1, 2, 2, 3))

    def _moment(self, place: "Place") -> str:
        if place.name == "at" and place.parent == "shown":
            row = self._of(*self.world.rows[TABLES[place.node]])
            return moment(row[self._of("start_at", "end_at")] or row["created_at"])
        column = {"createdAt": "created_at", "updatedAt": "updated_at", "placedAt": "placed_at", "at": "at"}
        rows = self.world.rows[TABLES[place.node]]
        row = self._of(*rows)
        value = row[column.get(place.parent, "created_at")]
        others = ("2026-02-01T01:00:00+01:00", "2030-01-01T00:00Z")
        return str(self._of(moment(value), moment(value), value.isoformat(), *others))

    def _string(self, place: "Place") -> str:
        if place.name in {"after", "before"}:
            return self._cursor(place)
        if place.name == "search":
            return str(self._of(*WORDS)) if self._happens(0.97) else " ".join(f"word{number}" for number in range(9))
        if place.name == "slug":
            return str(self._of("nonsense", *(row["slug"] for row in self.world.rows["product"])))
        if place.name == "token":
            return str(self._of("", "vo_", "nonsense", self.world.order_tokens[0][:-3], *self.world.order_tokens * 2))
        if place.name in KNOWN_OF_SHOPPERS:
            return str(self._of("", *KNOWN_OF_SHOPPERS[place.name]))
        return str(self._of(*TEXTS, *TEXTS[:-1]))

    def _cursor(self, place: "Place") -> str:
        self.traits.add("cursors")
        if place.node == "SyncEvent":
            return self._event_cursor()
        rows = self.world.rows[TABLES[place.node]]
        sorts, _ = SORTS[place.node]
        if self._happens(0.04):
            self.planted = self.planted or not place.is_root
            return str(self._of(*MALFORMED_CURSORS))
        name = place.sort
        if len(sorts) > 1 and self._happens(0.05):
            name = self._of(*sorts)
            self.planted = self.planted or (not place.is_root and name != place.sort)
        page = Page(place.node, sort={"field": name, "direction": "ASC"})
        return page.cursor(self._of(*rows))

    def _event_cursor(self) -> str:
        """One of either workspace: ahead of the other, perhaps, or behind what is kept."""
        if self._happens(0.04):
            return str(self._of(*MALFORMED_CURSORS))
        kept = [row["sequence"] for row in self.world.rows["sync_event"]]
        return event_cursor(self._of(*kept, *kept, 0, min(kept) - 1, min(kept) - 2, max(kept) + 1))

    def _id(self, place: "Place") -> str:
        if self._happens(0.06):
            return str(self._of(*MALFORMED_IDS))
        if place.name == "endpointId" and self._happens(0.9):
            return global_id("WebhookEndpoint", self._of(*self.world.rows["webhook_delivery"])["endpoint_id"])
        if place.name == "draftIds" and self._happens(0.95):
            return global_id(place.node, self._of(*self.world.rows[TABLES[place.node]])["id"])
        likely = {
            "banner": "Banner",
            "logo": "Logo",
            "product": "Product",
            "deployment": "Deployment",
            "order": "Order",
            "site": "Site",
            "storefrontConfig": "Site",
            "storefrontDraft": "StorefrontDraft",
            "storefrontVersion": "StorefrontVersion",
            "storefrontVersionDiff": "StorefrontVersion",
            "webhookDelivery": "WebhookDelivery",
            "webhookEndpoint": "WebhookEndpoint",
        }
        type_name = likely.get(place.field) if self._happens(0.95) else None
        if place.name in {"entityId", "callerId"} and self._happens(0.8):
            row = self._of(*self.world.rows["audit_entry"])
            if place.name == "entityId":
                return global_id(row["entity_type"], row["entity_id"])
            return global_id(self._of("User", "ApiKey", "StorefrontToken"), row["caller_id"] or UUID(int=0))
        type_name = type_name or self._of(*TABLES)
        row = self._of(*self.world.rows[TABLES[type_name]])
        return global_id(type_name, row["deployment_id"] if type_name == "SiteServer" else row["id"])


@dataclass(frozen=True)
class Place:
    """Where a value is wanted: for which type's connection, under which name, in which field, in which sort."""

    node: str
    name: str
    field: str
    sort: str
    is_root: bool
    parent: str = ""

    def of(self, name: str, parent: str) -> "Place":
        """A place inside."""
        return Place(self.node, name, self.field, self.sort, self.is_root, parent)


def printed(type_: Any, value: Any) -> str:
    """A value as GraphQL writes it in a document."""
    bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    match bare:
        case _ if value is None:
            return "null"
        case GraphQLList() if len(value) == 1:
            return printed(bare.of_type, value[0])
        case GraphQLList():
            return "[" + ", ".join(printed(bare.of_type, each) for each in value) + "]"
        case GraphQLInputObjectType():
            return (
                "{" + ", ".join(f"{key}: {printed(bare.fields[key].type, each)}" for key, each in value.items()) + "}"
            )
        case _:
            return str(value) if isinstance(bare, GraphQLEnumType) else json.dumps(value)
