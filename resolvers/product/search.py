"""The words by which a product is found."""

from core.words import search_words

MAX_TOKENS = 200


def product_tokens(title: str, description: str, skus: list[str]) -> list[str]:
    """What a product's search index holds: title and SKUs first, then its description as far as there is room."""
    return search_words(" ".join([title, *skus, description]))[:MAX_TOKENS]
