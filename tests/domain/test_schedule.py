"""Looking at domains by itself: claims until they are proven, and what is proven for as long as it is served."""

import asyncio
from datetime import timedelta

import pytest

from core.ids import uuid_in
from resolvers.domain.schedule import DAILY, HOURLY, next_look
from resolvers.domain.verify import is_any_domain_due, verify_due_domains
from tests.domain.api import Registrar
from tests.domain.zone import Zone
from tests.people import emails_to

pytestmark = pytest.mark.usefixtures("_alone")


@pytest.fixture
async def _alone(no_other_worker: None, registrar: Registrar) -> None:
    """Nothing is due that another test has left."""
    async with registrar.shop.platform.database.system.acquire() as connection:
        await connection.execute("update site_domain set due_at = timestamptz '2100-01-01'")


async def subjects(registrar: Registrar) -> list[str]:
    emails = await emails_to(registrar.shop.platform, registrar.shop.owner_email)
    return [email["subject"] for email in emails]


class TestClaims:
    async def test_are_proven_by_themselves(self, registrar: Registrar) -> None:
        domain = await registrar.add()
        registrar.zone.prove(domain)

        await registrar.look(domain)

        assert await registrar.status(domain) == "VERIFIED"
        assert await registrar.served_names() == [domain["name"]]

    async def test_are_looked_at_soon_and_then_less_often(self, registrar: Registrar) -> None:
        domain = await registrar.add()
        assert not await is_any_domain_due(registrar.shop.platform)

        await registrar.look(domain)

        (row,) = await registrar.shop.sql("select looks, due_at - checked_at as wait from site_domain")
        assert row["looks"] == 1
        assert timedelta(seconds=50) < row["wait"] < timedelta(seconds=70)
        assert next_look("PENDING", 100) == HOURLY

    async def test_end_where_nobody_proves_them_in_time(self, registrar: Registrar) -> None:
        domain = await registrar.add()
        await registrar.pass_time(domain, registrar.shop.platform.settings.domain_claim_days + 1)

        await registrar.look(domain)

        assert await registrar.find(domain) is None
        assert (await registrar.events())[-1] == "site.domain_removed"
        assert await subjects(registrar) == [f"{domain['name']} is no longer a domain of Lamps"]

    async def test_that_are_proven_at_the_last_moment_stay(self, registrar: Registrar) -> None:
        domain = await registrar.add()
        await registrar.pass_time(domain, registrar.shop.platform.settings.domain_claim_days + 1)
        registrar.zone.prove(domain)

        await registrar.look(domain)

        assert await registrar.status(domain) == "VERIFIED"

    async def test_wait_while_another_shop_has_the_name(self, registrar: Registrar, other_registrar: Registrar) -> None:
        held = await registrar.proven()
        claim = await other_registrar.add(held["name"])
        registrar.zone.prove(claim)
        await other_registrar.look(claim)
        assert await other_registrar.status(claim) == "PENDING"

        registrar.zone.texts[held["dnsRecordName"]] = [claim["token"]]
        await other_registrar.look(claim)

        assert await other_registrar.status(claim) == "VERIFIED"
        assert await registrar.find(held) is None

    async def test_are_looked_at_by_one_worker_at_a_time(self, registrar: Registrar) -> None:
        domain = await registrar.add()
        await registrar.shop.sql("update site_domain set due_at = now()")

        done = await asyncio.gather(*(verify_due_domains(registrar.shop.platform) for _ in range(3)))

        assert sorted(done) == [0, 0, 1]
        assert registrar.zone.asked.count(domain["dnsRecordName"]) == 1


class TestProven:
    async def test_are_looked_at_daily_and_stay(self, registrar: Registrar) -> None:
        domain = await registrar.proven()

        await registrar.look(domain)

        (row,) = await registrar.shop.sql("select status, due_at - checked_at as wait from site_domain")
        assert row["status"] == "VERIFIED"
        assert timedelta(hours=23) < row["wait"] < DAILY + timedelta(minutes=1)
        assert await subjects(registrar) == [f"{domain['name']} leads to Lamps"]

    async def test_whose_record_is_gone_are_served_and_told_of(self, registrar: Registrar) -> None:
        domain = await registrar.proven()
        registrar.zone.texts.clear()

        await registrar.look(domain)
        await registrar.look(domain)

        found = await registrar.find(domain)
        assert found is not None
        assert found["status"] == "LAPSING"
        assert "There is no TXT record" in found["problem"]
        assert found["expiresAt"] is not None
        assert await registrar.served_names() == [domain["name"]]
        assert (await registrar.events())[-1] == "site.domain_lapsing"
        assert (await subjects(registrar))[1:] == [f"{domain['name']} needs its record back"]

    async def test_are_well_again_when_it_is_back(self, registrar: Registrar) -> None:
        domain = await registrar.proven()
        registrar.zone.texts.clear()
        await registrar.look(domain)
        registrar.zone.prove(domain)

        await registrar.look(domain)

        found = await registrar.find(domain)
        assert found is not None
        assert (found["status"], found["problem"], found["expiresAt"]) == ("VERIFIED", None, None)
        assert (await registrar.events())[-2:] == ["site.domain_lapsing", "site.domain_verified"]

    async def test_end_where_it_is_gone_for_long(self, registrar: Registrar) -> None:
        domain = await registrar.proven()
        await registrar.make_primary(domain, is_redirecting=True)
        registrar.zone.texts.clear()
        await registrar.look(domain)
        await registrar.pass_time(domain, registrar.shop.platform.settings.domain_grace_days + 1)

        await registrar.look(domain)

        assert await registrar.find(domain) is None
        assert await registrar.served_names() == []
        (site,) = await registrar.shop.sql("select primary_name, redirects_to_primary from site")
        assert (site["primary_name"], site["redirects_to_primary"]) == (None, False)
        assert (await subjects(registrar))[-1] == f"{domain['name']} is no longer a domain of Lamps"

    @pytest.mark.parametrize("fault", ["silent", "broken"])
    async def test_do_not_end_because_nobody_answers(self, registrar: Registrar, zone: Zone, fault: str) -> None:
        domain = await registrar.proven()
        getattr(zone, fault).add(domain["dnsRecordName"])

        await registrar.look(domain)

        found = await registrar.find(domain)
        assert found is not None
        assert found["status"] == "VERIFIED"
        assert "name servers" in found["problem"]
        (row,) = await registrar.shop.sql("select due_at - checked_at as wait from site_domain")
        assert row["wait"] < HOURLY + timedelta(minutes=1)
        zone.clear()
        await registrar.look(domain)
        getattr(zone, fault).add(domain["dnsRecordName"])
        await registrar.pass_time(domain, 100)
        await registrar.look(domain)
        assert await registrar.status(domain) == "LAPSING"

    async def test_by_a_file_are_proven_by_leading_here(self, registrar: Registrar, zone: Zone) -> None:
        """Once the name leads to Vitrine, that shows the token itself."""
        domain = await registrar.add()
        zone.show(domain["name"], domain["token"])
        await registrar.verify(domain)
        zone.files.clear()

        await registrar.look(domain)

        assert await registrar.status(domain) == "LAPSING"
        assert registrar.zone.asked.count(domain["dnsRecordName"]) == 1
        platform = registrar.shop.platform
        row_id = uuid_in(domain["id"], "SiteDomain")
        assert row_id
        async with platform.database.system.acquire() as connection:
            assert await connection.fetchval("select proof from site_domain where id = $1", row_id) == "HTTP"


class TestProofFile:
    async def test_is_shown_under_proven_domains_alone(self, registrar: Registrar) -> None:
        """Else whoever claims a name that leads here would have it proven by us."""
        http = registrar.shop.graphql.http
        claim, domain = await registrar.add(), await registrar.proven()

        shown = [
            await http.get("/.well-known/vitrine-domain", headers={"Host": each["name"]}) for each in (claim, domain)
        ]

        assert shown[0].status_code == 404
        assert claim["token"] not in shown[0].text
        assert (shown[1].status_code, shown[1].text) == (200, f"{domain['token']}\n")
