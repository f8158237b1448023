"""Records for the database's tests."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from db import catalog, products
from domain.catalog import CatalogFilter, CatalogSort, PageArgs, StoredProduct
from domain.credentials import Secret
from domain.events import EventType
from domain.links import Link, LinkKey
from domain.marketplaces import AccountKey, Workspace
from domain.money import Money
from domain.products import (
    Availability,
    Category,
    Coupon,
    Image,
    Mode,
    Offer,
    ProductRef,
    Reviews,
    Seller,
    Shipping,
    SourceProduct,
)
from domain.webhooks import Target, Webhook

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OURS = Workspace("default", {})
THEIRS = Workspace("theirs", {})
SANDBOX = Workspace("default", {"aliexpress": Mode.SANDBOX})
ALIEXPRESS = AccountKey("default", "aliexpress", "", Mode.LIVE)

URL, SECRET = "https://hooks.example/take?token=marker", "whsec_bWFya2Vy"


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def ref(number: int, marketplace: str = "aliexpress") -> ProductRef:
    return ProductRef(marketplace, str(1000 + number))


def product(
    number: int = 1,
    *,
    price: Money | None = None,
    at: datetime = NOW,
    marketplace: str = "aliexpress",
    list_price: Money | None = None,
    **fields: Any,
) -> SourceProduct:
    plain = SourceProduct(
        ref=ref(number, marketplace),
        title=f"Lamp {number}",
        url=f"https://www.aliexpress.com/item/{1000 + number}.html",
        offer=Offer(
            observed_at=at,
            price=price,
            list_price=list_price,
            availability=Availability.IN_STOCK,
        ),
    )
    return replace(plain, **fields)


def full_product() -> SourceProduct:
    """A product of which the marketplace tells everything."""
    offer = Offer(
        observed_at=NOW,
        price=usd("19.90"),
        list_price=usd("25"),
        list_price_type="WAS_PRICE",
        list_price_label="Was:",
        availability=Availability.PREORDER,
        coupon=Coupon(code="TEN", value=usd("1.10"), percent=Decimal("2.5"), ends_at=NOW + HOUR),
        shipping=Shipping(cost=usd("0"), is_free=True, min_days=3, max_days=9, text="Standard"),
    )
    return replace(
        product(1),
        title='Lámpara "roja" 💡',
        offer=offer,
        features=("bright", "red"),
        brand="Lux",
        images=(Image(url="https://img.example/1.jpg", width=10, height=20),),
        video_url="https://img.example/1.mp4",
        categories=(Category(external_id="1", name="Home"), Category(external_id="2", name="Lamp")),
        seller=Seller(external_id="9", name="Shop", url="https://shop.example"),
        reviews=Reviews(positive_percent=Decimal("96.2"), count=12),
        orders_last_30_days=600,
        commission_percent=Decimal("7.25"),
        parent_id="900",
        tracked_url="https://s.click.example/x",
        tracked_with="tag",
    )


def link(
    number: int = 1,
    *,
    at: datetime = NOW,
    tracking_id: str = "tag",
    sub_id: str = "",
    url: str = "",
) -> Link:
    return Link(
        key=LinkKey(ref(number), tracking_id, sub_id),
        url=url or f"https://s.click.example/{number}",
        source_url=f"https://www.aliexpress.com/item/{1000 + number}.html",
        mode=Mode.LIVE,
        created_at=at,
    )


async def keep(
    found: Sequence[SourceProduct],
    *,
    workspace: Workspace = OURS,
    now: datetime = NOW,
    history: bool = False,
) -> dict[ProductRef, StoredProduct]:
    history_for = ("aliexpress",) if history else ()
    return await products.keep(workspace, found, now=now, history_for=history_for)


async def titles(
    sort: CatalogSort = CatalogSort.IMPORTED_DESC,
    *,
    size: int = 100,
    workspace: Workspace = OURS,
    **filters: Any,
) -> list[str]:
    """Titles of the whole catalogue, read page by page."""
    found: list[str] = []
    after = None
    while True:
        page = await catalog.page(workspace, CatalogFilter(**filters), sort, PageArgs(size, after))
        found += [item.source.title for _, item in page.rows]
        if not page.has_next:
            return found
        after = page.rows[-1][0]


def new_webhook(workspace: str = "default", *types: EventType) -> Webhook:
    """One that is told of products that are gone, unless of others."""
    return Webhook(
        id=str(uuid4()),
        workspace=workspace,
        shown_url="https://hooks.example/take?…",
        types=frozenset(types or {EventType.PRODUCT_GONE}),
        document=None,
        key_id=None,
        created_at=NOW,
    )


def new_target() -> Target:
    """Where it is, and what signs."""
    return Target(url=Secret(URL), secrets=[Secret(SECRET)])
