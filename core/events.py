"""The kinds of sync event, and how they are stored."""

from enum import StrEnum


class SyncEventType(StrEnum):
    """One kind of committed change; GraphQL shows the name, everything else the value."""

    PRODUCT_CREATED = "product.created"
    PRODUCT_UPDATED = "product.updated"
    PRODUCT_DELETED = "product.deleted"
    ORDER_CREATED = "order.created"
    ORDER_UPDATED = "order.updated"
    SITE_CREATED = "site.created"
    SITE_UPDATED = "site.updated"
    SITE_DELETED = "site.deleted"
    SITE_DEPLOYED = "site.deployed"
    SITE_FAILING = "site.failing"
    SITE_DOMAIN_ADDED = "site.domain_added"
    SITE_DOMAIN_VERIFIED = "site.domain_verified"
    SITE_DOMAIN_LAPSING = "site.domain_lapsing"
    SITE_DOMAIN_REMOVED = "site.domain_removed"
    DEPLOYMENT_CREATED = "deployment.created"
    DEPLOYMENT_FAILED = "deployment.failed"
    STOREFRONT_PUBLISHED = "storefront.published"
    STOREFRONT_DRAFT_UPDATED = "storefront.draft_updated"
    BANNER_PUBLISHED = "banner.published"
    BANNER_DRAFT_UPDATED = "banner.draft_updated"
    LOGO_PUBLISHED = "logo.published"
    LOGO_DRAFT_UPDATED = "logo.draft_updated"
    ASSET_CREATED = "asset.created"
    ASSET_UPDATED = "asset.updated"
    ASSET_DELETED = "asset.deleted"
    WORKSPACE_SETTINGS_UPDATED = "workspace.settings_updated"

    @property
    def shoppers_see(self) -> bool:
        """Whether it may change what a storefront shows.

        Orders do not: stock in a list may be seconds old. Of sites shoppers see what is published.
        """
        return self not in _UNSEEN


_UNSEEN = frozenset(
    {
        SyncEventType.ORDER_CREATED,
        SyncEventType.ORDER_UPDATED,
        SyncEventType.SITE_CREATED,
        SyncEventType.SITE_UPDATED,
        SyncEventType.SITE_DELETED,
        SyncEventType.SITE_DEPLOYED,
        SyncEventType.SITE_FAILING,
        SyncEventType.SITE_DOMAIN_ADDED,
        SyncEventType.SITE_DOMAIN_VERIFIED,
        SyncEventType.SITE_DOMAIN_LAPSING,
        SyncEventType.SITE_DOMAIN_REMOVED,
        SyncEventType.DEPLOYMENT_CREATED,
        SyncEventType.DEPLOYMENT_FAILED,
        SyncEventType.STOREFRONT_DRAFT_UPDATED,
        SyncEventType.BANNER_DRAFT_UPDATED,
        SyncEventType.LOGO_DRAFT_UPDATED,
    }
)
