"""How the tests speak to the server."""

from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class LiveServer:
    """The real application on a loopback port."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"


@dataclass(frozen=True)
class GraphQL:
    """Sends a document and gives the JSON that came back."""

    http: httpx.AsyncClient

    async def __call__(
        self,
        document: str,
        variables: dict[str, Any] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """`data` and `errors`; what the answer cost is in the `extensions` of the whole response."""
        answer: dict[str, Any] = (await self.response(document, variables, **options)).json()
        answer.pop("extensions", None)
        return answer

    async def response(
        self,
        document: str,
        variables: dict[str, Any] | None = None,
        *,
        token: str | None = None,
        workspace: str | None = None,
        storefront_token: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
        operation: str | None = None,
    ) -> httpx.Response:
        """The whole HTTP response."""
        sent = {
            "Authorization": f"Bearer {token}" if token else None,
            "X-Workspace": workspace,
            "X-Storefront-Token": storefront_token,
            "Idempotency-Key": idempotency_key,
        }
        payload: dict[str, Any] = {"query": document, "variables": variables or {}}
        if operation:
            payload["operationName"] = operation
        return await self.http.post(
            "/graphql",
            json=payload,
            headers={name: value for name, value in sent.items() if value} | (headers or {}),
        )
