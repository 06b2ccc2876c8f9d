"""What is made of a text: the words by which it is found, and its part of an address."""

import re
import unicodedata

MAX_TOKEN_LENGTH = 64
MAX_SLUG_LENGTH = 100
_WORD = re.compile(r"\w+")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def search_words(text: str) -> list[str]:
    """The words of a text, lower case, without accents, each once, in order."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return list(dict.fromkeys(word[:MAX_TOKEN_LENGTH] for word in _WORD.findall(plain)))


def slugify(text: str) -> str:
    """Lower-case letters, digits and single hyphens; empty where a text has none of them."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _NOT_SLUG.sub("-", plain)[:MAX_SLUG_LENGTH].strip("-")
