"""Ids: UUIDv7 in the database, opaque global ids in GraphQL.

A global id is base64url, without padding, of the type's name, a colon and the 16 bytes of the UUID.
"""

from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from binascii import b2a_base64
from collections.abc import Callable
from uuid import UUID

from uuid_utils.compat import uuid7

UUID_LENGTH = 16
MAX_GLOBAL_ID_LENGTH = 128
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def new_id() -> UUID:
    """A new UUIDv7: later ids sort after earlier ones."""
    return uuid7()


def global_id_encoder(type_name: str) -> Callable[[UUID], str]:
    """A function that turns a row's UUID into the global id of the type."""
    prefix = type_name.encode() + b":"

    def encode(value: UUID) -> str:
        return b2a_base64(prefix + value.bytes, newline=False).translate(_URL_SAFE).rstrip(b"=").decode()

    return encode


def global_id(type_name: str, value: UUID) -> str:
    """The global id of one object."""
    return global_id_encoder(type_name)(value)


def parse_global_id(text: str) -> tuple[str, UUID] | None:
    """The type's name and the UUID in a global id; None where the text is not one."""
    if len(text) > MAX_GLOBAL_ID_LENGTH:
        return None
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        type_name, _, value = raw.partition(b":")
        return (type_name.decode("ascii"), UUID(bytes=value)) if len(value) == UUID_LENGTH else None
    except (Base64Error, ValueError):
        return None


def uuid_in(text: str, type_name: str) -> UUID | None:
    """The UUID in a global id of this very type; None where it is anything else."""
    parsed = parse_global_id(text)
    return parsed[1] if parsed and parsed[0] == type_name else None
