"""The files that GraphiQL's page loads, pinned, and the routes that serve them."""

import gzip
import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

HERE = Path(__file__).resolve().parent
NODE_MODULES = HERE.parent.parent / "node_modules"

# The CDN serves a published version's files as they are, so the hash of the npm package's file holds there.
CDN = "https://cdn.jsdelivr.net/npm"
ASSETS_PATH = "/graphiql/assets"

# A file's name changes with its content, so a browser may keep it for as long as it likes.
IMMUTABLE = "public, max-age=31536000, immutable"
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}


@dataclass(frozen=True, slots=True)
class Pin:
    """One file of one published npm package, by version and by hash.

    `alias` is the package's folder in `node_modules` where that is not its name.
    """

    package: str
    version: str
    path: str
    integrity: str
    alias: str | None = None

    @property
    def suffix(self) -> str:
        return Path(self.path).suffix

    @property
    def name(self) -> str:
        """The name under `/graphiql/assets/`."""
        return f"{self.package}-{self.version}{self.suffix}"

    @property
    def installed_path(self) -> str:
        """The path in `node_modules`."""
        return f"{self.alias or self.package}/{self.path}"

    @property
    def cdn_url(self) -> str:
        return f"{CDN}/{self.package}@{self.version}/{self.path}"


# In the order in which the page loads them. The versions are package.json's: tests/browser/test_graphiql.py
# holds them to the lock, and the hashes to the installed files. graphql-ws has no build for a plain <script>
# after version 5, and GraphiQL none after version 4.
PINS = (
    Pin(
        package="graphiql",
        version="4.1.2",
        path="graphiql.min.css",
        integrity="sha384-1el1QShFBnnXTx9x/Cprg82hZWKt0ry29OAYIXt05swbi0KcZDFoj0CWguMpopJr",
    ),
    Pin(
        package="react",
        version="18.3.1",
        path="umd/react.production.min.js",
        integrity="sha384-DGyLxAyjq0f9SPpVevD6IgztCFlnMF6oW/XQGmfe+IsZ8TqEiDrcHkMLKI6fiB/Z",
    ),
    Pin(
        package="react-dom",
        version="18.3.1",
        path="umd/react-dom.production.min.js",
        integrity="sha384-gTGxhz21lVGYNMcdJOyq01Edg0jhn/c22nsx0kyqP0TxaV5WVdsSH1fSDUf5YJj1",
    ),
    Pin(
        package="graphql-ws",
        version="5.16.2",
        path="umd/graphql-ws.min.js",
        integrity="sha384-+EVxFEOpy8LWPRQcpntm0FKN2O+BzrMNSL0G3HIgVWFmeb6xqZqjuLivrQUTXZKi",
        alias="graphql-ws-umd",
    ),
    Pin(
        package="graphiql",
        version="4.1.2",
        path="graphiql.min.js",
        integrity="sha384-9XdHu7ajgGJziD4J1zNBKQ842Q/+zZfDv+ib1eMhZWBH6hPAs806x+Jbcf0yNO6B",
    ),
)


class Assets(NamedTuple):
    """What the page loads from here, by name: its own script, and the pinned files where all are installed.

    `is_complete` says whether they are; if not, the page asks the CDN for all of them.
    """

    files: dict[str, bytes]
    script_name: str
    is_complete: bool


def integrity_of(content: bytes) -> str:
    """The hash of a file as a browser checks it (W3C Subresource Integrity)."""
    return f"sha384-{b64encode(hashlib.sha384(content).digest()).decode()}"


def read_assets(node_modules: Path) -> Assets:
    """Read the page's script, and the pinned files if each is there with the bytes that its hash names.

    One that is missing or differs makes the page take all of them from the CDN, so that versions never mix.
    """
    script = (HERE / "page.js").read_bytes()
    script_name = f"page-{hashlib.sha256(script).hexdigest()[:12]}.js"
    pinned: dict[str, bytes] = {}
    for pin in PINS:
        file = node_modules / pin.installed_path
        content = file.read_bytes() if file.is_file() else b""
        if integrity_of(content) != pin.integrity:
            return Assets({script_name: script}, script_name, is_complete=False)
        pinned[pin.name] = content
    return Assets({script_name: script, **pinned}, script_name, is_complete=True)


@cache
def installed_assets() -> Assets:
    """The assets of this installation, read once: after an `npm ci` the server wants a restart."""
    return read_assets(NODE_MODULES)


@cache
def compressed_asset(name: str) -> bytes:
    """An asset in gzip, about a third of its size: compressed when it is first asked for, then kept."""
    return gzip.compress(installed_assets().files[name], mtime=0)


def serve_asset(request: Request) -> Response:
    """Answer one file of the allow-list.

    Not a coroutine: Starlette runs it in a thread, where compressing does not hold up the event loop.
    """
    name: str = request.path_params["name"]
    headers = {"Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    content = installed_assets().files.get(name)
    if content is None:
        return PlainTextResponse("No such file.\n", status_code=404, headers=headers)
    headers |= {"Cache-Control": IMMUTABLE, "Cross-Origin-Resource-Policy": "same-origin"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        content = compressed_asset(name)
        headers["Content-Encoding"] = "gzip"
    return Response(content, media_type=MEDIA_TYPES[Path(name).suffix], headers=headers)


GRAPHIQL_ROUTES = [Route(f"{ASSETS_PATH}/{{name}}", serve_asset, methods=["GET"])]
