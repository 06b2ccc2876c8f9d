"""Order tokens: the secret by which the shopper who placed an order, and nobody else, reads it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from core.crypto import hash_secret, pack_token, unpack_token

PREFIX = "vo_"


def order_token(workspace_id: UUID, order_id: UUID, secret: bytes) -> str:
    return pack_token(PREFIX, workspace_id, order_id, secret)


def find_by_token(workspace_id: UUID, token: str) -> Mapping[str, Any] | None:
    """The columns that the token's order has; None where the token is of another workspace or no token at all."""
    parts = unpack_token(PREFIX, token)
    if parts is None or parts[0] != workspace_id:
        return None
    return {"id": parts[1], "secret_hash": hash_secret(parts[2])}
