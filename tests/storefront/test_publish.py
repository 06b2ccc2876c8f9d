"""Publishing: versions without gaps, nothing merged by itself, everything restorable to the byte."""

import asyncio
from typing import Any

import pytest

from core.ids import global_id, new_id
from tests.banner.api import new_asset
from tests.factories import Shop, make_theme
from tests.people import audit_actions, codes, error_codes
from tests.storefront.api import CREATE, DIFF, PUBLISH, REBASE, RESTORE, UPDATE, VERSIONS, Desk, open_desk

RED = {"colors": {"primary": "#ff0000"}}
BLUE = {"colors": {"primary": "#0000ff"}}
PAGE = {"content": [{"type": "Hero", "props": {"id": "Hero-1"}}], "root": {}, "zones": {}}


async def versions(desk: Desk) -> list[dict[str, Any]]:
    answer = await desk.ask(VERSIONS, {"id": desk.site["id"]})
    found: list[dict[str, Any]] = answer["data"]["site"]["storefrontVersions"]["nodes"]
    return found


class TestPublish:
    async def test_puts_the_draft_live_with_what_is_said_of_it(self, desk: Desk) -> None:
        draft = await desk.draft(changes={"theme": RED})
        owner = desk.of(token=desk.shop.owner_token, workspace=desk.shop.slug)

        version = await owner.publish(
            draft, changeSummary="Red", changeDescription="All of it.", tags=["spring", "warm", "spring"]
        )

        assert version == {
            "id": (await desk.live())["id"],
            "number": 2,
            "digest": version["digest"],
            "changeSummary": "Red",
            "changeDescription": "All of it.",
            "tags": ["spring", "warm"],
            "author": desk.shop.owner_email,
            "createdBy": {"email": desk.shop.owner_email},
        }
        assert (await desk.config())["theme"] == RED
        published = await desk.get(draft)
        assert (published["status"], published["publishedVersion"]) == ("PUBLISHED", {"number": 2})
        assert await desk.events() == [
            "site.created",
            "storefront.draft_updated",
            "storefront.draft_updated",
            "storefront.published",
        ]
        assert (await audit_actions(desk.shop))[-1] == "storefrontDraftPublish"

    async def test_is_seen_at_once_by_who_has_heard_of_it(self, desk: Desk) -> None:
        """Without `X-Min-Sequence` too: the doorbell drops what this process keeps."""
        document, token = "{ storefrontConfig { version } }", desk.site["storefrontToken"]
        before = await desk.shop.graphql(document, storefront_token=token)
        await desk.publish(await desk.draft(changes={"theme": RED}))

        after = await desk.shop.graphql(document, storefront_token=token)

        assert [each["data"]["storefrontConfig"]["version"] for each in (before, after)] == [1, 2]

    async def test_refuses_a_stale_revision(self, desk: Desk) -> None:
        draft = await desk.draft(changes={"theme": RED})
        await desk.update(draft, changes={"theme": BLUE})

        payload = await desk.send(PUBLISH, id=draft["id"], input={"revision": 1})

        assert codes(payload) == [("CONFLICT", ["input", "revision"])]
        assert payload["storefrontVersion"] is None
        assert payload["storefrontDraft"]["theme"] == BLUE
        assert len(await versions(desk)) == 1

    async def test_refuses_to_publish_twice(self, desk: Desk) -> None:
        draft = await desk.draft(changes={"theme": RED})
        await desk.publish(draft)

        payload = await desk.send(PUBLISH, id=draft["id"], input={"revision": 2})

        assert codes(payload) == [("NOT_OPEN", ["id"])]
        assert len(await versions(desk)) == 2

    async def test_refuses_what_the_theme_no_longer_takes(self, shop: Shop) -> None:
        manifest = {"slug": f"theme-{new_id().hex[-12:]}", "version": "1.0.0", "name": "Brass"}
        desk = await open_desk(shop, theme_id=await make_theme(shop.platform, manifest))
        draft = await desk.draft(changes={"theme": RED})
        narrow = {"type": "object", "properties": {"mode": {"const": "dark"}}, "maxProperties": 1, "required": ["mode"]}
        stricter = {"theme": {"schema": narrow, "default": {"mode": "dark"}}}
        await make_theme(shop.platform, manifest | {"version": "2.0.0", "sections": stricter})
        update = "mutation ($id: ID!, $i: SiteUpdateInput!) { siteUpdate(id: $id, input: $i) { userErrors { code } } }"
        await desk.done(update, id=desk.site["id"], i={"revision": 1, "themeVersion": "2.0.0"})

        payload = await desk.send(PUBLISH, id=draft["id"], input={"revision": 1})

        assert codes(payload) == [("INVALID", ["result", "theme"])]
        assert len(await versions(desk)) == 1
        draft = await desk.update(draft, changes={"theme": {"mode": "dark"}})
        assert (await desk.publish(draft))["number"] == 2

    async def test_numbers_versions_by_site(self, desk: Desk) -> None:
        other = await open_desk(desk.shop)
        for _ in range(3):
            await desk.publish(await desk.draft())
        await other.publish(await other.draft())

        assert [each["number"] for each in await versions(desk)] == [1, 2, 3, 4]
        assert [each["number"] for each in await versions(other)] == [1, 2]


class TestTwoAtOnce:
    async def test_ten_editors_of_one_draft_lose_no_write_silently(self, desk: Desk) -> None:
        draft = await desk.draft(changes={"theme": {"colors": {}}})
        done: list[int] = []

        async def edit(number: int) -> None:
            seen = draft
            while True:
                patch = [{"op": "add", "path": f"/theme/colors/editor{number}", "value": "#000"}]
                payload = await desk.send(UPDATE, id=draft["id"], input={"revision": seen["revision"], "patch": patch})
                seen = payload["storefrontDraft"]
                if not payload["userErrors"]:
                    done.append(seen["revision"])
                    return
                assert codes(payload) == [("CONFLICT", ["input", "revision"])]

        await asyncio.gather(*(edit(number) for number in range(10)))

        found = await desk.get(draft)
        assert sorted(done) == list(range(2, 12))
        assert found["theme"]["colors"] == {f"editor{number}": "#000" for number in range(10)}
        assert found["revision"] == 11

    async def test_ten_editors_who_saw_the_same_are_refused_but_one(self, desk: Desk) -> None:
        draft = await desk.draft()

        payloads = await asyncio.gather(
            *(
                desk.send(UPDATE, id=draft["id"], input={"revision": 1, "changes": {"theme": {"n": number}}})
                for number in range(10)
            )
        )

        written = [payload["storefrontDraft"]["theme"] for payload in payloads if not payload["userErrors"]]
        refused = [codes(payload) for payload in payloads if payload["userErrors"]]
        assert len(written) == 1
        assert refused == [[("CONFLICT", ["input", "revision"])]] * 9
        assert [payload["storefrontDraft"]["theme"] for payload in payloads] == written * 10
        assert (await desk.get(draft))["theme"] == written[0]

    async def test_two_publishers_of_one_draft_make_one_version(self, desk: Desk) -> None:
        draft = await desk.draft(changes={"theme": RED})

        payloads = await asyncio.gather(*(desk.send(PUBLISH, id=draft["id"], input={"revision": 1}) for _ in range(2)))

        assert sorted(len(payload["userErrors"]) for payload in payloads) == [0, 1]
        assert [each["number"] for each in await versions(desk)] == [1, 2]
        assert (await desk.events()).count("storefront.published") == 1

    async def test_publishers_of_different_drafts_never_tear_the_config(self, desk: Desk) -> None:
        """Each draft changes two sections alike: what is live is always of one of them."""
        drafts = [
            await desk.draft(changes={"theme": {"n": number}, "seo": {"n": number}}, name=f"No. {number}")
            for number in range(6)
        ]

        payloads = await asyncio.gather(
            *(desk.send(PUBLISH, id=draft["id"], input={"revision": 1}) for draft in drafts)
        )

        refused = [codes(payload) for payload in payloads if payload["userErrors"]]
        assert refused == [[("BASE_MOVED", ["id"])]] * 5
        config = await desk.config()
        assert config["theme"] == config["seo"]
        assert config["version"] == 2
        assert [each["number"] for each in await versions(desk)] == [1, 2]

    async def test_an_editor_who_names_a_picture_does_not_lock_a_publisher_out(self, desk: Desk) -> None:
        """One waits for the other, and is told that the draft is no longer as it was."""
        asset = await new_asset(desk.shop)
        for number in range(8):
            draft = await desk.draft()
            changes = {"seo": {"picture": asset, "n": number}}
            asked = await asyncio.gather(
                desk.ask(UPDATE, {"id": draft["id"], "input": {"revision": 1, "changes": changes}}),
                desk.ask(PUBLISH, {"id": draft["id"], "input": {"revision": 1}}),
            )

            assert [answer.get("errors") for answer in asked] == [None, None]
            payloads = [next(iter(answer["data"].values())) for answer in asked]
            assert sorted(len(payload["userErrors"]) for payload in payloads) == [0, 1]


class TestRebase:
    async def two(self, desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
        """Two drafts of version 1, which both change theme; the second is behind."""
        first = await desk.draft(changes={"theme": RED, "seo": {"title": "Red"}})
        second = await desk.draft(changes={"theme": BLUE, "layout": PAGE})
        await desk.publish(first)
        return first, await desk.get(second)

    async def test_is_needed_where_another_version_went_live(self, desk: Desk) -> None:
        _, behind = await self.two(desk)
        assert behind["isBehind"]

        payload = await desk.send(PUBLISH, id=behind["id"], input={"revision": 1})

        assert codes(payload) == [("BASE_MOVED", ["id"])]
        message = payload["userErrors"][0]["message"]
        assert "It changed theme, seo; the draft changes theme, layout." in message
        assert payload["storefrontDraft"] == behind
        assert (await desk.config())["theme"] == RED

    async def test_asks_whose_stands_where_both_changed_a_section(self, desk: Desk) -> None:
        _, behind = await self.two(desk)

        payload = await desk.send(REBASE, id=behind["id"], input={"revision": 1})
        both = await desk.send(REBASE, id=behind["id"], input={"revision": 1, "mine": ["THEME"], "theirs": ["THEME"]})

        assert codes(payload) == [("OVERLAP", ["input", "mine"])]
        assert "theme" in payload["userErrors"][0]["message"]
        assert codes(both) == [("DUPLICATE", ["input", "theirs"])]
        assert await desk.get(behind) == behind

    @pytest.mark.parametrize(("whose", "theme"), [("mine", BLUE), ("theirs", RED)])
    async def test_leaves_what_was_said_and_takes_the_rest_from_what_is_live(
        self, desk: Desk, whose: str, theme: Any
    ) -> None:
        _, behind = await self.two(desk)

        payload = await desk.done(REBASE, id=behind["id"], input={"revision": 1, whose: ["THEME"]})

        draft = payload["storefrontDraft"]
        assert (draft["theme"], draft["seo"], draft["layout"]) == (theme, {"title": "Red"}, PAGE)
        assert draft["baseVersion"]["number"] == draft["againstVersion"]["number"] == 2
        assert (draft["isBehind"], draft["revision"]) == (False, 2)
        version = await desk.publish(draft)
        config = await desk.config()
        assert version["number"] == 3
        assert (config["theme"], config["seo"], config["layout"]) == (theme, {"title": "Red"}, PAGE)

    async def test_of_a_restore_keeps_what_was_restored(self, desk: Desk) -> None:
        await desk.publish(await desk.draft(changes={"theme": RED}))
        first, *_ = await versions(desk)
        old = await desk.done(RESTORE, id=first["id"])
        await desk.publish(await desk.draft(changes={"layout": PAGE}))

        draft = (await desk.done(REBASE, id=old["storefrontDraft"]["id"], input={"revision": 1}))["storefrontDraft"]

        assert draft["layout"] == PAGE
        assert draft["theme"] == old["storefrontDraft"]["theme"] != RED


class TestRestore:
    async def test_published_gives_the_version_back_to_the_byte(self, desk: Desk) -> None:
        wanted = await desk.publish(await desk.draft(changes={"theme": {"z": 1, "a": [1.0, None]}}))
        await desk.publish(await desk.draft(changes={"theme": {"a": [1, None], "z": 1}, "seo": {"title": "x"}}))

        payload = await desk.done(RESTORE, id=wanted["id"])
        draft = payload["storefrontDraft"]

        assert draft["baseVersion"]["number"] == wanted["number"]
        assert draft["name"] == "Restore version 2"
        assert (await desk.publish(draft))["digest"] == wanted["digest"]
        assert (await desk.config())["digest"] == wanted["digest"]
        rows = await desk.shop.sql(
            "select theme, layout, content, seo, settings from storefront_version order by number"
        )
        assert rows[1] == rows[3] != rows[2]

    async def test_refuses_a_missing_version(self, desk: Desk) -> None:
        payload = await desk.send(RESTORE, id=global_id("StorefrontVersion", new_id()))

        assert codes(payload) == [("NOT_FOUND", ["id"])]


class TestDiff:
    async def test_tells_what_differs_by_path(self, desk: Desk) -> None:
        first = await desk.publish(
            await desk.draft(changes={"theme": RED | {"mode": "dark"}, "seo": {"keywords": ["a", "b", "c"], "x": None}})
        )
        second = await desk.publish(
            await desk.draft(changes={"theme": BLUE | {"mode": "dark"}, "seo": {"keywords": ["a", "c"], "y/~": [None]}})
        )

        answer = await desk.ask(DIFF, {"from": first["id"], "to": second["id"]})

        assert answer["data"]["storefrontVersionDiff"] == [
            {"path": "/theme/colors/primary", "operation": "REPLACE", "before": "#ff0000", "after": "#0000ff"},
            {"path": "/seo/keywords/1", "operation": "REMOVE", "before": "b", "after": None},
            {"path": "/seo/x", "operation": "REMOVE", "before": None, "after": None},
            {"path": "/seo/y~1~0", "operation": "ADD", "before": None, "after": [None]},
        ]
        same = await desk.ask(DIFF, {"from": second["id"], "to": second["id"]})
        assert same["data"]["storefrontVersionDiff"] == []

    async def test_gives_what_is_selected_of_it(self, desk: Desk) -> None:
        first = await desk.live()
        second = await desk.publish(await desk.draft(changes={"theme": RED}))
        document = """
        query ($from: ID!, $to: ID!) {
          all: storefrontVersionDiff(from: $from, to: $to) { ...C at: path __typename }
        }
        fragment C on StorefrontChange { op: operation }
        """

        answer = await desk.ask(document, {"from": first["id"], "to": second["id"]})

        assert answer["data"]["all"][0] == {
            "op": "REPLACE",
            "at": "/theme/colors/primary",
            "__typename": "StorefrontChange",
        }

    async def test_refuses_versions_of_different_sites_and_missing_ones(self, desk: Desk) -> None:
        own, other = (await desk.live())["id"], (await (await open_desk(desk.shop)).live())["id"]
        for wanted, code in ((other, "BAD_USER_INPUT"), (global_id("StorefrontVersion", new_id()), "NOT_FOUND")):
            answer = await desk.ask(DIFF, {"from": own, "to": wanted})

            assert error_codes(answer) == [code]


class TestIdempotency:
    async def test_a_draft_that_is_sent_again_is_made_once(self, desk: Desk) -> None:
        given = {"siteId": desk.site["id"], "name": "Once", "changes": {"theme": RED}}
        sent = [
            await desk.shop.graphql(CREATE, {"input": given}, token=desk.shop.api_key, idempotency_key="same")
            for _ in range(2)
        ]

        assert sent[0] == sent[1]
        assert len(await desk.shop.sql("select from storefront_draft")) == 1
