"""Every DataLoader: grouping, batch sizes, order, and one value or one error per key.

Resolvers ask one thing; what is asked in the same turn becomes as few calls as the marketplace's
batch size allows. A bad key never spoils its neighbours, and a failed call only its own keys.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TypeVar

from strawberry.dataloader import DataLoader

from clients.registry import BY_CODE
from db import catalog as stored_catalog
from db import events as stored_events
from db import job_batches
from db import jobs as stored_jobs
from db import links as stored_links
from db import prices as stored_prices
from db import products as stored_products
from db import quota as stored_quota
from db import watches as stored_watches
from domain.catalog import CatalogFilter, Counted, Page, PageArgs
from domain.events import Event
from domain.exceptions import InvalidInput
from domain.jobs import Job
from domain.links import Link, LinkKey
from domain.marketplaces import AccountKey, Workspace
from domain.products import (
    CatalogProduct,
    PriceObservation,
    ProductRef,
    SourceProduct,
    VariantList,
)
from resolvers.fetching import LINKS, PRODUCTS, VARIANTS, Way, gathered
from upstream.contract import Upstream

K = TypeVar("K")
V = TypeVar("V")
A = TypeVar("A")

MAX_VARIANTS = 10


@dataclass(slots=True)
class VariantAllowance:
    """How many more products a request may ask variants of: each is a call of its own."""

    left: int = MAX_VARIANTS

    def take(self) -> bool:
        """Use one up; False when none is left."""
        if self.left == 0:
            return False
        self.left -= 1
        return True


PricePage = tuple[PageArgs, datetime | None]  # the rows, none from before that instant


class Dataloaders:
    """One set for each request (and for each mutation of a request).

    `for_variants` is the request's: all its sets share it. `seen`: what it read by other ways, and
    still reads. `way` leads to the marketplaces.
    """

    def __init__(
        self,
        workspace: Workspace,
        upstream: Upstream,
        way: Way,
        *,
        for_variants: VariantAllowance,
        seen: Sequence[CatalogProduct],
    ) -> None:
        self._workspace = workspace
        self._upstream = upstream
        self._for_variants = for_variants
        self.way = way
        self.live_product: DataLoader[ProductRef, SourceProduct] = DataLoader(
            partial(self.way.each, PRODUCTS, account_of=self._account_of)
        )
        self.fresh_product: DataLoader[ProductRef, SourceProduct] = DataLoader(
            partial(self.way.each, PRODUCTS, account_of=self._account_of, is_refresh=True)
        )
        self.catalog_product: DataLoader[ProductRef, CatalogProduct | None] = DataLoader(
            self._load_catalog
        )
        self._seen = seen
        self.catalog_count: DataLoader[CatalogFilter, Counted] = DataLoader(self._load_counts)
        self.new_link: DataLoader[LinkKey, str] = DataLoader(
            partial(self.way.each, LINKS, account_of=lambda key: self._account_of(key.ref))
        )
        self.stored_link: DataLoader[LinkKey, Link | None] = _found(
            partial(stored_links.by_keys, workspace)
        )
        self.links_of: DataLoader[tuple[ProductRef, PageArgs], Page[Link]] = _together(
            partial(stored_links.pages_of, workspace)
        )
        self.link_count: DataLoader[ProductRef, int] = _each(
            partial(stored_links.counts_of, workspace)
        )
        self.prices_of: DataLoader[tuple[ProductRef, PricePage], Page[PriceObservation]] = (
            _together(self._price_pages)
        )
        self.price_count: DataLoader[tuple[ProductRef, datetime | None], int] = _together(
            partial(stored_prices.counts_of, workspace)
        )
        self.lowest_price: DataLoader[tuple[ProductRef, datetime], PriceObservation | None] = (
            _together(partial(stored_prices.lowest_since, workspace))
        )
        self.price_as_of: DataLoader[tuple[ProductRef, datetime], PriceObservation | None] = (
            _together(partial(stored_prices.as_of, workspace))
        )
        self.event: DataLoader[str, Event | None] = _found(partial(stored_events.by_ids, workspace))
        self.job: DataLoader[str, Job | None] = _found(partial(stored_jobs.by_ids, workspace.id))
        self.paused_job: DataLoader[str, datetime | None] = _found(self._load_paused_jobs)
        self.watch_fired: DataLoader[str, int] = _each(
            partial(stored_watches.fired_counts, workspace.id)
        )
        self.variants: DataLoader[ProductRef, VariantList] = DataLoader(self._load_variants)
        self.calls_today: DataLoader[AccountKey, int] = DataLoader(self._load_calls_today)
        self.calls_today_of_api_key: DataLoader[str, int] = DataLoader(
            self._load_calls_today_of_api_keys
        )

    async def _load_catalog(self, refs: list[ProductRef]) -> list[CatalogProduct | None]:
        seen = {entry.source.ref: entry for entry in self._seen}
        unseen = [ref for ref in refs if ref not in seen]
        stored = await stored_products.by_refs(self._workspace, unseen) if unseen else {}
        return [seen.get(ref) or stored.get(ref) for ref in refs]

    async def _load_counts(self, filters: list[CatalogFilter]) -> list[Counted]:
        counts = (stored_catalog.count(self._workspace, filter) for filter in filters)
        return await asyncio.gather(*counts)

    async def _load_variants(self, refs: list[ProductRef]) -> list[VariantList | BaseException]:
        allowed = [ref for ref in refs if self._for_variants.take()]
        variants = await self.way.each(VARIANTS, allowed, self._account_of)
        return variants + [too_many_variants() for _ in refs[len(allowed) :]]

    async def _load_calls_today(self, keys: list[AccountKey]) -> list[int]:
        now = self._upstream.now()

        def day(key: AccountKey) -> date:
            rule = self._upstream.quotas.get(key.marketplace, BY_CODE[key.marketplace].quota)
            return rule.day(now)

        used = await stored_quota.used_by({key: day(key) for key in keys})
        return [used[key] for key in keys]

    async def _load_calls_today_of_api_keys(self, key_ids: list[str]) -> list[int]:
        used = await stored_quota.used_by_keys(key_ids, day=self._upstream.now().date())
        return [used[key_id] for key_id in key_ids]

    async def _load_paused_jobs(self, ids: Collection[str]) -> dict[str, datetime]:
        return await job_batches.paused(list(ids), self._upstream.now())

    async def _price_pages(
        self, refs: Collection[ProductRef], page: PricePage
    ) -> Mapping[ProductRef, Page[PriceObservation]]:
        args, since = page
        return await stored_prices.price_history(self._workspace, refs, args, since=since)

    def _account_of(self, ref: ProductRef) -> AccountKey:
        return self._workspace.account_key(ref.marketplace, ref.locale)


def _together(
    ask: Callable[[Collection[ProductRef], A], Awaitable[Mapping[ProductRef, V]]],
) -> DataLoader[tuple[ProductRef, A], V]:
    """What is asked of products: equal arguments are asked together, and fail together."""

    async def load(keys: list[tuple[ProductRef, A]]) -> list[V | BaseException]:
        groups: dict[A, list[ProductRef]] = {}
        for ref, arguments in keys:
            groups.setdefault(arguments, []).append(ref)
        asked = (ask(refs, arguments) for arguments, refs in groups.items())
        answers = dict(zip(groups, await gathered(asked), strict=True))
        return [
            one if isinstance(one := answers[args], BaseException) else one[ref]
            for ref, args in keys
        ]

    return DataLoader(load)


def _found(
    ask: Callable[[list[K]], Awaitable[Mapping[K, V]]],
) -> DataLoader[K, V | None]:
    """What is stored under keys, in their order; None where there is nothing."""

    async def load(keys: list[K]) -> list[V | None]:
        found = await ask(keys)
        return [found.get(key) for key in keys]

    return DataLoader(load)


def _each(
    ask: Callable[[list[K]], Awaitable[Mapping[K, V]]],
) -> DataLoader[K, V]:
    """What is told of every key, in their order."""

    async def load(keys: list[K]) -> list[V]:
        told = await ask(keys)
        return [told[key] for key in keys]

    return DataLoader(load)


def too_many_variants() -> InvalidInput:
    """What the eleventh product of a request is told."""
    return InvalidInput(
        f"A request can ask for the variants of at most {MAX_VARIANTS} products: each is a call of "
        "its own. Ask for those of the other products in further requests."
    )
