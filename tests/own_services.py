"""A database, a Redis database and a folder for each of pytest's processes, of the services that `make test` started.

What takes up whatever is due, of any workspace, then never meets what another process's test has made.
"""

import asyncio
import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from dev.postgres import OWNER
from dev.services import migrate


def take_own_services(worker: str) -> None:
    """Makes and migrates them, and names them in this process's environment. `worker` is as pytest-xdist calls it.

    With somebody's own PostgreSQL nobody may make databases: there all processes share one.
    """
    superuser_url = os.environ.get("EMBEDDED_SUPERUSER_URL")
    if superuser_url is None:
        return
    database = f"{urlsplit(superuser_url).path.strip('/')}_{worker}"
    asyncio.run(_make_database(superuser_url, database))
    data = Path(os.environ["DATA_DIR"]) / worker
    data.mkdir()
    number = int(worker.removeprefix("gw")) + 1
    os.environ |= {
        "EMBEDDED_SUPERUSER_URL": _with_path(superuser_url, database),
        "DATABASE_URL": _with_path(os.environ["DATABASE_URL"], database),
        "REDIS_URL": _with_path(os.environ["REDIS_URL"], str(number)),
        "DATA_DIR": str(data),
    }
    migrate(os.environ, data / "migrate.log")


async def _make_database(superuser_url: str, database: str) -> None:
    connection = await asyncpg.connect(superuser_url)
    try:
        await connection.execute(f"create database {database} owner {OWNER}")
    finally:
        await connection.close()


def _with_path(url: str, path: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{path}"))
