"""Files in a bucket of S3, or of what speaks like it. Browsers send uploads to the bucket itself."""

from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore.store import S3Store

from core.settings import Settings
from integrations.storage.base import TIMEOUT, Storage

CONNECT_TIMEOUT = 5.0
RETRIES = 3
# S3 takes no smaller parts.
PART = 5 * 1024 * 1024


def s3_storage(settings: Settings) -> Storage:
    """A storage in the bucket of STORAGE_URL. Without keys of their own settings AWS's usual places are looked at."""
    parts = urlsplit(settings.storage_url)
    endpoint = settings.storage_endpoint.rstrip("/")
    options: dict[str, Any] = {"region": settings.storage_region}
    if endpoint:
        options |= {"endpoint": endpoint, "virtual_hosted_style_request": False}
    if settings.storage_access_key_id and settings.storage_secret_access_key:
        options |= {
            "access_key_id": settings.storage_access_key_id,
            "secret_access_key": settings.storage_secret_access_key.get_secret_value(),
        }
    store = S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        client_options={
            "connect_timeout": timedelta(seconds=CONNECT_TIMEOUT),
            "timeout": timedelta(seconds=TIMEOUT),
            "allow_http": endpoint.startswith("http://"),
        },
        retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=TIMEOUT)},
        **options,
    )
    return Storage(store, PART, partial(_sign, store), _nothing_partial)


async def _sign(store: S3Store, key: str, lifetime: timedelta) -> str:
    return await obstore.sign_async(store, "PUT", key, lifetime)


def _nothing_partial(_older_than: timedelta) -> int:
    """A bucket's own lifecycle rule removes uploads of parts that were never ended."""
    return 0
