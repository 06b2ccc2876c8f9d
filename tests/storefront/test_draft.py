"""Drafts: beginning and editing them, and what is refused without a trace."""

from typing import Any

import pytest

from core.ids import global_id, new_id
from tests.people import audit_actions, codes, error_codes
from tests.storefront.api import CREATE, DISCARD, PREVIEW, UPDATE, Desk, open_desk

RED = {"colors": {"primary": "#ff0000"}}
BLUE = {"colors": {"primary": "#0000ff"}}


async def refusal(desk: Desk, document: str, **variables: Any) -> list[tuple[str, list[str] | None]]:
    return codes(await desk.send(document, **variables))


class TestCreate:
    async def test_shows_what_it_changes_and_what_it_comes_to(self, desk: Desk) -> None:
        live = await desk.config()

        draft = await desk.draft(description="Warmer.", changes={"theme": RED})

        assert draft["changes"] == {"theme": RED}
        assert draft["theme"] == RED
        assert {name: draft[name] for name in ("layout", "content", "seo", "settings")} == {
            name: live[name] for name in ("layout", "content", "seo", "settings")
        }
        assert (draft["status"], draft["revision"], draft["isBehind"]) == ("OPEN", 1, False)
        assert draft["baseVersion"]["number"] == draft["againstVersion"]["number"] == 1
        assert (draft["author"], draft["editor"]) == ("tests", "tests")
        assert await desk.config() == live
        assert await desk.events() == ["site.created", "storefront.draft_updated"]
        assert await audit_actions(desk.shop) == ["siteCreate", "storefrontDraftCreate"]

    async def test_begins_from_any_version_of_the_site(self, desk: Desk) -> None:
        first = await desk.live()
        await desk.publish(await desk.draft(changes={"theme": RED}))

        draft = await desk.draft(fromVersionId=first["id"])

        assert (draft["baseVersion"]["number"], draft["againstVersion"]["number"]) == (1, 2)
        assert draft["theme"] != RED
        assert draft["changes"] == {}

    async def test_keeps_data_to_the_letter(self, desk: Desk) -> None:
        """Nulls, empty things, the order of keys, what looks like an enum: nothing on the way may tidy up."""
        layout = {
            "zones": {},
            "root": {"props": {"title": None, "on": False, "n": [None, 1.0, -0.0, 1e-7, {}, [], ""]}},
            "content": [{"type": "Héro\u2028", "props": {"id": "b", "a": {"z": 1, "a": None}}}],
        }

        response = await desk.shop.graphql.response(
            CREATE,
            {"input": {"siteId": desk.site["id"], "name": "x", "changes": {"layout": layout}}},
            token=desk.shop.api_key,
        )

        written = (
            '{"zones":{},"root":{"props":{"title":null,"on":false,"n":[null,1.0,-0.0,1e-7,{},[],""]}},'
            '"content":[{"type":"Héro\u2028","props":{"id":"b","a":{"z":1,"a":null}}}]}'
        )
        assert f'"changes":{{"layout":{written}}}' in response.text

    async def test_takes_json_that_is_written_in_the_document(self, desk: Desk) -> None:
        document = """
        mutation ($site: ID!) {
          storefrontDraftCreate(
            input: { siteId: $site, name: "x", changes: { theme: { colors: { primary: "#fff" }, a: null } } }
          ) { storefrontDraft { changes } }
        }
        """
        payload = await desk.send(document, site=desk.site["id"])

        assert payload["storefrontDraft"]["changes"] == {"theme": {"colors": {"primary": "#fff"}, "a": None}}

    @pytest.mark.parametrize(
        ("changes", "path"),
        [
            ({"theme": {"colors": {"primary": "red"}}}, ["theme", "colors", "primary"]),
            ({"layout": {"content": [{"type": "Hero"}]}}, ["layout", "content", "0"]),
            ({"seo": {"robots": {"disallow": ["x"]}}}, ["seo", "robots", "disallow", "0"]),
            ({"settings": []}, ["settings"]),
            ({"content": {"a": 2**53}}, ["content", "a"]),
            ({"content": {"a": ["b\0"]}}, ["content", "a", "0"]),
            ({"basket": {}}, ["basket"]),
            ([], []),
            ("theme", []),
        ],
    )
    async def test_refuses_what_does_not_fit_and_names_the_path(
        self, desk: Desk, changes: Any, path: list[str]
    ) -> None:
        given = {"siteId": desk.site["id"], "name": "x", "changes": changes}

        assert await refusal(desk, CREATE, input=given) == [("INVALID", ["input", "changes", *path])]
        assert await desk.shop.sql("select from storefront_draft") == []
        assert await desk.events() == ["site.created"]

    async def test_does_not_answer_a_thousand_mistakes_with_a_thousand_errors(self, desk: Desk) -> None:
        colors = {f"c{number}": "no colour" for number in range(1_000)}
        many: tuple[Any, ...] = ({f"{number}": {} for number in range(1_000)}, {"theme": {"colors": colors}})
        for changes in many:
            given = {"siteId": desk.site["id"], "name": "x", "changes": changes}

            assert len(await refusal(desk, CREATE, input=given)) == 20

    async def test_refuses_more_drafts_than_a_site_may_have(self, desk: Desk) -> None:
        statement = (
            "insert into storefront_draft "
            "(workspace_id, id, site_id, name, base_version_id, against_version_id, author, editor) "
            "select workspace_id, gen_random_uuid(), id, n::text, live_version_id, live_version_id, '', '' "
            "from site, generate_series(1, 199) n"
        )
        await desk.shop.sql(statement)
        draft = await desk.draft()
        given = {"siteId": desk.site["id"], "name": "x"}

        assert await refusal(desk, CREATE, input=given) == [("LIMIT_REACHED", None)]
        await desk.done(DISCARD, id=draft["id"], input={"revision": 1})
        await desk.draft()

    async def test_refuses_a_version_of_another_site(self, desk: Desk) -> None:
        other = await open_desk(desk.shop)
        version = (await other.live())["id"]
        for wanted in (version, global_id("StorefrontVersion", new_id())):
            given = {"siteId": desk.site["id"], "name": "x", "fromVersionId": wanted}

            assert await refusal(desk, CREATE, input=given) == [("NOT_FOUND", ["input", "fromVersionId"])]

    async def test_refuses_a_site_that_is_deleted(self, desk: Desk) -> None:
        draft = await desk.draft()
        await desk.shop.admin("mutation ($id: ID!) { siteDelete(id: $id) { deletedSiteId } }", {"id": desk.site["id"]})

        given = {"siteId": desk.site["id"], "name": "x"}
        assert await refusal(desk, CREATE, input=given) == [("NOT_FOUND", ["input", "siteId"])]
        assert await refusal(desk, UPDATE, id=draft["id"], input={"revision": 1}) == [("NOT_FOUND", ["id"])]
        assert (await desk.get(draft))["status"] == "DISCARDED"


class TestUpdate:
    async def test_replaces_sections_and_leaves_the_others(self, desk: Desk) -> None:
        draft = await desk.draft(changes={"theme": RED})

        draft = await desk.update(draft, changes={"seo": {"title": "Lamps"}}, name="Summer", description="d")

        assert draft["changes"] == {"theme": RED, "seo": {"title": "Lamps"}}
        assert (draft["name"], draft["description"], draft["revision"]) == ("Summer", "d", 2)

    async def test_takes_a_section_back_where_it_is_null(self, desk: Desk) -> None:
        live = await desk.config()
        draft = await desk.draft(changes={"theme": RED, "seo": {"title": "Lamps"}})

        draft = await desk.update(draft, changes={"theme": None})

        assert draft["changes"] == {"seo": {"title": "Lamps"}}
        assert draft["theme"] == live["theme"]

    async def test_applies_a_patch_behind_the_changes(self, desk: Desk) -> None:
        draft = await desk.draft()
        live = await desk.config()

        draft = await desk.update(
            draft,
            changes={"theme": RED},
            patch=[
                {"op": "test", "path": "/theme/colors/primary", "value": "#ff0000"},
                {"op": "add", "path": "/theme/colors/text", "value": "#000000"},
                {"op": "replace", "path": "/content/footer/text", "value": "© Lamps"},
            ],
        )

        assert draft["theme"] == {"colors": {"primary": "#ff0000", "text": "#000000"}}
        assert draft["content"] == live["content"] | {"footer": {"text": "© Lamps", "links": []}}
        assert set(draft["changes"]) == {"theme", "content"}

    @pytest.mark.parametrize(
        ("patch", "path"),
        [
            ([{"op": "replace", "path": "/theme/colors/primary", "value": "red"}], ["theme", "colors", "primary"]),
            ([{"op": "test", "path": "/theme/mode", "value": "?"}], ["0"]),
            ([{"op": "remove", "path": "/theme"}], []),
            ([{"op": "add", "path": "/basket", "value": {}}], []),
            ([{"op": "add", "path": "/theme/a", "value": 1e300}], ["theme", "a"]),
            ({}, []),
        ],
    )
    async def test_refuses_a_patch_that_leads_to_what_does_not_fit(
        self, desk: Desk, patch: Any, path: list[str]
    ) -> None:
        draft = await desk.draft(changes={"theme": RED})

        found = await refusal(desk, UPDATE, id=draft["id"], input={"revision": 1, "name": "New", "patch": patch})

        assert found == [("INVALID", ["input", "patch", *path])]
        assert await desk.get(draft) == draft

    async def test_refuses_a_stale_revision_and_shows_both_sides(self, desk: Desk) -> None:
        draft = await desk.draft()
        theirs = await desk.of(token=desk.shop.owner_token, workspace=desk.shop.slug).update(
            draft, changes={"theme": RED}
        )

        payload = await desk.send(UPDATE, id=draft["id"], input={"revision": 1, "changes": {"theme": BLUE}})

        assert codes(payload) == [("CONFLICT", ["input", "revision"])]
        assert desk.shop.owner_email in payload["userErrors"][0]["message"]
        assert payload["storefrontDraft"] == theirs
        assert await desk.get(draft) == theirs

    async def test_refuses_a_missing_draft(self, desk: Desk) -> None:
        missing = global_id("StorefrontDraft", new_id())

        assert await refusal(desk, UPDATE, id=missing, input={"revision": 1}) == [("NOT_FOUND", ["id"])]

    async def test_can_hold_a_long_page(self, desk: Desk) -> None:
        """More values than other variables may have, which are fitted to their types one by one."""
        content = [
            {"type": "Text", "props": {"id": f"Text-{n}", "text": "x" * 100, "align": "left"}} for n in range(450)
        ]

        draft = await desk.draft(changes={"layout": {"content": content, "root": {}, "zones": {}}})

        assert len(draft["layout"]["content"]) == 450
        await desk.publish(draft)
        assert (await desk.config())["layout"]["content"] == content


class TestDiscard:
    async def test_closes_it_for_good(self, desk: Desk) -> None:
        draft = await desk.draft(changes={"theme": RED})

        payload = await desk.done(DISCARD, id=draft["id"], input={"revision": 1})

        assert payload["storefrontDraft"]["status"] == "DISCARDED"
        again = await desk.send(UPDATE, id=draft["id"], input={"revision": 2, "name": "Again"})
        assert codes(again) == [("NOT_OPEN", ["id"])]
        assert again["storefrontDraft"]["status"] == "DISCARDED"
        assert (await audit_actions(desk.shop))[-1] == "storefrontDraftDiscard"


class TestPreview:
    async def token(self, desk: Desk, draft: dict[str, Any], **given: Any) -> str:
        payload = await desk.done(PREVIEW, id=draft["id"], input=given)
        token: str = payload["previewToken"]
        return token

    async def shown(self, desk: Desk, token: str) -> dict[str, Any]:
        """What a theme of the desk's site is answered with the preview token."""
        answer: dict[str, Any] = await desk.shop.graphql(
            "{ storefrontConfig { version } }",
            storefront_token=desk.site["storefrontToken"],
            headers={"X-Preview-Token": token},
        )
        return answer

    async def test_shows_a_theme_the_draft_and_nobody_else(self, desk: Desk) -> None:
        draft = await desk.draft(changes={"theme": RED})
        token = await self.token(desk, draft)
        seen = {}

        for _ in range(2):
            seen = await desk.config(**{"X-Preview-Token": token})
            assert (seen["theme"], seen["version"]) == (RED, 1)
            assert (await desk.config())["theme"] != RED
        draft = await desk.update(draft, changes={"theme": BLUE})
        assert (await desk.config(**{"X-Preview-Token": token}))["theme"] == BLUE
        version = await desk.publish(draft)
        assert version["digest"] != seen["digest"]

    async def test_says_what_publishing_would_make_byte_for_byte(self, desk: Desk) -> None:
        draft = await desk.draft(changes={"theme": {"ä": [1.0, "\\u00e4\n"], **RED}})
        seen = await desk.config(**{"X-Preview-Token": await self.token(desk, draft)})

        assert seen["digest"] == (await desk.publish(draft))["digest"]

    async def test_is_never_kept_by_anybody(self, desk: Desk) -> None:
        token = await self.token(desk, await desk.draft(changes={"theme": RED}))

        response = await desk.shop.graphql.response(
            "{ storefrontConfig { theme } }",
            storefront_token=desk.site["storefrontToken"],
            headers={"X-Preview-Token": token},
        )

        assert response.headers["cache-control"] == "no-store"
        assert "etag" not in response.headers

    async def test_ends_with_the_draft(self, desk: Desk) -> None:
        draft = await desk.draft(changes={"theme": RED})
        token = await self.token(desk, draft)
        await desk.done(DISCARD, id=draft["id"], input={"revision": 1})

        answer = await self.shown(desk, token)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]
        assert "was published or discarded" in answer["errors"][0]["message"]
        payload = await desk.send(PREVIEW, id=draft["id"])
        assert codes(payload) == [("NOT_OPEN", ["id"])]
        assert payload["previewToken"] is None

    async def test_is_of_one_site(self, desk: Desk) -> None:
        another = await open_desk(desk.shop)
        token = await self.token(desk, await desk.draft())

        answer = await self.shown(another, token)

        assert answer["data"] == {"storefrontConfig": None}
        assert "of another site" in answer["errors"][0]["message"]

    async def test_is_refused_where_it_is_not_good(self, desk: Desk, other_shop: Any) -> None:
        other = await open_desk(other_shop)
        foreign = await self.token(other, await other.draft())
        own = await self.token(desk, await desk.draft())
        for token in (foreign, "nonsense", own[:-2], desk.shop.owner_token):
            answer = await self.shown(desk, token)
            assert error_codes(answer) == ["UNAUTHENTICATED"], token
        alone = await desk.shop.graphql("{ storefrontConfig { version } }", headers={"X-Preview-Token": own})
        assert error_codes(alone) == ["UNAUTHENTICATED"]

    @pytest.mark.parametrize("seconds", [0, 59, 7 * 24 * 3600 + 1])
    async def test_is_for_a_while(self, desk: Desk, seconds: int) -> None:
        draft = await desk.draft()

        payload = await desk.send(PREVIEW, id=draft["id"], input={"expiresInSeconds": seconds})

        assert codes(payload) == [("OUT_OF_RANGE", ["input", "expiresInSeconds"])]
