"""What of a site is shown when: the predicates by which reads find it. `{t}` is the placement's table."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from core.ids import uuid_in

Given = Mapping[str, Any]

# Of what is there for people.
OF_A_SITE = "exists (select from site s where s.workspace_id = $1 and s.id = {t}.site_id and s.deleted_at is null)"


def is_within(table: str, at: str) -> str:
    """Whether the moment lies within its times; the last of them is the first at which it is not shown."""
    return (
        f"({table}.start_at is null or {table}.start_at <= {at}) and ({table}.end_at is null or {table}.end_at > {at})"
    )


NOW = "now()"
IS_ACTIVE = f"{{t}}.status = 'PUBLISHED' and {is_within('{t}', NOW)}"
# The moment that was named, as `{at}`, which may be null.
AT = "coalesce({at}::timestamptz, now())"


def moment(given: Given) -> datetime | None:
    """The moment that was named."""
    found: datetime | None = given.get("at")
    return found


def drafts_of(type_name: str) -> Callable[[Given], list[UUID]]:
    """What reads the ids of drafts; what is no id names nothing."""

    def read(given: Given) -> list[UUID]:
        return [found for text in given.get("draftIds") or () if (found := uuid_in(text, type_name))]

    return read
