"""`make theme-env`: what the starter theme needs to run beside `make run`, written where `npm run dev` reads it.

Asks the running API for a webhook endpoint at the theme's address, so that changes show as they do on a real site.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import httpx

from dev.errors import StartError

DEMO = Path(".data/demo.json")
TARGET = Path("themes/starter/.env.development.local")
SECONDS = 10.0
ENDPOINTS = "{ webhookEndpoints(first: 100) { nodes { id url } } }"
DELETE = "mutation ($id: ID!) { webhookEndpointDelete(id: $id) { userErrors { message } } }"
CREATE = """
mutation ($input: WebhookEndpointCreateInput!) {
  webhookEndpointCreate(input: $input) { secret userErrors { message } }
}
"""


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m dev.theme", description=__doc__)
    parser.add_argument("--shop", default="", help="the slug of a demo shop; the first by default")
    parser.add_argument("--port", type=int, default=3000, help="where the theme is to listen; 3000 by default")
    arguments = parser.parse_args()
    try:
        api_url, shop = _demo(arguments.shop)
        site_url = f"http://localhost:{arguments.port}"
        secret = _endpoint(api_url, shop["apiKey"], f"{site_url}/api/sync/webhook")
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    TARGET.write_text(_text(api_url, site_url, shop, secret))
    TARGET.chmod(0o600)
    print(f"{TARGET} written, for {shop['name']}. Now: cd themes/starter && npm run dev -- --port {arguments.port}")
    return 0


def _demo(slug: str) -> tuple[str, dict[str, Any]]:
    """Where the API is, and the shop. Raises StartError where there is none."""
    if not DEMO.exists():
        raise StartError(f"{DEMO} is not there: start `make run` in another terminal first.")
    demo = json.loads(DEMO.read_text())
    shops = demo["workspaces"]
    found = [shop for shop in shops if slug in {"", shop["slug"]}]
    if not found:
        raise StartError(f"There is no shop {slug!r}: {', '.join(shop['slug'] for shop in shops)}.")
    return demo["url"].removesuffix("/graphql"), found[0]


def _endpoint(api_url: str, api_key: str, url: str) -> str:
    """The secret of a new endpoint at this address; the one of an earlier call goes. Raises StartError."""
    with httpx.Client(base_url=api_url, headers={"Authorization": f"Bearer {api_key}"}, timeout=SECONDS) as http:
        for endpoint in _ask(http, ENDPOINTS, {})["webhookEndpoints"]["nodes"]:
            if endpoint["url"] == url:
                _ask(http, DELETE, {"id": endpoint["id"]})
        payload = _ask(http, CREATE, {"input": {"url": url}})["webhookEndpointCreate"]
    if payload["userErrors"]:
        raise StartError(payload["userErrors"][0]["message"])
    secret: str = payload["secret"]
    return secret


def _ask(http: httpx.Client, document: str, variables: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = http.post("/graphql", json={"query": document, "variables": variables}).json()
    except (httpx.HTTPError, ValueError) as error:
        raise StartError(f"The API at {http.base_url} does not answer ({error}): start `make run` first.") from error
    if answer.get("errors"):
        raise StartError(answer["errors"][0]["message"])
    data: dict[str, Any] = answer["data"]
    return data


def _text(api_url: str, site_url: str, shop: dict[str, Any], secret: str) -> str:
    values = {
        "NEXT_PUBLIC_WORKSPACE_ID": shop["id"],
        "NEXT_PUBLIC_SITE_ID": shop["siteId"],
        "NEXT_PUBLIC_API_URL": api_url,
        "SITE_URL": site_url,
        "STOREFRONT_TOKEN": shop["storefrontToken"],
        "WEBHOOK_SECRET": secret,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


if __name__ == "__main__":
    sys.exit(main())
