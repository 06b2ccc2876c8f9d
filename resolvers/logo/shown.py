"""Which logo of each type a site shows: at most one at a time.

Of those that are active and have a picture the one that started last; one without a start is the fallback. Where that
does not decide, one that ends comes before one that does not, and then the one that was made last.
"""

from resolvers.placement.shown import AT, NOW, drafts_of, is_within, moment
from resolvers.read.source import Predicate

# A file may be lost later: its asset is FAILED then, and shoppers do not find it.
_HAS_PICTURE = "exists (select from asset a where a.workspace_id = $1 and a.id = {p}.asset_id and a.status = 'READY')"
_RANK = "coalesce({0}.start_at, '-infinity'), {0}.end_at is not null, {0}.id"


def _is_first(is_published: str, at: str) -> str:
    """Whether it is active at the moment, and no other of its type comes before it. `{p}` is either."""
    is_candidate = f"{is_published} and {is_within('{p}', at)} and {_HAS_PICTURE}"
    return (
        f"{is_candidate.replace('{p}', '{t}')} and not exists (select from logo o "
        "where o.workspace_id = $1 and o.site_id = {t}.site_id and o.logo_type = {t}.logo_type "
        f"and {is_candidate.replace('{p}', 'o')} and ({_RANK.format('o')}) > ({_RANK.format('{t}')}))"
    )


# Shown to shoppers now.
IS_SHOWN = _is_first("{p}.status = 'PUBLISHED'", NOW)
# Would be shown at a moment, if these drafts were published.
SHOWN: tuple[Predicate, ...] = (
    (
        _is_first("({p}.status = 'PUBLISHED' or {p}.id = any({drafts}::uuid[]))", AT),
        {"at": moment, "drafts": drafts_of("Logo")},
    ),
)
