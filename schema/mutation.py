"""How a mutation is declared: its name, what it needs, takes, runs and answers. Payloads, error types and code enums
are made from that, so that every mutation looks the same.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from inspect import Parameter
from typing import Any
from uuid import UUID

import strawberry

from core.errors import Problem, Refused
from core.ids import global_id
from resolvers.read import Read
from resolvers.write import AlreadyDone, Outcome
from schema.access import Needs
from schema.enums import enum_of
from schema.query import root_field
from schema.request import Request
from schema.scalars import JsonInput

# One meaning for each code, whatever the mutation.
CODES: dict[str, str] = {
    "ALREADY_ACCEPTED": "The invitation was accepted before.",
    "ALREADY_CANCELLED": "The order was cancelled before.",
    "ALREADY_FINISHED": "There is nothing under way any more.",
    "ALREADY_COMPLETE": "The upload was completed before.",
    "BASE_MOVED": "Another version went live since: rebase the draft.",
    "BLANK": "A value is missing or empty.",
    "CONFLICT": "It was changed since it was read: read it again.",
    "CURRENCY_FIXED": "The workspace has orders: its currency can no longer change.",
    "CURRENCY_MISMATCH": "The amount is in another currency than the workspace's.",
    "DUPLICATE": "The same thing stands twice in the input.",
    "EXPIRED": "It has expired.",
    "FOREIGN": "It belongs to somebody else.",
    "FORBIDDEN_ROLE": "The caller may not give or take this role.",
    "FORBIDDEN_SCOPE": "The caller does not have this scope and cannot give it.",
    "GUESSABLE": "The password is one that everybody tries first.",
    "HASH_MISMATCH": "The file that came is not the one that was announced.",
    "INACTIVE": "It is not active: activate it first.",
    "INCOMPLETE": "The list does not name all that there are.",
    "INVALID": "The value has the wrong form.",
    "INVALID_CREDENTIALS": "The e-mail address or the password is wrong.",
    "INVALID_TOKEN": "The token is not valid, or no longer.",
    "IN_USE": "Something uses it.",
    "LAST_OWNER": "The workspace would be left without an owner.",
    "LIMIT_REACHED": "The workspace has as many of these as it may have.",
    "NOT_DEPLOYABLE": "It is not known where the code of the site's theme is.",
    "NOT_FAILED": "The deployment neither failed nor was cancelled.",
    "NOT_FOUND": "There is nothing with this id.",
    "NOT_KEPT": "The deployment's files are gone: deploy anew.",
    "NOT_OPEN": "The draft is scheduled, published or discarded.",
    "NOT_READY": "It cannot be used yet, or not at all.",
    "NOT_SCHEDULED": "The draft is not scheduled.",
    "NOT_UPLOADED": "No file was uploaded.",
    "NOT_VERIFIED": "Nobody has proven that it is theirs.",
    "OUT_OF_RANGE": "The number is too small or too large.",
    "OUT_OF_STOCK": "There are not that many left.",
    "OVERLAP": "Both sides changed it: say whose stands.",
    "SIZE_MISMATCH": "More or less came than was announced.",
    "TAKEN": "Something else has this value, which must be unique.",
    "TOO_FEW": "The list has too few entries.",
    "TOO_LARGE": "The file is larger than one of its kind may be.",
    "TOO_LONG": "The text is too long.",
    "TOO_MANY": "The list has too many entries.",
    "TOO_MANY_ATTEMPTS": "There were too many attempts: wait a quarter of an hour.",
    "TOO_PRECISE": "The amount has more decimals than its currency.",
    "TOO_SHORT": "The text is too short.",
    "TYPE_MISMATCH": "The file is of another type than was announced.",
    "UNSUPPORTED_TYPE": "Files of this type are not taken.",
    "WRONG_EMAIL": "It was meant for another e-mail address.",
}
# What validation of any input can find.
INPUT_CODES = ("BLANK", "INVALID", "NOT_FOUND", "OUT_OF_RANGE", "TOO_FEW", "TOO_LONG", "TOO_MANY")


@strawberry.interface(description="Something in the input that the user can mend. Nothing was changed.")
class UserError:
    """What the error types of all mutations share; each adds its own enum of codes."""

    message: str = strawberry.field(description="A sentence for people: what is wrong and what would be right.")
    field: list[str] | None = strawberry.field(
        description="Where in the arguments it is, from the outside in; list positions are numbers from 0."
    )


@dataclass(frozen=True, slots=True)
class Returns:
    """One field of a payload: its type, and how it is made from the outcome.

    With `current`, what the outcome has under that key is shown too where a stale write was refused.
    """

    type_: Any
    description: str
    make: Callable[[Outcome], Any]
    current: str = ""

    def shows(self, current: Outcome) -> bool:
        return self.current in current


def row(
    type_: Any,
    description: str,
    key: str = "id",
    granted: frozenset[str] = frozenset(),
    *,
    shown_when_stale: bool = False,
) -> Returns:
    """The row whose id the outcome has under the key, read anew for what the client selected.

    `granted` are the scopes to see what one has just written, for callers who may write and not read.
    """
    name = type_.__name__

    def make(outcome: Outcome) -> Read:
        return Read(name, {"id": _uuid(outcome[key])}, granted=granted)

    return Returns(type_, description, make, key if shown_when_stale else "")


def deleted_id(type_name: str, description: str) -> Returns:
    return Returns(strawberry.ID, description, lambda outcome: global_id(type_name, _uuid(outcome["id"])))


def shown_once(description: str, key: str) -> Returns:
    """A secret of the outcome."""
    return Returns(str, description, lambda outcome: outcome[key])


def _uuid(value: Any) -> UUID:
    return UUID(str(value))


Run = Callable[..., Awaitable[Outcome]]


def mutation(
    name: str,
    description: str,
    *,
    needs: Needs,
    arguments: list[Parameter],
    run: Run,
    returns: Mapping[str, Returns],
    codes: tuple[str, ...] = (),
) -> Any:
    """A mutation. `run(context, **arguments)` gets plain values (inputs as dictionaries) and gives the outcome.

    `codes` are those that it can refuse with besides the ones of input validation. Where only parts of the input were
    refused and the others are done, the outcome has their `problems`.
    """
    error = _error_type(name, tuple(sorted({*codes, *INPUT_CODES})))
    payload = _payload_type(name, returns, error)

    async def resolve(request: Request, **given: Any) -> Any:
        try:
            outcome = await run(request.context, **{key: plain(value) for key, value in given.items()})
        except Refused as refused:
            shown = {key: field.make(refused.current) for key, field in returns.items() if field.shows(refused.current)}
            return payload(
                **dict.fromkeys(returns) | shown, user_errors=[error.of(problem) for problem in refused.problems]
            )
        except AlreadyDone as done:
            outcome = done.outcome
        errors = [error.of(problem) for problem in outcome.get("problems", ())]
        return payload(**{key: field.make(outcome) for key, field in returns.items()}, user_errors=errors)

    return root_field(resolve, payload | None, description, needs, arguments)


def plain(value: Any) -> Any:
    """An argument without what is null, and with enums as their values. JSON is as it was sent."""
    if isinstance(value, JsonInput):
        return value.value
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.value if isinstance(value, Enum) else value


def _title(name: str) -> str:
    return name[0].upper() + name[1:]


def _error_type(name: str, codes: tuple[str, ...]) -> Any:
    title = _title(name)
    unknown = [code for code in codes if code not in CODES]
    if unknown:
        raise LookupError(f"{name} refuses with {unknown[0]}: give it a sentence in CODES of schema/mutation.py.")
    values = {code: (code, CODES[code]) for code in codes}
    code_enum = enum_of(f"{title}UserErrorCode", f"What `{name}` can refuse.", values)

    def of(problem: Problem) -> Any:
        return made(code=code_enum[problem.code], message=problem.message, field=list(problem.field) or None)

    body = {
        "__annotations__": {"code": code_enum},
        "code": strawberry.field(description="What is wrong, for programs."),
        "of": staticmethod(of),
    }
    cls = type(f"{title}UserError", (UserError,), body)
    made = strawberry.type(cls, description=f"Why `{name}` was refused.")
    return made


_REFUSED = {False: "Null where it was refused.", True: "As it is now where somebody else changed it first."}


def _payload_type(name: str, returns: Mapping[str, Returns], error: Any) -> Any:
    annotations: dict[str, Any] = {key: field.type_ | None for key, field in returns.items()}
    annotations["user_errors"] = list[error]
    body: dict[str, Any] = {
        key: strawberry.field(description=f"{field.description} {_REFUSED[bool(field.current)]}")
        for key, field in returns.items()
    }
    body["user_errors"] = strawberry.field(description="What the user can mend; empty where it was done.")
    body["__annotations__"] = annotations
    return strawberry.type(type(f"{_title(name)}Payload", (), body), description=f"What `{name}` answers.")
