"""Trying an edit: what would be refused of it, with nothing written."""

import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from core.ids import global_id, new_id
from resolvers.storefront.canonical import MAX_VALUES
from resolvers.storefront.sections import Misfit, check, validator
from tests.people import codes
from tests.storefront.api import CREATE, DISCARD, SCHEDULE, UPDATE, VALIDATE, Desk, open_desk
from tests.tenancy.catalog import fingerprint

STANDARD = Path("resolvers/theme/sections/settings.json")
RED = {"colors": {"primary": "#ff0000"}}
TO_RED = {"op": "replace", "path": "/theme/colors/primary", "value": "#ff0000"}
EDITS: list[dict[str, Any]] = [
    {"changes": {"theme": RED}},
    {"changes": {"theme": RED, "seo": {"title": "New"}}},
    {"changes": {"theme": None}},
    {"patch": [TO_RED]},
    {"changes": {"seo": {"title": "New"}}, "patch": [TO_RED]},
    {"patch": []},
    {},
    {"changes": {"theme": {"colors": {"primary": "red"}}, "settings": []}},
    {"changes": {"content": {"a": 2**53}}},
    {"changes": {"basket": {}}},
    {"changes": []},
    {"patch": [TO_RED | {"value": "red"}]},
    {"patch": [TO_RED | {"op": "paint"}]},
    {"patch": [{"op": "remove", "path": "/theme"}]},
    {"patch": [{"op": "remove", "path": "/theme/nothing/there"}]},
    {"patch": {}},
]


class TestUniqueItems:
    """`uniqueItems` of JSON Schema, in our own words: `check` holds to it what clients send."""

    LIST = validator({"uniqueItems": True})

    @pytest.mark.parametrize(
        "items",
        [[1, 1.0], [{"a": 1, "b": [2]}, {"b": [2.0], "a": 1}], [None, None], ["x", "y", "x"], [[], {}, []]],
        ids=str,
    )
    def test_refuses_what_is_there_twice(self, items: list[Any]) -> None:
        with pytest.raises(Misfit):
            check(self.LIST, items)

    @pytest.mark.parametrize("items", [[1, True], [0, False], [1, "1"], [[], {}], [1, 1.5], [], "xx"], ids=str)
    def test_lets_pass_what_differs(self, items: Any) -> None:
        check(self.LIST, items)
        check(validator({"uniqueItems": False}), [1, 1])

    def test_takes_no_longer_for_many_items_than_reading_them(self) -> None:
        schema = validator(orjson.loads(STANDARD.read_bytes())["schema"])
        before = time.process_time()

        with pytest.raises(Misfit):
            check(schema, {"languages": {"available": [{"a": number} for number in range(MAX_VALUES // 2)]}})

        # Each compared with each would be minutes.
        assert time.process_time() - before < 10


class TestValidate:
    @pytest.mark.parametrize("edit", EDITS, ids=str)
    async def test_tells_of_a_draft_what_editing_it_does(self, desk: Desk, edit: dict[str, Any]) -> None:
        draft = await desk.draft(changes={"theme": {"mode": "dark", "colors": {"primary": "#000000"}}})
        before = await fingerprint(desk.shop.platform, desk.shop.workspace_id)

        tried = await desk.send(VALIDATE, input={"siteId": desk.site["id"], "draftId": draft["id"]} | edit)

        assert await fingerprint(desk.shop.platform, desk.shop.workspace_id) == before
        done = await desk.send(UPDATE, id=draft["id"], input={"revision": 1} | edit)
        assert tried["userErrors"] == done["userErrors"]
        after = done["storefrontDraft"] or draft
        changed = [
            name.upper() for name in ("theme", "layout", "content", "seo", "settings") if after[name] != draft[name]
        ]
        assert tried["changedSections"] == (None if done["userErrors"] else changed)

    @pytest.mark.parametrize("edit", [edit for edit in EDITS if "patch" not in edit], ids=str)
    async def test_tells_of_what_is_live_what_beginning_a_draft_does(self, desk: Desk, edit: dict[str, Any]) -> None:
        given = {"siteId": desk.site["id"]} | edit
        before = await fingerprint(desk.shop.platform, desk.shop.workspace_id)

        tried = await desk.send(VALIDATE, input=given)

        assert await fingerprint(desk.shop.platform, desk.shop.workspace_id) == before
        done = await desk.send(CREATE, input=given | {"name": "x"})
        assert tried["userErrors"] == done["userErrors"]

    async def test_patches_what_is_live(self, desk: Desk) -> None:
        payload = await desk.send(VALIDATE, input={"siteId": desk.site["id"], "patch": [TO_RED]})

        assert payload == {"changedSections": ["THEME"], "userErrors": []}

    async def test_refuses_a_draft_that_nobody_can_edit(self, desk: Desk) -> None:
        scheduled, discarded = await desk.draft(), await desk.draft()
        at = {"revision": 1, "publishAt": "2100-01-01T00:00:00Z"}
        await desk.done(SCHEDULE, id=scheduled["id"], input=at)
        await desk.done(DISCARD, id=discarded["id"], input={"revision": 1})

        for draft in (scheduled, discarded):
            payload = await desk.send(VALIDATE, input={"siteId": desk.site["id"], "draftId": draft["id"]})

            assert codes(payload) == [("NOT_OPEN", ["input", "draftId"])]

    async def test_does_not_find_a_draft_of_another_site(self, desk: Desk) -> None:
        elsewhere = await (await open_desk(desk.shop)).draft()
        missing = global_id("StorefrontDraft", new_id())

        found = [
            await desk.send(VALIDATE, input={"siteId": desk.site["id"], "draftId": draft_id})
            for draft_id in (elsewhere["id"], missing)
        ]

        assert found[0] == found[1]
        assert codes(found[0]) == [("NOT_FOUND", ["input", "draftId"])]
