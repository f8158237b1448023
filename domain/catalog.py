"""The catalogue: how it is filtered, sorted and paged, and what a sync changed."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Generic, TypeVar

from domain.money import Money
from domain.products import CatalogProduct, ProductRef, ProductState, SourceProduct

T = TypeVar("T")

# How far the clocks of our servers may be apart. What was seen later than that from now was seen by
# a clock that has been set back since: it is neither fresh nor newer than what is seen now.
CLOCKS_DIFFER = timedelta(minutes=1)


class CatalogSort(Enum):
    """Order of the catalogue. Products without a value come last."""

    IMPORTED_ASC = "IMPORTED_ASC"
    IMPORTED_DESC = "IMPORTED_DESC"
    SYNCED_ASC = "SYNCED_ASC"
    SYNCED_DESC = "SYNCED_DESC"
    TITLE_ASC = "TITLE_ASC"
    TITLE_DESC = "TITLE_DESC"
    PRICE_ASC = "PRICE_ASC"
    PRICE_DESC = "PRICE_DESC"
    DISCOUNT_ASC = "DISCOUNT_ASC"
    DISCOUNT_DESC = "DISCOUNT_DESC"
    ORDERS_ASC = "ORDERS_ASC"
    ORDERS_DESC = "ORDERS_DESC"


# Of CatalogFilter: what may be asked by anybody; `text` does not look into notes then.
PUBLIC_CONDITIONS = frozenset(
    {
        "marketplace",
        "locale",
        "state",
        "category_id",
        "text",
        "currency",
        "min_price",
        "max_price",
        "min_discount_percent",
        "imported_after",
        "imported_before",
        "synced_after",
        "synced_before",
        "looks_into_notes",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogFilter:
    """None: not asked. `text` is searched in titles, ids and notes without regard to case.

    Prices are of `currency`. Times: `_after` takes the moment itself in, `_before` does not.
    `looks_into_notes`: False for those who may not see them.
    """

    marketplace: str | None = None
    locale: str | None = None
    state: ProductState | None = None
    category_id: str | None = None
    text: str | None = None
    notes: str | None = None
    tag: str | None = None
    currency: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    min_discount_percent: int | None = None
    min_margin_percent: Decimal | None = None
    has_selling_price: bool | None = None
    has_link: bool | None = None
    imported_after: datetime | None = None
    imported_before: datetime | None = None
    synced_after: datetime | None = None
    synced_before: datetime | None = None
    looks_into_notes: bool = True

    @property
    def private(self) -> list[str]:
        """The conditions that are asked and tell of more than readers are shown."""
        asked = [each.name for each in fields(self) if getattr(self, each.name) != each.default]
        return [name for name in asked if name not in PUBLIC_CONDITIONS]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFilter:
    """None: not asked."""

    marketplace: str | None = None
    product: ProductRef | None = None
    tracking_id: str | None = None
    sub_id: str | None = None


# Where a row stands in its order: the values of the sort columns and the row's id, JSON-able.
Position = tuple[str | int | None, ...]


@dataclass(frozen=True, slots=True)
class PageArgs:
    """Which rows of a list: `size` of those between `after` and `before`.

    They are the first of them, or with `from_end` the last; in the list's order both times.
    """

    size: int
    after: Position | None = None
    before: Position | None = None
    from_end: bool = False


class CountPrecision(Enum):
    """How exact a count is."""

    EXACT = "EXACT"
    AT_LEAST = "AT_LEAST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many rows a list has."""

    total: int
    precision: CountPrecision = CountPrecision.EXACT


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list.

    `positions`: of each record the one from which the pages beside it can be asked; `total` counts
    the whole list, None where it was not counted.
    """

    records: Sequence[T]
    positions: Sequence[Position]
    has_next: bool
    has_previous: bool = False
    total: int | None = None

    @property
    def rows(self) -> tuple[tuple[Position, T], ...]:
        """Each record with its position."""
        return tuple(zip(self.positions, self.records, strict=True))


def with_known(before: SourceProduct, after: SourceProduct) -> SourceProduct:
    """A newer answer, with what was known before in place of what cannot be read in it.

    Without a readable price the whole offer stays as it was seen then, with its time.
    """
    own = [name for name in after.unreadable if name not in ("price", "list_price")]
    offer = after.offer
    if "price" in after.unreadable and before.offer.price is not None:
        offer = before.offer
    elif "list_price" in after.unreadable and _same_currency(before.offer.list_price, offer.price):
        offer = replace(offer, list_price=before.offer.list_price)
    known = {name: getattr(before, name) or getattr(after, name) for name in own}
    return replace(after, offer=offer, unreadable=(), **known)


def _same_currency(one: Money | None, other: Money | None) -> bool:
    return one is not None and other is not None and one.currency == other.currency


def changed_fields(before: SourceProduct, after: SourceProduct) -> tuple[str, ...]:
    """Names (in GraphQL spelling) of what a newer answer of the marketplace changed.

    Fields that the marketplace did not tell this time are changes too. Times do not count.
    """
    return tuple(
        name
        for name, old, new in zip(_FIELDS, _values(before), _values(after), strict=True)
        if old != new
    )


_FIELDS = (
    "title",
    "url",
    "features",
    "brand",
    "images",
    "videoUrl",
    "categories",
    "seller",
    "price",
    "listPrice",
    "discountPercent",
    "condition",
    "deal",
    "availability",
    "coupon",
    "shipping",
    "reviews",
    "ordersLast30Days",
    "commission",
)


def _values(product: SourceProduct) -> tuple[object, ...]:
    offer = product.offer
    return (
        product.title,
        product.url,
        product.features,
        product.brand,
        product.images,
        product.video_url,
        product.categories,
        product.seller,
        offer.price,
        offer.list_price,
        offer.discount_percent,
        offer.condition,
        offer.deal,
        offer.availability,
        offer.coupon,
        offer.shipping,
        product.reviews,
        product.orders_last_30_days,
        product.commission_percent,
    )


class Unchanged(Enum):
    """Stands for "leave what is stored", where None means "clear it"."""

    UNCHANGED = "UNCHANGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherFields:
    """What a publisher may change on a product; it survives every sync.

    Tags are added and removed, never replaced, so that of two who do both lose nothing.
    """

    selling_price: Money | Unchanged | None = Unchanged.UNCHANGED
    notes: str | Unchanged | None = Unchanged.UNCHANGED
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProduct:
    """A product as stored now. `changed`: what the newer answer changed; () for a new product."""

    product: CatalogProduct
    changed: tuple[str, ...] = ()
