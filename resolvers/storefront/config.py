"""Configs in the making: what a draft comes to, what is to change of it, and whether the theme lets it pass."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from core.errors import Problem, Refused
from models import Site, StorefrontDraft, StorefrontVersion, ThemeVersion
from resolvers.storefront.canonical import MAX_BYTES, Path, Unfit, canonical, parsed
from resolvers.storefront.diff import diff, pointer
from resolvers.storefront.patch import apply_patch, touched_by
from resolvers.storefront.sections import MAX_ERRORS, SECTIONS, Misfit, Texts, check, size, validators
from resolvers.write import Write

# Bytes of JSON beyond which a section is looked at beside the event loop: there are some microseconds to each value.
MAX_INLINE = 16 * 1024
# Characters of a name that is repeated in an error.
MAX_NAME_TOLD = 100
CHANGES = ("input", "changes")
PATCH = ("input", "patch")

# Sections that are to be replaced; None takes a replacement back.
Replacements = Mapping[str, str | None]


def sections_of(version: StorefrontVersion) -> dict[str, str]:
    """The sections of a version."""
    return {name: getattr(version, name) for name in SECTIONS}


def own_sections(draft: StorefrontDraft) -> dict[str, str | None]:
    """The sections that a draft replaces; None where it has its base version's."""
    return {name: getattr(draft, name) for name in SECTIONS}


def result_of(draft: StorefrontDraft, base: StorefrontVersion) -> dict[str, str]:
    """The sections that publishing the draft would put live."""
    return {name: getattr(draft, name) or getattr(base, name) for name in SECTIONS}


async def read_replacements(given: Any) -> Replacements:
    """What a client sent as `changes`, looked at beside the event loop: it may be long.

    Raises:
        Refused: INVALID, with the path.

    """
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Refused(Problem("INVALID", f"changes is an object of sections: {', '.join(SECTIONS)}.", CHANGES))
    unknown = [str(name)[:MAX_NAME_TOLD] for name in given if name not in SECTIONS][:MAX_ERRORS]
    if unknown:
        known = ", ".join(SECTIONS)
        raise Refused(
            *(Problem("INVALID", f"There is no such section: there are {known}.", (*CHANGES, name)) for name in unknown)
        )
    return await asyncio.to_thread(_all_written, given)


def _all_written(given: dict[str, Any]) -> Replacements:
    return {name: None if value is None else _written(value, (*CHANGES, name)) for name, value in given.items()}


async def patched(texts: Texts, operations: Any) -> Replacements:
    """The sections that a JSON Patch over a config changes, as it changes them.

    Raises:
        Refused: INVALID, with the path to the operation, or to a value that cannot be stored.

    """
    return await asyncio.to_thread(_patched, texts, operations)


def _patched(texts: Texts, operations: Any) -> Replacements:
    config = {name: parsed(text) for name, text in texts.items()}
    try:
        config = apply_patch(config, operations)
    except Unfit as unfit:
        raise Refused(Problem("INVALID", unfit.message, (*PATCH, *unfit.path))) from None
    if set(config) != set(SECTIONS):
        raise Refused(Problem("INVALID", f"A config has these sections and no others: {', '.join(SECTIONS)}.", PATCH))
    touched = touched_by(operations)
    written = {name: _written(config[name], (*PATCH, name)) for name in SECTIONS if name in touched or "" in touched}
    return {name: text for name, text in written.items() if text != texts[name]}


def _written(value: Any, at: Path) -> str:
    try:
        return canonical(value)
    except Unfit as unfit:
        raise Refused(Problem("INVALID", unfit.message, (*at, *unfit.path))) from None


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit comes to: the sections that are replaced then (`own`), the whole of it (`result`), which sections
    the edit names, and where in the input it does so last.
    """

    own: dict[str, str | None]
    result: dict[str, str]
    named: list[str]
    at: Path


async def edited(own: Replacements, base: Texts, replacements: Replacements, patch: Any) -> Edited:
    """Sections that are replaced of a base already, edited by more replacements and then by a JSON Patch, if any.

    Raises:
        Refused: INVALID, with the path in the patch.

    """
    after = {name: own.get(name) for name in SECTIONS} | dict(replacements)
    named, at = [section for section, text in replacements.items() if text], CHANGES
    if patch is not None:
        written = await patched({name: after[name] or base[name] for name in SECTIONS}, patch)
        after |= written
        named, at = [section for section in SECTIONS if section in {*named, *written}], PATCH
    return Edited(after, {name: after[name] or base[name] for name in SECTIONS}, named, at)


def changed_sections(before: Texts, after: Texts) -> list[str]:
    return [name for name in SECTIONS if before[name] != after[name]]


def changed_paths(before: Texts, after: Texts, sections: Iterable[str] = SECTIONS) -> Iterator[str]:
    """Every place in the config, as a JSON Pointer, at which the two differ; found when it is asked for."""
    for name in sections:
        if before[name] != after[name]:
            for change in diff(parsed(before[name]), parsed(after[name]), pointer("", name)):
                yield change.path


async def hold(tx: Write, site: Site, texts: Texts, names: Iterable[str], at: Path) -> None:
    """Holds sections to the schemas of the version of the theme that the site has now, and all of them to their size.

    Raises:
        Refused: INVALID, with the path of each value that does not fit, behind `at`.

    """
    if size(texts) > MAX_BYTES:
        raise Refused(Problem("INVALID", f"All sections together have more than {MAX_BYTES:,} bytes.", at))
    statement = select(ThemeVersion.sections).where(
        ThemeVersion.theme_id == site.theme_id, ThemeVersion.version == site.theme_version
    )
    rules = validators((await tx.session.scalars(statement)).one())
    problems = []
    for name in names:
        text = texts[name]
        try:
            if len(text) > MAX_INLINE:
                await asyncio.to_thread(check, rules[name], parsed(text))
            else:
                check(rules[name], parsed(text))
        except Misfit as misfit:
            problems += [Problem("INVALID", message, (*at, name, *path)) for path, message in misfit.errors]
    if problems:
        raise Refused(*problems)
