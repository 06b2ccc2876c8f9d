"""Who may do what to banners and logos: every role, tried with every mutation, on what is shown and what is not."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.banner import api as banners
from tests.banner.api import Board
from tests.factories import Shop
from tests.logo import api as logos
from tests.logo.api import Sign
from tests.people import error_codes
from tests.schema.arguments import roots
from tests.storefront.api import Desk
from tests.storefront.test_rights import ALL, CASES, Case, done_by_key, hired, is_done
from tests.tenancy.world import key_with

Action = Callable[[Desk, Desk], Awaitable[dict[str, Any]]]
TRIED = {
    "bannerCreate",
    "bannerUpdate",
    "bannerPublish",
    "bannerArchive",
    "bannerDelete",
    "bannerVersionRestore",
    "bannersReorder",
    "logoCreate",
    "logoUpdate",
    "logoPublish",
    "logoArchive",
    "logoDelete",
    "logoVersionRestore",
}


def board_of(desk: Desk) -> Board:
    return Board(desk.shop, desk.site, desk.credentials)


def sign_of(desk: Desk) -> Sign:
    return Sign(desk.shop, desk.site, desk.credentials)


async def create_banner(desk: Desk, person: Desk) -> dict[str, Any]:
    given = {"siteId": desk.site["id"], "title": "x", "bannerType": "HERO"}
    return await person.ask(banners.CREATE, {"input": given})


async def create_logo(desk: Desk, person: Desk) -> dict[str, Any]:
    asset = await banners.new_asset(desk.shop)
    given = {"siteId": desk.site["id"], "name": "x", "logoType": "PRIMARY", "assetId": asset}
    return await person.ask(logos.CREATE, {"input": given})


async def reorder_drafts(desk: Desk, person: Desk) -> dict[str, Any]:
    """What shoppers see keeps its order."""
    board = board_of(desk)
    await desk.shop.sql("delete from banner")
    first, draft, last = await board.shown("1"), await board.banner("draft"), await board.shown("2")
    return await reordered(person, draft, first, last)


async def reorder_shown(desk: Desk, person: Desk) -> dict[str, Any]:
    board = board_of(desk)
    await desk.shop.sql("delete from banner")
    first, last = await board.shown("1"), await board.shown("2")
    return await reordered(person, last, first)


async def reordered(person: Desk, *order: dict[str, Any]) -> dict[str, Any]:
    given = {"siteId": person.site["id"], "bannerIds": [each["id"] for each in order]}
    return await person.ask(banners.REORDER, {"input": given})


def changing(name: str, document: str, *, is_logo: bool, is_shown: bool, **given: Any) -> Action:
    """What does something to a new banner or logo, which is shown or has been."""

    async def act(desk: Desk, person: Desk) -> dict[str, Any]:
        made = await (sign_of(desk).shown() if is_logo else board_of(desk).shown())
        if not is_shown:
            archive = logos.ARCHIVE if is_logo else banners.ARCHIVE
            made = await (sign_of(desk) if is_logo else board_of(desk)).change(archive, made)
        changes = {"input": {"revision": made["revision"]} | given} if "$input" in document else {}
        wanted = made["id"]
        if name == "restore":
            read = sign_of(desk).read if is_logo else board_of(desk).read
            wanted = (await read(made))["versions"]["nodes"][0]["id"]
        return await person.ask(document, {"id": wanted} | changes)

    act.__name__ = f"{name} {'logo' if is_logo else 'banner'} {'shown' if is_shown else 'unseen'}"
    return act


def on(*, is_shown: bool) -> tuple[Action, ...]:
    """Every change of a banner and of a logo."""
    return tuple(
        changing(name, document, is_logo=is_logo, is_shown=is_shown)
        for is_logo, of in ((False, banners), (True, logos))
        for name, document in (
            ("update", of.UPDATE),
            ("archive", of.ARCHIVE),
            ("delete", of.DELETE),
            ("restore", of.RESTORE),
        )
    )


PUBLISH: tuple[Action, ...] = tuple(
    changing("publish", of.PUBLISH, is_logo=is_logo, is_shown=is_shown)
    for is_logo, of in ((False, banners), (True, logos))
    for is_shown in (False, True)
)
EDITS: tuple[Action, ...] = (create_banner, create_logo, reorder_drafts, *on(is_shown=False))
SHOWN: tuple[Action, ...] = (reorder_shown, *on(is_shown=True))


def may_edit(case: Case) -> bool:
    """Grants of parts of the config are no rights to banners."""
    return case.edits == ALL


async def snapshot(desk: Desk) -> list[Any]:
    tables = ("banner", "banner_version", "logo", "logo_version", "sync_event", "audit_entry")
    return [await desk.shop.sql(f"select to_jsonb(t)::text from {table} t order by 1") for table in tables]


class TestPlacements:
    """Each case, each mutation."""

    def test_tries_every_mutation_there_is(self) -> None:
        assert {root.name for root in roots("mutation") if root.name.startswith(("banner", "logo"))} == TRIED

    @pytest.mark.parametrize("name", CASES)
    async def test_are_edited_by_editors_and_shown_by_publishers(self, desk: Desk, name: str) -> None:
        case = CASES[name]
        person, _ = await hired(desk, case)

        for actions, expected in ((EDITS, may_edit(case)), (SHOWN, case.publishes), (PUBLISH, case.publishes)):
            for action in actions:
                assert is_done(await action(desk, person)) is expected, action.__name__

    async def test_refused_stay_as_they_are(self, desk: Desk) -> None:
        """An editor touches nothing that shoppers see."""
        person, _ = await hired(desk, CASES["an editor"])
        board, sign = board_of(desk), sign_of(desk)
        banner, other, logo = await board.shown("1"), await board.shown("2"), await sign.shown()
        before, seen = await snapshot(desk), {"input": {"revision": 2}}

        refused = [
            *[
                await person.ask(document, {"id": banner["id"]} | seen)
                for document in (banners.UPDATE, banners.ARCHIVE)
            ],
            *[await person.ask(document, {"id": logo["id"]} | seen) for document in (logos.UPDATE, logos.ARCHIVE)],
            await person.ask(banners.PUBLISH, {"id": banner["id"]} | seen),
            await person.ask(banners.DELETE, {"id": banner["id"]}),
            await person.ask(logos.DELETE, {"id": logo["id"]}),
            await reordered(person, other, banner),
        ]

        assert [is_done(answer) for answer in refused] == [False] * len(refused)
        assert await snapshot(desk) == before

    @pytest.mark.parametrize(
        ("scopes", "edits", "shows", "publishes"),
        [
            (("storefront:read",), False, False, False),
            (("storefront:write",), True, False, False),
            (("storefront:write", "storefront:publish"), True, True, True),
            (("storefront:publish",), False, False, True),
            (("storefront:admin", "sites:write", "assets:write"), False, False, False),
        ],
    )
    async def test_are_for_keys_what_their_scopes_say(
        self, desk: Desk, scopes: tuple[str, ...], edits: bool, shows: bool, publishes: bool
    ) -> None:
        key = desk.of(token=await key_with(desk.shop, *scopes))

        for actions, expected in ((EDITS, edits), (SHOWN, shows), (PUBLISH, publishes)):
            for action in actions:
                assert done_by_key(await action(desk, key)) is expected, action.__name__

    async def test_are_nothing_to_shoppers_and_strangers(self, desk: Desk, other_shop: Shop) -> None:
        for credentials, expected in (
            ({"storefront_token": desk.site["storefrontToken"]}, "FORBIDDEN"),
            ({"token": other_shop.owner_token, "workspace": desk.shop.slug}, "NOT_FOUND"),
        ):
            for action in (*EDITS, *SHOWN, *PUBLISH):
                assert error_codes(await action(desk, desk.of(**credentials))) == [expected], action.__name__
