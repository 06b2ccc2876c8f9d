"""What can be asked of analytics. Each word is defined in docs/analytics.md."""

from datetime import date, datetime
from enum import Enum
from typing import Any

import strawberry

from resolvers.analytics.span import MAX_DAYS, MAX_HOUR_DAYS
from schema.connection import argument
from schema.money import Money
from schema.product import Product
from schema.query import computed

MAX_LIMIT = 100
# 53 weeks.
MAX_COHORT_DAYS = 371
# Points of the throttle: a year of a large shop takes PostgreSQL as long as so many objects do.
_LISTED = 100


@strawberry.input(description="Which days: the last so many, or from one to another. In the workspace's time zone.")
class AnalyticsRange:
    """A range of days."""

    days: int | None = strawberry.field(
        default=None, description=f"The last so many days, today included: 1 to {MAX_DAYS:,}."
    )
    from_: date | None = strawberry.field(name="from", default=None, description="The first day; name `to` besides.")
    to: date | None = strawberry.field(default=None, description="The last day, which is included.")


@strawberry.enum(description="By what a series is shown.")
class AnalyticsInterval(Enum):
    """Intervals."""

    HOUR = strawberry.enum_value("HOUR", description=f"Hours, counted from the day's begin; of {MAX_HOUR_DAYS} days.")
    DAY = strawberry.enum_value("DAY", description="Days in the workspace's time zone.")
    WEEK = strawberry.enum_value("WEEK", description="Weeks, from Monday on.")
    MONTH = strawberry.enum_value("MONTH", description="Calendar months.")


@strawberry.enum(description="How far a session came on its way to an order.")
class FunnelStep(Enum):
    """Steps of the funnel."""

    PRODUCT_VIEW = strawberry.enum_value("PRODUCT_VIEW", description="A product was viewed.")
    ADD_TO_CART = strawberry.enum_value("ADD_TO_CART", description="Something was put into the cart.")
    CHECKOUT_INITIATED = strawberry.enum_value("CHECKOUT_INITIATED", description="Checkout was begun.")
    PURCHASE = strawberry.enum_value("PURCHASE", description="Something was bought.")


@strawberry.type(description="What one interval of a range came to.")
class AnalyticsSeriesPoint:
    """An interval; the first and the last of a series end where the range does."""

    from_: datetime = strawberry.field(name="from", description="When it begins.")
    to: datetime = strawberry.field(description="When it ends: this moment is of the next one.")
    day: date = strawberry.field(description="The day on which it begins, in the workspace's time zone.")
    visitors: int = strawberry.field(description="Visitors: of an hour those of that hour, else the sum of the days'.")
    sessions: int = strawberry.field(description="Sessions. One counts in the hour of its first event.")
    page_views: int = strawberry.field(description="Page views.")
    orders: int = strawberry.field(description="Orders that are not cancelled.")
    units_sold: int = strawberry.field(description="How many units they sold.")
    revenue: Money = strawberry.field(description="What they come to.")


@strawberry.type(description="What a page came to.")
class PageFigures:
    """A page, by its path."""

    path: str = strawberry.field(description="The path of its address.")
    views: int = strawberry.field(description="Page views.")
    visitors: int = strawberry.field(description="Visitors who saw it.")
    entries: int = strawberry.field(description="Sessions whose first page it was.")
    exits: int = strawberry.field(description="Sessions whose last page it was.")
    bounces: int = strawberry.field(description="Sessions that entered here and saw nothing else.")
    bounce_rate: float | None = strawberry.field(description="Bounces by entries; null where nobody entered here.")
    average_seconds: float | None = strawberry.field(description="Seconds that a view lasted; null without views.")


@strawberry.type(description="What some of the sessions came to.")
class _SessionFigures:
    """What each value of a dimension has."""

    visitors: int = strawberry.field(description="Visitors.")
    sessions: int = strawberry.field(description="Sessions.")
    page_views: int = strawberry.field(description="Page views.")
    conversions: int = strawberry.field(description="Sessions with a purchase.")
    bounce_rate: float | None = strawberry.field(description="Bounces by sessions.")
    conversion_rate: float | None = strawberry.field(description="Conversions by sessions.")


@strawberry.type(description="What sessions of one source came to.")
class SourceFigures(_SessionFigures):
    """One source."""

    source: str = strawberry.field(
        description="Where they came from, such as `google.com` or `newsletter`; `direct` where nothing tells."
    )


@strawberry.type(description="What sessions of one medium came to.")
class MediumFigures(_SessionFigures):
    """One medium."""

    medium: str = strawberry.field(description="`utm_medium`, such as `email`.")


@strawberry.type(description="What sessions of one campaign came to.")
class CampaignFigures(_SessionFigures):
    """One campaign."""

    campaign: str = strawberry.field(description="`utm_campaign`.")


@strawberry.type(description="What sessions of one device came to.")
class DeviceFigures(_SessionFigures):
    """One device."""

    device: str = strawberry.field(description="`desktop`, `mobile` or `tablet`.")


@strawberry.type(description="What sessions of one browser came to.")
class BrowserFigures(_SessionFigures):
    """One browser."""

    browser: str = strawberry.field(description="The family of the browser, such as `Firefox`.")


@strawberry.type(description="What sessions of one operating system came to.")
class OperatingSystemFigures(_SessionFigures):
    """One operating system."""

    operating_system: str = strawberry.field(description="The family of the system, such as `Windows`.")


@strawberry.type(description="What sessions of one country came to.")
class CountryFigures(_SessionFigures):
    """One country."""

    country_code: str = strawberry.field(description="Its ISO 3166 code of two letters.")


@strawberry.type(description="What a product came to.")
class ProductFigures:
    """A product that was sold."""

    product_id: strawberry.ID = strawberry.field(description="The product's id, also where it was deleted since.")
    title: str = strawberry.field(description="Its title, or the last one that it had.")
    product: Product | None = strawberry.field(
        description="The product; null where it was deleted or is not for the caller to see."
    )
    orders: int = strawberry.field(description="Orders that it is in.")
    quantity: int = strawberry.field(description="How many were sold.")
    revenue: Money = strawberry.field(description="What they were sold for.")
    views: int = strawberry.field(description="How often it was viewed, as `product_view` events with its id tell.")
    viewing_sessions: int = strawberry.field(description="Sessions that viewed it.")
    added_to_cart: int = strawberry.field(description="How often it was put into a cart.")
    conversion_rate: float | None = strawberry.field(
        description="Orders that it is in, by sessions that viewed it; null where none did."
    )


@strawberry.enum(description="By what products are the first of the list.")
class ProductFiguresSort(Enum):
    """Sorts of products."""

    REVENUE = strawberry.enum_value("REVENUE", description="The most revenue.")
    QUANTITY = strawberry.enum_value("QUANTITY", description="The most units.")
    VIEWS = strawberry.enum_value("VIEWS", description="The most views, sold or not.")


@strawberry.type(description="How a product sells beside what is in stock of it.")
class StockFigures:
    """A product that is there and was sold in the range."""

    product_id: strawberry.ID = strawberry.field(description="The product's id.")
    title: str = strawberry.field(description="Its title.")
    product: Product | None = strawberry.field(description="The product; null where it is not for the caller to see.")
    available: int = strawberry.field(description="How many of all its variants are in stock now.")
    quantity: int = strawberry.field(description="How many were sold in the range.")
    turnover: float = strawberry.field(
        description="What was sold, by the average stock: half of what was sold, and what is there now."
    )
    days_left: float = strawberry.field(description="How many days the stock lasts if they go on as in the range.")


@strawberry.type(description="What is in stock now, whatever the range.")
class InventoryFigures:
    """The stock of all variants of all products."""

    variants: int = strawberry.field(description="Variants that there are.")
    out_of_stock: int = strawberry.field(description="Those of which nothing is left.")
    units: int = strawberry.field(description="How many units are left in all.")
    value: Money = strawberry.field(description="What they would be sold for.")


@strawberry.enum(description="By what customers are put into cohorts.")
class CohortInterval(Enum):
    """Cohorts' intervals."""

    WEEK = strawberry.enum_value("WEEK", description=f"Weeks, from Monday on; of at most {MAX_COHORT_DAYS} days.")
    MONTH = strawberry.enum_value("MONTH", description="Calendar months.")


@strawberry.type(description="What a cohort did in one interval.")
class CohortPeriod:
    """One interval of a cohort."""

    number: int = strawberry.field(description="How many intervals after that of the first order; 0 is that one.")
    customers: int = strawberry.field(description="Customers of the cohort who ordered then.")
    retention: float = strawberry.field(description="These, by all of the cohort.")
    orders: int = strawberry.field(description="Their orders.")
    revenue: Money = strawberry.field(description="What those come to.")


@strawberry.type(description="The customers whose first order is of the same interval.")
class Cohort:
    """A cohort."""

    from_: date = strawberry.field(name="from", description="The interval's first day within the range.")
    customers: int = strawberry.field(description="How many they are.")
    periods: list[CohortPeriod] = strawberry.field(description="Each interval from theirs on, to the range's end.")


@strawberry.type(description="Who ordered in the range.")
class CustomerTotals:
    """How many customers."""

    total: int = strawberry.field(description="Customers with an order in the range.")
    new: int = strawberry.field(description="Those whose first order it was.")
    returning: int = strawberry.field(description="The others.")


@strawberry.type(description="All customers that there are, whatever the range.")
class CustomerLifetime:
    """What customers ever spent."""

    customers: int = strawberry.field(description="How many there are.")
    average_spent: Money | None = strawberry.field(description="What one spent on average; null without customers.")


@strawberry.type(description="What a customer spent.")
class CustomerFigures:
    """A customer, known by e-mail address."""

    email: str | None = computed("The address that the orders were placed with.", scope="orders:read")
    orders: int = strawberry.field(description="Orders that are not cancelled.")
    spent: Money = strawberry.field(description="What they come to.")


@strawberry.type(description="How many sessions came at least so far.")
class FunnelFigures:
    """One step; who reached a later one reached this."""

    step: FunnelStep = strawberry.field(description="How far.")
    sessions: int = strawberry.field(description="Sessions.")


def _growth(what: str) -> Any:
    return strawberry.field(description=f"Of {what}; null where there was nothing before.")


@strawberry.type(description="The change since the period before, by what there was then: 0.25 is a quarter more.")
class AnalyticsGrowth:
    """Growth rates."""

    visitors: float | None = _growth("visitors")
    sessions: float | None = _growth("sessions")
    page_views: float | None = _growth("page views")
    orders: float | None = _growth("orders")
    units_sold: float | None = _growth("units that were sold")
    revenue: float | None = _growth("revenue")
    average_order_value: float | None = _growth("the average order value")
    conversion_rate: float | None = _growth("the conversion rate")
    bounce_rate: float | None = _growth("the bounce rate")


def _listed(returns: Any, description: str, limit: int = 10) -> Any:
    """A list of as many entries as are asked for."""
    parameter = argument("limit", int, f"How many at most; 1 to {MAX_LIMIT}.", limit)
    return computed(description, list[returns], [parameter], cost=_LISTED)


@strawberry.type(description="What visitors did and what orders came to in a range of days.")
class Analytics:
    """The dashboard. Only what is asked for is computed."""

    from_: date = strawberry.field(name="from", description="The first day of the range.")
    to: date = strawberry.field(description="Its last day.")
    visitors: int = computed("Visitors: the sum of the days'.")
    sessions: int = computed("Sessions.")
    page_views: int = computed("Page views.")
    events: int = computed("All that visitors did, page views included.")
    bot_events: int = computed("What bots did, which counts in nothing else.")
    bounce_rate: float | None = computed("Bounces by sessions; null without sessions.")
    conversion_rate: float | None = computed("Sessions with a purchase, by sessions; null without sessions.")
    average_session_seconds: float | None = computed("Seconds on pages by sessions; null without sessions.")
    average_page_seconds: float | None = computed("Seconds on pages by page views; null without page views.")
    orders: int = computed("Orders that are not cancelled, on the day of their placing.")
    cancelled_orders: int = computed("Orders that were placed and are cancelled.")
    units_sold: int = computed("How many units the orders sold.")
    revenue: Money = computed("What the orders come to.")
    average_order_value: Money | None = computed("Revenue by orders; null without orders.")
    series: list[AnalyticsSeriesPoint] = computed(
        "The range interval by interval, those with nothing too.",
        list[AnalyticsSeriesPoint],
        [argument("interval", AnalyticsInterval, "By what.")],
        cost=_LISTED,
    )
    top_pages: list[PageFigures] = _listed(PageFigures, "The pages with the most views.")
    entry_pages: list[PageFigures] = _listed(PageFigures, "The pages that the most sessions began with.")
    exit_pages: list[PageFigures] = _listed(PageFigures, "The pages that the most sessions ended with.")
    top_products: list[ProductFigures] = computed(
        "The products with the most revenue, units or views.",
        list[ProductFigures],
        [
            argument("limit", int, f"How many at most; 1 to {MAX_LIMIT}.", 10),
            argument("sort", ProductFiguresSort, "By what.", ProductFiguresSort.REVENUE),
        ],
        cost=_LISTED,
    )
    top_customers: list[CustomerFigures] = _listed(CustomerFigures, "The customers who spent most.")
    sources: list[SourceFigures] = _listed(SourceFigures, "Where most visitors came from.")
    mediums: list[MediumFigures] = _listed(MediumFigures, "By which medium most visitors came.")
    campaigns: list[CampaignFigures] = _listed(CampaignFigures, "By which campaign most visitors came.")
    devices: list[DeviceFigures] = _listed(DeviceFigures, "With which devices.")
    browsers: list[BrowserFigures] = _listed(BrowserFigures, "With which browsers.")
    operating_systems: list[OperatingSystemFigures] = _listed(OperatingSystemFigures, "With which systems.")
    countries: list[CountryFigures] = _listed(CountryFigures, "From which countries, where they are known.")
    funnel: list[FunnelFigures] = computed("How far sessions came, the first step first.")
    customers: CustomerTotals = computed("Who ordered.", cost=_LISTED)
    customer_lifetime: CustomerLifetime = computed("What all customers ever spent.", cost=_LISTED)
    cohorts: list[Cohort] = computed(
        "Customers by when they ordered first, within the range, and how many of them ordered again.",
        list[Cohort],
        [argument("interval", CohortInterval, "By what.")],
        cost=10 * _LISTED,
    )
    inventory: InventoryFigures | None = computed("What is in stock now.", scope="products:read", cost=_LISTED)
    stock: list[StockFigures] | None = computed(
        "The products that will be sold out first.",
        list[StockFigures] | None,
        [argument("limit", int, f"How many at most; 1 to {MAX_LIMIT}.", 10)],
        scope="products:read",
        cost=_LISTED,
    )
    growth: AnalyticsGrowth = computed("How much more or less than in as many days before.")
    previous: "Analytics" = computed("The same of as many days, just before.")
