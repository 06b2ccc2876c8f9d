"""CloudFront before sites, against what speaks like AWS."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from moto import settings as moto_settings

from integrations.hosting.aws import AwsFailed
from integrations.hosting.aws.fault import asking
from resolvers.context import Platform
from resolvers.hosting.edge import tend_edges
from tests.deployment.workshop import Built, Workshop
from tests.domain.api import Registrar
from tests.domain.zone import Zone
from tests.factories import Shop
from tests.hosting.amazon import BUCKET, KEY, SECRET, Amazon, amazon
from tests.hosting.visitor import hosting, live, visiting
from tests.people import superuser_sql, system_sql

SITE = "query ($id: ID!) { site(id: $id) { cdnStatus cdnError } }"
RECORDS = """
query ($id: ID!) { siteDomain(id: $id) { cnameTarget certificateRecordName certificateRecordValue } }
"""
DUE = "update site_edge set due_at = now() where site_id = $1"
# Sites with domains that other tests have left live.
FORGET = """
update site s set live_deployment_id = null
 where exists (select from site_domain d where d.workspace_id = s.workspace_id and d.site_id = s.id)
   and not exists (select from site_edge e where e.workspace_id = s.workspace_id and e.site_id = s.id)
"""


@pytest.fixture
def account(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Amazon]:
    """An account in which certificates are issued when they are next looked at."""
    monkeypatch.setattr(moto_settings, "ACM_VALIDATION_WAIT", -1)
    with amazon(workshop.platform.settings) as found:
        yield found


class Edge:
    """A live site with domains, and what stands before it."""

    def __init__(self, site: Built, registrar: Registrar, account: Amazon) -> None:
        self.site, self.registrar, self.account = site, registrar, account
        self.platform: Platform = site.workshop.platform

    async def tend(self, times: int = 1) -> None:
        """Does what the host does, when the time has come."""
        for _ in range(times):
            await system_sql(self.platform, DUE, self.site.row_id)
            await tend_edges(self.platform, self.account.aws)

    async def status(self) -> tuple[str | None, str | None]:
        answer = await self.site.shop.admin(SITE, {"id": self.site.id})
        return answer["data"]["site"]["cdnStatus"], answer["data"]["site"]["cdnError"]

    async def row(self) -> Any:
        (row,) = await system_sql(self.platform, "select * from site_edge where site_id = $1", self.site.row_id)
        return row

    async def records(self, domain: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = (await self.site.shop.admin(RECORDS, {"id": domain["id"]}))["data"]["siteDomain"]
        return found

    async def lines(self) -> list[str]:
        rows = await self.site.shop.sql("select text from deployment_log_line order by number")
        return [row["text"] for row in rows]


@pytest.fixture
async def edge(workshop: Workshop, shop: Shop, everybodys_zone: Zone, account: Amazon) -> Any:
    """One that has no domains yet."""
    everybodys_zone.clear()
    await superuser_sql(FORGET)
    site = await workshop.site(shop)
    async with hosting(workshop):
        await live(site)
        yield Edge(site, Registrar(shop, site.site, everybodys_zone), account)
    await system_sql(workshop.platform, "delete from site_edge where site_id = $1", site.row_id)


class TestEdge:
    async def test_is_not_for_sites_without_domains(self, edge: Edge) -> None:
        await edge.registrar.add()

        await edge.tend()

        assert await edge.status() == (None, None)
        assert (edge.account.files(), edge.account.certificates(), edge.account.distributions()) == ([], [], [])

    async def test_serves_a_sites_domains(self, edge: Edge) -> None:
        """From the claim's proof to the distribution, and what merchants are told meanwhile."""
        domain = await edge.registrar.proven()

        await edge.tend()

        assert await edge.status() == ("LIVE", None)
        folder = f"shops/{edge.site.row_id}"
        assert edge.account.files() == [f"{folder}/_next/static/app.js"]
        file = edge.account.client("s3").get_object(Bucket=BUCKET, Key=edge.account.files()[0])
        assert file["Body"].read() == b"console.log('hello')"
        assert file["ContentType"] == "text/javascript; charset=utf-8"
        assert file["CacheControl"] == "public, max-age=31536000, immutable"
        (config,) = edge.account.distributions()
        assert config["Aliases"]["Items"] == [domain["name"]]
        assert config["ViewerCertificate"]["ACMCertificateArn"] == edge.account.certificates()[0]
        assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
        origins = {each["Id"]: each for each in config["Origins"]["Items"]}
        assert origins["static"]["DomainName"] == f"{BUCKET}.s3.us-east-1.amazonaws.com"
        assert origins["static"]["OriginPath"] == f"/{folder}"
        assert origins["site"]["DomainName"] == f"{edge.site.site['slug']}.localhost"
        default, (static,) = config["DefaultCacheBehavior"], config["CacheBehaviors"]["Items"]
        assert default["TargetOriginId"] == "site"
        assert default["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
        assert default["OriginRequestPolicyId"] == "216adef6-5c7f-47e4-b989-5492eafa07d3"
        assert "POST" in default["AllowedMethods"]["Items"]
        assert (static["PathPattern"], static["TargetOriginId"]) == ("/_next/static/*", "static-or-site")
        told = await edge.records(domain)
        assert told["cnameTarget"] == config["DomainName"]
        assert told["certificateRecordName"].endswith(f".{domain['name']}")
        assert told["certificateRecordValue"]
        assert f"CloudFront serves {domain['name']}." in await edge.lines()
        assert "1 static files are in S3, 1 of them new (20 bytes)." in await edge.lines()

    async def test_asks_nothing_where_nothing_is_new(self, edge: Edge) -> None:
        await edge.registrar.proven()
        await edge.tend()
        before = await edge.row()

        assert await tend_edges(edge.platform, edge.account.aws) == 0
        assert (await edge.row())["due_at"] == before["due_at"]
        await edge.tend()

        after = await edge.row()
        same = {key for key in before.keys() if before[key] == after[key]}  # noqa: SIM118 - a record of asyncpg
        assert set(before.keys()) - same == {"due_at"}
        assert len(edge.account.certificates()) == len(edge.account.distributions()) == 1

    async def test_waits_for_the_certificate_and_says_how_to_get_it(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(moto_settings, "ACM_VALIDATION_WAIT", 3600)
        domain = await edge.registrar.proven()

        await edge.tend(2)

        assert await edge.status() == ("WAITING", None)
        told = await edge.records(domain)
        assert told["certificateRecordName"] is not None
        assert told["cnameTarget"] == f"{edge.site.site['slug']}.localhost"
        assert edge.account.distributions() == []
        assert len(edge.account.certificates()) == 1

    async def test_takes_a_domain_more_and_a_domain_less(self, edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
        """The first goes on being served while the certificate for both is waited for."""
        first = await edge.registrar.proven()
        await edge.tend()
        old = edge.account.certificates()
        monkeypatch.setattr(moto_settings, "ACM_VALIDATION_WAIT", 3600)
        second = await edge.registrar.proven()
        await edge.tend(2)
        (config,) = edge.account.distributions()
        assert config["Aliases"]["Items"] == [first["name"]]
        assert len(edge.account.certificates()) == 2

        monkeypatch.setattr(moto_settings, "ACM_VALIDATION_WAIT", -1)
        await edge.tend(2)

        (config,) = edge.account.distributions()
        assert sorted(config["Aliases"]["Items"]) == sorted([first["name"], second["name"]])
        (new,) = edge.account.certificates()
        assert [new] != old
        assert config["ViewerCertificate"]["ACMCertificateArn"] == new
        await edge.registrar.remove(first)
        await edge.tend()
        (config,) = edge.account.distributions()
        assert config["Aliases"]["Items"] == [second["name"]]
        assert edge.account.certificates() == [new]

    async def test_ends_with_the_last_domain(self, edge: Edge) -> None:
        domain = await edge.registrar.proven()
        await edge.tend()
        edge.account.deploy_at_once(is_slow=True)
        await edge.registrar.remove(domain)

        await edge.tend()
        assert (await edge.row())["status"] == "ENDING"
        (config,) = edge.account.distributions()
        assert config["Enabled"] is False
        await edge.tend(6)

        assert await edge.status() == (None, None)
        assert (edge.account.files(), edge.account.certificates(), edge.account.distributions()) == ([], [], [])

    async def test_comes_back_where_it_was_about_to_end(self, edge: Edge) -> None:
        domain = await edge.registrar.proven()
        await edge.tend()
        await edge.registrar.remove(domain)
        edge.account.deploy_at_once(is_slow=True)
        await edge.tend()
        edge.account.deploy_at_once()
        again = await edge.registrar.proven()

        await edge.tend(3)

        assert await edge.status() == ("LIVE", None)
        (config,) = edge.account.distributions()
        assert config["Enabled"] is True
        assert config["Aliases"]["Items"] == [again["name"]]
        assert len(edge.account.files()) == 1

    async def test_ends_with_the_site(self, edge: Edge) -> None:
        await edge.registrar.proven()
        await edge.tend()
        document = "mutation ($id: ID!) { siteDelete(id: $id) { userErrors { code } } }"
        await edge.site.shop.admin(document, {"id": edge.site.id})

        await edge.tend(3)

        assert await system_sql(edge.platform, "select from site_edge where site_id = $1", edge.site.row_id) == []
        assert (edge.account.files(), edge.account.certificates(), edge.account.distributions()) == ([], [], [])


class TestStaticFiles:
    async def test_are_uploaded_where_they_changed_and_kept_as_long_as_deployments(self, edge: Edge) -> None:
        await edge.registrar.proven()
        await edge.tend()
        build = (edge.site.folder / "build.js").read_text()
        for number in (2, 3):
            more = f'\nfs.writeFileSync(".next/static/chunk-{number}.js", "{number}");\n'
            (edge.site.folder / "build.js").write_text(build + more)
            await live(edge.site)
            await edge.tend()
        names = [key.rpartition("/")[2] for key in edge.account.files()]
        assert names == ["app.js", "chunk-2.js", "chunk-3.js"]
        assert "2 static files are in S3, 1 of them new (1 bytes)." in await edge.lines()

        await edge.site.shop.sql("update deployment set is_kept = false where number = 2")
        (edge.site.folder / "build.js").write_text(build)
        await live(edge.site)
        await edge.tend()

        names = [key.rpartition("/")[2] for key in edge.account.files()]
        assert names == ["app.js", "chunk-3.js"]


class TestFaults:
    async def test_are_said_and_tried_again(self, edge: Edge) -> None:
        await edge.registrar.proven()
        client = edge.account.client("s3")
        client.delete_bucket(Bucket=BUCKET)

        await edge.tend(2)

        status, error = await edge.status()
        assert (status, error) == ("WAITING", "AWS refused to list static files: NoSuchBucket.")
        assert (await edge.lines()).count(str(error)) == 1
        row = await edge.row()
        assert row["attempt"] == 2
        assert await tend_edges(edge.platform, edge.account.aws) == 0
        client.create_bucket(Bucket=BUCKET)
        await edge.tend()
        assert await edge.status() == ("LIVE", None)

    @pytest.mark.parametrize("step", ["request", "create"])
    async def test_a_host_that_was_killed_after_a_call_goes_on(self, edge: Edge, step: str) -> None:
        """What it had made, and not written down, is found and not made twice."""
        await edge.registrar.proven()

        class Killed(Exception):
            pass

        def then_die(call: Any) -> Any:
            def made(*arguments: Any) -> Any:
                call(*arguments)
                raise Killed

            return made

        aws = edge.account.aws
        if step == "request":
            stub: Any = _Overriding(aws.certificates, step, then_die(aws.certificates.request))
            broken = replace(aws, certificates=stub)
        else:
            stub = _Overriding(aws.distributions, step, then_die(aws.distributions.create))
            broken = replace(aws, distributions=stub)
        await tend_edges(edge.platform, broken)
        assert (await edge.status())[1] == "Something went wrong on the side of Vitrine."

        await edge.tend()

        assert await edge.status() == ("LIVE", None)
        assert len(edge.account.certificates()) == len(edge.account.distributions()) == 1

    async def test_a_certificate_or_distribution_that_somebody_deleted_is_made_anew(self, edge: Edge) -> None:
        await edge.registrar.proven()
        await edge.tend()
        await system_sql(
            edge.platform,
            "update site_edge set status = 'DEPLOYING', distribution_id = 'EGONE' where site_id = $1",
            edge.site.row_id,
        )
        await edge.tend()
        assert (await edge.status())[1] == "The distribution is gone: it is made anew."

        await edge.tend()

        assert await edge.status() == ("LIVE", None)
        assert len(edge.account.distributions()) == 1

    def test_tell_nothing_of_the_account(self) -> None:
        refused = {"Error": {"Code": "AccessDenied", "Message": "arn:aws:iam::123456789012:role/host may not"}}
        for error in (ClientError(refused, "PutObject"), ConnectTimeoutError(endpoint_url="https://internal")):
            with pytest.raises(AwsFailed) as caught, asking("keep a static file"):
                raise error
            assert "123456789012" not in str(caught.value)
            assert "internal" not in str(caught.value)


class TestSecrets:
    async def test_of_aws_are_in_no_sites_environment(self, edge: Edge, live_server: Any) -> None:
        async with visiting(live_server, edge.site) as visitor:
            pid = (await visitor.sees())["pid"]
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: ASYNC230, PTH123
            environment = file.read()

        assert b"NEXT_PUBLIC_SITE_ID" in environment
        for secret in (KEY, SECRET, "HOSTING_"):
            assert secret.encode() not in environment
        assert SECRET not in json.dumps(repr(edge.account.aws))


class _Overriding:
    """An object with one method of another's."""

    def __init__(self, whole: Any, name: str, method: Any) -> None:
        self._whole = whole
        setattr(self, name, method)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)
