"""`node` and `nodes`: anything by its id."""

from uuid import UUID

import strawberry

from core.errors import BadUserInput, Forbidden
from core.ids import parse_global_id
from resolvers.read import Read, ReadEach
from schema.access import Access
from schema.connection import argument
from schema.query import Privacy, root_field
from schema.reading import NODES, SOURCES, Node
from schema.request import Request

MAX_IDS = 100


def _key(global_id: str) -> tuple[str, UUID] | None:
    """The type and the UUID in the id of an object that can be read."""
    parsed = parse_global_id(global_id)
    return parsed if parsed and parsed[0] in NODES else None


def _node(request: Request, id: str) -> Read | None:  # noqa: A002 - GraphQL's name for it
    key = _key(id)
    if key is None:
        return None
    scope = SOURCES[key[0]].scope
    if scope and not request.context.caller.has(scope):
        raise Forbidden(f"This needs the scope {scope}.", scope=scope)
    return Read(key[0], {"id": key[1]})


def _nodes(_request: Request, ids: list[str]) -> ReadEach:
    if len(ids) > MAX_IDS:
        raise BadUserInput(f"nodes takes at most {MAX_IDS} ids.")
    return ReadEach(tuple(_key(each) for each in ids))


QUERIES = {
    "node": root_field(
        _node,
        Node | None,
        "Any object by its id; null where there is none that the caller may see.",
        Access.WORKSPACE,
        [argument("id", strawberry.ID, "The object's id.")],
        Privacy.PUBLISHED,
    ),
    "nodes": root_field(
        _nodes,
        list[Node | None],
        "Objects by their ids, in the order of the ids; null in the place of one that is not there.",
        Access.WORKSPACE,
        [argument("ids", list[strawberry.ID], f"At most {MAX_IDS} ids.")],
    ),
}
