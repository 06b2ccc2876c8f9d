"""What a benchmark runs in: services of its own that write to disk as in production, and nothing else of anybody's."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.services import services

_OUTSIDE = ("DATABASE_URL", "DATABASE_APP_URL", "DATABASE_SYSTEM_URL", "REDIS_URL")


@dataclass(frozen=True)
class World:
    """Embedded services: the environment for processes that use them, and where they log."""

    environment: Mapping[str, str]

    @property
    def superuser_url(self) -> str:
        return self.environment["EMBEDDED_SUPERUSER_URL"]

    @property
    def directory(self) -> Path:
        """Thrown away at the end."""
        return Path(self.environment["DATA_DIR"])

    @property
    def postgres_log(self) -> Path:
        return self.directory.parent / "postgres.log"


@contextmanager
def world(*, durable: bool = True) -> Iterator[World]:
    """Embedded services for the block.

    Others' that the environment names are never used: settings of the whole server are changed, and processes killed.
    """
    for name in _OUTSIDE:
        if os.environ.pop(name, None):
            print(f"{name} is ignored: this changes settings of the whole server, so it starts its own.", flush=True)
    with services(durable=durable) as environment:
        yield World({**environment, "ENVIRONMENT": "production"})
