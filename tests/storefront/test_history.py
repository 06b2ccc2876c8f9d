"""Random edits, publications, restores and rebases over real PostgreSQL: the history stays whole, whatever is done.

The machine keeps a plain model of each site: its versions' bytes, the drafts, and what is live. After each step what
the database holds is compared with it.
"""

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from core.access import SCOPES, Caller, CallerKind
from core.errors import Refused
from core.ids import uuid_in
from resolvers.context import Context, Platform
from resolvers.storefront import (
    DraftChanges,
    NewDraft,
    Publication,
    Rebase,
    Seen,
    create_draft,
    discard_draft,
    publish_draft,
    rebase_draft,
    restore_version,
    update_draft,
)
from resolvers.storefront.sections import SECTIONS, digest
from tests.client import GraphQL
from tests.factories import Shop, make_shop, make_site
from tests.storefront.json_values import objects

# Sections whose standard schemas take any object.
FREE = st.sampled_from(["theme", "content", "seo"])
EXAMPLES, STEPS = 15, 25


@dataclass
class ModelDraft:
    """What a draft is to be. `result` is what it comes to, `against` the number of the version it was made against."""

    id: Any
    result: dict[str, str]
    against: int
    revision: int = 1
    status: str = "OPEN"


@dataclass
class Model:
    """One site as it is to be."""

    site_id: Any
    versions: list[dict[str, str]] = field(default_factory=list)
    ids: list[Any] = field(default_factory=list)
    drafts: list[ModelDraft] = field(default_factory=list)


class World:
    """The loop that all machines work in, and what they make their shops with."""

    loop: asyncio.AbstractEventLoop
    platform: Platform
    graphql: GraphQL

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)


WORLD = World()


class History(RuleBasedStateMachine):
    """Somebody at work on one site's look."""

    drafts = Bundle("drafts")

    def __init__(self) -> None:
        super().__init__()
        self.shop: Shop = WORLD.run(make_shop(WORLD.platform, WORLD.graphql))
        site = WORLD.run(make_site(self.shop))
        key = {"id": self.shop.api_key_id, "workspace_id": self.shop.workspace_id}
        caller = Caller(CallerKind.API_KEY, scopes=frozenset(SCOPES), label="history", **key)
        self.context = Context(WORLD.platform, caller)
        self.model = Model(uuid_in(site["id"], "Site"))
        row = self.rows("select * from storefront_version where site_id = $1")[0]
        self.model.versions.append({name: row[name] for name in SECTIONS})
        self.model.ids.append(row["id"])

    def rows(self, statement: str) -> list[Any]:
        found: list[Any] = WORLD.run(self.shop.sql(statement, self.model.site_id))
        return found

    def refused(self, work: Coroutine[Any, Any, Any]) -> list[str]:
        try:
            WORLD.run(work)
        except Refused as refused:
            return [problem.code for problem in refused.problems]
        return []

    @rule(target=drafts, section=FREE, value=objects)
    def begin(self, section: str, value: Any) -> ModelDraft:
        new = NewDraft.model_construct(
            site_id=self.model.site_id, name="x", description="", from_version_id=None, changes={section: value}
        )
        done = WORLD.run(create_draft(self.context, new))
        result = self.model.versions[-1] | {section: self.stored(done["id"], section)}
        return self.keep(ModelDraft(done["id"], result, len(self.model.versions)))

    @rule(target=drafts, data=st.data())
    def restore(self, data: st.DataObject) -> ModelDraft:
        number = data.draw(st.integers(0, len(self.model.versions) - 1))
        done = WORLD.run(restore_version(self.context, self.model.ids[number]))
        return self.keep(ModelDraft(done["id"], self.model.versions[number], len(self.model.versions)))

    @rule(draft=drafts, section=FREE, value=objects, stale=st.booleans())
    def edit(self, draft: ModelDraft, section: str, value: Any, stale: bool) -> None:
        revision = draft.revision - stale
        codes = self.refused(
            update_draft(self.context, draft.id, DraftChanges(revision=revision, changes={section: value}))
        )
        if draft.status != "OPEN":
            assert codes == ["NOT_OPEN"]
        elif stale:
            assert codes == ["CONFLICT"]
        else:
            assert codes == []
            draft.result = draft.result | {section: self.stored(draft.id, section)}
            draft.revision += 1

    @rule(draft=drafts, section=FREE, key=st.sampled_from(["a", "b", "ä"]), value=objects)
    def patch(self, draft: ModelDraft, section: str, key: str, value: Any) -> None:
        operation = {"op": "add", "path": f"/{section}/{key}", "value": value}
        codes = self.refused(
            update_draft(self.context, draft.id, DraftChanges(revision=draft.revision, patch=[operation]))
        )
        if draft.status != "OPEN":
            assert codes == ["NOT_OPEN"]
            return
        assert codes == []
        expected = json.loads(draft.result[section]) | {key: value}
        text = self.stored(draft.id, section)
        # Where the patch makes no difference the section may be the base version's still.
        assert json.loads(text or draft.result[section]) == expected
        draft.result = draft.result | {section: text or draft.result[section]}
        draft.revision += 1

    @rule(draft=drafts, stale=st.booleans())
    def publish(self, draft: ModelDraft, stale: bool) -> None:
        codes = self.refused(publish_draft(self.context, draft.id, Publication(revision=draft.revision - stale)))
        if draft.status != "OPEN":
            assert codes == ["NOT_OPEN"]
        elif stale:
            assert codes == ["CONFLICT"]
        elif draft.against != len(self.model.versions):
            assert codes == ["BASE_MOVED"]
        else:
            assert codes == []
            draft.status, draft.revision = "PUBLISHED", draft.revision + 1
            self.model.versions.append(draft.result)
            self.model.ids.append(self.rows("select live_version_id from site where id = $1")[0][0])

    @rule(draft=drafts, whose=st.sampled_from(["mine", "theirs"]))
    def rebase(self, draft: ModelDraft, whose: str) -> None:
        against, live = self.model.versions[draft.against - 1], self.model.versions[-1]
        mine = [name for name in SECTIONS if against[name] != draft.result[name]]
        both = [name for name in mine if against[name] != live[name]]
        said = {whose: both}
        codes = self.refused(rebase_draft(self.context, draft.id, Rebase(revision=draft.revision, **said)))
        if draft.status != "OPEN":
            assert codes == ["NOT_OPEN"]
            return
        assert codes == []
        kept = [name for name in mine if not (whose == "theirs" and name in both)]
        draft.result = live | {name: draft.result[name] for name in kept}
        draft.against = len(self.model.versions)
        draft.revision += 1

    @rule(draft=consumes(drafts))
    def discard(self, draft: ModelDraft) -> None:
        codes = self.refused(discard_draft(self.context, draft.id, Seen(revision=draft.revision)))
        if draft.status == "OPEN":
            assert codes == []
            draft.status, draft.revision = "DISCARDED", draft.revision + 1
        else:
            assert codes == ["NOT_OPEN"]

    @invariant()
    def every_version_is_what_it_was_and_the_last_is_live(self) -> None:
        found = self.rows("select * from storefront_version where site_id = $1 order by number")

        assert [row["number"] for row in found] == list(range(1, len(self.model.versions) + 1))
        assert [{name: row[name] for name in SECTIONS} for row in found] == self.model.versions
        assert [row["digest"] for row in found] == [digest(texts) for texts in self.model.versions]
        (site,) = self.rows("select * from site where id = $1")
        assert site["live_version_id"] == found[-1]["id"] == self.model.ids[-1]
        assert site["version_count"] == len(found)

    @invariant()
    def every_draft_is_what_was_written_last(self) -> None:
        found = {row["id"]: row for row in self.rows("select * from storefront_draft where site_id = $1")}

        assert set(found) == {draft.id for draft in self.model.drafts}
        for draft in self.model.drafts:
            row = found[draft.id]
            base = self.model.versions[self.model.ids.index(row["base_version_id"])]
            result = {name: row[name] or base[name] for name in SECTIONS}
            assert (row["status"], row["revision"], result) == (draft.status, draft.revision, draft.result)
            assert row["against_version_id"] == self.model.ids[draft.against - 1]

    @invariant()
    def events_tell_of_each_publication(self) -> None:
        (row,) = self.rows("select count(*) from sync_event where type = 'storefront.published' and entity_id = $1")

        assert row[0] == len(self.model.versions) - 1

    def keep(self, draft: ModelDraft) -> ModelDraft:
        self.model.drafts.append(draft)
        return draft

    def stored(self, draft_id: Any, section: str) -> Any:
        """The bytes that the draft has for a section: how JSON is written is shown in test_json.py."""
        rows = self.rows("select * from storefront_draft where site_id = $1")
        return next(row[section] for row in rows if row["id"] == draft_id)


@pytest.fixture
async def world(platform: Platform, graphql: GraphQL) -> World:
    WORLD.loop = asyncio.get_running_loop()
    WORLD.platform, WORLD.graphql = platform, graphql
    return WORLD


class TestHistory:
    async def test_is_whole_whatever_is_done(self, world: World) -> None:
        """The machine runs in a thread: hypothesis calls it, and it the loop that the connections belong to."""
        await asyncio.to_thread(
            run_state_machine_as_test,
            History,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=True,
                database=None,
                # Making a history shorter takes longer than reading it.
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
