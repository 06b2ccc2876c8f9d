"""The documents that clients send, from the examples of the schema."""

from pathlib import Path

STOREFRONT = Path("schema/examples/storefront.graphql").read_text()
ADMIN = Path("schema/examples/admin.graphql").read_text()
LIVE = Path("schema/examples/live.graphql").read_text()
