"""Storefront tokens: making, changing and revoking them, and the operations that are registered for them."""

from resolvers.storefront_token.create import NewStorefrontToken, create_storefront_token
from resolvers.storefront_token.operation import (
    MAX_DOCUMENT_LENGTH,
    MAX_DOCUMENTS,
    GivenUpOperations,
    NewOperations,
    RegisteredDocuments,
    ValidDocument,
    register_operations,
    registered_document,
    unregister_operations,
)
from resolvers.storefront_token.revoke import revoke_storefront_token
from resolvers.storefront_token.update import StorefrontTokenChanges, update_storefront_token

__all__ = [
    "MAX_DOCUMENTS",
    "MAX_DOCUMENT_LENGTH",
    "GivenUpOperations",
    "NewOperations",
    "NewStorefrontToken",
    "RegisteredDocuments",
    "StorefrontTokenChanges",
    "ValidDocument",
    "create_storefront_token",
    "register_operations",
    "registered_document",
    "revoke_storefront_token",
    "unregister_operations",
    "update_storefront_token",
]
