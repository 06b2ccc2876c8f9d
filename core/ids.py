"""Ids: UUIDv7 in the database, global ids in GraphQL.

A global id is the type's name, an underscore and the UUID's 32 hexadecimal digits: `Product_01a1fbd93471…`. Clients
take it as it is; that a person can read the type in a log is a kindness of ours, not a promise.
"""

import re
from uuid import UUID

from uuid_utils.compat import uuid7

_GLOBAL_ID = re.compile(r"([A-Za-z]{1,60})_([0-9a-f]{32})")


def new_id() -> UUID:
    """A new UUIDv7: later ids sort after earlier ones."""
    return uuid7()


class GlobalIdOf:
    """Turns a row's UUID into the global id of a type."""

    def __init__(self, type_name: str) -> None:
        self.prefix = f"{type_name}_"

    def __call__(self, value: UUID) -> str:
        return self.prefix + value.hex


def global_id(type_name: str, value: UUID) -> str:
    """The global id of one object."""
    return f"{type_name}_{value.hex}"


def parse_global_id(text: str) -> tuple[str, UUID] | None:
    """The type's name and the UUID in a global id; None where the text is not one."""
    match = _GLOBAL_ID.fullmatch(text)
    return (match[1], UUID(hex=match[2])) if match else None


def uuid_in(text: str, type_name: str) -> UUID | None:
    """The UUID in a global id of this very type; None where it is anything else."""
    parsed = parse_global_id(text)
    return parsed[1] if parsed and parsed[0] == type_name else None
