"""The five sections of a site's config, and holding each to the JSON Schema that the site's theme brings."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, cast

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend
from referencing import Registry

from resolvers.storefront.canonical import Path

SECTIONS = ("theme", "layout", "content", "seo", "settings")
MAX_ERRORS = 20
MAX_MESSAGE = 300
# Validators of so many theme versions are kept.
MAX_VALIDATORS = 64

# JSON, by section: as it is stored.
Texts = Mapping[str, str]


class Misfit(Exception):
    """Values do not fit a schema: (path, sentence) of each, the path from the value that was given."""

    def __init__(self, errors: list[tuple[Path, str]]) -> None:
        super().__init__(errors[0][1])
        self.errors = errors


def digest(texts: Texts) -> str:
    """The SHA-256 of all sections in their order, in hexadecimal: equal where the configs are, byte for byte."""
    hashed = hashlib.sha256()
    for name in SECTIONS:
        hashed.update(texts[name].encode() + b"\n")
    return hashed.hexdigest()


def size(texts: Texts) -> int:
    """Bytes of all sections together."""
    return sum(len(text.encode()) for text in texts.values())


@lru_cache(maxsize=MAX_VALIDATORS)
def validators(sections: str) -> Mapping[str, Draft202012Validator]:
    """A validator for each section, from a theme version's `sections`. Nothing is fetched: a schema stands alone."""
    return {name: validator(each["schema"]) for name, each in orjson.loads(sections).items()}


def validator(schema: Any) -> Draft202012Validator:
    """The validator of one schema, which must be a valid one."""
    found: Draft202012Validator = _Validator(schema, registry=Registry())
    return found


def _unique_items(_validator: Any, wanted: Any, value: Any, _schema: Any) -> Iterator[ValidationError]:
    """`uniqueItems`. The library's own compares each item with each: minutes for as many as a section may hold."""
    if wanted and isinstance(value, list) and len({_identity(item) for item in value}) < len(value):
        yield ValidationError("Its items are not unique.")


def _identity(item: Any) -> bytes:
    """The same for what JSON Schema calls equal: whatever the order of keys, and 1.0 is 1."""
    return orjson.dumps(_with_integers(item), option=orjson.OPT_SORT_KEYS)


def _with_integers(item: Any) -> Any:
    if isinstance(item, dict):
        return {key: _with_integers(below) for key, below in item.items()}
    if isinstance(item, list):
        return [_with_integers(below) for below in item]
    return int(item) if isinstance(item, float) and item.is_integer() else item


_Validator: Any = extend(Draft202012Validator, {"uniqueItems": _unique_items})  # type: ignore[no-untyped-call]


def check(held_to: Draft202012Validator, value: Any) -> None:
    """Holds a value to a schema, however many things are wrong with it, of which the first are told.

    Raises:
        Misfit: it does not fit.

    """
    errors: list[tuple[Path, str]] = []
    try:
        for error in held_to.iter_errors(value):
            told = best_match([error]) or error
            errors.append((tuple(str(part) for part in told.absolute_path), _sentence(told)))
            if len(errors) == MAX_ERRORS:
                break
    except RecursionError:
        raise Misfit([((), "The schema refers to itself for ever, or too deep for what it is held to.")]) from None
    if errors:
        raise Misfit(sorted(errors))


def _sentence(error: ValidationError) -> str:
    """What is wrong, without repeating a value that may be a page long."""
    rule, wanted = error.validator, cast("Any", error.validator_value)
    match rule:
        case "required":
            return f"It lacks {error.message.removesuffix(' is a required property')[:MAX_MESSAGE]}."
        case "additionalProperties" | "unevaluatedProperties":
            return f"It has a property that is not known here: {error.message[-MAX_MESSAGE:]}"
        case "type":
            return f"It must be of type {wanted if isinstance(wanted, str) else ' or '.join(wanted)}."
        case "enum":
            return f"It must be one of {orjson.dumps(wanted).decode()[:MAX_MESSAGE]}."
        case "pattern":
            return f"It must match {wanted}."
        case _:
            return f"It breaks the rule {rule}: {orjson.dumps(wanted, default=str).decode()[:MAX_MESSAGE]}."
