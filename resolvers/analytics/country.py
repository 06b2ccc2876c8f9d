"""The country of an address, from a database on this machine."""

from functools import lru_cache
from pathlib import Path

import maxminddb

ADDRESSES_KEPT = 10_000


def country_of(database: Path | None, address: str) -> str:
    """The ISO 3166 code of two letters; empty where there is no database or it does not know."""
    return _country_of(database, address) if database is not None else ""


@lru_cache(maxsize=ADDRESSES_KEPT)
def _country_of(database: Path, address: str) -> str:
    try:
        found = _reader(database).get(address)
    except ValueError:  # no address, or one of IPv6 in a database of IPv4
        return ""
    country = found.get("country") if isinstance(found, dict) else None
    code = country.get("iso_code") if isinstance(country, dict) else None
    return code if isinstance(code, str) else ""


@lru_cache(maxsize=1)
def _reader(database: Path) -> maxminddb.Reader:
    return maxminddb.open_database(database, maxminddb.MODE_AUTO)
