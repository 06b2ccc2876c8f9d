"""Who may do what: every role and grant, tried with every mutation, on every section."""

from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest

from core.access import Role
from core.ids import global_id, uuid_in
from tests.factories import Person, Shop, add_member, make_user
from tests.people import audit_actions, becomes, codes, error_codes
from tests.schema.arguments import roots
from tests.storefront.api import (
    CREATE,
    DISCARD,
    GRANT_ADD,
    GRANT_REMOVE,
    MEMBER_REMOVE,
    MEMBER_SET,
    PREVIEW,
    PUBLISH,
    REBASE,
    RESTORE,
    SCHEDULE,
    UNSCHEDULE,
    UPDATE,
    VALIDATE,
    Desk,
    open_desk,
)
from tests.tenancy.world import key_with

ALL = ("",)


@dataclass(frozen=True)
class Case:
    """Somebody, what they are given, and what they may do then: written down by hand, not worked out."""

    role: str | None = None
    grants: tuple[tuple[str, str], ...] = ()
    workspace_role: Role = Role.STAFF
    is_elsewhere: bool = False
    # JSON Pointers below which they may edit; nothing where there are none.
    edits: tuple[str, ...] = ()
    publishes: bool = False
    administers: bool = False


CASES = {
    "staff with nothing": Case(),
    "a viewer": Case("VIEWER"),
    "an editor": Case("EDITOR", edits=ALL),
    "a publisher": Case("PUBLISHER", edits=ALL, publishes=True),
    "an administrator": Case("ADMIN", edits=ALL, publishes=True, administers=True),
    "a workspace's viewer who is an editor": Case("EDITOR", workspace_role=Role.VIEWER, edits=ALL),
    "a workspace's administrator": Case(workspace_role=Role.ADMIN, edits=ALL, publishes=True, administers=True),
    "a workspace's owner": Case(workspace_role=Role.OWNER, edits=ALL, publishes=True, administers=True),
    "an editor of another site": Case("EDITOR", is_elsewhere=True),
    "an administrator of another site": Case("ADMIN", is_elsewhere=True),
    "granted theme": Case(grants=(("THEME", ""),), edits=("/theme",)),
    "granted layout": Case(grants=(("LAYOUT", ""),), edits=("/layout",)),
    "granted colours": Case(grants=(("THEME", "/colors"),), edits=("/theme/colors",)),
    "granted one colour": Case(grants=(("THEME", "/colors/primary"),), edits=("/theme/colors/primary",)),
    "granted what only begins alike": Case(grants=(("THEME", "/col"),), edits=("/theme/col",)),
    "granted seo and settings, a viewer": Case("VIEWER", (("SEO", ""), ("SETTINGS", "")), edits=("/seo", "/settings")),
    "granted theme of another site": Case(grants=(("THEME", ""),), is_elsewhere=True),
}
# One place in each section, and two in the first; what is put there.
TARGETS: dict[str, Any] = {
    "/theme/colors/primary": "#123456",
    "/theme/mode": "dark",
    "/layout/zones/side": [],
    "/content/footer/text": "Changed",
    "/seo/title": "Changed",
    "/settings/display/productsPerPage": 7,
}
TRIED = {
    "storefrontDraftCreate",
    "storefrontDraftUpdate",
    "storefrontDraftValidate",
    "storefrontDraftPublish",
    "storefrontDraftSchedule",
    "storefrontDraftUnschedule",
    "storefrontDraftRebase",
    "storefrontDraftDiscard",
    "storefrontDraftPreviewCreate",
    "storefrontVersionRestore",
    "storefrontMemberSet",
    "storefrontMemberRemove",
    "storefrontGrantAdd",
    "storefrontGrantRemove",
}
Action = Callable[[Desk, Desk, str], Awaitable[dict[str, Any]]]


def changed(config: dict[str, Any], target: str) -> dict[str, Any]:
    """The changes that put the target's value at its place, as whole sections."""
    section, *keys = target[1:].split("/")
    value = deepcopy(config[section])
    place = value
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = TARGETS[target]
    return {section: value}


async def with_target(desk: Desk, target: str) -> dict[str, Any]:
    """A draft of the key's that changes the target and nothing else."""
    return await desk.draft(changes=changed(await desk.config(), target))


async def create(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    changes = changed(await desk.config(), target)
    return await person.ask(CREATE, {"input": {"siteId": desk.site["id"], "name": "x", "changes": changes}})


async def create_from_version(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    version = await version_with(desk, target)
    return await person.ask(CREATE, {"input": {"siteId": desk.site["id"], "name": "x", "fromVersionId": version}})


async def restore(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    return await person.ask(RESTORE, {"id": await version_with(desk, target)})


async def version_with(desk: Desk, target: str) -> str:
    """A version that differs from the live one at the target alone."""
    before = await desk.live()
    version = await desk.publish(await with_target(desk, target))
    back = await desk.done(RESTORE, id=before["id"])
    await desk.publish(back["storefrontDraft"])
    found: str = version["id"]
    return found


async def update(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    draft = await desk.draft()
    given = {"revision": 1, "changes": changed(await desk.config(), target)}
    return await person.ask(UPDATE, {"id": draft["id"], "input": given})


async def patch(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    draft = await desk.draft()
    operation = {"op": "add", "path": target, "value": TARGETS[target]}
    return await person.ask(UPDATE, {"id": draft["id"], "input": {"revision": 1, "patch": [operation]}})


async def move_there(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    """A patch that names the target nowhere: it takes its whole section from another one."""
    draft = await desk.draft()
    section = "/" + target.split("/")[1]
    operations = [{"op": "replace", "path": section, "value": changed(await desk.config(), target)[section[1:]]}]
    return await person.ask(UPDATE, {"id": draft["id"], "input": {"revision": 1, "patch": operations}})


async def take_back(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    """Somebody else's change, undone by a null."""
    draft = await with_target(desk, target)
    given = {"revision": 1, "changes": {target.split("/")[1]: None}}
    return await person.ask(UPDATE, {"id": draft["id"], "input": given})


async def rebase(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    """A draft that changes the target, put on a version that changed another section."""
    draft = await with_target(desk, target)
    elsewhere = "/seo/title" if not target.startswith("/seo") else "/theme/mode"
    await version_with(desk, elsewhere)
    await desk.publish(await with_target(desk, elsewhere))
    answer = await person.ask(REBASE, {"id": draft["id"], "input": {"revision": 1}})
    await desk.publish((await desk.done(RESTORE, id=desk.site["liveStorefrontVersion"]["id"]))["storefrontDraft"])
    return answer


async def give_up(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    """A draft that changes the target, rebased so that its section is what is live: the change is lost."""
    draft = await with_target(desk, target)
    section = target.split("/")[1]
    other = changed(await desk.config(), target)
    other[section] |= {"other": True}
    await desk.publish(await desk.draft(changes=other))
    given = {"revision": 1, "theirs": [section.upper()]}
    answer = await person.ask(REBASE, {"id": draft["id"], "input": given})
    await desk.publish((await desk.done(RESTORE, id=desk.site["liveStorefrontVersion"]["id"]))["storefrontDraft"])
    return answer


async def discard(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    draft = await with_target(desk, target)
    return await person.ask(DISCARD, {"id": draft["id"], "input": {"revision": 1}})


async def try_on_a_draft(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    draft = await desk.draft()
    given = {"siteId": desk.site["id"], "draftId": draft["id"], "changes": changed(await desk.config(), target)}
    return await person.ask(VALIDATE, {"input": given})


async def try_on_what_is_live(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    operation = {"op": "add", "path": target, "value": TARGETS[target]}
    return await person.ask(VALIDATE, {"input": {"siteId": desk.site["id"], "patch": [operation]}})


# What changes a draft at a target, or tells whether the person may.
EDITS: tuple[Action, ...] = (
    create,
    create_from_version,
    restore,
    update,
    patch,
    move_there,
    take_back,
    rebase,
    give_up,
    discard,
    try_on_a_draft,
    try_on_what_is_live,
)


async def preview(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    return await person.ask(PREVIEW, {"id": (await desk.draft())["id"]})


async def rename(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    return await person.ask(UPDATE, {"id": (await desk.draft())["id"], "input": {"revision": 1, "name": "New"}})


async def publish(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    draft = await with_target(desk, target)
    answer = await person.ask(PUBLISH, {"id": draft["id"], "input": {"revision": 1}})
    if "errors" not in answer:
        back = await desk.done(RESTORE, id=desk.site["liveStorefrontVersion"]["id"])
        await desk.publish(back["storefrontDraft"])
    return answer


LATER = {"revision": 1, "publishAt": "2100-01-01T00:00:00Z"}


async def schedule(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    draft = await with_target(desk, target)
    return await person.ask(SCHEDULE, {"id": draft["id"], "input": LATER})


async def unschedule(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    draft = await with_target(desk, target)
    await desk.done(SCHEDULE, id=draft["id"], input=LATER)
    return await person.ask(UNSCHEDULE, {"id": draft["id"], "input": {"revision": 2}})


PUBLICATIONS: tuple[Action, ...] = (publish, schedule, unschedule)


async def somebody(desk: Desk) -> dict[str, str]:
    person = await make_user(desk.shop.platform)
    await add_member(desk.shop.platform, desk.shop.workspace_id, person, Role.STAFF)
    return {"siteId": desk.site["id"], "userId": global_id("User", person.id)}


async def set_member(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    return await person.ask(MEMBER_SET, {"input": await somebody(desk) | {"role": "EDITOR"}})


async def make_oneself_administrator(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    return await person.ask(
        MEMBER_SET,
        {"input": {"siteId": desk.site["id"], "userId": person.credentials["id"], "role": "ADMIN"}},
    )


async def remove_member(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    made = await desk.done(MEMBER_SET, input=await somebody(desk) | {"role": "EDITOR"})
    return await person.ask(MEMBER_REMOVE, {"id": made["storefrontMember"]["id"]})


async def add_grant(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    return await person.ask(GRANT_ADD, {"input": await somebody(desk) | {"section": "SEO"}})


async def remove_grant(desk: Desk, person: Desk, target: str) -> dict[str, Any]:
    made = await desk.done(GRANT_ADD, input=await somebody(desk) | {"section": "SEO"})
    return await person.ask(GRANT_REMOVE, {"id": made["storefrontGrant"]["id"]})


# Making oneself one comes last: it changes what the case is about.
ADMINISTRATION: tuple[Action, ...] = (set_member, remove_member, add_grant, remove_grant, make_oneself_administrator)


class Colleague(Desk):
    """Somebody at a desk, by their own token."""

    async def ask(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        token = {"token": self.credentials["token"], "workspace": self.shop.slug}
        return await self.shop.graphql(document, variables, **token)


async def hired(desk: Desk, case: Case) -> tuple[Colleague, Person]:
    """Somebody with the case's rights."""
    person = await make_user(desk.shop.platform)
    await add_member(desk.shop.platform, desk.shop.workspace_id, person, case.workspace_role)
    site = (await open_desk(desk.shop)).site if case.is_elsewhere else desk.site
    given = {"siteId": site["id"], "userId": global_id("User", person.id)}
    if case.role:
        await desk.done(MEMBER_SET, input=given | {"role": case.role})
    for section, component in case.grants:
        await desk.done(GRANT_ADD, input=given | {"section": section, "component": component})
    return Colleague(desk.shop, desk.site, {"token": person.token, "id": given["userId"]}), person


async def snapshot(desk: Desk) -> list[Any]:
    """Everything that a refusal must not touch."""
    tables = ("site", "storefront_version", "storefront_draft", "storefront_member", "storefront_grant")
    return [await desk.shop.sql(f"select to_jsonb(t)::text from {table} t order by 1") for table in tables]


def is_done(answer: dict[str, Any]) -> bool:
    """Whether a mutation was done, and not forbidden; anything else fails.

    Who published a version is for those who may see members: null below the payload, and of no matter here.
    """
    (payload,) = answer["data"].values()
    if payload is None:
        assert error_codes(answer) == ["FORBIDDEN"], answer
        return False
    assert payload["userErrors"] == [], answer
    return True


def may_edit(case: Case, target: str) -> bool:
    return any(target == path or target.startswith(f"{path}/") for path in case.edits)


class TestEveryPathThatWrites:
    """Each case, each mutation, each section."""

    def test_tries_every_mutation_there_is(self) -> None:
        there = {root.name for root in roots("mutation") if root.name.startswith("storefront")}

        assert {name for name in there if not name.startswith("storefrontToken")} == TRIED

    @pytest.mark.parametrize("name", CASES)
    @pytest.mark.parametrize("action", EDITS, ids=lambda action: action.__name__)
    async def test_edits_what_they_may_and_nothing_else(self, desk: Desk, name: str, action: Action) -> None:
        case = CASES[name]
        person, _ = await hired(desk, case)

        found = {target: is_done(await action(desk, person, target)) for target in TARGETS}

        expected = {target: may_edit(case, target) for target in TARGETS}
        assert found == expected

    @pytest.mark.parametrize("name", CASES)
    async def test_publishes_previews_and_administers_where_they_may(self, desk: Desk, name: str) -> None:
        case = CASES[name]
        person, _ = await hired(desk, case)

        for target in TARGETS:
            for action in PUBLICATIONS:
                assert is_done(await action(desk, person, target)) is case.publishes, (action.__name__, target)
        for action in (preview, rename):
            assert is_done(await action(desk, person, "")) is bool(case.edits), action.__name__
        for action in ADMINISTRATION:
            assert is_done(await action(desk, person, "")) is case.administers, action.__name__

    async def test_a_refusal_changes_nothing(self, desk: Desk) -> None:
        person, _ = await hired(desk, CASES["granted colours"])
        draft = await with_target(desk, "/theme/mode")
        scheduled = (await desk.done(SCHEDULE, id=(await desk.draft())["id"], input=LATER))["storefrontDraft"]
        version = await version_with(desk, "/theme/mode")
        before, events = await snapshot(desk), await desk.events()
        seen, given = {"revision": 1}, changed(await desk.config(), "/seo/title")
        new = {"siteId": desk.site["id"], "name": "x", "changes": given}

        refused = [
            await person.ask(CREATE, {"input": new}),
            await person.ask(RESTORE, {"id": version}),
            await person.ask(UPDATE, {"id": draft["id"], "input": seen | {"name": "Mine", "changes": given}}),
            await person.ask(DISCARD, {"id": draft["id"], "input": seen}),
            await person.ask(PUBLISH, {"id": draft["id"], "input": seen}),
            await person.ask(SCHEDULE, {"id": draft["id"], "input": LATER}),
            await person.ask(UNSCHEDULE, {"id": scheduled["id"], "input": {"revision": 2}}),
            await make_oneself_administrator(desk, person, ""),
        ]

        assert [is_done(answer) for answer in refused] == [False] * len(refused)
        assert refused[0]["errors"][0]["extensions"]["paths"] == ["/seo/title"]
        assert await snapshot(desk) == before
        assert await desk.events() == events

    @pytest.mark.parametrize(
        ("scopes", "edits", "publishes", "administers"),
        [
            (("storefront:read",), False, False, False),
            (("storefront:write",), True, False, False),
            (("storefront:write", "storefront:publish"), True, True, False),
            (("storefront:publish",), False, True, False),
            (("storefront:admin",), False, False, True),
            (("sites:write", "products:write", "members:write"), False, False, False),
        ],
    )
    async def test_keys_do_what_their_scopes_say(
        self, desk: Desk, scopes: tuple[str, ...], edits: bool, publishes: bool, administers: bool
    ) -> None:
        key = desk.of(token=await key_with(desk.shop, *scopes))
        for actions, expected in (((update, preview, restore), edits), ((publish, schedule), publishes)):
            for action in actions:
                assert done_by_key(await action(desk, key, "/seo/title")) is expected, action.__name__
        assert done_by_key(await set_member(desk, key, "")) is administers

    async def test_shoppers_and_strangers_do_nothing(self, desk: Desk, other_shop: Shop) -> None:
        for credentials, expected in (
            ({"storefront_token": desk.site["storefrontToken"]}, "FORBIDDEN"),
            ({"token": other_shop.owner_token, "workspace": desk.shop.slug}, "NOT_FOUND"),
        ):
            answer = await update(desk, desk.of(**credentials), "/seo/title")

            assert error_codes(answer) == [expected]


def done_by_key(answer: dict[str, Any]) -> bool:
    """As `is_done`; what a key did and may not read comes back as null, with an error at its path."""
    (payload,) = (answer.get("data") or {"": None}).values()
    return payload is not None and payload["userErrors"] == []


class TestMembers:
    async def test_each_change_of_rights_is_in_the_audit_log(self, desk: Desk) -> None:
        who = await somebody(desk)
        member = await desk.done(MEMBER_SET, input=who | {"role": "EDITOR"})
        again = await desk.done(MEMBER_SET, input=who | {"role": "PUBLISHER"})
        grant = await desk.done(GRANT_ADD, input=who | {"section": "THEME", "component": "/colors"})
        same = await desk.done(GRANT_ADD, input=who | {"section": "THEME", "component": "/colors"})
        await desk.done(GRANT_REMOVE, id=grant["storefrontGrant"]["id"])
        await desk.done(MEMBER_REMOVE, id=member["storefrontMember"]["id"])

        assert again["storefrontMember"] == {"id": member["storefrontMember"]["id"], "role": "PUBLISHER"}
        assert same == grant
        rows = await desk.shop.sql(
            "select action, changes::text from audit_entry where action like '%t_e%' order by id"
        )
        assert (await audit_actions(desk.shop))[1:] == [
            "storefrontMemberSet",
            "storefrontMemberSet",
            "storefrontGrantAdd",
            "storefrontGrantRemove",
            "storefrontMemberRemove",
        ]
        noted = [row["changes"] for row in rows if row["action"].startswith("storefront")]
        user_id = uuid_in(who["userId"], "User")
        assert all(str(user_id) in each for each in noted)

    async def test_are_people_of_the_workspace(self, desk: Desk) -> None:
        stranger = await make_user(desk.shop.platform)
        given = {"siteId": desk.site["id"], "userId": global_id("User", stranger.id)}

        for document, more in ((MEMBER_SET, {"role": "EDITOR"}), (GRANT_ADD, {"section": "SEO"})):
            assert codes(await desk.send(document, input=given | more)) == [("NOT_FOUND", ["input", "userId"])]

    async def test_lose_their_rights_with_their_place_in_the_workspace(self, desk: Desk) -> None:
        person, user = await hired(desk, CASES["granted seo and settings, a viewer"])
        assert is_done(await rename(desk, person, ""))
        await desk.shop.sql("delete from membership where user_id = $1", user.id)

        assert await desk.shop.sql("select from storefront_member") == []
        assert await desk.shop.sql("select from storefront_grant") == []

    async def test_lose_them_everywhere_within_seconds(self, desk: Desk) -> None:
        person, _ = await hired(desk, CASES["a publisher"])
        assert is_done(await publish(desk, person, "/seo/title"))
        answer = await desk.ask(
            "query ($id: ID!) { site(id: $id) { storefrontMembers { nodes { id role user { email } } } } }",
            {"id": desk.site["id"]},
        )
        (member,) = answer["data"]["site"]["storefrontMembers"]["nodes"]
        assert member["role"] == "PUBLISHER"

        await desk.done(MEMBER_REMOVE, id=member["id"])

        async def may_publish() -> bool:
            return is_done(await publish(desk, person, "/seo/title"))

        await becomes(False, may_publish)

    @pytest.mark.parametrize("component", ["colors", "/a~2", "/a~", "x" * 501])
    async def test_are_granted_json_pointers_only(self, desk: Desk, component: str) -> None:
        payload = await desk.send(GRANT_ADD, input=await somebody(desk) | {"section": "THEME", "component": component})

        assert [field for _, field in codes(payload)] == [["input", "component"]]
        assert await desk.shop.sql("select from storefront_grant") == []
