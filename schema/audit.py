"""The audit log: who changed what in the workspace, and when."""

from datetime import datetime
from enum import Enum
from uuid import UUID

import orjson
import strawberry

from core.access import CallerKind as Kind
from core.ids import global_id
from resolvers.read.source import Equals, GlobalId, Range, SortKey
from schema.connection import SortDirection
from schema.enums import enum_of
from schema.filters import DateTimeRange
from schema.query import read_many
from schema.reading import Node, column, reads, row_id
from schema.scalars import JSON

_KINDS = {
    Kind.ANONYMOUS: "Nobody who said who they are.",
    Kind.SHOPPER: "A shopper, by a storefront token.",
    Kind.USER: "A signed-in person.",
    Kind.API_KEY: "Another server, by an API key.",
    Kind.SYSTEM: "Vitrine itself.",
}
CallerKind = enum_of(
    "CallerKind",
    "How a caller made themselves known.",
    {kind.value: (kind.value, text) for kind, text in _KINDS.items()},
)
# What a caller's id is the id of.
_CALLER_TYPES = {"SHOPPER": "StorefrontToken", "USER": "User", "API_KEY": "ApiKey"}


def id_of_caller(row_id: UUID, kind: str) -> str | None:
    return global_id(_CALLER_TYPES[kind], row_id) if kind in _CALLER_TYPES else None


def _entity_id(row_id: UUID, type_name: str) -> str:
    return global_id(type_name, row_id)


@reads(
    "audit_entry",
    scope="audit:read",
    default_sort=("AT", "DESC"),
    sorts={"AT": SortKey("{t}.at", "timestamptz")},
    filters={
        "action": Equals("{t}.action"),
        "entityId": GlobalId("{t}.entity_id", "{t}.entity_type"),
        "callerId": GlobalId("{t}.caller_id", "{t}.caller_kind", {name: kind for kind, name in _CALLER_TYPES.items()}),
        "callerKind": Equals("{t}.caller_kind"),
        "at": Range("{t}.at"),
    },
)
@strawberry.type(description="One change: what it was, and who made it.")
class AuditEntry(Node):
    """One entry, written together with the change. Nobody can change or delete it."""

    id: strawberry.ID = row_id()
    at: datetime = column("When.")
    action: str = column("The mutation that did it: productCreate, orderCancel …")
    entity_type: str = column("The type of what was changed.")
    entity_id: strawberry.ID = column(
        "The id of what was changed; it may be gone.", "{t}.entity_id", "{t}.entity_type", convert=_entity_id
    )
    changes: JSON = column("What was set, as it was sent. Secrets are never among it.", convert=orjson.loads)
    caller_kind: CallerKind = column("How whoever did it was known.")  # type: ignore[valid-type]
    caller_id: strawberry.ID | None = column(
        "The id of the user, API key or storefront token.", "{t}.caller_id", "{t}.caller_kind", convert=id_of_caller
    )
    caller_label: str = column("The user's e-mail address or the key's name, as it was then.")
    address: str = column("The network address that the request came from.")
    request_id: str = column("The request's id, which the logs have too.")


@strawberry.input(description="Which entries: all that is named must hold.")
class AuditEntryFilter:
    """A filter of audit entries."""

    action: str | None = strawberry.field(default=None, description="The mutation's name.")
    entity_id: strawberry.ID | None = strawberry.field(default=None, description="What was changed.")
    caller_id: strawberry.ID | None = strawberry.field(default=None, description="Who did it.")
    caller_kind: CallerKind | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="How whoever did it was known."
    )
    at: DateTimeRange | None = strawberry.field(default=None, description="When.")


@strawberry.enum(description="What audit entries are sorted by.")
class AuditEntrySortField(Enum):
    """Keys of a sort."""

    AT = strawberry.enum_value("AT", description="When it was done.")


@strawberry.input(description="In which order audit entries come.")
class AuditEntrySort:
    """A sort of audit entries."""

    field: AuditEntrySortField = strawberry.field(description="What by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


QUERIES = {
    "audit_entries": read_many(
        AuditEntry, "Who changed what in the workspace.", "audit:read", AuditEntryFilter, AuditEntrySort
    ),
}
