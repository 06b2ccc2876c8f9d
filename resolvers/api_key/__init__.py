"""API keys: making and revoking them."""

from resolvers.api_key.create import NewApiKey, create_api_key
from resolvers.api_key.revoke import revoke_api_key

__all__ = ["NewApiKey", "create_api_key", "revoke_api_key"]
