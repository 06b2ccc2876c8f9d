"""What can be said of a site."""

from typing import Annotated, Any

from pydantic import AfterValidator, StringConstraints

from core.errors import Problem
from core.words import slugify
from resolvers.validation import problem_error, text_of

# A label of a name in the DNS.
MAX_SLUG_LENGTH = 63
# Names that the domain of all sites may need for itself.
RESERVED = frozenset({"admin", "api", "app", "assets", "cdn", "dashboard", "mail", "static", "status", "www"})

Name: Any = text_of(200, min_length=1)


def _slug(value: str) -> str:
    if slugify(value) != value:
        raise problem_error("INVALID", "slug must be lower-case letters, digits and single hyphens, such as my-shop.")
    if value in RESERVED:
        raise problem_error("TAKEN", f"{value} is kept for other things: choose another slug.")
    return value


Slug = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_SLUG_LENGTH),
    AfterValidator(_slug),
]


def slug_problem() -> Problem:
    return Problem("TAKEN", "Another site has this slug.", ("input", "slug"))
