"""A marketplace without a network: what it knows is said in the test, and it counts its calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any, Protocol, cast

from clients.base import Marketplace
from clients.registry import BY_CODE
from domain.exceptions import MarketplaceError, NotInProgram, ProductNotFound
from domain.links import LinkKey
from domain.money import Money
from domain.products import Offer, ProductRef, SourceProduct, Variant, VariantList
from domain.search import ProductSearch, ProductSearchSort, SearchPage, SearchPlan

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


FIRST = next(iter(BY_CODE))  # which marketplace it is does not matter


class Sample(Protocol):
    """A module `sample` beside the tests of a marketplace."""

    CREDENTIALS: Mapping[str, str]

    def external_id(self, number: int) -> str:
        """The canonical id of lamp number `number`."""
        ...


def sample_of(marketplace: str) -> Sample:
    """Credentials that the marketplace of that code accepts, and ids of products there."""
    return cast(Sample, import_module(f"tests.clients.{marketplace}.sample"))


def product(number: int, *, marketplace: str = FIRST, **fields: Any) -> SourceProduct:
    """Lamp number `number`, with a canonical id."""
    external_id = sample_of(marketplace).external_id(number)
    ref = ProductRef(marketplace, external_id, BY_CODE[marketplace].locales[0])
    known: dict[str, Any] = {
        "ref": ref,
        "title": f"Lamp {number}",
        "url": BY_CODE[marketplace].product_url(ref),
        "offer": Offer(observed_at=NOW, price=Money(Decimal(number) + 1, "USD")),
    }
    return SourceProduct(**(known | fields))


@dataclass
class FakeMarketplaceClient:
    """Implements `clients.base.MarketplaceClient`.

    `grid` is what a search finds, in the marketplace's order; `sorts` are the orders it knows.
    `failure` fails every call; `spoiling` fails the calls that ask for one of these ids.
    """

    products: Sequence[SourceProduct] = ()
    grid: Sequence[SourceProduct] = ()
    variants: Mapping[str, tuple[Variant, ...]] = field(default_factory=dict)
    page_size: int = 50
    last_page: int = 100
    sorts: tuple[ProductSearchSort, ...] = tuple(ProductSearchSort)
    post_filters: tuple[str, ...] = ()
    failure: MarketplaceError | None = None
    spoiling: Mapping[str, MarketplaceError] = field(default_factory=dict)
    without_link: frozenset[str] = frozenset()
    calls: list[tuple[str, list[str]]] = field(default_factory=list)

    def count(self, method: str) -> int:
        """How often a method was called."""
        return sum(1 for called, _ in self.calls if called == method)

    async def get_products(
        self, ids: Sequence[str]
    ) -> Mapping[str, SourceProduct | MarketplaceError]:
        """The products that are known; ProductNotFound for the others."""
        self._call("get_products", ids)
        known = {one.ref.external_id: one for one in self.products}
        return {id: known.get(id) or ProductNotFound("Not shown.") for id in ids}

    def plan_search(self, search: ProductSearch) -> SearchPlan:
        """A plan with the post filters that the test named."""
        return SearchPlan(parameters={}, post_filters=self.post_filters)

    async def search_products(self, plan: SearchPlan, *, page: int) -> SearchPage:
        """A page of the grid."""
        self._call("search_products", [str(page)])
        end = page * self.page_size
        return SearchPage(
            products=tuple(self.grid[end - self.page_size : end]),
            total=len(self.grid),
            is_last=end >= len(self.grid) or page >= self.last_page,
        )

    async def generate_links(
        self, keys: Sequence[LinkKey]
    ) -> Mapping[LinkKey, str | MarketplaceError]:
        """A link for each key, but for the products that have none."""
        self._call("generate_links", [key.ref.external_id for key in keys])
        return {key: self._link(key) for key in keys}

    async def get_variants(self, external_id: str) -> VariantList:
        """The forms that the test named."""
        self._call("get_variants", [external_id])
        return VariantList(variants=self.variants.get(external_id, ()))

    async def verify(self) -> None:
        """Raises the failure, if there is one."""
        self._call("verify", [])

    def _call(self, method: str, ids: Sequence[str]) -> None:
        self.calls.append((method, list(ids)))
        failure = self.failure or next(
            (self.spoiling[id] for id in ids if id in self.spoiling), None
        )
        if failure is not None:
            raise failure

    def _link(self, key: LinkKey) -> str | MarketplaceError:
        if key.ref.external_id in self.without_link:
            return NotInProgram("Earns nothing.")
        return f"https://links.example/{key.tracking_id}/{key.ref.external_id}"


def fake_marketplace(
    client: FakeMarketplaceClient, *, code: str = FIRST, **changes: Any
) -> Marketplace:
    """The description of a real marketplace whose every account is served by the fake client."""

    def connect(*_: object) -> FakeMarketplaceClient:
        return client

    shape: dict[str, Any] = {
        "search_page_size": client.page_size,
        "search_last_page": client.last_page,
        "search_sorts": client.sorts,
    }
    return replace(BY_CODE[code], connect=connect, **(shape | changes))
