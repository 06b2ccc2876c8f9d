"""What every resolver of the schema finds in `info.context`."""

from dataclasses import dataclass

from resolvers.context import Context
from resolvers.read import Engine


@dataclass(slots=True)
class Request:
    """One GraphQL request in execution. `document_key` names the parsed document within this process."""

    context: Context
    engine: Engine
    document_key: int
