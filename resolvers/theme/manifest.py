"""What a theme says of itself: the JSON file `theme.json`, checked before anything of it is believed.

A manifest names the theme, its version and, for each section of a site's config that it has something to say of, a JSON
Schema (2020-12) and a default. For the rest stand the files in `sections/`. It may name the paths of its pages besides:
`product` and `page` with `{slug}` in them, and `language`, which makes a `{path}` that of another `{language}`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from core.errors import Problem, Refused
from resolvers.storefront.canonical import MAX_SECTION_BYTES, Unfit, canonical
from resolvers.storefront.sections import SECTIONS, Misfit, check, validator

_FILES = Path(__file__).parent
DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Words with which a schema leaves itself. A theme's schemas stand alone.
_REFERENCES = ("$ref", "$dynamicRef")
_NAMES = ("$id", "$anchor", "$dynamicAnchor", "$vocabulary")
AT = ("input", "manifest")
# Where a theme that says nothing of it has its pages.
DEFAULT_PATHS = {"product": "/products/{slug}"}


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that holds together. `text` is all of it, `sections` the schema and default of each section, `paths`
    the patterns of its pages: JSON.
    """

    slug: str
    version: str
    name: str
    description: str
    text: str
    sections: str
    paths: str


@cache
def _form() -> Draft202012Validator:
    return validator(orjson.loads((_FILES / "manifest.schema.json").read_bytes()))


@cache
def _standard(section: str) -> dict[str, Any]:
    """The schema and default of a section of which a theme says nothing."""
    found: dict[str, Any] = orjson.loads((_FILES / "sections" / f"{section}.json").read_bytes())
    return found


def read_manifest(given: Any) -> Manifest:
    """The manifest, if it holds together.

    Raises:
        Refused: INVALID, with the path of each thing that is wrong.

    """
    try:
        text = canonical(given)
        check(_form(), given)
    except Unfit as unfit:
        raise Refused(Problem("INVALID", unfit.message, (*AT, *unfit.path))) from None
    except Misfit as misfit:
        raise Refused(*(Problem("INVALID", message, (*AT, *path)) for path, message in misfit.errors)) from None
    said = given.get("sections", {})
    sections = {name: _section(name, said.get(name, {})) for name in SECTIONS}
    return Manifest(
        slug=given["slug"],
        version=given["version"],
        name=given["name"],
        description=given.get("description", ""),
        text=text,
        sections=orjson.dumps(sections).decode(),
        paths=orjson.dumps(DEFAULT_PATHS | given.get("paths", {})).decode(),
    )


def _section(name: str, said: dict[str, Any]) -> dict[str, Any]:
    """The schema and default of a section, the standard ones where the theme is silent.

    A theme with a schema of its own and no default has an empty one, which its schema must let pass.
    """
    at = (*AT, "sections", name)
    schema = said.get("schema", _standard(name)["schema"])
    default = said.get("default", {} if "schema" in said else _standard(name)["default"])
    _refuse_schema(schema, (*at, "schema"))
    try:
        canonical(default, max_bytes=MAX_SECTION_BYTES // len(SECTIONS))
        check(validator(schema), default)
    except Unfit as unfit:
        raise Refused(Problem("INVALID", unfit.message, (*at, "default", *unfit.path))) from None
    except Misfit as misfit:
        raise Refused(
            *(Problem("INVALID", f"The default: {told}", (*at, "default", *path)) for path, told in misfit.errors)
        ) from None
    return {"schema": schema, "default": default}


def _refuse_schema(schema: Any, at: tuple[str, ...]) -> None:
    """Refuses what is no JSON Schema, or one that cannot be read by itself.

    Raises:
        Refused: INVALID.

    """
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        path = tuple(str(part) for part in error.absolute_path)
        raise Refused(Problem("INVALID", f"No JSON Schema: {error.message[:300]}", (*at, *path))) from None
    if schema.get("$schema", DIALECT) != DIALECT:
        raise Refused(Problem("INVALID", f"Schemas are of {DIALECT}.", (*at, "$schema")))
    for path, word, value in _words(schema, ()):
        if word in _NAMES:
            raise Refused(Problem("INVALID", f"A section's schema stands alone: leave {word} out.", (*at, *path)))
        if word in _REFERENCES and not (isinstance(value, str) and _leads_somewhere(schema, value)):
            message = "A reference must lead to a place in the same schema, such as #/$defs/colour."
            raise Refused(Problem("INVALID", message, (*at, *path)))


def _words(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """Every key in a schema with its path and value. It was made sure that it is not deep."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield (*path, key), key, below
            yield from _words(below, (*path, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _words(below, (*path, str(index)))


def _leads_somewhere(schema: Any, reference: str) -> bool:
    if reference == "#":
        return True
    if not reference.startswith("#/"):
        return False
    found = schema
    # A reference is part of an address: what is in percent is read before the pointer is.
    for part in unquote(reference[2:]).split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, dict) or key not in found:
            return False
        found = found[key]
    return isinstance(found, dict | bool)
