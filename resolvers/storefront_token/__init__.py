"""Storefront tokens: making and revoking them."""

from resolvers.storefront_token.create import NewStorefrontToken, create_storefront_token
from resolvers.storefront_token.revoke import revoke_storefront_token

__all__ = ["NewStorefrontToken", "create_storefront_token", "revoke_storefront_token"]
