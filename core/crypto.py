"""Secrets: random ones, their hashes, and the encryption of those that must be shown a second time."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SECRET_BYTES = 24
NONCE_BYTES = 12
_IDS_BYTES = 32


def new_secret() -> bytes:
    """A random secret: too long to guess, so a plain hash of it is safe to store."""
    return secrets.token_bytes(SECRET_BYTES)


def hash_secret(secret: bytes) -> bytes:
    """What is stored of a random secret."""
    return hashlib.sha256(secret).digest()


def same_secret(secret: bytes, stored_hash: bytes) -> bool:
    """Whether the secret is the one whose hash was stored, in constant time."""
    return hmac.compare_digest(hash_secret(secret), stored_hash)


def pack_token(prefix: str, workspace_id: UUID, row_id: UUID, secret: bytes) -> str:
    """A token that carries its workspace and its row, so that looking it up runs pinned to that workspace."""
    return prefix + urlsafe_b64encode(workspace_id.bytes + row_id.bytes + secret).rstrip(b"=").decode()


def unpack_token(prefix: str, token: str) -> tuple[UUID, UUID, bytes] | None:
    """The workspace, the row and the secret in a token; None where it is not such a token."""
    if not token.startswith(prefix):
        return None
    body = token[len(prefix) :]
    try:
        raw = urlsafe_b64decode(body.encode("ascii") + b"=" * (-len(body) % 4))
    except (Base64Error, ValueError):
        return None
    if len(raw) != _IDS_BYTES + SECRET_BYTES:
        return None
    return UUID(bytes=raw[:16]), UUID(bytes=raw[16:_IDS_BYTES]), raw[_IDS_BYTES:]


@lru_cache(maxsize=4)
def _cipher(secret_key: str) -> AESGCM:
    return AESGCM(hashlib.sha256(b"one-time secrets" + secret_key.encode()).digest())


def encrypt(plain: str, secret_key: str, bound_to: str) -> str:
    """AES-256-GCM; what it is bound to (a row's id) must be named again to decrypt it."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return urlsafe_b64encode(nonce + _cipher(secret_key).encrypt(nonce, plain.encode(), bound_to.encode())).decode()


def decrypt(sealed: str, secret_key: str, bound_to: str) -> str | None:
    """The plain text; None where the key has changed or the text belongs to something else."""
    raw = urlsafe_b64decode(sealed)
    try:
        return _cipher(secret_key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to.encode()).decode()
    except InvalidTag:
        return None
