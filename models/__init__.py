"""The tables, one file an aggregate, with what row-level security lets each role do to them."""

from models.account import (
    AppUser,
    EmailMessage,
    PasswordReset,
    RefreshToken,
    SignInThrottle,
    UserAuditEntry,
    UserIdempotencyKey,
    UserSession,
)
from models.analytics import (
    VisitorDay,
    VisitorDayDimension,
    VisitorDayDue,
    VisitorDayPage,
    VisitorDayProduct,
    VisitorEvent,
    VisitorHour,
    VisitorMonthPage,
    VisitorSalt,
)
from models.asset import Asset, AssetRendition, AssetSearchToken
from models.banner import Banner, BannerVersion
from models.base import Base
from models.deployment import Deployment, DeploymentLogLine, SiteEdge, SiteServer
from models.domain import SiteDomain
from models.event import AuditEntry, IdempotencyKey, SyncEvent, WorkspaceCounter
from models.logo import Logo, LogoVersion
from models.order import OrderLine, SalesOrder
from models.order_day import (
    OrderCustomer,
    OrderCustomerMonth,
    OrderDay,
    OrderDayDue,
    OrderDayProduct,
    OrderHour,
    OrderMonthProduct,
)
from models.polling import PollingState
from models.product import Product, ProductImage, ProductSearchToken, ProductVariant
from models.site import Hostname, Site, Theme, ThemeSource, ThemeVersion
from models.storefront import StorefrontAsset, StorefrontDraft, StorefrontGrant, StorefrontMember, StorefrontVersion
from models.webhook import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookHour, WebhookRelay, Worker
from models.workspace import ApiKey, Invitation, Membership, PersistedOperation, StorefrontToken, Workspace

__all__ = [
    "ApiKey",
    "AppUser",
    "Asset",
    "AssetRendition",
    "AssetSearchToken",
    "AuditEntry",
    "Banner",
    "BannerVersion",
    "Base",
    "Deployment",
    "DeploymentLogLine",
    "EmailMessage",
    "Hostname",
    "IdempotencyKey",
    "Invitation",
    "Logo",
    "LogoVersion",
    "Membership",
    "OrderCustomer",
    "OrderCustomerMonth",
    "OrderDay",
    "OrderDayDue",
    "OrderDayProduct",
    "OrderHour",
    "OrderLine",
    "OrderMonthProduct",
    "PasswordReset",
    "PersistedOperation",
    "PollingState",
    "Product",
    "ProductImage",
    "ProductSearchToken",
    "ProductVariant",
    "RefreshToken",
    "SalesOrder",
    "SignInThrottle",
    "Site",
    "SiteDomain",
    "SiteEdge",
    "SiteServer",
    "StorefrontAsset",
    "StorefrontDraft",
    "StorefrontGrant",
    "StorefrontMember",
    "StorefrontToken",
    "StorefrontVersion",
    "SyncEvent",
    "Theme",
    "ThemeSource",
    "ThemeVersion",
    "UserAuditEntry",
    "UserIdempotencyKey",
    "UserSession",
    "VisitorDay",
    "VisitorDayDimension",
    "VisitorDayDue",
    "VisitorDayPage",
    "VisitorDayProduct",
    "VisitorEvent",
    "VisitorHour",
    "VisitorMonthPage",
    "VisitorSalt",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookHour",
    "WebhookRelay",
    "Worker",
    "Workspace",
    "WorkspaceCounter",
]
