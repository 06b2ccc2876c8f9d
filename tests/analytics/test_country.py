"""Where visitors come from, by a database on this machine."""

from pathlib import Path

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from resolvers.analytics.country import country_of


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """One that knows two networks."""
    writer = MMDBWriter(6, "Vitrine-Test-Country", ipv4_compatible=True)
    writer.insert_network(IPSet(["203.0.113.0/24"]), {"country": {"iso_code": "CM"}})
    writer.insert_network(IPSet(["2001:db8::/32"]), {"country": {"iso_code": "FR"}})
    writer.insert_network(IPSet(["198.51.100.0/24"]), {"continent": {"code": "EU"}})
    file = tmp_path / "country.mmdb"
    writer.to_db_file(str(file))
    return file


class TestCountryOf:
    """`country_of`."""

    @pytest.mark.parametrize(
        ("address", "country"),
        [
            ("203.0.113.9", "CM"),
            ("2001:db8::1", "FR"),
            ("198.51.100.1", ""),
            ("192.0.2.1", ""),
            ("not an address", ""),
            ("", ""),
        ],
    )
    def test_is_what_the_database_says(self, database: Path, address: str, country: str) -> None:
        assert country_of(database, address) == country

    def test_is_none_without_a_database(self) -> None:
        assert country_of(None, "203.0.113.9") == ""
