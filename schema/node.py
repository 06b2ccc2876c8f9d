"""`node` and `nodes`: anything by its id."""

from typing import Any

import strawberry

from core.access import Caller
from core.errors import BadUserInput, Forbidden
from core.ids import parse_global_id
from resolvers.read import Read
from schema.access import Access
from schema.connection import argument
from schema.query import root_field
from schema.reading import SOURCES, Node
from schema.request import Request

MAX_IDS = 100


def read_node(caller: Caller, global_id: str) -> Read | None:
    """What reads the object with this id; None where there cannot be one.

    Raises:
        Forbidden: the caller may not read objects of its type.

    """
    parsed = parse_global_id(global_id)
    source = SOURCES.get(parsed[0]) if parsed else None
    if parsed is None or source is None:
        return None
    if source.scope and not caller.has(source.scope):
        raise Forbidden(f"This needs the scope {source.scope}.", scope=source.scope)
    return Read(source.type_name, {"id": parsed[1]})


def _node(request: Request, id: str) -> Any:  # noqa: A002 - GraphQL's name for it
    return read_node(request.context.caller, id)


def _nodes(request: Request, ids: list[str]) -> list[Any]:
    if len(ids) > MAX_IDS:
        raise BadUserInput(f"nodes takes at most {MAX_IDS} ids.")
    return [read_node(request.context.caller, each) for each in ids]


QUERIES = {
    "node": root_field(
        _node,
        Node | None,
        "Any object by its id; null where there is none that the caller may see.",
        Access.WORKSPACE,
        [argument("id", strawberry.ID, "The object's id.")],
    ),
    "nodes": root_field(
        _nodes,
        list[Node | None],
        "Objects by their ids, in the order of the ids; null in the place of one that is not there.",
        Access.WORKSPACE,
        [argument("ids", list[strawberry.ID], f"At most {MAX_IDS} ids.")],
    ),
}
