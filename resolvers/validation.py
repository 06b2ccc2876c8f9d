"""Checks what people typed against a pydantic model; what is wrong becomes problems with a code and a field.

Models take GraphQL's own names (camelCase), so that a problem's field is the path that the client sent.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, TypeVar
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from core.errors import Problem, Refused
from core.ids import uuid_in

MAX_EMAIL_LENGTH = 254

# What pydantic calls an error, and what a client gets to see.
_CODES = {
    "string_too_short": "BLANK",
    "string_too_long": "TOO_LONG",
    "too_short": "TOO_FEW",
    "too_long": "TOO_MANY",
    "greater_than": "OUT_OF_RANGE",
    "greater_than_equal": "OUT_OF_RANGE",
    "less_than": "OUT_OF_RANGE",
    "less_than_equal": "OUT_OF_RANGE",
    "finite_number": "INVALID",
    "decimal_type": "INVALID",
    "decimal_parsing": "INVALID",
    "string_pattern_mismatch": "INVALID",
    "string_type": "BLANK",
    "int_type": "BLANK",
    "list_type": "BLANK",
}


class Input(BaseModel):
    """The base of what use cases take: strict about names, frozen, camelCase outside."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


Model = TypeVar("Model", bound=Input)


def required_id(text: str, type_name: str, noun: str) -> UUID:
    """The UUID in the global id of an `id:` argument.

    Raises:
        Refused: NOT_FOUND; a malformed id reads as one that does not exist.

    """
    found = uuid_in(text, type_name)
    if found is None:
        raise Refused(Problem("NOT_FOUND", f"There is no {noun} with this id.", ("id",)))
    return found


def validated(model: type[Model], given: Mapping[str, Any], at: str = "input") -> Model:
    """The model made of what was given: the argument `at`, or where that is empty all arguments.

    Raises:
        Refused: with a problem for each thing that is wrong.

    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        problems = [
            Problem(
                code=_CODES.get(item["type"], item["type"]),
                message=_sentence(item),
                field=(*((at,) if at else ()), *(str(part) for part in item["loc"])),
            )
            for item in error.errors(include_url=False, include_input=False)
        ]
        raise Refused(*problems) from None


# What is wrong in our words; pydantic's are for programmers.
_SENTENCES = {
    "string_too_short": "{name} must not be empty.",
    "string_type": "{name} must not be empty.",
    "int_type": "{name} must not be empty.",
    "list_type": "{name} must not be empty.",
    "string_too_long": "{name} must have at most {max_length} characters.",
    "too_short": "{name} needs {min_length} or more entries.",
    "too_long": "{name} must have at most {max_length} entries.",
    "greater_than_equal": "{name} must be at least {ge}.",
    "less_than_equal": "{name} must be at most {le}.",
}


def _sentence(item: Mapping[str, Any]) -> str:
    """What is wrong with which field, and what would be right."""
    name = str(next((part for part in reversed(item["loc"]) if isinstance(part, str)), "input"))
    if item["type"] in _SENTENCES:
        return _SENTENCES[item["type"]].format(name=name, **item.get("ctx", {}))
    message = str(item["msg"])
    return message if message.endswith(".") else f"{name}: {message}."


def problem_error(code: str, message: str) -> PydanticCustomError:
    """An error for a validator to raise, with a code of ours. The sentence is shown as it is."""
    return PydanticCustomError(code, "{message}", {"message": message})


def no_nul(value: str) -> str:
    """The text, if PostgreSQL can store it."""
    if "\0" in value:
        raise problem_error("INVALID", "The text holds a NUL character, which cannot be stored.")
    return value


def _email(value: str) -> str:
    try:
        address = validate_email(value, check_deliverability=False)
    except EmailNotValidError:
        raise problem_error("INVALID", "The e-mail address is not valid.") from None
    return address.normalized.lower()


def text_of(max_length: int, min_length: int = 0) -> Any:
    """A string without spaces around it, of so many characters."""
    return Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=min_length, max_length=max_length),
        AfterValidator(no_nul),
    ]


def id_of(type_name: str, noun: str) -> Any:
    """A global id of the type. One that is malformed or of another type reads as one that does not exist."""

    def parse(value: Any) -> UUID:
        found = uuid_in(value, type_name) if isinstance(value, str) else None
        if found is None:
            raise problem_error("NOT_FOUND", f"There is no {noun} with this id.")
        return found

    return Annotated[UUID, BeforeValidator(parse)]


Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_EMAIL_LENGTH), AfterValidator(_email)]


class MoneyInput(Input):
    """An amount in units of its currency, as it was typed."""

    amount: Decimal
    currency_code: str
