"""GraphiQL's page: its files and its policy, and a person using it in Chromium."""

import json
import shutil
import time
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate
from graphql.execution.values import get_variable_values
from httpx import ASGITransport, AsyncClient
from playwright.async_api import Browser, Page, Route, WebSocketRoute, async_playwright, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from routes.graphiql import GRAPHIQL_ROUTES, graphiql_page, wants_graphiql
from routes.graphiql.assets import NODE_MODULES, PINS, Assets, installed_assets, integrity_of, read_assets
from routes.graphiql.examples import Example, examples

ROOT = Path(__file__).resolve().parent.parent.parent

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CHROMIUM_ARGS = [
    "--no-sandbox",  # CI runs as root, where Chromium's sandbox does not start
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Far more than any step takes: they bound a hang and measure nothing.
STEP_TIMEOUT = 30_000  # ms
EVENT_TIMEOUT = 60.0  # s

RESPONSE = "document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue() ?? ''"

DEMO: dict[str, list[dict[str, Any]]] = {
    "workspaces": [
        {
            "id": "w1",
            "slug": "first",
            "currencyCode": "XAF",
            "storefrontToken": "st_first</script>",
            "apiKey": "key_first",
            "owner": {"email": "owner@first.example", "password": "open sesame"},
        },
        {"id": "w2", "slug": "second", "storefrontToken": "st_second", "apiKey": "key_second"},
    ]
}

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed.")
needs_assets = pytest.mark.skipif(
    not installed_assets().is_complete, reason="GraphiQL's files are not installed: make assets."
)


class LiveServer(Protocol):
    """The real application on a loopback port."""

    url: str


class Shop(Protocol):
    """A workspace of the live server's database; its key may write products and read orders."""

    storefront_token: str
    api_key: str


def get(accept: str = "text/html", host: str = "localhost:8000", query: str = "") -> Request:
    """A browser's request for the page."""
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/graphql",
            "query_string": query.encode(),
            "headers": [(b"host", host.encode()), (b"accept", accept.encode())],
        }
    )


def assets_client() -> AsyncClient:
    application = Starlette(routes=GRAPHIQL_ROUTES)
    return AsyncClient(transport=ASGITransport(application), base_url="http://localhost:8000")


def policy_of(response: Response) -> dict[str, list[str]]:
    directives = (part.split() for part in response.headers["content-security-policy"].split("; "))
    return {name: sources for name, *sources in directives}


def tabs_of(response: Response) -> dict[str, dict[str, Any]]:
    """The tabs that a page carries, by the name of their operation."""
    text = bytes(response.body).decode().split('id="graphiql-config">')[1].split("</script>")[0]
    return {tab["name"]: tab for tab in json.loads(text)["tabs"]}


@pytest.fixture
def nothing_installed(tmp_path: Path) -> Assets:
    return read_assets(tmp_path)


class TestPins:
    def test_are_the_versions_that_the_lock_installs(self) -> None:
        """Without npm the page loads just what it loads with npm."""
        packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
        for pin in PINS:
            entry = packages[f"node_modules/{pin.alias or pin.package}"]
            assert (entry.get("name", pin.package), entry["version"]) == (pin.package, pin.version)

    @needs_assets
    def test_are_the_hashes_of_the_installed_files(self) -> None:
        """The CDN serves the npm package's bytes, so these hashes are the ones that a browser will find."""
        for pin in PINS:
            assert integrity_of((NODE_MODULES / pin.installed_path).read_bytes()) == pin.integrity

    def test_one_altered_file_makes_the_page_use_the_cdn(self, tmp_path: Path) -> None:
        """Bytes that nobody pinned are never served from here."""
        for pin in PINS:
            file = tmp_path / pin.installed_path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("alert(1)")
        assets = read_assets(tmp_path)
        assert not assets.is_complete
        assert list(assets.files) == [assets.script_name]

    def test_the_lock_names_no_registry(self) -> None:
        """It installs from whichever registry or mirror a machine uses."""
        packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
        assert [name for name, entry in packages.items() if "resolved" in entry] == []
        assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []


class TestAssetRoutes:
    async def test_serve_each_file_to_keep_forever(self) -> None:
        """A file's name changes with its content, so a browser never asks twice."""
        async with assets_client() as client:
            for name, content in installed_assets().files.items():
                for encoding in ("gzip", "identity"):
                    response = await client.get(f"/graphiql/assets/{name}", headers={"accept-encoding": encoding})
                    assert response.status_code == 200
                    assert response.content == content
                    assert response.headers.get("content-encoding", "identity") == encoding
                    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
                    assert response.headers["x-content-type-options"] == "nosniff"
                    media_type = "text/css" if name.endswith(".css") else "text/javascript"
                    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"

    @pytest.mark.parametrize(
        "name", ["package.json", "graphiql", "..%2F..%2Fpackage.json", "%2Fetc%2Fpasswd", "page.js"]
    )
    async def test_serve_nothing_else(self, name: str) -> None:
        """Only the names of the list lead to a file: a path never reaches the disk."""
        async with assets_client() as client:
            response = await client.get(f"/graphiql/assets/{name}")
            assert response.status_code == 404


class TestWantsGraphiql:
    @pytest.mark.parametrize(
        ("accept", "query", "wanted"),
        [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "", True),
            ("text/html,*/*;q=0.8", "utm_source=mail", True),
            ("*/*", "", False),
            ("application/json", "", False),
            ("", "", False),
            ("text/html", "query=%7B__typename%7D", False),
            ("text/html", "extensions=%7B%7D", False),
        ],
    )
    def test_only_for_a_browser_that_opens_the_address(self, accept: str, query: str, wanted: bool) -> None:
        """A client of the API never gets a page where it expects an answer."""
        assert wants_graphiql(get(accept=accept, query=query)) is wanted


class TestGraphiqlPage:
    def test_may_load_only_its_own_files(self) -> None:
        """With the files installed the policy names no other host, and no inline script."""
        everything = Assets({}, "page-0.js", is_complete=True)
        response = graphiql_page(get(), assets=everything)
        policy = policy_of(response)
        nonce = policy["style-src"][1]
        assert policy == {
            "default-src": ["'none'"],
            "script-src": ["'self'"],
            "style-src": ["'self'", nonce],
            "img-src": ["'self'", "data:"],
            "font-src": ["data:"],
            "connect-src": ["'self'", "ws://localhost:8000", "wss://localhost:8000"],
            "base-uri": ["'none'"],
            "form-action": ["'none'"],
            "frame-ancestors": ["'none'"],
        }
        assert nonce.startswith("'nonce-")
        assert nonce != policy_of(graphiql_page(get(), assets=everything))["style-src"][1]
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["vary"] == "Accept"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-frame-options"] == "DENY"
        assert b'="https://' not in bytes(response.body)

    def test_without_the_files_names_the_cdn_file_by_file(self, nothing_installed: Assets) -> None:
        """The CDN serves every npm package there is, so its host alone would let any script in."""
        response = graphiql_page(get(), assets=nothing_installed)
        policy = policy_of(response)
        assert policy["script-src"][1:] == [pin.cdn_url for pin in PINS if pin.path.endswith(".js")]
        assert policy["style-src"][2:] == [pin.cdn_url for pin in PINS if pin.path.endswith(".css")]
        page = bytes(response.body).decode()
        for pin in PINS:
            assert f'"{pin.cdn_url}" integrity="{pin.integrity}" crossorigin="anonymous">' in page

    @pytest.mark.parametrize("host", ["", "evil.example; script-src *", "a b", "[::1", "x,y"])
    def test_repeats_no_strange_host_in_its_policy(self, host: str) -> None:
        """A Host header cannot write a directive."""
        response = graphiql_page(get(host=host), demo=DEMO)
        assert policy_of(response)["connect-src"] == ["'self'"]
        assert b"key_first" not in bytes(response.body)

    def test_fills_in_the_first_demo_workspace(self) -> None:
        """In development each tab runs as it stands, with the token that its operation needs."""
        tabs = tabs_of(graphiql_page(get(), demo=DEMO))
        assert json.loads(tabs["Products"]["headers"]) == {"X-Storefront-Token": "st_first</script>"}
        assert json.loads(tabs["Products"]["variables"]) == {"first": 10}
        assert json.loads(tabs["Orders"]["headers"]) == {"Authorization": "Bearer key_first"}
        assert json.loads(tabs["OrderEvents"]["headers"]) == {"Authorization": "Bearer key_first"}
        assert tabs["SignIn"]["headers"] == ""
        assert json.loads(tabs["SignIn"]["variables"]) == DEMO["workspaces"][0]["owner"]
        variants = json.loads(tabs["ProductCreate"]["variables"])["input"]["variants"]
        assert variants[0]["price"]["currencyCode"] == "XAF"

    def test_takes_better_variables_from_the_demo(self) -> None:
        """The demo knows which variant is in stock."""
        workspace = DEMO["workspaces"][0] | {"exampleVariables": {"ProductBySlug": {"slug": "green-tea"}}}
        tabs = tabs_of(graphiql_page(get(), demo={"workspaces": [workspace]}))
        assert json.loads(tabs["ProductBySlug"]["variables"]) == {"slug": "green-tea"}

    @pytest.mark.parametrize("host", ["shop.example", "192.168.1.5:8000", "localhost.evil.example"])
    def test_gives_demo_tokens_to_this_machine_only(self, host: str) -> None:
        """A name that was made to resolve to a loopback address must not read the tokens out of the page."""
        page = bytes(graphiql_page(get(host=host), demo=DEMO).body)
        for secret in (b"st_first", b"key_first", b"open sesame"):
            assert secret not in page

    def test_without_a_demo_says_which_headers_to_paste(self) -> None:
        """Every tab that needs a caller names the headers that carry one; none holds a value."""
        for name, tab in tabs_of(graphiql_page(get())).items():
            assert tab["headers"] == ""
            assert tab["query"].startswith("# Headers") is (name != "SignIn")

    def test_has_a_tab_for_each_example(self) -> None:
        """What a newcomer needs to see a shop sell, in the order in which it happens."""
        assert list(tabs_of(graphiql_page(get()))) == [
            *("Shop", "StorefrontConfig", "ActiveBanners", "ActiveLogos"),
            *("Products", "ProductBySlug", "OrderPlace", "OrderByToken"),
            *("SignIn", "ProductCreate", "ProductUpdate", "ProductDelete", "Orders", "Order"),
            *("AssetUploadCreate", "AssetUploadComplete", "Assets"),
            *("WebhookEndpointCreate", "WebhookDeliveries", "WebhookDeliveryReplay", "Changes"),
            *("Themes", "SiteCreate", "Sites", "DraftCreate", "DraftUpdate", "DraftPublish", "DraftSchedule"),
            *("Versions", "VersionDiff", "VersionRestore"),
            *("SiteDeploy", "SitesHealth", "SiteDomainAdd", "SiteDomainVerify", "Deployments"),
            *("BannerCreate", "BannerPublish", "BannersReorder", "Banners", "LogoCreate", "LogoPublish"),
            *("Dashboard", "ExportCreate"),
            *("OrderEvents", "Activity", "LiveVisitors", "DeploymentProgress"),
        ]


class TestExamples:
    @pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
    def test_are_valid_with_their_variables(self, example: Example) -> None:
        """Each tab's document and variables are what the schema accepts."""
        schema = build_schema((ROOT / "schema.graphql").read_text("utf-8"))
        document = parse(example.query)
        assert validate(schema, document) == []
        operation = document.definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        result = get_variable_values(schema, operation.variable_definitions or (), example.variables)
        assert not isinstance(result, list), result


# ------------------------------------------------------------------------------------------------ in Chromium


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium with a profile of its own, gone afterwards."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        try:
            yield browser
        finally:
            await browser.close()


class GraphiQL:
    """The page as a person uses it, keeping what went wrong and which addresses it asked for."""

    def __init__(self, page: Page) -> None:
        page.set_default_timeout(STEP_TIMEOUT)
        self.page = page
        self.faults: list[str] = []
        self.addresses: set[str] = set()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda message: self._keep(message.text))
        page.on("request", lambda request: self.addresses.add(request.url))
        page.on("websocket", lambda socket: self.addresses.add(socket.url))

    def _keep(self, text: str) -> None:
        if "Content Security Policy" in text:
            self.faults.append(text)

    async def open(self, url: str) -> None:
        await self.page.goto(url)
        await self.page.wait_for_selector(".graphiql-execute-button")

    async def choose_tab(self, name: str) -> None:
        tab = self.page.get_by_role("tab").filter(has=self.page.get_by_role("button", name=name, exact=True))
        await tab.click()
        await expect(tab).to_have_class("graphiql-tab graphiql-tab-active")

    async def fill(self, editor: str, value: dict[str, Any]) -> None:
        """Replace the text of the "Headers" or the "Variables" editor."""
        tools = self.page.locator(".graphiql-editor-tools")
        await tools.get_by_role("button", name=editor, exact=True).click()
        await self.page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden) .CodeMirror").click()
        await self.page.keyboard.press("Control+a")
        # At once, as when pasting: typed key by key the editor would add closing brackets of its own.
        await self.page.keyboard.insert_text(json.dumps(value))

    async def toggle_execution(self) -> None:
        """Start the operation, or stop the subscription that is running."""
        await self.page.click(".graphiql-execute-button")

    async def response(self, unlike: str = "") -> dict[str, Any]:
        """The answer, once there is one and it is another than `unlike`."""
        await self.page.wait_for_function(f"text => {{ const r = {RESPONSE}; return r && r !== text }}", arg=unlike)
        answer: dict[str, Any] = json.loads(await self.response_text())
        return answer

    async def response_text(self) -> str:
        text: str = await self.page.evaluate(RESPONSE)
        return text

    async def execute(self, tab: str, headers: dict[str, str], variables: dict[str, Any]) -> dict[str, Any]:
        """Run a tab's operation and return what the answer holds under `data`."""
        await self.choose_tab(tab)
        await self.fill("Headers", headers)
        await self.fill("Variables", variables)
        await self.toggle_execution()
        answer = await self.response()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data


@needs_chromium
@needs_assets
class TestGraphiqlInChromium:
    async def test_runs_a_query_a_mutation_and_a_subscription(
        self, browser: Browser, live_server: LiveServer, shop: Shop
    ) -> None:
        """A merchant adds a product, shoppers order it, and the orders appear in the running subscription."""
        page = await browser.new_page()
        graphiql = GraphiQL(page)
        await graphiql.open(f"{live_server.url}/graphql")
        shopper = {"X-Storefront-Token": shop.storefront_token}
        merchant = {"Authorization": f"Bearer {shop.api_key}"}

        workspace = (await graphiql.execute("Shop", shopper, {}))["workspace"]

        price = {"amount": "25", "currencyCode": workspace["currencyCode"]}
        product = {
            "title": "Enamel mug",
            "status": "ACTIVE",
            "variants": [{"sku": "MUG", "price": price, "quantity": 1000}],
        }
        created = (await graphiql.execute("ProductCreate", merchant, {"input": product}))["productCreate"]
        assert created["userErrors"] == []
        [variant] = created["product"]["variants"]["nodes"]
        assert variant["quantityAvailable"] == 1000

        await graphiql.choose_tab("OrderEvents")
        await graphiql.fill("Headers", merchant)
        await graphiql.toggle_execution()
        place = next(example for example in examples() if example.name == "OrderPlace").query
        order = {"email": "shopper@example.com", "lines": [{"variantId": variant["id"], "quantity": 1}]}
        cursors: list[str] = []
        deadline = time.monotonic() + EVENT_TIMEOUT
        # Nothing on the page tells when the server listens for it, so orders come until two were seen.
        while len(cursors) < 2 and time.monotonic() < deadline:
            answer = await page.request.post(
                f"{live_server.url}/graphql",
                headers=shopper,
                data={"query": place, "variables": {"input": order}},
            )
            assert (await answer.json())["data"]["orderPlace"]["userErrors"] == []
            await page.wait_for_timeout(500)
            text = await graphiql.response_text()
            if text:
                event = json.loads(text).get("data", {}).get("orderEvents")
                assert event, text
                total = event["order"]["total"]
                assert (Decimal(total["amount"]), total["currencyCode"]) == (
                    Decimal(25),
                    workspace["currencyCode"],
                )
                if event["cursor"] not in cursors:
                    cursors.append(event["cursor"])
        assert len(cursors) == 2
        await graphiql.toggle_execution()

        assert graphiql.faults == []
        socket = live_server.url.replace("http", "ws", 1) + "/graphql"
        assert socket in graphiql.addresses
        elsewhere = {url for url in graphiql.addresses if not url.startswith(f"{live_server.url}/")}
        assert elsewhere - {socket, "data:,"} == set(), "the page works offline"


@needs_chromium
@needs_assets
class TestGraphiqlBehindTheCdn:
    """The page of an installation without npm. Its requests are answered here; none leaves the browser."""

    URL = "http://localhost:1/graphql"

    async def page(self, browser: Browser, assets: Assets, altered: str = "", demos: Sequence[Any] = ()) -> GraphiQL:
        """Answer the page's requests: itself, the CDN's files, and the endpoint, which echoes the headers.

        The CDN alters the file that `altered` names. Each time it is opened the page gets the next demo.
        """
        page = await browser.new_page()
        remaining = iter(demos)
        cdn = {pin.cdn_url: (NODE_MODULES / pin.installed_path).read_bytes() for pin in PINS}

        async def answer(route: Route) -> None:
            request = route.request
            if request.url in cdn:
                body = cdn[request.url] + (b"\n// altered" if altered and altered in request.url else b"")
                kind = "text/css" if request.url.endswith(".css") else "text/javascript"
                allow = {"access-control-allow-origin": "*", "content-type": kind}
                await route.fulfill(body=body, headers=allow)
            elif request.url == self.URL and request.method == "GET":
                response = graphiql_page(get(host="localhost:1"), assets=assets, demo=next(remaining, None))
                await route.fulfill(body=bytes(response.body), headers=dict(response.headers))
            elif request.url.endswith(assets.script_name):
                await route.fulfill(body=assets.files[assets.script_name], content_type="text/javascript")
            elif request.url == self.URL:
                await route.fulfill(json={"data": {"echo": await request.all_headers()}})
            else:
                await route.abort()

        await page.route("**/*", answer)
        return GraphiQL(page)

    async def test_loads_the_pinned_files(self, browser: Browser, nothing_installed: Assets) -> None:
        """Hashes, cross-origin attributes and policy agree: the page comes up and runs an operation."""
        graphiql = await self.page(browser, nothing_installed)
        await graphiql.open(self.URL)
        data = await graphiql.execute("Shop", {"X-Storefront-Token": "st_pasted"}, {})
        assert data["echo"]["x-storefront-token"] == "st_pasted"
        assert {pin.cdn_url for pin in PINS} <= graphiql.addresses
        assert graphiql.faults == []

    async def test_refuses_an_altered_file(self, browser: Browser, nothing_installed: Assets) -> None:
        """A CDN that serves other bytes gets no script into the page, and the page says what is missing."""
        graphiql = await self.page(browser, nothing_installed, altered="react-dom")
        await graphiql.page.goto(self.URL)
        await expect(graphiql.page.locator("#graphiql")).to_contain_text("could not be loaded")

    async def test_forgets_pasted_headers_unless_asked_to_keep_them(
        self, browser: Browser, nothing_installed: Assets
    ) -> None:
        """An API key stays out of the browser's storage until the person switches that on; then it stays."""
        graphiql = await self.page(browser, nothing_installed)
        page = graphiql.page
        await graphiql.open(self.URL)
        await graphiql.execute("Orders", {"Authorization": "Bearer key_pasted"}, {"first": 5})
        await self._until_stored(page, 'first\\": 5')
        assert "key_pasted" not in await page.evaluate("JSON.stringify(localStorage)")

        await page.get_by_role("button", name="Open settings dialog").click()
        await page.get_by_role("button", name="On", exact=True).click()
        await page.keyboard.press("Escape")
        await graphiql.fill("Headers", {"Authorization": "Bearer key_kept"})
        await self._until_stored(page, "key_kept")
        await graphiql.open(self.URL)
        await expect(page.locator(".graphiql-tab-active")).to_contain_text("Orders")
        await expect(page.locator(".graphiql-tab")).to_have_count(len(examples()))
        await expect(page.locator(".graphiql-editor-tool")).to_contain_text("key_kept")
        await graphiql.toggle_execution()
        answer = await graphiql.response()
        assert answer["data"]["echo"]["authorization"] == "Bearer key_kept"
        assert graphiql.faults == []

    async def test_sends_the_headers_in_connection_init(self, browser: Browser, nothing_installed: Assets) -> None:
        """connection_init says what the headers say over HTTP; a refusal is shown with its code."""
        graphiql = await self.page(browser, nothing_installed)
        received: list[str | bytes] = []

        def refuse(socket: WebSocketRoute) -> None:
            async def read(message: str | bytes) -> None:
                received.append(message)
                await socket.close(code=4403, reason="Forbidden")

            socket.on_message(read)

        await graphiql.page.route_web_socket("**/graphql", refuse)
        await graphiql.open(self.URL)
        await graphiql.choose_tab("OrderEvents")
        headers = {
            "authorization": "Bearer t",
            "X-Workspace": "tea",
            "X-Storefront-Token": "st",
            "X-Other": "1",
        }
        await graphiql.fill("Headers", headers)
        await graphiql.toggle_execution()
        answer = await graphiql.response()
        assert answer == {"errors": [{"message": "The server closed the socket: 4403 Forbidden"}]}
        assert [json.loads(message) for message in received] == [
            {
                "type": "connection_init",
                "payload": {"authorization": "Bearer t", "workspace": "tea", "storefrontToken": "st"},
            }
        ]

    async def test_starts_with_fresh_tabs_when_the_tokens_change(
        self, browser: Browser, nothing_installed: Assets
    ) -> None:
        """After the demo data were made anew, no tab sends the old shop's key."""
        first, second = DEMO["workspaces"]
        demos = [{"workspaces": [first]}, {"workspaces": [second]}]
        graphiql = await self.page(browser, nothing_installed, demos=demos)
        await graphiql.open(self.URL)
        await graphiql.toggle_execution()
        answer = await graphiql.response()
        assert answer["data"]["echo"]["x-storefront-token"] == first["storefrontToken"]
        await self._until_stored(graphiql.page, "key_first")

        await graphiql.open(self.URL)
        await graphiql.toggle_execution()
        answer = await graphiql.response()
        assert answer["data"]["echo"]["x-storefront-token"] == second["storefrontToken"]
        assert "key_first" not in await graphiql.page.evaluate("JSON.stringify(localStorage)")

    async def _until_stored(self, page: Page, text: str) -> None:
        """GraphiQL writes its tabs down half a second after they changed."""
        tabs = "Object.entries(localStorage).find(([key]) => key.endsWith(':graphiql:tabState'))"
        await page.wait_for_function(f"text => {tabs}?.[1].includes(text)", arg=text)
