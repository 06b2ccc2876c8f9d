"""Where a site's pages are: its address, and the patterns of paths that its theme has."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

# Each language has a page of its own, which names those of all others: n languages are n times n lines.
MAX_LANGUAGES = 50
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
# Everything that may stand in an address by itself; the rest is written in percent.
_IN_ADDRESSES = "%/:=&?~#+!$,;'@()*[]"


def encoded(url: str) -> str:
    """An address or path as it is written where only ASCII may stand. What is encoded already stays."""
    return quote(url, safe=_IN_ADDRESSES)


def found_in(value: Any, *names: str) -> Any:
    """What lies deeper in a section of the config, whose form is the theme's; None where nothing does."""
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def texts_in(value: Any) -> list[str]:
    """The texts of a list that has any."""
    return [each for each in value if isinstance(each, str) and each] if isinstance(value, list) else []


def languages_of(settings: Any) -> tuple[str, ...]:
    """The languages that a config's `settings` name, the default first."""
    named = found_in(settings, "languages")
    wanted = [*texts_in([found_in(named, "default")]), *texts_in(found_in(named, "available"))]
    return tuple(dict.fromkeys(each for each in wanted if _LANGUAGE.fullmatch(each)))[:MAX_LANGUAGES]


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of a site. `url` has no slash at its end; `paths` are its theme's patterns."""

    url: str
    paths: Mapping[str, str]

    @property
    def home(self) -> str:
        return f"{self.url}/"

    def product(self, slug: str) -> str:
        """The address of a product's page, in the default language."""
        return self.at(self.product_path(slug))

    def at(self, path: str) -> str:
        return self.url + encoded(path)

    def product_path(self, slug: str) -> str:
        return self.paths["product"].replace("{slug}", slug)

    def page_path(self, slug: str) -> str | None:
        """The path of a page of the config's `content`; None where the theme shows none."""
        pattern = self.paths.get("page")
        return pattern.replace("{slug}", slug) if pattern else None

    def in_language(self, path: str, language: str) -> str:
        """The address of the same page in another language than the default one. The theme has a pattern for it."""
        return self.at(self.paths["language"].replace("{language}", language).replace("{path}", path))
