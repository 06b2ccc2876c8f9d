"""From the value of a `filter:` argument to predicates. Only the keys that are there become SQL."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from core.errors import BadUserInput
from core.ids import parse_global_id
from resolvers.read.source import AnyOf, Equals, Filter, Flag, GlobalId, Range, Words
from resolvers.read.statement import Arguments, Parameters

MAX_WORDS = 8
MAX_LIST_LENGTH = 100
_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
# No token holds this character, so a range up to it holds every token that begins with the word.
_LAST_CHARACTER = "\U0010ffff"


def predicates(declared: Mapping[str, Filter], given: dict[str, Any], site: int, parameters: Parameters) -> list[str]:
    """One predicate for each key of the filter that is not null.

    Raises:
        BadUserInput: a list or a search is too long.

    """
    found: list[str] = []
    for key, value in given.items():
        if value is not None:
            found += _predicates(declared[key], key, value, site, parameters)
    return found


def _predicates(filter_: Filter, key: str, value: Any, site: int, parameters: Parameters) -> list[str]:
    match filter_:
        case Flag():
            return [filter_.when_true if value else filter_.when_false]
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
        case Words():
            return _words(filter_, key, site, parameters)


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


def _words(filter_: Words, key: str, site: int, parameters: Parameters) -> list[str]:
    """The first word drives an index range over the tokens; each further word is looked up for the rows it leaves."""

    def words(arguments: Arguments) -> list[str]:
        found = filter_.split(arguments[site]["filter"][key])
        if len(found) > MAX_WORDS:
            raise BadUserInput(f"filter.{key} takes at most {MAX_WORDS} words.")
        # An empty search finds what has any token at all.
        return found or [""]

    first = parameters.add(lambda a: words(a)[0])
    first_end = parameters.add(lambda a: words(a)[0] + _LAST_CHARACTER)
    rest = parameters.add(lambda a: words(a)[1:])
    rest_end = parameters.add(lambda a: [word + _LAST_CHARACTER for word in words(a)[1:]])
    of_row = f"select from {filter_.token_table} k where k.workspace_id = $1 and {filter_.token_on}"
    return [
        (
            f"{{t}}.id in (select k.{filter_.id_column} from {filter_.token_table} k "
            f"where k.workspace_id = $1 and k.token >= {first} and k.token < {first_end})"
        ),
        (
            f"not exists (select from unnest({rest}::text[], {rest_end}::text[]) w(low, high) "
            f"where not exists ({of_row} and k.token >= w.low and k.token < w.high))"
        ),
    ]
