"""How a receiver knows that a webhook is ours: the headers that sign it."""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with
SECRET_BYTES = 32


def new_webhook_secret() -> str:
    """A random secret as Standard Webhooks has them: `whsec_` and base64."""
    return SECRET_PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(message_id: str, timestamp: int, body: bytes, secrets_: Sequence[str]) -> dict[str, str]:
    """The headers of one try, signed with each of the secrets, of which the newest comes first.

    `webhook-signature` is Standard Webhooks': HMAC-SHA256 over `id.timestamp.body`, its key the secret's bytes, one
    signature a secret. `X-Webhook-Signature` has room for one alone: over the body, its key the secret as it is
    written, and the oldest of them, so that a receiver which knows no other goes on until the overlap has ended.
    """
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = (b64encode(hmac.digest(_key(secret), content, hashlib.sha256)).decode() for secret in secrets_)
    plain = hmac.digest(secrets_[-1].encode(), body, hashlib.sha256).hex()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
        "X-Webhook-Signature": f"sha256={plain}",
    }


def _key(secret: str) -> bytes:
    return b64decode(secret.removeprefix(SECRET_PREFIX))
