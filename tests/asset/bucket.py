"""A server that speaks like S3, on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from moto.server import ThreadedMotoServer

BUCKET = "vitrine"


@contextmanager
def s3_server() -> Iterator[dict[str, Any]]:
    """A bucket while the block runs; gives the settings that name it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        httpx.put(f"{endpoint}/{BUCKET}").raise_for_status()
        yield {
            "storage_url": f"s3://{BUCKET}/shops",
            "storage_endpoint": endpoint,
            "storage_access_key_id": "key",
            "storage_secret_access_key": "secret",
        }
    finally:
        server.stop()
