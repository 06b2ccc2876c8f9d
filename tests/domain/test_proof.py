"""Claiming and proving domains."""

import asyncio
from typing import Any

import pytest

from core.ids import uuid_in
from resolvers.domain.name import refuse_own_names
from resolvers.domain.verify import CHECKS
from tests.domain.api import Registrar, new_name
from tests.domain.zone import Zone
from tests.people import audit_actions, codes, emails_to
from tests.tenancy.world import key_with


class TestSiteDomainAdd:
    async def test_says_what_proves_it_and_serves_nothing_yet(self, registrar: Registrar) -> None:
        name = new_name()

        domain = await registrar.add(f"  WWW.{name.upper()}. ")

        name = f"www.{name}"
        assert (domain["name"], domain["displayName"], domain["status"]) == (name, name, "PENDING")
        assert domain["dnsRecordName"] == f"_vitrine.{name}"
        assert domain["tokenUrl"] == f"http://{name}/.well-known/vitrine-domain"
        assert domain["token"].startswith("vitrine-domain=")
        assert domain["cnameTarget"] == f"{registrar.site['slug']}.localhost"
        assert (domain["proof"], domain["problem"], domain["verifiedAt"]) == (None, None, None)
        assert domain["expiresAt"] is not None
        assert domain["site"] == {"id": registrar.site["id"]}
        assert await registrar.served_names() == []
        assert (await registrar.events())[1:] == ["site.domain_added"]
        assert (await audit_actions(registrar.shop))[1:] == ["siteDomainAdd"]

    async def test_gives_each_a_token_of_its_own(self, registrar: Registrar, other_registrar: Registrar) -> None:
        name = new_name()

        first, second = await registrar.add(name), await other_registrar.add(name)

        assert first["token"] != second["token"]

    async def test_takes_names_of_every_script(self, registrar: Registrar) -> None:
        name = new_name()

        domain = await registrar.add(f"MÜNCHEN。{name}")

        assert domain["name"] == f"xn--mnchen-3ya.{name}"
        assert domain["displayName"] == f"münchen.{name}"

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("", "BLANK"),
            (" ", "BLANK"),
            ("com", "INVALID"),
            ("localhost", "INVALID"),
            ("lamps.localhost", "INVALID"),
            ("printer.local", "INVALID"),
            ("db.internal", "INVALID"),
            ("co.uk", "INVALID"),
            ("github.io", "INVALID"),
            ("xn--p1ai", "INVALID"),
            ("москва.рф..", "INVALID"),
            ("*.lamps.example", "INVALID"),
            ("https://lamps.example", "INVALID"),
            ("lamps.example/shop", "INVALID"),
            ("lamps.example:443", "INVALID"),
            ("someone@lamps.example", "INVALID"),
            ("127.0.0.1", "INVALID"),
            ("\uff11\uff127.0.0.1", "INVALID"),
            ("[::1]", "INVALID"),
            ("2130706433", "INVALID"),
            ("lamps..example", "INVALID"),
            (".lamps.example", "INVALID"),
            ("-lamps.example", "INVALID"),
            ("_vitrine.lamps.example", "INVALID"),
            ("la mps.example", "INVALID"),
            ("lamps\0.example", "INVALID"),
            ("lamps\n.example", "INVALID"),
            ("'; drop table site; --.example", "INVALID"),
            ("<b>.example", "INVALID"),
            ("xn--abc.example", "INVALID"),
            ("ex\u200dample.example", "INVALID"),
            ("☃.example", "INVALID"),
            (f"{'a' * 64}.example", "INVALID"),
            (".".join(["a" * 60] * 4) + ".example", "TOO_LONG"),
            ("a" * 501, "TOO_LONG"),
        ],
    )
    async def test_refuses_what_is_no_domain_of_ones_own(self, registrar: Registrar, name: str, code: str) -> None:
        payload = await registrar.try_add(name)

        assert codes(payload) == [(code, ["input", "name"])]
        assert payload["userErrors"][0]["message"].endswith(".")
        assert payload["siteDomain"] is None
        assert await registrar.shop.sql("select from site_domain") == []

    async def test_refuses_vitrines_own_names(self, shop: Any, zone: Zone) -> None:
        settings = shop.platform.settings.model_copy(
            update={
                "base_url": "https://api.vitrine.example",
                "sites_url": "https://{slug}.shops.example",
                "assets_url": "https://cdn.example",
                "dashboard_url": "https://desk.example/app",
            }
        )
        for name in ("api.vitrine.example", "x.api.vitrine.example", "shops.example", "lamps.shops.example"):
            with pytest.raises(Exception, match="Vitrine's own"):
                refuse_own_names(settings, name)
        for name in ("cdn.example", "desk.example"):
            with pytest.raises(Exception, match="Vitrine's own"):
                refuse_own_names(settings, name)
        for name in ("vitrine.example", "myshops.example", "example.com"):
            refuse_own_names(settings, name)

    async def test_refuses_one_that_the_workspace_has(self, registrar: Registrar, shop: Any) -> None:
        domain = await registrar.add()
        elsewhere = await Registrar.of(shop, registrar.zone)

        again, at_another = await registrar.try_add(domain["name"].upper()), await elsewhere.try_add(domain["name"])

        assert codes(again) == codes(at_another) == [("TAKEN", ["input", "name"])]

    async def test_refuses_more_than_a_workspace_may_have(self, registrar: Registrar) -> None:
        most = registrar.shop.platform.settings.domains_per_workspace
        await registrar.shop.sql(
            "insert into site_domain (workspace_id, id, site_id, name, token, due_at, expires_at) "
            "select $1, gen_random_uuid(), $2, n || '.example', n, timestamptz '2100-01-01', '2100-01-01' "
            "from generate_series(2, $3::int) n",
            registrar.shop.workspace_id,
            uuid_in(registrar.site["id"], "Site"),
            most,
        )
        await registrar.add()

        assert codes(await registrar.try_add(new_name())) == [("LIMIT_REACHED", ["input"])]

    async def test_is_done_once_where_it_is_sent_twice(self, registrar: Registrar) -> None:
        name, key = new_name(), new_name()

        first = await registrar.try_add(name, idempotency_key=key)
        second = await registrar.try_add(name, idempotency_key=key)

        assert first == second
        assert len(await registrar.shop.sql("select from site_domain")) == 1


class TestSiteDomainVerify:
    async def test_serves_what_a_record_proves(self, registrar: Registrar, zone: Zone) -> None:
        domain = await registrar.add()
        zone.texts[domain["dnsRecordName"]] = ["v=spf1 -all", "vitrine-domain=another"]
        zone.prove(domain)

        payload = await registrar.verify(domain)

        found = payload["siteDomain"]
        assert payload["userErrors"] == []
        assert (found["status"], found["proof"], found["problem"]) == ("VERIFIED", "DNS", None)
        assert found["expiresAt"] is None
        assert found["verifiedAt"] is not None
        assert await registrar.served_names() == [domain["name"]]
        assert (await registrar.events())[1:] == ["site.domain_added", "site.domain_verified"]
        assert (await audit_actions(registrar.shop))[1:] == ["siteDomainAdd", "siteDomainVerify"]
        (email,) = await emails_to(registrar.shop.platform, registrar.shop.owner_email)
        assert domain["url"] in email["text_body"]

    async def test_takes_a_file_instead(self, registrar: Registrar, zone: Zone) -> None:
        domain = await registrar.add()
        zone.show(domain["name"], f"something\r\n{domain['token']}\r\n")

        found = (await registrar.verify(domain))["siteDomain"]

        assert (found["status"], found["proof"]) == ("VERIFIED", "HTTP")
        assert zone.fetched == [f"{domain['name']}/.well-known/vitrine-domain"]

    async def test_says_what_is_missing(self, registrar: Registrar, zone: Zone) -> None:
        domain = await registrar.add()
        zone.texts[domain["dnsRecordName"]] = ["vitrine-domain=another"]
        zone.show(domain["name"], "nothing", 404)

        payload = await registrar.verify(domain)

        found = payload["siteDomain"]
        assert payload["userErrors"] == []
        assert found["status"] == "PENDING"
        assert "has another value" in found["problem"]
        assert "answered 404" in found["problem"]
        assert await registrar.served_names() == []
        assert (await registrar.events())[1:] == ["site.domain_added"]

    @pytest.mark.parametrize("fault", ["silent", "broken"])
    async def test_says_that_name_servers_do_not_answer(self, registrar: Registrar, zone: Zone, fault: str) -> None:
        domain = await registrar.add()
        getattr(zone, fault).add(domain["dnsRecordName"])

        found = (await registrar.verify(domain))["siteDomain"]

        assert found["status"] == "PENDING"
        assert "name servers" in found["problem"]

    @pytest.mark.parametrize("part", ["{token}x", "x{token}", "{upper}", "{half}"])
    async def test_takes_nothing_but_the_token(self, registrar: Registrar, zone: Zone, part: str) -> None:
        domain = await registrar.add()
        token = domain["token"]
        wrong = part.format(token=token, upper=token.upper(), half=token[:-1])
        zone.texts[domain["dnsRecordName"]] = [wrong]
        zone.texts[domain["name"]] = [token]
        zone.show(domain["name"], wrong)

        assert (await registrar.verify(domain))["siteDomain"]["status"] == "PENDING"

    async def test_follows_to_no_other_host(self, registrar: Registrar, zone: Zone) -> None:
        domain = await registrar.add()
        other = new_name()
        zone.show(other, domain["token"])
        zone.show(domain["name"], "", 302, {"Location": f"http://{other}:{zone.http_port}/"})

        found = (await registrar.verify(domain))["siteDomain"]

        assert found["status"] == "PENDING"
        assert "leads elsewhere" in found["problem"]
        assert zone.fetched == [f"{domain['name']}/.well-known/vitrine-domain"]

    @pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "0.0.0.0"])  # noqa: S104 - refused
    async def test_asks_no_address_of_our_network(self, registrar: Registrar, zone: Zone, address: str) -> None:
        domain = await registrar.add()
        zone.addresses[domain["name"]] = address

        found = (await registrar.verify(domain))["siteDomain"]

        assert "not public" in found["problem"]
        assert address not in found["problem"]

    async def test_may_be_asked_so_often(self, registrar: Registrar) -> None:
        domain = await registrar.add()
        async with registrar.shop.platform.database.system.acquire() as connection:
            await connection.execute(
                "insert into sign_in_throttle (subject, window_started_at, failures) values ($1, now(), $2)",
                f"domains:{registrar.shop.workspace_id}",
                CHECKS,
            )

        assert codes(await registrar.verify(domain)) == [("TOO_MANY_ATTEMPTS", None)]
        assert registrar.zone.asked == []

    async def test_is_not_for_anothers(self, registrar: Registrar, other_registrar: Registrar) -> None:
        domain = await registrar.add()
        registrar.zone.prove(domain)

        assert codes(await other_registrar.verify(domain)) == [("NOT_FOUND", ["id"])]
        assert await registrar.status(domain) == "PENDING"


class TestTwoWorkspaces:
    """The same name, wanted by two."""

    async def test_keep_nobody_out_who_proves_it(self, registrar: Registrar, other_registrar: Registrar) -> None:
        claimed = await registrar.add()

        proven = await other_registrar.proven(claimed["name"])

        assert await other_registrar.served_names() == [proven["name"]]
        assert await registrar.status(claimed) == "PENDING"

    async def test_leave_it_to_who_proved_it_first(self, registrar: Registrar, other_registrar: Registrar) -> None:
        """Both records stand there."""
        held = await registrar.proven()
        claim = await other_registrar.add(held["name"])
        registrar.zone.prove(claim)

        payload = await other_registrar.verify(claim)

        assert codes(payload) == [("TAKEN", ["id"])]
        found = await other_registrar.find(claim)
        assert found is not None
        assert found["status"] == "PENDING"
        assert "Another shop" in found["problem"]
        assert await registrar.status(held) == "VERIFIED"
        assert await other_registrar.served_names() == []

    async def test_give_it_to_who_has_the_record_now(self, registrar: Registrar, other_registrar: Registrar) -> None:
        held = await registrar.proven()
        await registrar.make_primary(held)
        claim = await other_registrar.add(held["name"])
        registrar.zone.texts[held["dnsRecordName"]] = [claim["token"]]

        payload = await other_registrar.verify(claim)

        assert payload["userErrors"] == []
        assert payload["siteDomain"]["status"] == "VERIFIED"
        assert await registrar.find(held) is None
        assert (await registrar.served_names(), await other_registrar.served_names()) == ([], [held["name"]])
        site = (await registrar.shop.sql("select primary_name from site"))[0]
        assert site["primary_name"] is None
        assert (await registrar.events())[-2:] == ["site.updated", "site.domain_removed"]
        assert (await audit_actions(registrar.shop))[-1] == "siteDomainEnd"
        emails = await emails_to(registrar.shop.platform, registrar.shop.owner_email)
        assert "Somebody else has proven" in emails[-1]["text_body"]

    async def test_take_nothing_away_by_a_file(self, registrar: Registrar, other_registrar: Registrar) -> None:
        held = await registrar.proven()
        claim = await other_registrar.add(held["name"])
        registrar.zone.texts.clear()
        registrar.zone.show(held["name"], claim["token"])

        assert codes(await other_registrar.verify(claim)) == [("TAKEN", ["id"])]
        assert await registrar.status(held) == "VERIFIED"

    async def test_take_what_was_proven_by_a_file_by_a_record(
        self, registrar: Registrar, other_registrar: Registrar
    ) -> None:
        held = await registrar.add()
        registrar.zone.show(held["name"], held["token"])
        assert (await registrar.verify(held))["siteDomain"]["proof"] == "HTTP"
        claim = await other_registrar.add(held["name"])
        registrar.zone.prove(claim)

        assert (await other_registrar.verify(claim))["siteDomain"]["status"] == "VERIFIED"
        assert await registrar.find(held) is None

    async def test_that_prove_it_at_once_are_told_apart(self, registrar: Registrar, other_registrar: Registrar) -> None:
        for _ in range(5):
            mine = await registrar.add()
            theirs = await other_registrar.add(mine["name"])
            registrar.zone.prove(mine)
            registrar.zone.prove(theirs)

            both = await asyncio.gather(registrar.verify(mine), other_registrar.verify(theirs))

            served = [await each.served_names() for each in (registrar, other_registrar)]
            assert sorted(served) == [[], [mine["name"]]]
            statuses = sorted([await registrar.status(mine) or "", await other_registrar.status(theirs) or ""])
            assert statuses == ["PENDING", "VERIFIED"]
            assert sorted(code for payload in both for code, _ in codes(payload)) == ["TAKEN"]
            for each, domain in ((registrar, mine), (other_registrar, theirs)):
                assert (await each.remove(domain))["userErrors"] == []

    async def test_see_nothing_of_each_other(self, registrar: Registrar, other_registrar: Registrar) -> None:
        await registrar.proven()

        assert await other_registrar.shop.sql("select from site_domain") == []
        assert await other_registrar.served_names() == []


class TestSiteDomainRemove:
    async def test_frees_the_name(self, registrar: Registrar, other_registrar: Registrar) -> None:
        domain = await registrar.proven()
        await registrar.make_primary(domain, is_redirecting=True)

        payload = await registrar.remove(domain)

        assert payload == {"deletedSiteDomainId": domain["id"], "userErrors": []}
        assert await registrar.served_names() == []
        (site,) = await registrar.shop.sql("select primary_name, redirects_to_primary from site")
        assert (site["primary_name"], site["redirects_to_primary"]) == (None, False)
        await other_registrar.proven(domain["name"])
        assert codes(await registrar.remove(domain)) == [("NOT_FOUND", ["id"])]

    async def test_comes_with_the_sites_end(self, registrar: Registrar) -> None:
        domain = await registrar.proven()
        await registrar.make_primary(domain)
        document = "mutation ($id: ID!) { siteDelete(id: $id) { userErrors { code } } }"

        answer = await registrar.shop.admin(document, {"id": registrar.site["id"]})

        assert answer["data"]["siteDelete"]["userErrors"] == []
        assert await registrar.find(domain) is None
        assert await registrar.served_names() == []


class TestRights:
    ADD = """
    mutation ($input: SiteDomainAddInput!) { siteDomainAdd(input: $input) { siteDomain { id } userErrors { code } } }
    """

    async def test_are_those_of_who_may_write_sites(self, registrar: Registrar) -> None:
        given = {"input": {"siteId": registrar.site["id"], "name": new_name()}}
        reader, writer = [await key_with(registrar.shop, scope) for scope in ("sites:read", "sites:write")]

        refused = await registrar.shop.admin(self.ADD, given, token=reader)
        done = await registrar.shop.admin(self.ADD, given, token=writer)

        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert done["data"]["siteDomainAdd"]["siteDomain"] is not None
        assert uuid_in(done["data"]["siteDomainAdd"]["siteDomain"]["id"], "SiteDomain")
