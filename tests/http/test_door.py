"""What clients may send by mistake or malice: each is told what is wrong, with a code, and nothing changes."""

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import jwt
import pytest

from core.access_token import ALGORITHM, ISSUER
from core.clock import now
from core.ids import global_id, new_id
from resolvers.context import Platform
from tests.client import GraphQL
from tests.factories import ORDER_PLACE, PASSWORD, PRODUCT_CREATE, Shop
from tests.tenancy.catalog import fingerprint

JSON = "application/json"
WORKSPACE = "{ workspace { slug } }"
# What the product promises of everything that is revoked.
REVOKED_WITHIN = 5.0
CODES = {"UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "BAD_USER_INPUT", "CONFLICT", "THROTTLED"}
DIGITS = "1" * 5_000

Post = Callable[..., Awaitable[httpx.Response]]
Ask = Callable[[], Awaitable[dict[str, Any]]]


def errors_of(response: httpx.Response) -> list[dict[str, Any]]:
    """The errors of a refusal, each with a code of ours and none a fault of ours."""
    assert response.status_code < 500, response.text[:500]
    body = response.json()
    found: list[dict[str, Any]] = body["errors"]
    assert found
    assert {error["extensions"]["code"] for error in found} <= CODES, found
    assert all(error["message"] for error in found)
    return found


def data_of(response: httpx.Response) -> Any:
    """The data of an answer without errors."""
    answer = response.json()
    assert "errors" not in answer, answer
    return answer["data"]


@pytest.fixture
async def post(graphql: GraphQL, shop: Shop) -> Post:
    """Sends a body as the shop's API key."""

    async def send(content: bytes, content_type: str | None = JSON, **headers: str) -> httpx.Response:
        sent = {"Authorization": f"Bearer {shop.api_key}", **headers}
        if content_type is not None:
            sent["Content-Type"] = content_type
        return await graphql.http.post("/graphql", content=content, headers=sent)

    return send


def body(query: Any, **more: Any) -> bytes:
    return json.dumps({"query": query, **more}).encode()


class TestBodies:
    """What is no GraphQL request."""

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b" ",
            b"{",
            b"1",
            b"null",
            b"true",
            b"[]",
            b'"query"',
            b"{}",
            b'[{"query": "{ __typename }"}]',
            b"query=%7B__typename%7D",
            b'{"query": "{ __typename }"} trailing',
            b'{"query": "\xff\xfe"}',
            b"\xff\xfe{\x00}\x00",
            b'{"query": "\\ud800"}',
            b'{"query": NaN}',
            DIGITS.encode(),
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b'{"query": null}',
            b'{"query": ""}',
            b'{"query": 7}',
            b'{"query": ["{ __typename }"]}',
            b'{"query": "{ __typename }", "variables": []}',
            b'{"query": "{ __typename }", "variables": "x"}',
            b'{"query": "{ __typename }", "variables": 1}',
            b'{"query": "{ __typename }", "operationName": 1}',
            b'{"query": "{ __typename }", "operationName": {}}',
            b'{"query": "{ __typename }", "extensions": []}',
            b'{"query": "{ __typename }", "extensions": 1}',
        ],
        ids=lambda content: repr(content[:40]),
    )
    async def test_are_refused(self, shop: Shop, post: Post, content: bytes) -> None:
        before = await fingerprint(shop.platform, shop.workspace_id)

        for accepted in (JSON, "application/graphql-response+json"):
            response = await post(content, Accept=accepted)

            assert response.status_code == 400, response.text[:300]
            assert "data" not in response.json()
            assert [error["extensions"]["code"] for error in errors_of(response)] == ["BAD_USER_INPUT"]
        assert await fingerprint(shop.platform, shop.workspace_id) == before

    async def test_of_three_megabytes_are_refused(self, post: Post) -> None:
        response = await post(body("{ __typename }", variables={"x": "x" * 3 * 1024 * 1024}))

        assert response.status_code == 413
        assert [error["extensions"]["code"] for error in errors_of(response)] == ["BAD_USER_INPUT"]

    async def test_of_three_megabytes_in_pieces_are_refused(self, graphql: GraphQL) -> None:
        async def pieces() -> Any:
            for _ in range(48):
                yield b" " * 65_536

        response = await graphql.http.post("/graphql", content=pieces(), headers={"Content-Type": JSON})

        assert response.status_code == 413
        assert [error["extensions"]["code"] for error in errors_of(response)] == ["BAD_USER_INPUT"]

    @pytest.mark.parametrize(
        "content_type",
        [
            None,
            "",
            "application/jsonx",
            "application/json-patch+json",
            "application/graphql",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain",
            "text/plain; application/json",
            "text/json",
            "json",
        ],
    )
    async def test_of_another_content_type_are_refused(self, shop: Shop, post: Post, content_type: str | None) -> None:
        """Browsers send some of them to other sites without asking: they must never be read as JSON."""
        before = await fingerprint(shop.platform, shop.workspace_id)

        response = await post(body(WORKSPACE), content_type)

        assert response.status_code == 415
        assert [error["extensions"]["code"] for error in errors_of(response)] == ["BAD_USER_INPUT"]
        assert await fingerprint(shop.platform, shop.workspace_id) == before

    @pytest.mark.parametrize(
        "content_type", [JSON, "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"]
    )
    async def test_of_json_are_read(self, shop: Shop, post: Post, content_type: str) -> None:
        assert data_of(await post(body(WORKSPACE), content_type)) == {"workspace": {"slug": shop.slug}}

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD"])
    async def test_by_another_method_are_refused(self, graphql: GraphQL, shop: Shop, method: str) -> None:
        headers = {"Authorization": f"Bearer {shop.api_key}", "Accept": JSON}
        before = await fingerprint(shop.platform, shop.workspace_id)

        for query in (WORKSPACE, 'mutation { productDelete(id: "x") { deletedProductId } }'):
            response = await graphql.http.request(method, "/graphql", params={"query": query}, headers=headers)

            assert response.status_code == 405
            assert response.headers["allow"] == "GET, POST"
        assert await fingerprint(shop.platform, shop.workspace_id) == before


class TestDocuments:
    """What is no valid operation of this schema."""

    @pytest.mark.parametrize(
        ("request_", "status"),
        [
            ({"query": "{"}, 400),
            ({"query": "{ products { nodes { id } }"}, 400),
            ({"query": "\0"}, 400),
            ({"query": "💡"}, 400),
            ({"query": "fragment F on Product { id }"}, 400),
            ({"query": "{ __typename }", "operationName": "Missing"}, 400),
            ({"query": "query A { __typename } query B { __typename }"}, 400),
            ({"query": "query A { __typename } query A { __typename }", "operationName": "A"}, 400),
            ({"query": "subscription { activity { cursor } }"}, 400),
            ({"query": "{ " * 50_000}, 400),
            ({"query": "{ a(b: " + "[" * 100_000}, 400),
            ({"query": "{ products(filter: " + "{ a: " * 2_000 + "1" + " }" * 2_000 + ") { nodes { id } } }"}, 400),
            ({"query": "{ products { " + "nodes { variants { " * 2_000 + "id" + " } }" * 2_000 + " } }"}, 400),
            ({"query": f"{{ products(first: {DIGITS}) {{ nodes {{ id }} }} }}"}, 400),
            ({"query": f"{{ products(first: -{DIGITS}) {{ nodes {{ id }} }} }}"}, 400),
            ({"query": f"{{ products(first: 1e{DIGITS}) {{ nodes {{ id }} }} }}"}, 400),
            ({"query": f"{{ orders(filter: {{ placedAt: {{ gt: {DIGITS} }} }}) {{ nodes {{ id }} }} }}"}, 400),
            ({"query": "{ products(first: 1.5) { nodes { id } } }"}, 400),
            ({"query": '{ products(first: "1") { nodes { id } } }'}, 400),
            ({"query": "{ products(frist: 1) { nodes { id } } }"}, 400),
            ({"query": "{ products(sort: { field: TITEL }) { nodes { id } } }"}, 400),
            ({"query": "{ producs { nodes { id } } }"}, 400),
            ({"query": "query ($first: Itn) { products(first: $first) { nodes { id } } }"}, 400),
            ({"query": "{ products { ...Missing } }"}, 400),
            ({"query": "{ products { ...F } } fragment F on ProductConnection { ...F }"}, 400),
            ({"query": "mutation { a { b } }"}, 400),
        ],
        ids=lambda value: str(value)[:60],
    )
    async def test_are_refused(self, shop: Shop, post: Post, request_: dict[str, Any], status: int) -> None:
        """None of the answers suggests names: what the schema has is not for everybody to guess."""
        response = await post(json.dumps(request_).encode(), Accept="application/graphql-response+json")

        errors = errors_of(response)
        assert response.status_code == status
        assert {error["extensions"]["code"] for error in errors} == {"BAD_USER_INPUT"}
        assert not any("did you mean" in error["message"].lower() for error in errors), errors

    @pytest.mark.parametrize(
        "variables",
        [
            {"first": "1"},
            {"first": 1.5},
            {"first": 2**31},
            {"first": -(2**63)},
            {"first": 10**18},
            {"first": True},
            {"first": [1]},
            {"first": {}},
            {"filter": []},
            {"filter": "x"},
            {"filter": {"serach": "x"}},
            {"filter": {"status": "ACTVE"}},
            {"filter": {"status": ["ACTIVE", "ACTVE"]}},
            {"filter": {"status": [1]}},
            {"filter": {"createdAt": {"gt": "yesterday"}}},
            {"filter": {"createdAt": {"gt": 7}}},
            {"filter": {"createdAt": {"gt": "2026-01-01T00:00:00"}}},
            {"filter": {"createdAt": {"gt": "0001-01-01T00:00:00+14:00"}}},
            {"filter": {"createdAt": {"gt": "9999-12-31T23:59:59-14:00"}}},
            {"filter": {"search": 7}},
            {"after": 7},
            {"after": {}},
            {"sort": {"field": "TITEL"}},
            {"sort": {}},
            {"sort": {"field": "TITLE", "direction": "UP"}},
        ],
        ids=str,
    )
    async def test_refuse_variables_of_another_type(self, shop: Shop, post: Post, variables: dict[str, Any]) -> None:
        document = """
          query ($first: Int, $after: String, $filter: ProductFilter, $sort: ProductSort) {
            products(first: $first, after: $after, filter: $filter, sort: $sort) { nodes { id } }
          }
        """
        response = await post(body(document, variables=variables), Accept="application/graphql-response+json")

        errors = errors_of(response)
        assert response.status_code == 400
        assert {error["extensions"]["code"] for error in errors} == {"BAD_USER_INPUT"}
        assert not any("did you mean" in error["message"].lower() for error in errors), errors

    @pytest.mark.parametrize(
        "content",
        [
            '{"query": "query ($n: Int) { products(first: $n) { nodes { id } } }", "variables": {"n": ' + DIGITS + "}}",
            '{"query": "query ($n: Int) { products(first: $n) { nodes { id } } }", "variables": {"n": 1e'
            + DIGITS
            + "}}",
            '{"query": "query ($n: Int) { products(first: $n) { nodes { id } } }", "variables": {"n": '
            + "[" * 500
            + "]" * 500
            + "}}",
            '{"query": "query ($n: [ID!]!) { nodes(ids: $n) { id } }", "variables": {"n": '
            + "[" * 900
            + "]" * 900
            + "}}",
        ],
        ids=["digits", "exponent", "brackets", "brackets for a list"],
    )
    async def test_refuse_absurd_variables(self, post: Post, content: str) -> None:
        response = await post(content.encode())

        assert {error["extensions"]["code"] for error in errors_of(response)} == {"BAD_USER_INPUT"}

    @pytest.mark.parametrize(
        ("variables", "arguments"),
        [
            ({"first": -1}, "first"),
            ({"first": 101}, "first"),
            ({"last": 101}, "last"),
            ({"first": 1, "last": 1}, "first"),
            ({"after": ""}, "cursor"),
            ({"after": "x" * 100_000}, "cursor"),
            ({"after": "💡"}, "cursor"),
            ({"after": "\0"}, "cursor"),
            ({"filter": {"search": "a b c d e f g h i"}}, "search"),
            ({"filter": {"status": ["ACTIVE"] * 101}}, "status"),
        ],
    )
    async def test_refuse_arguments_out_of_bounds(self, shop: Shop, variables: dict[str, Any], arguments: str) -> None:
        document = """
          query ($first: Int, $last: Int, $after: String, $filter: ProductFilter) {
            products(first: $first, last: $last, after: $after, filter: $filter) { nodes { id } }
          }
        """
        response = await shop.graphql.response(document, variables, token=shop.api_key)

        (error,) = errors_of(response)
        assert (error["extensions"]["code"], error["path"]) == ("BAD_USER_INPUT", ["products"])
        assert arguments in error["message"]

    @pytest.mark.parametrize("search", ["\0", "a\0b", "%", "_", "\\", "'", "💡", "x" * 100_000, " ", ""])
    async def test_find_nothing_by_strange_words_without_a_fault(self, shop: Shop, search: str) -> None:
        document = "query ($f: ProductFilter) { products(filter: $f) { totalCount } }"

        response = await shop.graphql.response(document, {"f": {"search": search}}, token=shop.api_key)

        assert data_of(response) == {"products": {"totalCount": 0}}

    @pytest.mark.parametrize("text", ["x" * 100_000, "💡", "\ufffe", "'; drop table product; --"])
    async def test_find_nothing_by_strange_strings_without_a_fault(self, shop: Shop, text: str) -> None:
        document = """
          query ($t: String!) {
            productBySlug(slug: $t) { id }
            orderByToken(token: $t) { id }
            orders(filter: { email: $t }) { totalCount }
            auditEntries(filter: { action: $t }) { totalCount }
          }
        """
        response = await shop.graphql.response(document, {"t": text}, token=shop.api_key)

        assert data_of(response) == {
            "productBySlug": None,
            "orderByToken": None,
            "orders": {"totalCount": 0},
            "auditEntries": {"totalCount": 0},
        }


def access_token(platform: Platform, shop: Shop, **changes: Any) -> str:
    """A signed token of the shop's owner with some claims changed; None leaves one out."""
    claims = {
        "iss": ISSUER,
        "sub": str(shop.owner.id),
        "sid": str(shop.owner.session_id),
        "iat": now(),
        "exp": now() + timedelta(minutes=5),
    } | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, platform.settings.secret_key.get_secret_value(), ALGORITHM)


def unsigned(token: str) -> str:
    """The same token with the algorithm `none` and no signature."""
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


def flipped(token: str) -> str:
    """The same token with another character in its middle."""
    middle = len(token) - 10
    return token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]


class TestCredentials:
    """Who is not who they say."""

    async def test_a_valid_token_is_accepted(self, shop: Shop, platform: Platform) -> None:
        answer = await shop.graphql(WORKSPACE, token=access_token(platform, shop), workspace=shop.slug)

        assert answer == {"data": {"workspace": {"slug": shop.slug}}}

    @pytest.mark.parametrize(
        "changes",
        [
            {"exp": 1},
            {"exp": None},
            {"iat": None},
            {"sub": None},
            {"sid": None},
            {"iss": None},
            {"iss": "somebody"},
            {"sub": "nobody"},
            {"sid": "nothing"},
            {"sub": str(UUID(int=7))},
            {"sid": str(UUID(int=7))},
            {"iat": 10**11},
            {"exp": 10**18},
            {"exp": "tomorrow"},
        ],
        ids=str,
    )
    async def test_a_token_with_wrong_claims_is_refused(
        self, shop: Shop, platform: Platform, changes: dict[str, Any]
    ) -> None:
        await self._is_refused(shop, f"Bearer {access_token(platform, shop, **changes)}")

    async def test_a_session_of_somebody_else_is_refused(
        self, shop: Shop, other_shop: Shop, platform: Platform
    ) -> None:
        await self._is_refused(shop, f"Bearer {access_token(platform, shop, sid=str(other_shop.owner.session_id))}")

    async def test_a_forged_token_is_refused(self, shop: Shop, other_shop: Shop, platform: Platform) -> None:
        token = shop.owner_token
        head, claims, signature = token.split(".")
        others = other_shop.owner_token.split(".")
        forged = [
            unsigned(token),
            unsigned(token).replace(".", "", 1),
            f"{head}.{others[1]}.{signature}",
            f"{head}.{claims}.",
            f"{head}.{claims}",
            flipped(token),
            jwt.encode(jwt.decode(token, options={"verify_signature": False}), "another secret" * 4, ALGORITHM),
            jwt.encode(
                jwt.decode(token, options={"verify_signature": False}),
                platform.settings.secret_key.get_secret_value(),
                "HS512",
            ),
        ]
        for each in forged:
            await self._is_refused(shop, f"Bearer {each}")

    async def test_a_forged_or_foreign_key_is_refused(self, shop: Shop, other_shop: Shop) -> None:
        key = shop.api_key
        raw = base64.urlsafe_b64decode(key[3:] + "=" * (-len(key[3:]) % 4))
        foreign = base64.urlsafe_b64encode(other_shop.workspace_id.bytes + raw[16:]).rstrip(b"=").decode()
        for each in (flipped(key), key[:-4], key + "AAAA", "vk_", "vk_💡", f"vk_{foreign}", shop.storefront_token):
            await self._is_refused(shop, f"Bearer {each}")

    @pytest.mark.parametrize(
        "authorization", ["Bearer", "Basic YTpi", "bearer", "Token x", "💡", "Bearer " + "x" * 10_000]
    )
    async def test_what_is_no_credential_is_refused(self, shop: Shop, authorization: str) -> None:
        await self._is_refused(shop, authorization)

    async def _is_refused(self, shop: Shop, authorization: str) -> None:
        for document in (WORKSPACE, 'mutation { productDelete(id: "x") { deletedProductId } }', "{ viewer { id } }"):
            response = await shop.graphql.http.post(
                "/graphql",
                json={"query": document},
                headers={b"Authorization": authorization.encode(), b"X-Workspace": shop.slug.encode()},
            )
            (error,) = errors_of(response)

            assert error["extensions"] == {"code": "UNAUTHENTICATED"}, authorization[:60]
            assert not any((response.json()["data"] or {}).values())

    async def test_a_forged_storefront_token_is_refused(self, shop: Shop, other_shop: Shop) -> None:
        token = shop.storefront_token
        raw = base64.urlsafe_b64decode(token[3:] + "=" * (-len(token[3:]) % 4))
        foreign = base64.urlsafe_b64encode(other_shop.workspace_id.bytes + raw[16:]).rstrip(b"=").decode()
        for each in (flipped(token), token[:-4], "vs_", "nonsense", f"vs_{foreign}", shop.api_key, "x" * 10_000):
            response = await shop.graphql.response(WORKSPACE, storefront_token=each)
            (error,) = errors_of(response)

            assert error["extensions"] == {"code": "UNAUTHENTICATED"}

    async def test_a_key_reaches_its_own_workspace_whatever_is_named(self, shop: Shop, other_shop: Shop) -> None:
        """A key carries its workspace: X-Workspace cannot lead it to another."""
        foreign = await shop.graphql.response(WORKSPACE, token=shop.api_key, workspace=other_shop.slug)
        missing = await shop.graphql.response(WORKSPACE, token=shop.api_key, workspace="shop-000000000000")

        (error,) = errors_of(foreign)
        assert error["extensions"]["code"] == "NOT_FOUND"
        assert foreign.json()["data"] == {"workspace": None}
        assert foreign.text.replace(other_shop.slug, "the name") == missing.text.replace(
            "shop-000000000000", "the name"
        )
        assert await shop.admin(WORKSPACE, workspace=shop.slug) == {"data": {"workspace": {"slug": shop.slug}}}

    async def test_a_workspace_that_one_is_not_in_is_one_that_does_not_exist(
        self, shop: Shop, other_shop: Shop
    ) -> None:
        missing = new_id()
        pairs = [
            (other_shop.slug, f"shop-{missing.hex[-12:]}"),
            (str(other_shop.workspace_id), str(missing)),
            (global_id("Workspace", other_shop.workspace_id), global_id("Workspace", missing)),
        ]
        for foreign, unknown in pairs:
            answers = []
            for named in (foreign, unknown):
                response = await shop.graphql.response(WORKSPACE, token=shop.owner_token, workspace=named)
                (error,) = errors_of(response)
                assert error["extensions"]["code"] in {"NOT_FOUND", "BAD_USER_INPUT"}
                answers.append((response.status_code, response.text.replace(named, "the name")))

            assert answers[0] == answers[1]

    async def test_a_user_says_in_which_workspace(self, shop: Shop) -> None:
        response = await shop.graphql.response(WORKSPACE, token=shop.owner_token)

        (error,) = errors_of(response)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert "X-Workspace" in error["message"]
        assert response.json()["data"] == {"workspace": None}

    @pytest.mark.parametrize("named", ["", "\xe9", "'", "a b", "x" * 10_000])
    async def test_a_workspace_that_cannot_be_is_refused(self, shop: Shop, named: str) -> None:
        response = await shop.graphql.http.post(
            "/graphql",
            json={"query": WORKSPACE},
            headers={b"Authorization": f"Bearer {shop.owner_token}".encode(), b"X-Workspace": named.encode()},
        )

        (error,) = errors_of(response)
        assert error["extensions"]["code"] in {"NOT_FOUND", "BAD_USER_INPUT", "UNAUTHENTICATED"}

    async def test_nobody_reads_a_workspace(self, shop: Shop) -> None:
        response = await shop.graphql.response(WORKSPACE, workspace=shop.slug)

        (error,) = errors_of(response)
        assert error["extensions"] == {"code": "UNAUTHENTICATED"}


def errors_in(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", ())]


SIGN_IN = """
mutation ($email: String!, $password: String!) {
  signIn(email: $email, password: $password) { session { accessToken } userErrors { code } }
}
"""


async def seconds_until_refused(ask: Ask) -> float:
    """How long what was revoked just now is still believed; more than `REVOKED_WITHIN` is not waited for."""
    started = time.monotonic()
    while errors_in(await ask()) != ["UNAUTHENTICATED"]:
        if time.monotonic() - started > REVOKED_WITHIN:
            break
        await asyncio.sleep(0.05)
    return time.monotonic() - started


class TestRevocation:
    """What is revoked is refused within 5 seconds, whether its doorbell is heard or not."""

    async def test_ends_keys_tokens_and_sessions_that_were_revoked_by_a_mutation(self, shop: Shop) -> None:
        caller: dict[str, Any] = {"token": shop.owner_token, "workspace": shop.slug}
        asks: list[Ask] = [
            lambda: shop.graphql(WORKSPACE, token=shop.api_key),
            lambda: shop.graphql(WORKSPACE, storefront_token=shop.storefront_token),
            lambda: shop.graphql(WORKSPACE, **caller),
        ]
        assert [errors_in(await ask()) for ask in asks] == [[], [], []]
        ids = {"k": global_id("ApiKey", shop.api_key_id), "t": global_id("StorefrontToken", shop.storefront_token_id)}

        revoked = await shop.graphql(
            """mutation ($k: ID!, $t: ID!) {
              apiKeyRevoke(id: $k) { userErrors { code } }
              storefrontTokenRevoke(id: $t) { userErrors { code } }
              signOut { userErrors { code } }
            }""",
            ids,
            **caller,
        )

        assert "errors" not in revoked, revoked
        assert max(await asyncio.gather(*(seconds_until_refused(ask) for ask in asks))) < REVOKED_WITHIN

    async def test_ends_what_was_revoked_where_no_doorbell_rang(self, shop: Shop, platform: Platform) -> None:
        caller: dict[str, Any] = {"token": shop.owner_token, "workspace": shop.slug}
        asks: list[Ask] = [
            lambda: shop.graphql(WORKSPACE, token=shop.api_key),
            lambda: shop.graphql(WORKSPACE, storefront_token=shop.storefront_token),
            lambda: shop.graphql(WORKSPACE, **caller),
        ]
        assert [errors_in(await ask()) for ask in asks] == [[], [], []]

        await shop.sql("update api_key set revoked_at = now()")
        await shop.sql("update storefront_token set revoked_at = now()")
        async with platform.database.system.acquire() as connection:
            await connection.execute("update user_session set revoked_at = now() where id = $1", shop.owner.session_id)

        assert max(await asyncio.gather(*(seconds_until_refused(ask) for ask in asks))) < REVOKED_WITHIN

    async def test_ends_the_rights_of_who_left(self, shop: Shop) -> None:
        caller: dict[str, Any] = {"token": shop.owner_token, "workspace": shop.slug}
        assert errors_in(await shop.graphql(WORKSPACE, **caller)) == []

        await shop.sql("delete from membership")
        started = time.monotonic()
        while errors_in(await shop.graphql(WORKSPACE, **caller)) == []:
            assert time.monotonic() - started < REVOKED_WITHIN
            await asyncio.sleep(0.05)

    async def test_does_not_end_another_session(self, shop: Shop) -> None:
        answer = await shop.graphql(SIGN_IN, {"email": shop.owner_email, "password": PASSWORD})
        token = answer["data"]["signIn"]["session"]["accessToken"]

        await shop.graphql("mutation { signOut { userErrors { code } } }", token=token)

        assert await seconds_until_refused(lambda: shop.graphql("{ viewer { id } }", token=token)) < REVOKED_WITHIN
        assert errors_in(await shop.graphql("{ viewer { id } }", token=shop.owner_token)) == []


def product(**changes: Any) -> dict[str, Any]:
    """A valid product in EUR, with changes to it or, by `variant`, to its variant."""
    variant = {"sku": "LAMP", "price": {"amount": "1.00", "currencyCode": "EUR"}} | changes.pop("variant", {})
    return {"title": "Lamp", "variants": [variant]} | changes


def price(amount: Any, currency_code: str = "EUR") -> dict[str, Any]:
    return product(variant={"price": {"amount": amount, "currencyCode": currency_code}})


IN_VARIANT = ["input", "variants", "0"]
LONG = "x" * 1_000_000


class TestBusinessInput:
    """What has the right types and makes no sense."""

    @pytest.mark.parametrize(
        ("given", "code", "field"),
        [
            (product(title=LONG), "TOO_LONG", ["input", "title"]),
            (product(title=" "), "BLANK", ["input", "title"]),
            (product(title="a\0b"), "INVALID", ["input", "title"]),
            (product(description=LONG), "TOO_LONG", ["input", "description"]),
            (product(slug=LONG), "TOO_LONG", ["input", "slug"]),
            (product(slug="Not a slug"), "INVALID", ["input", "slug"]),
            (product(variant={"sku": LONG}), "TOO_LONG", [*IN_VARIANT, "sku"]),
            (product(variant={"sku": ""}), "BLANK", [*IN_VARIANT, "sku"]),
            (product(variant={"title": LONG}), "TOO_LONG", [*IN_VARIANT, "title"]),
            (product(variant={"quantity": -1}), "OUT_OF_RANGE", [*IN_VARIANT, "quantity"]),
            (product(variant={"quantity": 2_000_000_000}), "OUT_OF_RANGE", [*IN_VARIANT, "quantity"]),
            (product(variants=[]), "TOO_FEW", ["input", "variants"]),
            (product(variants=product()["variants"] * 101), "TOO_MANY", ["input", "variants"]),
            (product(images=[{"url": "javascript:alert(1)"}]), "INVALID", ["input", "images", "0", "url"]),
            (product(images=[{"url": LONG}]), "TOO_LONG", ["input", "images", "0", "url"]),
            (price("1.00", "USD"), "CURRENCY_MISMATCH", [*IN_VARIANT, "price", "currencyCode"]),
            (price("1", "JPY"), "CURRENCY_MISMATCH", [*IN_VARIANT, "price", "currencyCode"]),
            (price("1.001"), "TOO_PRECISE", [*IN_VARIANT, "price", "amount"]),
            (price("0.0000000001"), "TOO_PRECISE", [*IN_VARIANT, "price", "amount"]),
            (price("1e-30"), "TOO_PRECISE", [*IN_VARIANT, "price", "amount"]),
            (price("-1.00"), "OUT_OF_RANGE", [*IN_VARIANT, "price", "amount"]),
            (price("-0.01"), "OUT_OF_RANGE", [*IN_VARIANT, "price", "amount"]),
            (price("1" + "0" * 30), "OUT_OF_RANGE", [*IN_VARIANT, "price", "amount"]),
            (price("1e30"), "OUT_OF_RANGE", [*IN_VARIANT, "price", "amount"]),
            (price("1e-1000000"), "TOO_PRECISE", [*IN_VARIANT, "price", "amount"]),
        ],
        ids=lambda value: str(value)[-60:],
    )
    async def test_is_refused_with_a_code_and_the_field(
        self, shop: Shop, given: dict[str, Any], code: str, field: list[str]
    ) -> None:
        before = await fingerprint(shop.platform, shop.workspace_id)

        response = await shop.graphql.response(PRODUCT_CREATE, {"input": given}, token=shop.api_key)

        assert response.status_code == 200, response.text[:500]
        answer = response.json()
        assert "errors" not in answer, answer
        payload = answer["data"]["productCreate"]
        assert payload["product"] is None
        assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [(code, field)]
        assert all(0 < len(error["message"]) < 500 for error in payload["userErrors"])
        assert await fingerprint(shop.platform, shop.workspace_id) == before

    @pytest.mark.parametrize(
        "amount", ["", "x", "NaN", "Infinity", "-Infinity", "1,50", "0x10", True, [], {}, DIGITS, "💡", "1\0", None]
    )
    async def test_refuses_amounts_that_are_no_numbers(self, shop: Shop, amount: Any) -> None:
        before = await fingerprint(shop.platform, shop.workspace_id)

        response = await shop.graphql.response(PRODUCT_CREATE, {"input": price(amount)}, token=shop.api_key)

        (error,) = errors_of(response)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert await fingerprint(shop.platform, shop.workspace_id) == before

    @pytest.mark.parametrize("amount", ["1" * 5_000, "1e400"])
    async def test_refuses_absurd_numbers_in_the_document(self, shop: Shop, amount: str) -> None:
        document = f"""mutation {{
          productCreate(input: {{
            title: "Lamp", variants: [{{ sku: "LAMP", price: {{ amount: {amount}, currencyCode: EUR }} }}]
          }}) {{ product {{ id }} userErrors {{ code }} }}
        }}"""
        response = await shop.graphql.response(document, token=shop.api_key)

        (error,) = errors_of(response)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert await shop.sql("select from product") == []

    @pytest.mark.parametrize("quantity", [0, -1, -(2**31), 10_001, 2**31 - 1])
    async def test_refuses_absurd_quantities(self, shop: Shop, quantity: int) -> None:
        variant = await shop.variant()
        before = await fingerprint(shop.platform, shop.workspace_id)
        given = {"email": "a@example.com", "lines": [{"variantId": variant, "quantity": quantity}]}

        answer = await shop.shopper(ORDER_PLACE, {"input": given})

        (error,) = answer["data"]["orderPlace"]["userErrors"]
        assert (error["code"], error["field"]) == ("OUT_OF_RANGE", ["input", "lines", "0", "quantity"])
        assert await fingerprint(shop.platform, shop.workspace_id) == before

    @pytest.mark.parametrize("quantity", [2**31, -(2**31) - 1, 10**15])
    async def test_refuses_quantities_that_are_no_int(self, shop: Shop, quantity: int) -> None:
        variant = await shop.variant()
        given = {"email": "a@example.com", "lines": [{"variantId": variant, "quantity": quantity}]}

        response = await shop.graphql.response(ORDER_PLACE, {"input": given}, storefront_token=shop.storefront_token)

        (error,) = errors_of(response)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert await shop.sql("select from sales_order") == []
