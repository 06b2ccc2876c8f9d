"""The words by which a product is found."""

import re
import unicodedata

MAX_TOKEN_LENGTH = 64
MAX_TOKENS = 200
_WORD = re.compile(r"\w+")


def search_words(text: str) -> list[str]:
    """The words of a text, lower case, without accents, each once, in order."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return list(dict.fromkeys(word[:MAX_TOKEN_LENGTH] for word in _WORD.findall(plain)))


def product_tokens(title: str, description: str, skus: list[str]) -> list[str]:
    """What a product's search index holds: title and SKUs first, then its description as far as there is room."""
    return search_words(" ".join([title, *skus, description]))[:MAX_TOKENS]
