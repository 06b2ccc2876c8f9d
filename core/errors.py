"""The errors that people meet. Whatever else is raised is a fault of ours and is masked as INTERNAL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that the user can mend: a code of the mutation's own, a sentence, and where it is in the input."""

    code: str
    message: str
    field: tuple[str, ...] = ()


class Refused(Exception):
    """A mutation is refused and changed nothing; its problems become the payload's userErrors.

    `current` has the id of what was changed by somebody else meanwhile, for the payload to show as it is now.
    """

    def __init__(self, *problems: Problem, current: Mapping[str, Any] | None = None) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems
        self.current = current or {}


class RequestError(Exception):
    """The request as a whole is refused; it becomes a top-level error with `extensions.code`."""

    code = "INTERNAL"

    def __init__(self, message: str, **extensions: Any) -> None:
        super().__init__(message)
        self.message = message
        self.extensions = {"code": self.code, **extensions}


class Unauthenticated(RequestError):
    code = "UNAUTHENTICATED"


class Forbidden(RequestError):
    code = "FORBIDDEN"


class NotFound(RequestError):
    code = "NOT_FOUND"


class BadUserInput(RequestError):
    code = "BAD_USER_INPUT"


class Conflict(RequestError):
    code = "CONFLICT"


class Throttled(RequestError):
    code = "THROTTLED"


class CursorExpired(RequestError):
    """What came behind a cursor is no longer kept: whoever goes on from it would miss something."""

    code = "CURSOR_EXPIRED"

    def __init__(self) -> None:
        super().__init__(
            "What came behind this cursor is no longer kept. Begin anew: ask `changes` for its latestCursor, then read "
            "everything that you keep a copy of, then go on from that cursor."
        )
