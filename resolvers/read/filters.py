"""From the value of a `filter:` argument to predicates. Only the keys that are there become SQL."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from core.errors import BadUserInput
from core.ids import parse_global_id
from resolvers.read.source import AnyOf, Equals, Filter, Fits, Flag, GlobalId, Range, SortKey, Source, Words
from resolvers.read.statement import Arguments, Parameters

MAX_WORDS = 8
MAX_LIST_LENGTH = 100
_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
# No token holds this character, so a range up to it holds every token that begins with the word.
_LAST_CHARACTER = "\U0010ffff"


class Narrowing(NamedTuple):
    """A filter whose rows an index of its own finds.

    A range is found by the order of `sort`. A search is found by `ids`, which selects the ids, perhaps more than once,
    and by `lists`, which selects arrays of such ids of at most `{limit}`: every row is in each of them. `conditions`
    are what remains to be asked then. `checks` ask a row for all, in a way that tempts the planner to no other index.
    """

    checks: list[str]
    conditions: list[str]
    ids: str = ""
    lists: str = ""
    sort: SortKey | None = None


class Filtering(NamedTuple):
    """What a `filter:` asks of each row: the conditions, and all of the narrowings."""

    conditions: list[str]
    narrowings: list[Narrowing]


def filters_of(source: Source, given: dict[str, Any], site: int, parameters: Parameters) -> Filtering:
    """The predicates for each key of the filter that is not null.

    Raises:
        BadUserInput: a list or a search is too long.

    """
    found = Filtering([], [])
    for key, value in given.items():
        filter_ = source.filters[key]
        if value is None:
            continue
        if isinstance(filter_, Words):
            _search(found, filter_, key, site, parameters)
            continue
        predicates = _predicates(filter_, key, value, site, parameters)
        sort = _sort_of(source, filter_)
        if sort and predicates:
            found.narrowings.append(Narrowing([f"({each}) is true" for each in predicates], predicates, sort=sort))
        else:
            found.conditions.extend(predicates)
    return found


def _sort_of(source: Source, filter_: Filter) -> SortKey | None:
    """The sort whose index finds a range, in a source whose lanes make that worthwhile."""
    if not source.lanes or not isinstance(filter_, Range):
        return None
    return next((sort for sort in source.sorts.values() if sort.sql == filter_.sql), None)


def _predicates(
    filter_: Equals | GlobalId | AnyOf | Range | Flag | Fits, key: str, value: Any, site: int, parameters: Parameters
) -> list[str]:
    match filter_:
        case Flag():
            return [filter_.when_true if value else filter_.when_false]
        case Fits():
            return [_with_values(sql, values, key, site, parameters) for sql, values in filter_.predicates]
        case Equals():
            return [f"{filter_.sql} = {parameters.add(_reader(site, (key,), filter_.convert))}"]
        case GlobalId():
            return _same_object(filter_, key, site, parameters)
        case AnyOf():
            placeholder = parameters.add(_list_reader(site, key, filter_.convert))
            return [f"{filter_.sql} = any({placeholder}::{filter_.array_type})"]
        case Range():
            return [
                f"{filter_.sql} {_OPERATORS[bound]} {parameters.add(_reader(site, (key, bound), filter_.convert))}"
                for bound in value
                if value[bound] is not None
            ]


def _with_values(
    sql: str, values: Mapping[str, Callable[[Mapping[str, Any]], Any]], key: str, site: int, parameters: Parameters
) -> str:
    for name, read in values.items():
        sql = sql.replace(f"{{{name}}}", parameters.add(_reader(site, (key,), read)))
    return sql


def _reader(site: int, path: tuple[str, ...], convert: Callable[[Any], Any] | None) -> Callable[[Arguments], Any]:
    def read(arguments: Arguments) -> Any:
        value: Any = arguments[site]["filter"]
        for key in path:
            value = value[key]
        value = getattr(value, "value", value)
        return convert(value) if convert else value

    return read


def _list_reader(site: int, key: str, convert: Callable[[Any], Any] | None) -> Callable[[Arguments], Any]:
    def read(arguments: Arguments) -> Any:
        values = [getattr(value, "value", value) for value in arguments[site]["filter"][key]]
        if len(values) > MAX_LIST_LENGTH:
            raise BadUserInput(f"filter.{key} takes at most {MAX_LIST_LENGTH} values.")
        return [convert(value) for value in values] if convert else values

    return read


def _same_object(filter_: GlobalId, key: str, site: int, parameters: Parameters) -> list[str]:
    def type_name(given: str) -> str | None:
        parsed = parse_global_id(given)
        return (filter_.stored.get(parsed[0]) if filter_.stored else parsed[0]) if parsed else None

    def row_id(given: str) -> UUID | None:
        parsed = parse_global_id(given)
        return parsed[1] if parsed else None

    # Nothing equals a null: what is no id, or the id of a type that the column never names, finds nothing.
    return [
        f"{filter_.id_sql} = {parameters.add(_reader(site, (key,), row_id))}",
        f"{filter_.type_sql} = {parameters.add(_reader(site, (key,), type_name))}",
    ]


def _search(found: Filtering, filter_: Words, key: str, site: int, parameters: Parameters) -> None:
    """Every word must begin a token of the row."""

    def words(arguments: Arguments) -> list[str]:
        words = filter_.split(arguments[site]["filter"][key])
        if len(words) > MAX_WORDS:
            raise BadUserInput(f"filter.{key} takes at most {MAX_WORDS} words.")
        # The longest should be in the fewest rows. An empty search finds what has any token at all.
        return sorted(words, key=len, reverse=True) or [""]

    low = f"({parameters.add(words)}::text[])"
    high = f"({parameters.add(lambda arguments: [word + _LAST_CHARACTER for word in words(arguments)])}::text[])"
    tokens = f"from {filter_.token_table} k where k.workspace_id = $1"
    each = f"from unnest({low}, {high}) w(low, high)"
    first, of_word = f"k.token >= {low}[1] and k.token < {high}[1]", "k.token >= w.low and k.token < w.high"
    # Not `exists`: the planner would turn that into a join with every token of the workspace.
    has_first = f"(select true {tokens} and {filter_.token_on} and {first} limit 1) is true"
    has_word = f"(select true {tokens} and {filter_.token_on} and {of_word} limit 1) is true"
    has_all = f"(cardinality({low}) = 1 or (select true {each} where not {has_word} limit 1) is null)"
    # Every token is; the index of tokens wants to hear it.
    ids = f"select k.{filter_.id_column} {tokens} and k.token >= '' and"
    in_order = f"order by k.token, k.{filter_.id_column}"
    lists = f"select array({ids} {of_word} {in_order} limit {{limit}}) as ids {each}"
    found.narrowings.insert(0, Narrowing([has_first, has_all], [has_all], f"{ids} {first}", lists))
