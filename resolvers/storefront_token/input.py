"""What can be said of a storefront token."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from core.origin import parse_origin
from resolvers.validation import problem_error, text_of

MAX_ORIGINS = 50

Name: Any = text_of(200, min_length=1)


def _origin(value: str) -> str:
    origin = parse_origin(value)
    if origin is None:
        message = (
            "allowedOrigins takes origins such as https://shop.example or http://localhost:3000, without a path; "
            "their first label may be * (https://*.shop.example)."
        )
        raise problem_error("INVALID", message)
    return origin


def _each_once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Origins = Annotated[
    list[Annotated[str, AfterValidator(_origin)]], Field(max_length=MAX_ORIGINS), AfterValidator(_each_once)
]
