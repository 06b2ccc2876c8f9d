"""What may be kept of each query's answer."""

from schema.query import Privacy, root_field_of
from schema.transport.operation import GRAPHQL_SCHEMA

# A new field is kept by nobody until it is said here that it may be.
PUBLISHED = {"workspace", "product", "productBySlug", "products", "node"}
SECRET = {"orderByToken"}


def test_only_published_data_is_kept() -> None:
    assert GRAPHQL_SCHEMA.query_type is not None
    found = {name: root_field_of(field).privacy for name, field in GRAPHQL_SCHEMA.query_type.fields.items()}

    assert {name for name, privacy in found.items() if privacy is Privacy.PUBLISHED} == PUBLISHED
    assert {name for name, privacy in found.items() if privacy is Privacy.SECRET} == SECRET
