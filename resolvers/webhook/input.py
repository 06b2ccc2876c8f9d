"""What can be said of a webhook endpoint."""

from typing import Annotated, Any

from pydantic import Field

from core.errors import Problem, Refused
from core.events import SyncEventType
from integrations.webhook import problem_of_url
from resolvers.context import Context
from resolvers.validation import text_of

MAX_URL_LENGTH = 2_000
MAX_DESCRIPTION_LENGTH = 500

Url: Any = text_of(MAX_URL_LENGTH, min_length=1)
Description: Any = text_of(MAX_DESCRIPTION_LENGTH)
EventTypes = Annotated[list[SyncEventType], Field(max_length=100)]


def named_types(given: list[SyncEventType]) -> list[str] | None:
    """What is stored of a list of kinds: each once; nothing, which means all, where it is empty."""
    return [kind.value for kind in SyncEventType if kind in given] or None


def refuse_address(context: Context, url: str) -> None:
    """Refuses a URL that nothing is ever sent to. What its name leads to is looked at when something is sent.

    Raises:
        Refused: INVALID.

    """
    problem = problem_of_url(url, allow_loopback=context.platform.settings.webhook_allow_loopback)
    if problem:
        raise Refused(Problem("INVALID", problem, ("input", "url")))
