"""What happened: the kinds of events, what each tells, and when a price is news.

A price counts against the last one that was announced, not against the one before: a slow slide is
told once it is far enough, a jump back and forth only once. See docs/decisions/0046-events.md.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from domain.links import LinkKey
from domain.marketplaces import AccountKey, Health, HealthState
from domain.money import Money, minor_digits
from domain.parsers import SWITCH, amounts, whole
from domain.products import Availability, CatalogProduct, ProductRef, ProductState
from domain.settings import setting

GROUP = "Events"
FLOOR = 50  # smallest units of a currency


class EventType(Enum):
    """What happened. The values are what webhooks and docs/events.md call it."""

    PRODUCT_PRICE_DROPPED = "product.price_dropped"
    PRODUCT_PRICE_ROSE = "product.price_rose"
    PRODUCT_BACK_IN_STOCK = "product.back_in_stock"
    PRODUCT_OUT_OF_STOCK = "product.out_of_stock"
    PRODUCT_GONE = "product.gone"
    PRODUCT_RETURNED = "product.returned"
    LINK_BROKEN = "link.broken"
    LINK_MENDED = "link.mended"
    CREDENTIALS_REJECTED = "credentials.rejected"
    CREDENTIALS_RESTORED = "credentials.restored"
    MARKETPLACE_NOT_ELIGIBLE = "marketplace.not_eligible"
    QUOTA_LOW = "quota.low"
    JOB_FINISHED = "job.finished"
    WEBHOOK_DISABLED = "webhook.disabled"
    WATCH_FIRED = "watch.fired"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSettings:
    """When a price is news, how long events are kept, and where webhooks may lead."""

    price_percent: int = setting(
        "EVENT_PRICE_PERCENT",
        3,
        whole(1, 90),
        GROUP,
        "By how much a price differs from the last announced one to be an event.",
        unit="percent",
    )
    price_floors: tuple[Money, ...] = setting(
        "EVENT_PRICE_FLOORS",
        (),
        amounts(),
        GROUP,
        "By how much at least, by currency. Others: 50 of their smallest units.",
    )
    price_quiet_hours: int = setting(
        "EVENT_PRICE_QUIET_HOURS",
        6,
        whole(0, 168),
        GROUP,
        "How long a price must not have jumped before it is announced again.",
        unit="hours",
    )
    days: int = setting(
        "EVENT_DAYS", 90, whole(1, 3650), GROUP, "How long events are kept.", unit="days"
    )
    price_days: int = setting(
        "PRICE_DAYS",
        90,
        whole(2, 3650),
        GROUP,
        "How long every price that was seen is kept. Of each day before, a product's first, last,"
        " lowest and highest are.",
        unit="days",
    )

    local_webhooks: bool = setting(
        "LOCAL_WEBHOOKS",
        False,
        SWITCH,
        GROUP,
        "on: webhooks may lead to this machine and its network, and by http. For development.",
    )

    @property
    def price_quiet(self) -> timedelta:
        """How long a price must not have jumped before it is announced again."""
        return timedelta(hours=self.price_quiet_hours)

    @property
    def kept_for(self) -> timedelta:
        """How long events are kept."""
        return timedelta(days=self.days)

    @property
    def prices_for(self) -> timedelta:
        """How long every price is kept."""
        return timedelta(days=self.price_days)

    def is_far(self, price: Money, other: Money) -> bool:
        """Whether a price differs enough from another one of its currency."""
        if price.currency != other.currency:
            return False
        difference = abs(price.amount - other.amount)
        floors = {floor.currency: floor.amount for floor in self.price_floors}
        floor = floors.get(price.currency, Decimal(FLOOR).scaleb(-minor_digits(price.currency)))
        return difference >= max(floor, other.amount * self.price_percent / 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something that happened, before it is stored. What does not belong to its kind is None.

    `marketplace` and `locale`: of the product, or of the account that it is about. `job`,
    `webhook`, `watch`: its id.
    """

    type: EventType
    occurred_at: datetime
    marketplace: str = ""
    locale: str = ""
    product: ProductRef | None = None
    link: LinkKey | None = None
    price: Money | None = None
    previous_price: Money | None = None
    upstream_code: str | None = None
    calls_per_day: int | None = None
    job: str | None = None
    webhook: str | None = None
    watch: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, as stored. `sequence` rises with each event of its workspace."""

    id: str
    sequence: int
    news: News


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events; None: all. `since` takes the moment itself in."""

    types: frozenset[EventType] | None = None
    product: ProductRef | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Announced:
    """The last announced price of a product, and when its price jumped last."""

    price: Money | None = None
    moved_at: datetime | None = None


def announced(
    before: CatalogProduct | None, price: Money | None, rules: EventSettings, now: datetime
) -> Announced:
    """What is announced of a product once it costs `price`."""
    if before is None or (base := _base(before)) is None:
        return Announced(price)
    if price is None:
        return Announced(base, before.price_moved_at)
    if price.currency != base.currency:
        return Announced(price)
    moved_at = before.price_moved_at
    is_quiet = moved_at is None or now - moved_at >= rules.price_quiet
    if is_quiet and rules.is_far(price, base):
        return Announced(price, now)
    known = before.source.offer.price
    has_jumped = known is not None and rules.is_far(price, known)
    return Announced(base, now if has_jumped else moved_at)


def _base(before: CatalogProduct) -> Money | None:
    """What a new price is compared with. Nothing was announced by releases without events."""
    return before.announced_price or before.source.offer.price


IN_STOCK = (Availability.IN_STOCK, Availability.PREORDER)
OUT_OF_STOCK = (Availability.OUT_OF_STOCK, Availability.UNAVAILABLE)


def of_product(before: CatalogProduct, after: CatalogProduct, now: datetime) -> list[News]:
    """What a newer answer of the marketplace, or its lack of one, tells of a product."""
    ref = after.source.ref

    def news(type: EventType) -> News:
        return News(
            type=type,
            occurred_at=now,
            marketplace=ref.marketplace,
            locale=ref.locale,
            product=ref,
        )

    found = []
    was_gone, is_gone = (one.state is ProductState.GONE for one in (before, after))
    if was_gone is not is_gone:
        found.append(news(EventType.PRODUCT_GONE if is_gone else EventType.PRODUCT_RETURNED))
    was, now_is = before.source.offer.availability, after.source.offer.availability
    if was in OUT_OF_STOCK and now_is in IN_STOCK:
        found.append(news(EventType.PRODUCT_BACK_IN_STOCK))
    if was in IN_STOCK and now_is in OUT_OF_STOCK:
        found.append(news(EventType.PRODUCT_OUT_OF_STOCK))
    price, base = after.announced_price, _base(before)
    if price and base and price.currency == base.currency and price != base:
        is_drop = price.amount < base.amount
        type = EventType.PRODUCT_PRICE_DROPPED if is_drop else EventType.PRODUCT_PRICE_ROSE
        found.append(replace(news(type), price=price, previous_price=base))
    return found


COMING_AND_GOING = (EventType.PRODUCT_GONE, EventType.PRODUCT_RETURNED)


def of_link(key: LinkKey, product: News) -> News:
    """What becomes of a link when its product is gone, or has returned."""
    is_gone = product.type is EventType.PRODUCT_GONE
    type = EventType.LINK_BROKEN if is_gone else EventType.LINK_MENDED
    return replace(product, type=type, link=key)


TROUBLES = {
    HealthState.CREDENTIALS_REJECTED: EventType.CREDENTIALS_REJECTED,
    HealthState.NOT_ELIGIBLE: EventType.MARKETPLACE_NOT_ELIGIBLE,
}


def of_health(
    key: AccountKey, announced: str | None, health: Health
) -> tuple[str | None, list[News]]:
    """The trouble of an account that is announced from now on, and what is news of it.

    `announced`: the trouble that was. It stands until the account is seen to be well.
    """
    state = health.state
    if state is HealthState.HEALTHY:
        type = EventType.CREDENTIALS_RESTORED if announced else None
        announced = None
    else:
        type = TROUBLES.get(state) if state.value != announced else None
        announced = state.value if type else announced
    if type is None or health.checked_at is None:
        return announced, []
    news = News(
        type=type,
        occurred_at=health.checked_at,
        marketplace=key.marketplace,
        locale=key.locale,
        upstream_code=health.upstream_code,
    )
    return announced, [news]
