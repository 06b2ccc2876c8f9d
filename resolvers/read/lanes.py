"""How the rows of a page are found without looking at many more than it shows.

A list is shown in some order, of rows that some filter leaves, and an index keeps an order only behind equal values. So
a type can declare *lanes*: columns of few known values that stand in each of its sort indexes between the workspace and
the sort key. A page is merged from an ordered walk for each combination of them that it can hold, and no walk goes on
longer than the page. One index a sort then serves every filter by those columns.

Whatever else is filtered by (a search, a range of what is not sorted by) is checked along the walks. Where few rows
match, that would walk past all others. So their number is found out first, by the index of that filter, but counting
no further than `FEW`. If that was all, these rows are read and sorted; else there are many, and the walks soon have met
enough of them. Which of both it is the statement finds out when it runs: one plan serves rare words and common ones.

What remains: where a hundredth of 100,000 rows matches, neither way is short. Such a page costs a few milliseconds.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from resolvers.read.connection import Page
from resolvers.read.filters import Filtering, Narrowing
from resolvers.read.source import BY_ID, Lane, SortKey, Source

# So many rows are fetched and sorted in about the time in which a walk among 100,000 meets a page of them.
FEW = 1000


def page_rows(source: Source, page: Page, where: Sequence[str], filtering: Filtering, alias: str) -> str:
    """What follows the select list of a page: the rows in their order, and no more than its limit.

    `where` holds for every row. All SQL is templates of `{t}`, which becomes `alias`.
    """
    where = [*where, *filtering.conditions]
    # A range of what is sorted by is, as a cursor is, where the walks begin and end.
    ends = list(page.conditions)
    narrowings = []
    for narrowing in filtering.narrowings:
        if narrowing.sort == page.sort:
            ends += narrowing.conditions
        else:
            narrowings.append(narrowing)
    tail = f"order by {page.order} limit {page.limit}"
    if narrowings:
        sql = f"from ({_narrowed(source, page, where, ends, narrowings)}) {{t}} {tail}"
    elif source.lanes:
        sql = f"from ({_walks(source, page.sort, [*where, *ends], '*', tail)}) {{t}} {tail}"
    else:
        sql = f"from {source.table} {{t}} where {_all([*where, *ends])} {tail}"
    return sql.format(t=alias)


def counted_rows(source: Source, where: Sequence[str], filtering: Filtering, alias: str) -> str:
    """What follows `select count(*)` for all that a connection holds. It takes as long as there is to count."""
    asked = [condition for narrowing in filtering.narrowings for condition in narrowing.conditions]
    where = _all([*where, *filtering.conditions, *asked])
    rows = f"{source.table} {{t}}"
    ids = next((narrowing.ids for narrowing in filtering.narrowings if narrowing.ids), None)
    if ids:
        key = f"{{t}}.{source.workspace_column} = $1 and {{t}}.id = matching.id"
        rows = (
            f"(select distinct id from ({ids}) ids(id)) matching "
            f"cross join lateral (select * from {rows} where {key} offset 0) {{t}}"
        )
    return f"from {rows} where {where}".format(t=alias)


def _narrowed(
    source: Source, page: Page, where: Sequence[str], ends: Sequence[str], narrowings: Sequence[Narrowing]
) -> str:
    """The rows of the narrowing that leaves the fewest, or else the walks: all but one of these are not executed.

    How many rows one leaves is counted without what the others ask and without the ends: no index holds both, so that
    counting to `FEW` could take any time.
    """
    tail = f"order by {page.order} limit {page.limit}"
    size = "(select size from narrowed)"
    checks = [check for narrowing in narrowings for check in narrowing.checks]
    sizes, selects = [], []
    for number, narrowing in enumerate(narrowings):
        chosen = f"{size} <= {FEW} and (select number from narrowed) = {number}"
        others = [check for other in narrowings if other is not narrowing for check in other.checks]
        if narrowing.sort:
            own = [*where, *narrowing.conditions]
            few_first = f"order by {narrowing.sort.sql}, {BY_ID.sql} limit {FEW + 1}"
            found = f"select from ({_walks(source, narrowing.sort, own, '{t}.id', few_first)}) found limit {FEW + 1}"
            sizes.append(f"select {number} as number, count(*) as size, null::uuid[] as ids from ({found}) found")
            few = _walks(source, narrowing.sort, own, "*", few_first)
            selects.append(f"(select * from ({few}) {{t}} where {_all([chosen, *others, *ends])} {tail})")
        else:
            lists = narrowing.lists.replace("{limit}", str(FEW + 1))
            sizes.append(f"select {number} as number, cardinality(ids) as size, ids from ({lists} offset 0) found")
            # By its key and nothing else, or the planner may be tempted by another index.
            one = f"select * from {source.table} {{t}} where {{t}}.{source.workspace_column} = $1 and {{t}}.id = few.id"
            few = f"(select distinct unnest(ids) as id from narrowed where {chosen}) few"
            asked = _all([*where, *narrowing.conditions, *others, *ends])
            selects.append(f"(select {{t}}.* from {few} cross join lateral ({one} limit 1) {{t}} where {asked} {tail})")
    least = f"select * from ({' union all '.join(sizes)}) sizes order by size limit 1"
    selects.append(_walks(source, page.sort, [*where, *checks, *ends, f"{size} > {FEW}"], "*", tail))
    return f"with narrowed as materialized ({least}) {' union all '.join(selects)}"


def _all(conditions: Sequence[str]) -> str:
    return " and ".join(conditions)


def _walks(source: Source, sort: SortKey, where: Sequence[str], columns: str, tail: str) -> str:
    """A select for each lane, in the order of the sort."""
    if sort.least:
        where = [*where, f"{sort.sql} >= {sort.least}"]
    return " union all ".join(
        f"(select {columns} from {source.table} {{t}} where {_all(conditions)} {tail})"
        for conditions in _lanes(source.lanes, where)
    )


def _lanes(lanes: Sequence[Lane], where: Sequence[str]) -> Iterator[list[str]]:
    """The conditions of each lane that `where` leaves.

    What it asks of a lane's column is answered there: `status = any($3)` becomes `'DRAFT' = any($3)`, which is decided
    before the first row is read.
    """
    choices = []
    for lane in lanes:
        asked = [value for value in lane.values if f"{lane.sql} = {value}" in where]
        choices.append(asked[:1] or lane.values)
    for values in product(*choices):
        fixed = [f"{lane.sql} = {value}" for lane, value in zip(lanes, values, strict=True)]
        others = [condition for condition in where if condition not in fixed]
        for lane, value in zip(lanes, values, strict=True):
            others = [condition.replace(lane.sql, value) for condition in others]
        yield [*others[:1], *fixed, *others[1:]]
