"""GraphiQL's page, with a policy that lets it load its own files and talk to its own server, nothing else."""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from functools import cache
from html import escape
from string import Template
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from routes.graphiql.assets import ASSETS_PATH, HERE, PINS, Assets, Pin, installed_assets
from routes.graphiql.examples import examples, tab_for

# A Host header that may be repeated in the policy: any other could add a directive of its own.
HOST = re.compile(r"(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

# In an address these make it an operation to execute, whatever the client accepts.
OPERATION_PARAMETERS = frozenset({"query", "operationName", "variables", "extensions"})


def wants_graphiql(request: Request) -> bool:
    """Whether a request is a person's browser opening the address, and not a client sending an operation."""
    if request.method != "GET" or OPERATION_PARAMETERS & set(request.query_params):
        return False
    accepted = request.headers.get("accept", "").lower().split(",")
    return any(entry.split(";")[0].strip() == "text/html" for entry in accepted)


def graphiql_page(
    request: Request,
    *,
    demo: Mapping[str, Any] | None = None,
    endpoint: str = "/graphql",
    assets: Assets | None = None,
) -> Response:
    """The page, with the example operations in its tabs.

    `demo` is what `.data/demo.json` holds, and for development only: the tokens of its first workspace are
    written into the page. They are left out unless the address is a loopback one, so that neither a server
    left open to the network nor a foreign name that was made to resolve to this machine gives them away.

    `assets` are those of this installation unless a test brings others.
    """
    assets = assets or installed_assets()
    host = HOST.fullmatch(request.headers.get("host", ""))
    nonce = secrets.token_urlsafe(16)
    is_local = host is not None and host["name"].lower() in LOOPBACK
    config = _config(_first_workspace(demo if is_local else None), endpoint, nonce)
    scripts = [_tag(pin, assets) for pin in PINS if pin.suffix == ".js"]
    scripts.append(f'<script defer src="{ASSETS_PATH}/{assets.script_name}"></script>')
    content = _template().substitute(
        nonce=nonce,
        styles="\n    ".join(_tag(pin, assets) for pin in PINS if pin.suffix == ".css"),
        scripts="\n    ".join(scripts),
        # Inside <script> only a "<" could end the element early.
        config=json.dumps(config, ensure_ascii=False).replace("<", "\\u003c"),
    )
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": _policy(host[0] if host else None, nonce, assets),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    return HTMLResponse(content, headers=headers)


def _first_workspace(demo: Mapping[str, Any] | None) -> Mapping[str, Any]:
    workspaces: list[Mapping[str, Any]] = (demo or {}).get("workspaces", [])
    return workspaces[0] if workspaces else {}


def _config(workspace: Mapping[str, Any], endpoint: str, nonce: str) -> dict[str, Any]:
    """What `page.js` reads."""
    tabs = [tab_for(example, workspace) for example in examples()]
    key = workspace.get("apiKey")
    return {
        "endpoint": endpoint,
        "hasDemo": bool(workspace),
        "newTabHeaders": json.dumps({"Authorization": f"Bearer {key}"}, indent=2) if key else None,
        "tabs": tabs,
        # The browser keeps its tabs under this name: with other examples or tokens it starts with fresh ones.
        "fingerprint": hashlib.sha256(json.dumps(tabs).encode()).hexdigest()[:16],
        "nonce": nonce,
    }


@cache
def _template() -> Template:
    return Template((HERE / "page.html").read_text("utf-8"))


def _tag(pin: Pin, assets: Assets) -> str:
    """The element that loads a pinned file, from here or from the CDN."""
    url = escape(f"{ASSETS_PATH}/{pin.name}" if assets.is_complete else pin.cdn_url)
    checks = f'integrity="{pin.integrity}" crossorigin="anonymous"'
    if pin.suffix == ".css":
        return f'<link rel="stylesheet" href="{url}" {checks}>'
    return f'<script defer src="{url}" {checks}></script>'


def _policy(host: str | None, nonce: str, assets: Assets) -> str:
    """The Content-Security-Policy. The CDN is named only where it is needed, and then file by file."""
    elsewhere = [] if assets.is_complete else [(pin.suffix, pin.cdn_url) for pin in PINS]
    # Older browsers do not count a websocket to the same host as 'self'. Behind a proxy the scheme is another
    # here than in the browser, so both are named.
    sockets = [f"ws://{host}", f"wss://{host}"] if host else []
    directives = {
        "default-src": ["'none'"],
        "script-src": ["'self'", *(url for suffix, url in elsewhere if suffix == ".js")],
        "style-src": ["'self'", f"'nonce-{nonce}'", *(url for suffix, url in elsewhere if suffix == ".css")],
        "img-src": ["'self'", "data:"],
        "font-src": ["data:"],
        "connect-src": ["'self'", *sockets],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())
