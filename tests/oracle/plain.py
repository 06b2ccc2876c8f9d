"""What every query must answer, said in the plainest way: graphql-core's own executor over lists of rows.

Nothing here knows how the engine reads. The rules are written down a second time, as loops over all rows.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unicodedata import combining, normalize
from uuid import UUID

import orjson
from graphql import DocumentNode, ExecutionResult, GraphQLEnumType, GraphQLResolveInfo, build_schema, execute

from core.access import Caller, CallerKind
from resolvers.storefront.diff import diff
from resolvers.storefront.sections import SECTIONS
from tests.oracle.data import Row, World

SCHEMA = build_schema(Path("schema.graphql").read_text())
DIGITS = {"EUR": 2, "JPY": 0}

TABLES = {
    "ApiKey": "api_key",
    "Asset": "asset",
    "AssetRendition": "asset_rendition",
    "AssetUsage": "asset_usage",
    "AuditEntry": "audit_entry",
    "Deployment": "deployment",
    "DeploymentLogLine": "deployment_log_line",
    "Banner": "banner",
    "BannerVersion": "banner_version",
    "Invitation": "invitation",
    "Logo": "logo",
    "LogoVersion": "logo_version",
    "Membership": "membership",
    "Order": "sales_order",
    "OrderLine": "order_line",
    "PersistedOperation": "persisted_operation",
    "PollingState": "polling_state",
    "Product": "product",
    "ProductImage": "product_image",
    "ProductVariant": "product_variant",
    "Site": "site",
    "SiteHealth": "site",
    "SiteServer": "site_server",
    "SiteDomain": "site_domain",
    "StorefrontConfig": "storefront_version",
    "StorefrontDraft": "storefront_draft",
    "StorefrontGrant": "storefront_grant",
    "StorefrontMember": "storefront_member",
    "StorefrontPerson": "storefront_person",
    "StorefrontToken": "storefront_token",
    "StorefrontVersion": "storefront_version",
    "SyncEvent": "sync_event",
    "SyncHealth": "workspace",
    "Theme": "theme",
    "User": "app_user",
    "WebhookAttempt": "webhook_attempt",
    "WebhookDelivery": "webhook_delivery",
    "WebhookEndpoint": "webhook_endpoint",
    "WebhookEndpointHealth": "webhook_endpoint",
    "Workspace": "workspace",
}
WITHOUT_ID = {
    "AssetUsage",
    "DeploymentLogLine",
    "SiteHealth",
    "SiteServer",
    "StorefrontConfig",
    "StorefrontPerson",
    "SyncHealth",
    "WebhookEndpointHealth",
}
TYPE_SCOPES = {
    "ApiKey": "api_keys:read",
    "AssetUsage": "assets:read",
    "AuditEntry": "audit:read",
    "Deployment": "sites:read",
    "DeploymentLogLine": "sites:read",
    "BannerVersion": "storefront:read",
    "LogoVersion": "storefront:read",
    "Invitation": "members:read",
    "Membership": "members:read",
    "Order": "orders:read",
    "OrderLine": "orders:read",
    "PersistedOperation": "api_keys:read",
    "PollingState": "events:read",
    "Site": "sites:read",
    "SiteHealth": "events:read",
    "SiteServer": "sites:read",
    "SiteDomain": "sites:read",
    "StorefrontDraft": "storefront:read",
    "StorefrontGrant": "storefront:read",
    "StorefrontMember": "storefront:read",
    "StorefrontPerson": "storefront:admin",
    "StorefrontToken": "api_keys:read",
    "StorefrontVersion": "storefront:read",
    "SyncHealth": "events:read",
    "Theme": "sites:read",
    "User": "members:read",
    "WebhookAttempt": "webhooks:read",
    "WebhookDelivery": "webhooks:read",
    "WebhookEndpoint": "webhooks:read",
    "WebhookEndpointHealth": "events:read",
}
# By type: the sorts and their columns, the first with its direction being the default.
SORTS: dict[str, tuple[dict[str, str], str]] = {
    "ApiKey": ({"CREATED_AT": "created_at"}, "DESC"),
    "Asset": (
        {
            "CREATED_AT": "created_at",
            "UPDATED_AT": "updated_at",
            "FILENAME": "original_filename_sort",
            "BYTE_SIZE": "byte_size",
        },
        "DESC",
    ),
    "AssetRendition": ({"WIDTH": "width"}, "ASC"),
    "AssetUsage": ({"ID": "id"}, "ASC"),
    "AuditEntry": ({"AT": "at"}, "DESC"),
    "Deployment": ({"NUMBER": "number"}, "DESC"),
    "DeploymentLogLine": ({"NUMBER": "number"}, "ASC"),
    "Banner": ({"DISPLAY_ORDER": "display_order", "CREATED_AT": "created_at"}, "ASC"),
    "BannerVersion": ({"NUMBER": "number"}, "DESC"),
    "Logo": ({"CREATED_AT": "created_at"}, "ASC"),
    "LogoVersion": ({"NUMBER": "number"}, "DESC"),
    "Invitation": ({"CREATED_AT": "created_at"}, "DESC"),
    "Membership": ({"CREATED_AT": "created_at"}, "ASC"),
    "Order": ({"PLACED_AT": "placed_at", "NUMBER": "number", "TOTAL": "total_amount"}, "DESC"),
    "OrderLine": ({"POSITION": "position"}, "ASC"),
    "PersistedOperation": ({"ID": "id"}, "ASC"),
    "PollingState": ({"ID": "id"}, "ASC"),
    "Product": (
        {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "TITLE": "title_sort", "PRICE": "min_price_amount"},
        "DESC",
    ),
    "ProductImage": ({"POSITION": "position"}, "ASC"),
    "ProductVariant": ({"POSITION": "position"}, "ASC"),
    "Site": ({"CREATED_AT": "created_at"}, "ASC"),
    "SiteHealth": ({"ID": "id"}, "ASC"),
    "SiteDomain": ({"CREATED_AT": "created_at"}, "ASC"),
    "StorefrontDraft": ({"CREATED_AT": "created_at"}, "DESC"),
    "StorefrontGrant": ({"ID": "id"}, "ASC"),
    "StorefrontMember": ({"ID": "id"}, "ASC"),
    "StorefrontPerson": ({"ID": "id"}, "ASC"),
    "StorefrontToken": ({"CREATED_AT": "created_at"}, "DESC"),
    "StorefrontVersion": ({"NUMBER": "number"}, "DESC"),
    "WebhookAttempt": ({"NUMBER": "number"}, "ASC"),
    "WebhookDelivery": ({"CREATED_AT": "created_at"}, "DESC"),
    "WebhookEndpoint": ({"CREATED_AT": "created_at"}, "DESC"),
    "WebhookEndpointHealth": ({"ID": "id"}, "ASC"),
}
KINDS = {
    "created_at": datetime,
    "updated_at": datetime,
    "at": datetime,
    "placed_at": datetime,
    "title_sort": str,
    "original_filename_sort": str,
    "id": UUID,
}
# Who sees what shoppers do not, by type; of all that is about products `products:read`.
_UNPUBLISHED_SCOPES = {
    "Asset": "assets:read",
    "Banner": "storefront:read",
    "Logo": "storefront:read",
    "SyncEvent": "events:read",
}
DEFAULT_SIZE, MAX_SIZE, MAX_LISTED, MAX_WORDS = 20, 100, 100, 8
ID = re.compile(r"([A-Za-z]{1,60})_([0-9a-f]{32})")


class Refusal(Exception):
    """An error that clients see, by its code and, where one is missing, the scope."""

    def __init__(self, code: str, scope: str = "") -> None:
        super().__init__(code)
        self.told = f"{code} {scope}".strip()


@dataclass(frozen=True)
class View:
    """What is there for whom. `everywhere` is for what a person owns in all workspaces."""

    world: World
    caller: Caller
    granted: frozenset[str] = frozenset()
    everywhere: bool = False

    def has(self, scope: str | None) -> bool:
        return scope is None or scope in self.caller.scopes or scope in self.granted

    def need(self, scope: str | None) -> None:
        if scope and not self.has(scope):
            raise Refusal("FORBIDDEN", scope)

    def sees(self, type_name: str, row: Row) -> bool:
        """Whether the row is there for the caller."""
        if type_name in {"Product", "ProductVariant", "Site", "SiteHealth"} and row["deleted_at"] is not None:
            return False
        if type_name in {"Banner", "Logo"} and self.world.by_id["site"][row["site_id"]]["deleted_at"] is not None:
            return False
        scope = _UNPUBLISHED_SCOPES.get(type_name, "products:read")
        if not self.has(scope) and not self.is_published(type_name, row):
            return False
        if self.everywhere or type_name == "Theme":
            return True
        if type_name == "User":
            return any(
                place["user_id"] == row["id"] and place["workspace_id"] == self.caller.workspace_id
                for place in self.world.rows["membership"]
            )
        return bool(row["id" if TABLES[type_name] == "workspace" else "workspace_id"] == self.caller.workspace_id)

    def is_published(self, type_name: str, row: Row) -> bool:
        """Whether shoppers see it: an active product and what belongs to one, and events that are not about orders."""
        if type_name == "SyncEvent":
            return not row["type"].startswith(
                ("order.", "site.", "storefront.draft", "banner.draft", "logo.draft", "deployment.")
            )
        if type_name == "Asset":
            return bool(row["status"] == "READY")
        if type_name == "Banner":
            return _is_active(row, datetime.now(UTC))
        if type_name == "Logo":
            return _is_first_logo(self.world, row, datetime.now(UTC))
        if type_name in {"ProductVariant", "ProductImage"}:
            row = self.world.by_id["product"][row["product_id"]]
        elif type_name != "Product":
            return True
        return bool(row["status"] == "ACTIVE" and row["deleted_at"] is None)

    def find(self, type_name: str, row_id: UUID | None) -> "Thing | None":
        """The object with this id, if the caller sees it."""
        row = self.world.by_id[TABLES[type_name]].get(row_id) if row_id else None
        return Thing(type_name, row, self) if row and self.sees(type_name, row) else None

    def all(self, type_name: str) -> list[Row]:
        return [row for row in self.world.rows[TABLES[type_name]] if self.sees(type_name, row)]


def _is_active(row: Row, at: datetime, taken: tuple[UUID, ...] = ()) -> bool:
    """Whether a banner or a logo is shown at a moment, if those that are taken as published were."""
    is_published = row["status"] == "PUBLISHED" or row["id"] in taken
    has_begun, has_ended = row["start_at"] is None or row["start_at"] <= at, row["end_at"] and row["end_at"] <= at
    return is_published and has_begun and not has_ended


def _is_first_logo(world: World, row: Row, at: datetime, taken: tuple[UUID, ...] = ()) -> bool:
    """Whether it is the one logo of its type that its site shows."""
    rivals = [
        other
        for other in world.rows["logo"]
        if (other["site_id"], other["logo_type"]) == (row["site_id"], row["logo_type"])
        and other["asset_id"]
        and world.by_id["asset"][other["asset_id"]]["status"] == "READY"
        and _is_active(other, at, taken)
    ]
    never = datetime(1, 1, 1, tzinfo=UTC)
    rivals.sort(key=lambda other: (other["start_at"] or never, other["end_at"] is not None, other["id"]))
    return bool(rivals) and rivals[-1] is row


@dataclass(frozen=True)
class Thing:
    """An object: a row of a type, and who looks at it."""

    type_name: str
    row: Row
    view: View


# -- executing --------------------------------------------------------------------------------------------------------


def answer(
    world: World, caller: Caller, document: DocumentNode, variables: dict[str, Any], name: str | None
) -> ExecutionResult:
    """What the operation must come to."""
    result = execute(
        SCHEMA,
        document,
        context_value=View(world, caller),
        variable_values=variables,
        operation_name=name,
        field_resolver=resolve,
        type_resolver=lambda value, *_: value.type_name,
    )
    assert isinstance(result, ExecutionResult)
    return result


def code_of(error: Any) -> str:
    """The code of one of the result's errors, with the scope that is missing."""
    cause = error.original_error
    if isinstance(cause, Refusal):
        return cause.told
    if cause is None or type(cause).__module__.startswith("graphql"):
        return "BAD_USER_INPUT"
    raise cause


def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """Any field of anything."""
    name = info.field_name
    if source is None:
        return ROOTS[name](info.context, **arguments)
    if isinstance(source, dict):
        return source[name]
    special = FIELDS.get((source.type_name, name))
    if special:
        return special(source, **arguments)
    if name == "id":
        return global_id(source.type_name, source.row["id"])
    value = source.row[snake(name)]
    return moment(value) if isinstance(value, datetime) else value


def snake(name: str) -> str:
    return re.sub("[A-Z]", lambda found: "_" + found[0].lower(), name)


def global_id(type_name: str, row_id: UUID) -> str:
    return f"{type_name}_{row_id.hex}"


def moment(value: datetime) -> str:
    utc = value.astimezone(UTC)
    fraction = f".{utc.microsecond:06d}" if utc.microsecond else ""
    return f"{utc:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _moment_from(value: Any) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError
    return found


SCHEMA.type_map["DateTime"].parse_value = _moment_from  # type: ignore[attr-defined]
SCHEMA.type_map["DateTime"].coerce_input_value = _moment_from  # type: ignore[attr-defined]


def money(amount: int, currency: str) -> Row:
    return {"amount": f"{Decimal(amount).scaleb(-DIGITS[currency]):.{DIGITS[currency]}f}", "currencyCode": currency}


def parsed_id(text: str) -> tuple[str, UUID] | tuple[None, None]:
    found = ID.fullmatch(text)
    return (found[1], UUID(found[2])) if found else (None, None)


def id_of(text: str, type_name: str) -> UUID | None:
    named, row_id = parsed_id(text)
    return row_id if named == type_name else None


# -- connections ------------------------------------------------------------------------------------------------------


@dataclass
class Page:
    """What `first`, `after`, `last`, `before`, `sort` and `filter` say."""

    type_name: str
    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None
    filter: Row | None = None
    sort: Row | None = None
    column: str = field(init=False)
    sort_name: str = field(init=False)
    descending: bool = field(init=False)

    def __post_init__(self) -> None:
        sorts, direction = SORTS[self.type_name]
        self.sort_name = self.sort["field"] if self.sort else next(iter(sorts))
        self.descending = (self.sort["direction"] if self.sort else direction) == "DESC"
        self.column = sorts[self.sort_name]

    @property
    def size(self) -> int:
        if self.first is not None and self.last is not None:
            raise Refusal("BAD_USER_INPUT")
        size = DEFAULT_SIZE if self.first is None and self.last is None else self.first
        size = self.last if size is None else size
        if size is None or not 0 <= size <= MAX_SIZE:
            raise Refusal("BAD_USER_INPUT")
        return size

    def key(self, row: Row) -> tuple[Any, UUID]:
        return row[self.column], row["id"]

    def cursor(self, row: Row) -> str:
        value = row[self.column]
        if isinstance(value, datetime):
            value = value.isoformat()
        elif isinstance(value, UUID):
            value = value.hex
        return f"{self.sort_name}:{value}:{row['id'].hex}"

    def place(self, cursor: str) -> tuple[Any, UUID]:
        """Where a cursor stands."""
        parts = cursor.split(":")
        if len(parts) < 3 or parts[0] != self.sort_name:
            raise Refusal("BAD_USER_INPUT")
        value = ":".join(parts[1:-1])
        kind = KINDS.get(self.column, int)
        try:
            found = _moment_from(value) if kind is datetime else kind(value)
            return found, UUID(parts[-1])
        except ValueError:
            raise Refusal("BAD_USER_INPUT") from None


def connection(view: View, type_name: str, rows: list[Row], **arguments: Any) -> Row:
    """A connection to these rows."""
    page = Page(type_name, **arguments)
    size = page.size
    after, before = (page.place(cursor) if cursor is not None else None for cursor in (page.after, page.before))
    _refuse_excess(page.filter or {})
    matching = [row for row in rows if matches(view, type_name, row, page.filter or {})]
    ordered = sorted(matching, key=page.key, reverse=page.descending)

    def lies_behind(row: Row, place: tuple[Any, UUID]) -> bool:
        return page.key(row) < place if page.descending else page.key(row) > place

    def lies_before(row: Row, place: tuple[Any, UUID]) -> bool:
        return page.key(row) > place if page.descending else page.key(row) < place

    between = [
        row
        for row in ordered
        if (after is None or lies_behind(row, after)) and (before is None or lies_before(row, before))
    ]
    if page.last is None:
        shown, has_next, has_previous = between[:size], len(between) > size, after is not None
    else:
        shown = between[len(between) - size :] if size < len(between) else between
        has_next, has_previous = before is not None, len(between) > size
    things = [Thing(type_name, row, view) for row in shown]
    return {
        "nodes": things,
        "edges": [{"cursor": page.cursor(thing.row), "node": thing} for thing in things],
        "pageInfo": {
            "hasNextPage": has_next,
            "hasPreviousPage": has_previous,
            "startCursor": page.cursor(shown[0]) if shown else None,
            "endCursor": page.cursor(shown[-1]) if shown else None,
        },
        "totalCount": len(matching),
    }


# -- filters ----------------------------------------------------------------------------------------------------------


def matches(view: View, type_name: str, row: Row, wanted: Row) -> bool:
    """Whether the row is what the filter asks for: all that is named must hold."""
    given = {key: value for key, value in wanted.items() if value is not None}
    return all(FILTERS[type_name, key](view, row, value) for key, value in given.items())


def _refuse_excess(wanted: Row) -> None:
    """Refuses lists and searches that are too long."""
    for key, value in wanted.items():
        too_long = isinstance(value, list) and len(value) > MAX_LISTED
        too_many = key == "search" and value is not None and len(_words(value)) > MAX_WORDS
        if too_long or too_many:
            raise Refusal("BAD_USER_INPUT")


def _is_one_of(column: str) -> Callable[[View, Row, Any], bool]:
    return lambda _view, row, values: row[column] in values


def _lies_in(column: str) -> Callable[[View, Row, Any], bool]:
    def holds(_view: View, row: Row, bounds: Row) -> bool:
        value = row[column]
        return (
            (bounds.get("gt") is None or value > bounds["gt"])
            and (bounds.get("gte") is None or value >= bounds["gte"])
            and (bounds.get("lt") is None or value < bounds["lt"])
            and (bounds.get("lte") is None or value <= bounds["lte"])
        )

    return holds


def _is_on_sale(view: View, product: Row) -> bool:
    return any(
        row["product_id"] == product["id"] and row["deleted_at"] is None and row["quantity_available"] > 0
        for row in view.world.rows["product_variant"]
    )


def _words(text: str) -> list[str]:
    """The words of a text without case and accents, each once."""
    plain = "".join(letter for letter in normalize("NFKD", text.casefold()) if not combining(letter))
    return list(dict.fromkeys(word[:64] for word in re.findall(r"\w+", plain)))


def _has_words(table: str, column: str) -> Callable[[View, Row, Any], bool]:
    def holds(view: View, row: Row, search: str) -> bool:
        tokens = [each["token"] for each in view.world.rows[table] if each[column] == row["id"]]
        return bool(tokens) and all(any(token.startswith(word) for token in tokens) for word in _words(search))

    return holds


def _is_open(_view: View, invitation: Row, wanted: bool) -> bool:
    gone = invitation["accepted_at"] or invitation["revoked_at"] or invitation["expires_at"] <= datetime.now(UTC)
    return wanted is not bool(gone)


def _is_called_by(_view: View, entry: Row, text: str) -> bool:
    type_name, row_id = parsed_id(text)
    return row_id is not None and entry["caller_id"] == row_id and CALLER_TYPES.get(entry["caller_kind"]) == type_name


def _is_about(_view: View, entry: Row, text: str) -> bool:
    type_name, row_id = parsed_id(text)
    return row_id is not None and entry["entity_id"] == row_id and entry["entity_type"] == type_name


def _is_revoked(_view: View, row: Row, wanted: bool) -> bool:
    return wanted is (row["revoked_at"] is not None)


def _is_for(_view: View, delivery: Row, text: str) -> bool:
    return bool(delivery["endpoint_id"] == id_of(text, "WebhookEndpoint"))


def _drafts(shown: Row, type_name: str) -> tuple[UUID, ...]:
    return tuple(found for text in shown.get("draftIds") or () if (found := id_of(text, type_name)))


def _is_for_audience(banner: Row, known: Row) -> bool:
    """Whether a banner is for somebody of whom this is known."""
    match banner["target_audience"]:
        case "ALL":
            return True
        case "CUSTOMERS":
            return bool(known.get("isCustomer"))
        case "CUSTOM":
            tag = (known.get("languageCode") or "").lower()
            languages = banner["target_languages"]
            meets_language = not languages or any(tag == each or tag.startswith(each + "-") for each in languages)
            asked = {
                "target_countries": (known.get("countryCode") or "").upper(),
                "target_devices": known.get("device"),
                "target_utm_sources": known.get("utmSource"),
                "target_utm_campaigns": known.get("utmCampaign"),
            }
            return meets_language and all(not banner[name] or value in banner[name] for name, value in asked.items())
        case visitors:
            return bool(visitors == f"{known.get('visitor')}_VISITORS")


def event_type(stored: str) -> str:
    return stored.upper().replace(".", "_")


CALLER_TYPES = {"SHOPPER": "StorefrontToken", "USER": "User", "API_KEY": "ApiKey"}
FILTERS: dict[tuple[str, str], Callable[[View, Row, Any], bool]] = {
    ("ApiKey", "isRevoked"): _is_revoked,
    ("Asset", "createdAt"): _lies_in("created_at"),
    ("Asset", "kind"): _is_one_of("kind"),
    ("Asset", "mimeType"): _is_one_of("mime_type"),
    ("Asset", "search"): _has_words("asset_search_token", "asset_id"),
    ("Asset", "status"): _is_one_of("status"),
    ("AuditEntry", "action"): lambda _view, row, value: row["action"] == value,
    ("AuditEntry", "at"): _lies_in("at"),
    ("AuditEntry", "callerId"): _is_called_by,
    ("AuditEntry", "callerKind"): lambda _view, row, value: row["caller_kind"] == value,
    ("AuditEntry", "entityId"): _is_about,
    ("Banner", "audience"): lambda _view, row, audience: _is_for_audience(row, audience),
    ("Banner", "bannerType"): _is_one_of("banner_type"),
    ("Banner", "shown"): lambda _view, row, shown: (
        _is_active(row, shown.get("at") or datetime.now(UTC), _drafts(shown, "Banner"))
        and _is_for_audience(row, shown["audience"])
    ),
    ("Banner", "status"): _is_one_of("status"),
    ("Logo", "logoType"): _is_one_of("logo_type"),
    ("Logo", "shown"): lambda view, row, shown: _is_first_logo(
        view.world, row, shown.get("at") or datetime.now(UTC), _drafts(shown, "Logo")
    ),
    ("Logo", "status"): _is_one_of("status"),
    ("Invitation", "isOpen"): _is_open,
    ("Membership", "role"): _is_one_of("role"),
    ("Order", "email"): lambda _view, row, value: row["email"] == value.lower(),
    ("Order", "number"): _lies_in("number"),
    ("Order", "placedAt"): _lies_in("placed_at"),
    ("Order", "status"): _is_one_of("status"),
    ("Product", "availableForSale"): lambda view, row, value: value is _is_on_sale(view, row),
    ("Product", "createdAt"): _lies_in("created_at"),
    ("Product", "search"): _has_words("product_search_token", "product_id"),
    ("Product", "status"): _is_one_of("status"),
    ("Product", "updatedAt"): _lies_in("updated_at"),
    ("StorefrontDraft", "status"): _is_one_of("status"),
    ("StorefrontToken", "isRevoked"): _is_revoked,
    ("WebhookDelivery", "createdAt"): _lies_in("created_at"),
    ("WebhookDelivery", "endpointId"): _is_for,
    ("WebhookDelivery", "eventType"): lambda _view, row, values: event_type(row["event_type"]) in values,
    ("WebhookDelivery", "status"): _is_one_of("status"),
    ("WebhookEndpoint", "isActive"): lambda _view, row, value: value is row["is_active"],
    ("SyncEvent", "types"): lambda _view, row, values: event_type(row["type"]) in values,
}


# -- fields that are more than a column -------------------------------------------------------------------------------


def _money_of(column: str) -> Callable[[Thing], Row]:
    return lambda thing: money(thing.row[column], thing.row["currency_code"])


def _only_with(scope: str, column: str) -> Callable[[Thing], Any]:
    def value(thing: Thing) -> Any:
        thing.view.need(scope)
        found = thing.row[column]
        return moment(found) if isinstance(found, datetime) else found

    return value


def _related(type_name: str, column: str) -> Callable[[Thing], Thing | None]:
    def value(thing: Thing) -> Thing | None:
        if not thing.view.everywhere:
            thing.view.need(TYPE_SCOPES.get(type_name))
        return thing.view.find(type_name, thing.row[column])

    return value


def _person(thing: Thing) -> Thing | None:
    thing.view.need("storefront:admin")
    found = [row for row in thing.view.all("StorefrontPerson") if row["id"] == thing.row["user_id"]]
    return Thing("StorefrontPerson", found[0], thing.view) if found else None


def _children(type_name: str, column: str) -> Callable[..., Row]:
    """The rows below a row. Whoever sees the parent sees them, but for those that are deleted."""

    def value(thing: Thing, **arguments: Any) -> Row:
        view = thing.view
        rows = [
            row
            for row in view.world.rows[TABLES[type_name]]
            if row[column] == thing.row["id"] and row.get("deleted_at") is None
        ]
        if not view.everywhere:
            rows = [row for row in rows if row["workspace_id"] == view.caller.workspace_id]
        return connection(view, type_name, rows, **arguments)

    return value


def _prices(thing: Thing) -> Row:
    return {
        "minVariantPrice": money(thing.row["min_price_amount"], thing.row["currency_code"]),
        "maxVariantPrice": money(thing.row["max_price_amount"], thing.row["currency_code"]),
    }


def _address(thing: Thing) -> Row | None:
    stored = thing.row["shipping_address"]
    fields = ("name", "line1", "line2", "city", "region", "postalCode", "countryCode", "phone")
    return None if stored is None else {name: stored.get(snake(name)) for name in fields}


def _cancel_reason(thing: Thing) -> str | None:
    thing.view.need("orders:read")
    reason: str | None = thing.row["cancel_reason"]
    return None if thing.view.caller.kind is CallerKind.SHOPPER else reason


def _quantity(thing: Thing) -> int | None:
    quantity: int = thing.row["quantity_available"]
    return None if thing.view.caller.hides_stock else quantity


def _url(thing: Thing) -> str:
    url: str = thing.row["url"]
    return thing.view.world.base_url + url if url.startswith("/") else url


def _script_safe(data: Row) -> str:
    text = orjson.dumps(data).decode()
    return re.sub("[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)


def _product_data(thing: Thing) -> str:
    rows, row = thing.view.world.rows, thing.row

    def of_product(table: str) -> list[Row]:
        found = [each for each in rows[table] if each["product_id"] == row["id"] and each.get("deleted_at") is None]
        return sorted(found, key=lambda each: (each["position"], each["id"]))

    images, variants = of_product("product_image"), of_product("product_variant")
    site_id = thing.view.caller.site_id
    site = thing.view.world.by_id["site"][site_id] if site_id else None
    is_ours = site and site["workspace_id"] == row["workspace_id"] and site["deleted_at"] is None
    url = f"{_url_of_site(thing.view.world, site)}/products/{row['slug']}" if site and is_ours else None
    offers = [
        {"@type": "Offer", "sku": each["sku"]}
        | ({"name": each["title"]} if each["title"] else {})
        | _price(each["price_amount"], each["currency_code"])
        | {"availability": f"https://schema.org/{'InStock' if each['quantity_available'] > 0 else 'OutOfStock'}"}
        | ({"url": url} if url else {})
        for each in variants
    ]
    data = {"@context": "https://schema.org", "@type": "Product", "name": row["title"]}
    data |= {"description": row["description"]} if row["description"] else {}
    data |= {"image": [_url(Thing("ProductImage", each, thing.view)) for each in images]} if images else {}
    data |= {"sku": variants[0]["sku"]} if len(variants) == 1 else {}
    data |= {"url": url} if url else {}
    if len(offers) == 1:
        data["offers"] = offers[0]
    elif offers:
        data["offers"] = {
            "@type": "AggregateOffer",
            "priceCurrency": row["currency_code"],
            "lowPrice": money(min(each["price_amount"] for each in variants), row["currency_code"])["amount"],
            "highPrice": money(max(each["price_amount"] for each in variants), row["currency_code"])["amount"],
            "offerCount": len(offers),
            "availability": f"https://schema.org/{'InStock' if _is_on_sale(thing.view, row) else 'OutOfStock'}",
            "offers": offers,
        }
    return _script_safe(data)


def _url_of_site(world: World, site: Row) -> str:
    return world.site_url(site["slug"], site["primary_name"])


def _primary_domain(thing: Thing) -> Thing | None:
    found = [
        row
        for row in thing.view.all("SiteDomain")
        if row["site_id"] == thing.row["id"] and row["name"] == thing.row["primary_name"]
    ]
    return Thing("SiteDomain", found[0], thing.view) if found else None


def _site_of_domain(thing: Thing) -> Row:
    return thing.view.world.by_id["site"][thing.row["site_id"]]


def _edge(thing: Thing, site_id: UUID, column: str) -> Any:
    found = [row for row in thing.view.world.rows["site_edge"] if row["site_id"] == site_id]
    return found[0][column] if found else None


def _certificate_record(part: int) -> Callable[[Thing], str | None]:
    def value(thing: Thing) -> str | None:
        record = orjson.loads(_edge(thing, thing.row["site_id"], "records") or "{}").get(thing.row["name"])
        return record[part] if record else None

    return value


def _cname_target(thing: Thing) -> str:
    if _edge(thing, thing.row["site_id"], "status") == "LIVE":
        return str(_edge(thing, thing.row["site_id"], "distribution_domain"))
    return thing.view.world.site_url(_site_of_domain(thing)["slug"], None).partition("://")[2].partition(":")[0]


def _price(amount: int, currency: str) -> Row:
    return {"price": money(amount, currency)["amount"], "priceCurrency": currency}


def _config_data(thing: Thing) -> str:
    """The sites of this world have little `seo`: tests/seo shows what becomes of more."""
    site = thing.view.world.by_id["site"][thing.row["site_id"]]
    url = f"{_url_of_site(thing.view.world, site)}/"
    title = orjson.loads(thing.row["seo"]).get("title") or site["name"]
    organization = {"@type": "Organization", "@id": f"{url}#organization", "name": site["name"], "url": url}
    website = {"@type": "WebSite", "@id": f"{url}#website", "name": title, "url": url}
    website |= {"publisher": {"@id": f"{url}#organization"}, "inLanguage": "en"}
    return _script_safe({"@context": "https://schema.org", "@graph": [organization, website]})


def _file_url(column: str) -> Callable[[Thing], str | None]:
    def value(thing: Thing) -> str | None:
        row = thing.row
        if row["filename"] is None:
            return None
        return f"{thing.view.world.base_url}/assets/{row['workspace_id'].hex}/{row[column].hex}/{row['filename']}"

    return value


def _usage(thing: Thing, **arguments: Any) -> Row:
    thing.view.need("assets:read")
    found: Row = _children("AssetUsage", "asset_id")(thing, **arguments)
    return found


def _scopes(thing: Thing) -> list[str]:
    known = SCHEMA.type_map["ApiKeyScope"]
    assert isinstance(known, GraphQLEnumType)
    names = [scope.upper().replace(":", "_") for scope in thing.row["scopes"]]
    return [name for name in names if name in known.values]


def _caller_id(thing: Thing) -> str | None:
    type_name, row_id = CALLER_TYPES.get(thing.row["caller_kind"]), thing.row["caller_id"]
    return global_id(type_name, row_id) if type_name and row_id else None


def _event_types(thing: Thing) -> list[str] | None:
    stored = thing.row["event_types"]
    return None if stored is None else [event_type(each) for each in stored]


def _next_attempt_at(thing: Thing) -> str | None:
    due_at = thing.row["due_at"]
    return None if due_at is None else moment(due_at)


def _hours(thing: Thing) -> list[Row]:
    """The hours of an endpoint, or of the whole workspace."""
    of = "workspace_id" if thing.type_name == "SyncHealth" else "endpoint_id"
    return [hour for hour in thing.view.world.rows["webhook_hour"] if hour[of] == thing.row["id"]]


def _waiting(thing: Thing) -> list[Row]:
    rows = thing.view.world.rows
    active = {row["id"] for row in rows["webhook_endpoint"] if row["is_active"]}
    of = "workspace_id" if thing.type_name == "SyncHealth" else "endpoint_id"
    return [
        row
        for row in rows["webhook_delivery"]
        if row[of] == thing.row["id"] and row["due_at"] is not None and row["endpoint_id"] in active
    ]


def _oldest_waiting(thing: Thing) -> str | None:
    waiting = _waiting(thing)
    return moment(min(row["created_at"] for row in waiting)) if waiting else None


def _rate_of(taken: str, tried: str) -> Callable[[Thing], float | None]:
    def value(thing: Thing) -> float | None:
        tries = sum(hour[tried] for hour in _hours(thing))
        return sum(hour[taken] for hour in _hours(thing)) / tries if tries else None

    return value


def _last_delivered_at(thing: Thing) -> str | None:
    found = [hour["last_delivered_at"] for hour in _hours(thing) if hour["last_delivered_at"]]
    return moment(max(found)) if found else None


def _unrelayed(thing: Thing) -> int:
    relays = [row for row in thing.view.world.rows["webhook_relay"] if row["workspace_id"] == thing.row["id"]]
    return _last_sequence(thing.view.world, thing.row["id"]) - relays[0]["sequence"] if relays else 0


def _below_workspace(type_name: str) -> Callable[..., Row]:
    def value(thing: Thing, **arguments: Any) -> Row:
        rows = [row for row in thing.view.world.rows[TABLES[type_name]] if row["workspace_id"] == thing.row["id"]]
        return connection(thing.view, type_name, rows, **arguments)

    return value


def _below_sites(thing: Thing, **arguments: Any) -> Row:
    return connection(thing.view, "SiteHealth", thing.view.all("SiteHealth"), **arguments)


# What is known of a workspace as of an endpoint.
_HEALTH: dict[str, Callable[[Thing], Any]] = {
    "givenUpCount": lambda thing: sum(hour["given_up"] for hour in _hours(thing)),
    "oldestWaitingAt": _oldest_waiting,
    "retrySuccessRate": _rate_of("retries_delivered", "retries"),
    "successRate": _rate_of("delivered", "tries"),
    "tryCount": lambda thing: sum(hour["tries"] for hour in _hours(thing)),
    "waitingCount": lambda thing: len(_waiting(thing)),
}


def _events_behind(thing: Thing) -> int | None:
    read = thing.row["sequence"]
    return None if read is None else max(_last_sequence(thing.view.world, thing.row["workspace_id"]) - read, 0)


def _oldest_unread(thing: Thing) -> str | None:
    read = thing.row["sequence"]
    unread = [
        event
        for event in thing.view.world.rows["sync_event"]
        if event["workspace_id"] == thing.row["workspace_id"] and read is not None and event["sequence"] > read
    ]
    return moment(min(unread, key=lambda event: event["sequence"])["occurred_at"]) if unread else None


def _last_sequence(world: World, workspace_id: UUID | None) -> int:
    (last,) = (row["sequence"] for row in world.rows["workspace_counter"] if row["workspace_id"] == workspace_id)
    return int(last)


def _site_endpoint(thing: Thing) -> Row | None:
    return next((row for row in thing.view.world.rows["webhook_endpoint"] if row["site_id"] == thing.row["id"]), None)


def _polled(thing: Thing, column: str) -> Any:
    """The latest of the site's pollers."""
    rows = [row for row in thing.view.world.rows["polling_state"] if row["site_id"] == thing.row["id"]]
    return max((row[column] for row in rows if row[column] is not None), default=None)


def _untold(thing: Thing) -> int | None:
    """The first event that shoppers see and that neither came by a webhook nor was asked past."""
    world, endpoint = thing.view.world, _site_endpoint(thing)
    polled, since = _polled(thing, "sequence"), endpoint["since_sequence"] if endpoint else None
    if polled is None and since is None:
        return None
    heard, workspace_id = max(polled or 0, since or 0), thing.row["workspace_id"]
    events = {row["sequence"]: row for row in world.rows["sync_event"] if row["workspace_id"] == workspace_id}
    sent = [row for row in world.rows["webhook_delivery"] if endpoint and row["endpoint_id"] == endpoint["id"]]
    untold = []
    for status in ("PENDING", "FAILED"):
        waiting = [row for row in sent if row["status"] == status and row["sequence"] > heard]
        if waiting:
            untold.append(min(waiting, key=lambda row: (row["created_at"], row["id"]))["sequence"])
    entered = 0
    if endpoint and endpoint["is_active"]:
        (entered,) = (row["sequence"] for row in world.rows["webhook_relay"] if row["workspace_id"] == workspace_id)
    elif any(row["sequence"] for row in sent):
        entered = max((row for row in sent if row["sequence"]), key=lambda row: row["event_id"])["sequence"]
    is_sent = {row["event_id"] for row in sent}
    untold += [
        sequence
        for sequence, event in events.items()
        if sequence > max(heard, entered) and event["id"] not in is_sent and thing.view.is_published("SyncEvent", event)
    ]
    return min(untold, default=None)


def _oldest_untold_at(thing: Thing) -> str | None:
    untold, workspace_id = _untold(thing), thing.row["workspace_id"]
    events = {
        row["sequence"]: row for row in thing.view.world.rows["sync_event"] if row["workspace_id"] == workspace_id
    }
    return moment(events[untold]["occurred_at"]) if untold in events else None


def _events_behind_of_site(thing: Thing) -> int:
    untold = _untold(thing)
    return _last_sequence(thing.view.world, thing.row["workspace_id"]) - untold + 1 if untold else 0


def _told_by(thing: Thing) -> str:
    endpoint, polled_at = _site_endpoint(thing), _polled(thing, "last_polled_at")
    if endpoint and endpoint["is_active"] and endpoint["failing_since"] is None:
        return "WEBHOOKS"
    return "POLLING" if polled_at and datetime.now(UTC) - polled_at < timedelta(minutes=2) else "NOTHING"


def _last_polled_at(thing: Thing) -> str | None:
    found = _polled(thing, "last_polled_at")
    return moment(found) if found else None


def _health_of_endpoint(thing: Thing) -> Thing | None:
    endpoint = _site_endpoint(thing)
    return thing.view.find("WebhookEndpointHealth", endpoint["id"]) if endpoint else None


def _json(column: str) -> Callable[[Thing], Any]:
    """JSON as it is stored, byte for byte."""
    return lambda thing: orjson.Fragment(thing.row[column])


def _resulting(column: str) -> Callable[[Thing], Any]:
    """What a draft comes to: its own section, or its base version's."""

    def value(thing: Thing) -> Any:
        base = thing.view.world.by_id["storefront_version"][thing.row["base_version_id"]]
        return orjson.Fragment(thing.row[column] or base[column])

    return value


def _draft_changes(thing: Thing) -> Any:
    return orjson.Fragment(
        "{" + ",".join(f'"{name}":{thing.row[name]}' for name in SECTIONS if thing.row[name] is not None) + "}"
    )


def _is_behind(thing: Thing) -> bool:
    site = thing.view.world.by_id["site"][thing.row["site_id"]]
    is_closed = thing.row["status"] in {"PUBLISHED", "DISCARDED"}
    return not is_closed and bool(site["live_version_id"] != thing.row["against_version_id"])


def _sections(thing: Thing, theme_id: UUID, version: str) -> Any:
    (found,) = (
        row["sections"]
        for row in thing.view.world.rows["theme_version"]
        if (row["theme_id"], row["version"]) == (theme_id, version)
    )
    return orjson.Fragment(found)


def _token_of_site(thing: Thing) -> str | None:
    tokens = [
        row
        for row in thing.view.world.rows["storefront_token"]
        if row["site_id"] == thing.row["id"] and row["revoked_at"] is None
    ]
    return min(tokens, key=lambda row: (row["created_at"], row["id"]))["token"] if tokens else None


def _guarded(scope: str, value: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(thing: Thing, **arguments: Any) -> Any:
        thing.view.need(scope)
        return value(thing, **arguments)

    return guarded


def _server(thing: Thing) -> Thing | None:
    thing.view.need("sites:read")
    rows = thing.view.world.rows["site_server"]
    return next((Thing("SiteServer", row, thing.view) for row in rows if row["deployment_id"] == thing.row["id"]), None)


def _duration_ms(thing: Thing) -> int | None:
    started, finished = thing.row["started_at"], thing.row["finished_at"]
    return None if started is None or finished is None else round((finished - started).total_seconds() * 1000)


def _is_deployable(thing: Thing) -> bool:
    return any(
        (row["theme_id"], row["version"]) == (thing.row["id"], thing.row["version"])
        for row in thing.view.world.rows["theme_source"]
    )


def _responsive(thing: Thing) -> Row:
    assets = {f"{name}Asset": _related("Asset", f"{name}_asset_id")(thing) for name in ("tablet", "mobile")}
    return assets | {"hiddenOn": thing.row["hidden_on"]}


def _display(thing: Thing) -> Row:
    return {name: thing.row[snake(name)] for name in ("maxWidth", "maxHeight", "alignment", "linkUrl")}


def _custom_target(thing: Thing) -> Row:
    thing.view.need("storefront:read")
    names = ("countries", "languages", "devices", "utmSources", "utmCampaigns")
    return {name: thing.row["target_" + snake(name)] for name in names}


# What banners and logos have in common.
_PLACEMENT: dict[str, Callable[..., Any]] = {
    "asset": _related("Asset", "asset_id"),
    "author": _only_with("storefront:read", "author"),
    "createdBy": _related("User", "created_by"),
    "editor": _only_with("storefront:read", "editor"),
    "isActive": lambda thing: thing.view.is_published(thing.type_name, thing.row),
    "responsiveSettings": _responsive,
    "site": _related("Site", "site_id"),
    "updatedBy": _related("User", "updated_by"),
}
FIELDS: dict[tuple[str, str], Callable[..., Any]] = {
    ("Deployment", "durationMs"): _duration_ms,
    ("Deployment", "logLines"): _children("DeploymentLogLine", "deployment_id"),
    ("Deployment", "server"): _server,
    ("Deployment", "site"): _related("Site", "site_id"),
    ("Site", "deployments"): _children("Deployment", "site_id"),
    ("Site", "liveDeployment"): _related("Deployment", "live_deployment_id"),
    ("Theme", "isDeployable"): _is_deployable,
    **{(name, field): value for name in ("Banner", "Logo") for field, value in _PLACEMENT.items()},
    ("Banner", "content"): _json("content"),
    ("Banner", "customStyles"): _json("custom_styles"),
    ("Banner", "customTarget"): _custom_target,
    ("Banner", "versions"): _guarded("storefront:read", _children("BannerVersion", "banner_id")),
    ("BannerVersion", "banner"): _related("Banner", "banner_id"),
    ("BannerVersion", "createdBy"): _related("User", "created_by"),
    ("BannerVersion", "snapshot"): _json("snapshot"),
    ("Logo", "displaySettings"): _display,
    ("Logo", "versions"): _guarded("storefront:read", _children("LogoVersion", "logo_id")),
    ("LogoVersion", "logo"): _related("Logo", "logo_id"),
    ("LogoVersion", "createdBy"): _related("User", "created_by"),
    ("LogoVersion", "snapshot"): _json("snapshot"),
    ("Site", "health"): _related("SiteHealth", "id"),
    ("SiteHealth", "eventsBehind"): _events_behind_of_site,
    ("SiteHealth", "isStale"): lambda thing: _untold(thing) is not None,
    ("SiteHealth", "lastPolledAt"): _last_polled_at,
    ("SiteHealth", "oldestUntoldAt"): _oldest_untold_at,
    ("SiteHealth", "polledSequence"): lambda thing: _polled(thing, "sequence"),
    ("SiteHealth", "pollers"): _children("PollingState", "site_id"),
    ("SiteHealth", "site"): _related("Site", "id"),
    ("SiteHealth", "siteId"): lambda thing: global_id("Site", thing.row["id"]),
    ("SiteHealth", "toldBy"): _told_by,
    ("SiteHealth", "untoldSequence"): _untold,
    ("SiteHealth", "webhookEndpoint"): _health_of_endpoint,
    ("Site", "banners"): _guarded("storefront:read", _children("Banner", "site_id")),
    ("Site", "logos"): _guarded("storefront:read", _children("Logo", "site_id")),
    ("ApiKey", "scopes"): _scopes,
    ("Asset", "createdBy"): _related("User", "created_by"),
    ("Asset", "failureReason"): _only_with("assets:read", "failure_reason"),
    ("Asset", "metadata"): _only_with("assets:read", "metadata"),
    ("Asset", "originalFilename"): _only_with("assets:read", "original_filename"),
    ("Asset", "renditions"): _children("AssetRendition", "asset_id"),
    ("Asset", "sha256"): _only_with("assets:read", "sha256"),
    ("Asset", "url"): _file_url("id"),
    ("Asset", "usage"): _usage,
    ("AssetRendition", "url"): _file_url("asset_id"),
    ("AssetUsage", "entityId"): lambda thing: global_id(thing.row["entity_type"], thing.row["entity_id"]),
    ("AuditEntry", "callerId"): _caller_id,
    ("AuditEntry", "entityId"): lambda thing: global_id(thing.row["entity_type"], thing.row["entity_id"]),
    ("Membership", "user"): _related("User", "user_id"),
    ("Membership", "workspace"): _related("Workspace", "workspace_id"),
    ("Order", "cancelReason"): _cancel_reason,
    ("Order", "lines"): _children("OrderLine", "order_id"),
    ("Order", "shippingAddress"): _address,
    ("Order", "total"): _money_of("total_amount"),
    ("OrderLine", "product"): _related("Product", "product_id"),
    ("OrderLine", "total"): _money_of("total_amount"),
    ("OrderLine", "unitPrice"): _money_of("unit_price_amount"),
    ("OrderLine", "variant"): _related("ProductVariant", "variant_id"),
    ("PollingState", "callerId"): _caller_id,
    ("PollingState", "eventsBehind"): _events_behind,
    ("PollingState", "oldestUnreadAt"): _oldest_unread,
    ("PollingState", "site"): _related("Site", "site_id"),
    ("Product", "availableForSale"): lambda thing: _is_on_sale(thing.view, thing.row),
    ("Product", "images"): _children("ProductImage", "product_id"),
    ("Product", "priceRange"): _prices,
    ("Product", "structuredData"): _product_data,
    ("Product", "variants"): _children("ProductVariant", "product_id"),
    ("ProductImage", "asset"): _related("Asset", "asset_id"),
    ("ProductImage", "url"): _url,
    ("ProductVariant", "availableForSale"): lambda thing: thing.row["quantity_available"] > 0,
    ("ProductVariant", "price"): _money_of("price_amount"),
    ("ProductVariant", "product"): _related("Product", "product_id"),
    ("ProductVariant", "quantityAvailable"): _quantity,
    ("Site", "domains"): _children("SiteDomain", "site_id"),
    ("Site", "isRedirecting"): lambda thing: thing.row["redirects_to_primary"],
    ("Site", "primaryDomain"): _primary_domain,
    ("Site", "liveStorefrontVersion"): _related("StorefrontVersion", "live_version_id"),
    ("Site", "sections"): lambda thing: _sections(thing, thing.row["theme_id"], thing.row["theme_version"]),
    ("Site", "storefrontDrafts"): _guarded("storefront:read", _children("StorefrontDraft", "site_id")),
    ("Site", "storefrontGrants"): _guarded("storefront:read", _children("StorefrontGrant", "site_id")),
    ("Site", "storefrontMembers"): _guarded("storefront:read", _children("StorefrontMember", "site_id")),
    ("Site", "storefrontToken"): _token_of_site,
    ("Site", "storefrontVersions"): _guarded("storefront:read", _children("StorefrontVersion", "site_id")),
    ("Site", "theme"): _related("Theme", "theme_id"),
    ("Site", "url"): lambda thing: _url_of_site(thing.view.world, thing.row),
    ("Site", "cdnError"): lambda thing: _edge(thing, thing.row["id"], "error"),
    ("Site", "cdnStatus"): lambda thing: _edge(thing, thing.row["id"], "status"),
    ("SiteDomain", "certificateRecordName"): _certificate_record(0),
    ("SiteDomain", "certificateRecordValue"): _certificate_record(1),
    ("SiteDomain", "cnameTarget"): _cname_target,
    ("SiteDomain", "displayName"): lambda thing: thing.row["name"].encode().decode("idna"),
    ("SiteDomain", "dnsRecordName"): lambda thing: f"_vitrine.{thing.row['name']}",
    ("SiteDomain", "isPrimary"): lambda thing: _site_of_domain(thing)["primary_name"] == thing.row["name"],
    ("SiteDomain", "site"): _related("Site", "site_id"),
    ("SiteDomain", "tokenUrl"): lambda thing: f"http://{thing.row['name']}/.well-known/vitrine-domain",
    ("SiteDomain", "url"): lambda thing: thing.view.world.domain_url(thing.row["name"]),
    **{("StorefrontConfig", name): _json(name) for name in SECTIONS},
    ("StorefrontConfig", "structuredData"): _config_data,
    ("StorefrontConfig", "version"): lambda thing: thing.row["number"],
    **{("StorefrontDraft", name): _resulting(name) for name in SECTIONS},
    ("StorefrontDraft", "againstVersion"): _related("StorefrontVersion", "against_version_id"),
    ("StorefrontDraft", "baseVersion"): _related("StorefrontVersion", "base_version_id"),
    ("StorefrontDraft", "changes"): _draft_changes,
    ("StorefrontDraft", "createdBy"): _related("User", "created_by"),
    ("StorefrontDraft", "isBehind"): _is_behind,
    ("StorefrontDraft", "publishedVersion"): _related("StorefrontVersion", "published_version_id"),
    ("StorefrontDraft", "site"): _related("Site", "site_id"),
    ("StorefrontDraft", "updatedBy"): _related("User", "updated_by"),
    ("StorefrontGrant", "person"): _person,
    ("StorefrontGrant", "section"): lambda thing: thing.row["section"].upper(),
    ("StorefrontGrant", "site"): _related("Site", "site_id"),
    ("StorefrontGrant", "user"): _related("User", "user_id"),
    ("StorefrontMember", "person"): _person,
    ("StorefrontMember", "site"): _related("Site", "site_id"),
    ("StorefrontMember", "user"): _related("User", "user_id"),
    ("StorefrontPerson", "userId"): lambda thing: global_id("User", thing.row["id"]),
    **{("StorefrontVersion", name): _json(name) for name in SECTIONS},
    ("StorefrontVersion", "createdBy"): _related("User", "created_by"),
    ("StorefrontVersion", "site"): _related("Site", "site_id"),
    ("StorefrontToken", "site"): _related("Site", "site_id"),
    ("StorefrontToken", "operations"): _children("PersistedOperation", "storefront_token_id"),
    **{("SyncHealth", name): value for name, value in _HEALTH.items()},
    ("SyncHealth", "lastSequence"): lambda thing: _last_sequence(thing.view.world, thing.row["id"]),
    ("SyncHealth", "latestCursor"): lambda thing: event_cursor(_last_sequence(thing.view.world, thing.row["id"])),
    ("SyncHealth", "pollers"): _below_workspace("PollingState"),
    ("SyncHealth", "sites"): _below_sites,
    ("SyncHealth", "retryCount"): lambda thing: sum(hour["retries"] for hour in _hours(thing)),
    ("SyncHealth", "unrelayedCount"): _unrelayed,
    ("SyncHealth", "webhookEndpoints"): _below_workspace("WebhookEndpointHealth"),
    ("Theme", "sections"): lambda thing: _sections(thing, thing.row["id"], thing.row["version"]),
    ("SyncEvent", "entityId"): lambda thing: global_id(thing.row["entity_type"], thing.row["entity_id"]),
    ("SyncEvent", "type"): lambda thing: event_type(thing.row["type"]),
    ("User", "memberships"): _children("Membership", "user_id"),
    ("WebhookDelivery", "attempts"): _children("WebhookAttempt", "delivery_id"),
    ("WebhookDelivery", "endpointId"): lambda thing: global_id("WebhookEndpoint", thing.row["endpoint_id"]),
    ("WebhookDelivery", "eventId"): lambda thing: global_id("SyncEvent", thing.row["event_id"]),
    **{("WebhookEndpointHealth", name): value for name, value in _HEALTH.items()},
    ("WebhookEndpointHealth", "endpointId"): lambda thing: global_id("WebhookEndpoint", thing.row["id"]),
    ("WebhookEndpointHealth", "lastDeliveredAt"): _last_delivered_at,
    ("WebhookEndpointHealth", "webhookEndpoint"): _related("WebhookEndpoint", "id"),
    ("WebhookDelivery", "eventType"): lambda thing: event_type(thing.row["event_type"]),
    ("WebhookDelivery", "nextAttemptAt"): _next_attempt_at,
    ("WebhookDelivery", "payload"): lambda thing: thing.row["body"].decode(),
    ("WebhookDelivery", "webhookEndpoint"): _related("WebhookEndpoint", "endpoint_id"),
    ("WebhookEndpoint", "deliveries"): _children("WebhookDelivery", "endpoint_id"),
    ("WebhookEndpoint", "eventTypes"): _event_types,
    ("Workspace", "createdAt"): _only_with("workspace:read", "created_at"),
    ("Workspace", "revision"): _only_with("workspace:read", "revision"),
}


# -- root fields ------------------------------------------------------------------------------------------------------


def _enter(caller: Caller, scope: str | None = None) -> None:
    """The door of a workspace."""
    if caller.problem or caller.kind is CallerKind.ANONYMOUS:
        raise Refusal("UNAUTHENTICATED")
    if caller.workspace_problem:
        raise Refusal("NOT_FOUND")
    if caller.workspace_id is None:
        raise Refusal("BAD_USER_INPUT")
    if scope and scope not in caller.scopes:
        raise Refusal("FORBIDDEN", scope)


def _viewer(view: View) -> Thing | None:
    if view.caller.problem or view.caller.kind is CallerKind.ANONYMOUS:
        raise Refusal("UNAUTHENTICATED")
    if view.caller.kind is not CallerKind.USER:
        raise Refusal("FORBIDDEN")
    return View(view.world, view.caller, everywhere=True).find("User", view.caller.id)


def _listed(type_name: str, scope: str | None = None) -> Callable[..., Row]:
    def value(view: View, **arguments: Any) -> Row:
        _enter(view.caller, scope)
        return connection(view, type_name, view.all(type_name), **arguments)

    return value


def _workspace(view: View) -> Thing | None:
    _enter(view.caller)
    return view.find("Workspace", view.caller.workspace_id)


def _sync_health(view: View) -> Thing | None:
    _enter(view.caller)
    view.need("events:read")
    return view.find("SyncHealth", view.caller.workspace_id)


def _product(view: View, id: str) -> Thing | None:  # noqa: A002 - GraphQL's name for it
    _enter(view.caller)
    return view.find("Product", id_of(id, "Product"))


def _product_by_slug(view: View, slug: str) -> Thing | None:
    _enter(view.caller)
    found = [row for row in view.all("Product") if row["slug"] == slug]
    return Thing("Product", found[0], view) if found else None


def _by_id(type_name: str, scope: str) -> Callable[..., Thing | None]:
    def value(view: View, id: str) -> Thing | None:  # noqa: A002 - GraphQL's name for it
        _enter(view.caller, scope)
        return view.find(type_name, id_of(id, type_name))

    return value


def _storefront_config(view: View, siteId: str | None = None) -> Thing | None:  # noqa: N803 - GraphQL's name for it
    _enter(view.caller)
    site_id = view.caller.site_id if siteId is None else id_of(siteId, "Site")
    site = next((row for row in view.all("Site") if row["id"] == site_id), None)
    return view.find("StorefrontConfig", site["live_version_id"]) if site else None


def _active(type_name: str) -> Callable[..., Row]:
    """What the site of the caller's token shows."""

    def value(view: View, **arguments: Any) -> Row:
        _enter(view.caller)
        site_id = view.caller.site_id
        rows = [row for row in view.all(type_name) if site_id is not None and row["site_id"] == site_id]
        return connection(view, type_name, rows, **arguments)

    return value


def _version_diff(view: View, to: str, **arguments: str) -> list[Row]:
    """How two versions differ is shown in tests/storefront: here only that they are the caller's, and of one site."""
    _enter(view.caller, "storefront:read")
    found = [view.find("StorefrontVersion", id_of(text, "StorefrontVersion")) for text in (arguments["from"], to)]
    before, after = found
    if before is None or after is None:
        raise Refusal("NOT_FOUND")
    if before.row["site_id"] != after.row["site_id"]:
        raise Refusal("BAD_USER_INPUT")
    return [
        {"path": c.path, "operation": c.operation.name, "before": c.before, "after": c.after}
        for name in SECTIONS
        for c in diff(orjson.loads(before.row[name]), orjson.loads(after.row[name]), f"/{name}")
    ]


def _order_by_token(view: View, token: str) -> Thing | None:
    _enter(view.caller)
    own = View(view.world, view.caller, granted=frozenset({"orders:read"}))
    for row in own.all("Order"):
        start = b"".join(row[column].bytes for column in ("workspace_id", "id"))
        secret = _secret_behind(token, start)
        if secret is not None and hashlib.sha256(secret).digest() == row["secret_hash"]:
            return Thing("Order", row, own)
    return None


def _secret_behind(token: str, start: bytes) -> bytes | None:
    body = token.removeprefix("vo_")
    try:
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except ValueError:
        return None
    return raw.removeprefix(start) if raw.startswith(start) and token.startswith("vo_") else None


def event_cursor(sequence: int) -> str:
    return base64.urlsafe_b64encode(f"event:{sequence}".encode()).decode().rstrip("=")


def _sequence_of(cursor: str) -> int:
    try:
        kind, _, number = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).partition(b":")
    except ValueError:
        raise Refusal("BAD_USER_INPUT") from None
    if kind != b"event" or not number.isdigit():
        raise Refusal("BAD_USER_INPUT")
    return int(number)


def _changes(view: View, first: int, after: str | None = None, filter: Row | None = None) -> Row:  # noqa: A002
    _enter(view.caller, None if view.caller.kind is CallerKind.SHOPPER else "events:read")
    if not 0 <= first <= MAX_SIZE:
        raise Refusal("BAD_USER_INPUT")
    _refuse_excess(filter or {})
    last = _last_sequence(view.world, view.caller.workspace_id)
    kept = {
        row["sequence"]: row for row in view.world.rows["sync_event"] if row["workspace_id"] == view.caller.workspace_id
    }
    read = min(kept) - 1 if after is None else _sequence_of(after)
    if read > last:
        raise Refusal("BAD_USER_INPUT")
    if any(sequence not in kept for sequence in range(read + 1, last + 1)):
        raise Refusal("CURSOR_EXPIRED")
    behind = [kept[sequence] for sequence in range(read + 1, last + 1)]
    shown = [row for row in behind if view.sees("SyncEvent", row) and matches(view, "SyncEvent", row, filter or {})]
    end = last
    if len(shown) > first:
        shown = shown[:first]
        end = shown[-1]["sequence"] if shown else read
    things = [Thing("SyncEvent", row, view) for row in shown]
    return {
        "nodes": things,
        "edges": [{"cursor": event_cursor(thing.row["sequence"]), "node": thing} for thing in things],
        "pageInfo": {
            "hasNextPage": end < last,
            "hasPreviousPage": after is not None,
            "startCursor": event_cursor(shown[0]["sequence"]) if shown else None,
            "endCursor": event_cursor(end) if end else None,
        },
        "latestCursor": event_cursor(last),
    }


def _node(view: View, id: str) -> Thing | None:  # noqa: A002
    _enter(view.caller)
    return _any(view, id)


def _any(view: View, text: str) -> Thing | None:
    type_name, row_id = parsed_id(text)
    if type_name not in TABLES or type_name in WITHOUT_ID:
        return None
    view.need(TYPE_SCOPES.get(type_name))
    return view.find(type_name, row_id)


def _nodes(view: View, ids: list[str]) -> list[Any]:
    _enter(view.caller)
    if len(ids) > MAX_LISTED:
        raise Refusal("BAD_USER_INPUT")
    found: list[Any] = []
    for each in ids:
        try:
            found.append(_any(view, each))
        except Refusal as refusal:
            found.append(refusal)
    return found


ROOTS: dict[str, Callable[..., Any]] = {
    "apiKeys": _listed("ApiKey", "api_keys:read"),
    "activeBanners": _active("Banner"),
    "activeLogos": _active("Logo"),
    "asset": _by_id("Asset", "assets:read"),
    "banner": _by_id("Banner", "storefront:read"),
    "logo": _by_id("Logo", "storefront:read"),
    "assets": _listed("Asset", "assets:read"),
    "auditEntries": _listed("AuditEntry", "audit:read"),
    "changes": _changes,
    "deployment": _by_id("Deployment", "sites:read"),
    "invitations": _listed("Invitation", "members:read"),
    "memberships": _listed("Membership", "members:read"),
    "node": _node,
    "nodes": _nodes,
    "order": _by_id("Order", "orders:read"),
    "orderByToken": _order_by_token,
    "orders": _listed("Order", "orders:read"),
    "pollingStates": _listed("PollingState", "events:read"),
    "product": _product,
    "productBySlug": _product_by_slug,
    "products": _listed("Product"),
    "syncHealth": _sync_health,
    "site": _by_id("Site", "sites:read"),
    "siteDomain": _by_id("SiteDomain", "sites:read"),
    "sites": _listed("Site", "sites:read"),
    "storefrontConfig": _storefront_config,
    "storefrontPeople": _listed("StorefrontPerson", "storefront:admin"),
    "storefrontTokens": _listed("StorefrontToken", "api_keys:read"),
    "storefrontDraft": _by_id("StorefrontDraft", "storefront:read"),
    "storefrontVersionDiff": _version_diff,
    "storefrontVersion": _by_id("StorefrontVersion", "storefront:read"),
    "viewer": _viewer,
    "webhookDeliveries": _listed("WebhookDelivery", "webhooks:read"),
    "webhookDelivery": _by_id("WebhookDelivery", "webhooks:read"),
    "webhookEndpoint": _by_id("WebhookEndpoint", "webhooks:read"),
    "webhookEndpoints": _listed("WebhookEndpoint", "webhooks:read"),
    "workspace": _workspace,
}
