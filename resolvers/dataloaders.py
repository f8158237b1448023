"""Every DataLoader: grouping, batch sizes, order, and one value or one error per key.

Resolvers ask one thing; what is asked in the same turn becomes as few calls as the marketplace's
batch size allows. A bad key never spoils its neighbours, and a failed call only its own keys.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader

from clients.base import Marketplace, MarketplaceClient, Upstream
from clients.registry import BY_CODE
from db import credentials as stored_credentials
from db import links as stored_links
from db import products as stored_products
from db import quota as stored_quota
from db.keys import KeyProvider
from domain.catalog import Page, Position
from domain.exceptions import AffiliateGraphError, InvalidInput, NotInProgram, ProductNotFound
from domain.links import Link, LinkKey
from domain.marketplaces import Account, AccountKey, Workspace
from domain.products import (
    CatalogProduct,
    PriceObservation,
    ProductRef,
    SourceProduct,
    Variant,
)
from resolvers.asking import Question, ask
from resolvers.health import watched
from upstream.cache import CachePolicy

K = TypeVar("K", bound=Hashable)
G = TypeVar("G", bound=Hashable)
V = TypeVar("V")

MAX_VARIANTS = 10
LINK_KEPT_FOR = timedelta(hours=1)  # a tracked link does not age; its product may leave
# How long products may be shown, with their age, when the marketplace cannot be asked.
SHOWN_FOR = timedelta(hours=24)


@dataclass(slots=True)
class Allowance:
    """How many more products a request may ask variants of: each is a call of its own."""

    left: int = MAX_VARIANTS

    def take(self) -> bool:
        """Use one up; False when none is left."""
        if self.left == 0:
            return False
        self.left -= 1
        return True


@dataclass(frozen=True, slots=True)
class PageArgs:
    """Which rows of a list: `first` of them behind `after`, none from before `since`."""

    first: int
    after: Position | None
    since: datetime | None = None


ListOf = tuple[ProductRef, PageArgs]


class Dataloaders:
    """One set for each request (and for each mutation of a request).

    `for_variants` is the request's: all its sets share it.
    """

    def __init__(
        self,
        workspace: Workspace,
        upstream: Upstream,
        keys: KeyProvider,
        *,
        for_variants: Allowance,
    ) -> None:
        self._workspace = workspace
        self._outside = upstream
        self._keys = keys
        self._for_variants = for_variants
        self._accounts: DataLoader[str, Sequence[Account]] = DataLoader(self._load_workspaces)
        self.account: DataLoader[AccountKey, Account] = DataLoader(self._load_accounts)
        self.live_product: DataLoader[ProductRef, SourceProduct] = DataLoader(self._load_live)
        self.fresh_product: DataLoader[ProductRef, SourceProduct] = DataLoader(
            partial(self._load_live, is_fresh_wanted=True)
        )
        self.catalog_product: DataLoader[ProductRef, CatalogProduct | None] = DataLoader(
            self._load_catalog
        )
        self.new_link: DataLoader[LinkKey, str] = DataLoader(self._load_new_links)
        self.stored_link: DataLoader[LinkKey, Link | None] = DataLoader(self._load_stored_links)
        self.links_of: DataLoader[ListOf, Page[Link]] = DataLoader(self._load_links_of)
        self.prices_of: DataLoader[ListOf, Page[PriceObservation]] = DataLoader(
            self._load_prices_of
        )
        self.variants: DataLoader[ProductRef, tuple[Variant, ...]] = DataLoader(self._load_variants)
        self.calls_today: DataLoader[AccountKey, int] = DataLoader(self._load_calls_today)

    def account_key(self, marketplace: str, locale: str) -> AccountKey:
        """Names the credential set of a marketplace and country site of this workspace."""
        mode = self._outside.mode(marketplace)
        return AccountKey(self._workspace.id, marketplace, locale, mode)

    async def accounts(self) -> Sequence[Account]:
        """The stored accounts of the workspace."""
        return await self._accounts.load(self._workspace.id)

    async def _load_workspaces(self, ids: list[str]) -> list[Sequence[Account]]:
        return [await stored_credentials.accounts(self._workspace, self._keys) for _ in ids]

    async def _load_accounts(self, keys: list[AccountKey]) -> list[Account]:
        by_key = {account.key: account for account in await self.accounts()}
        return [by_key.get(key) or Account(key=key) for key in keys]

    async def _load_catalog(self, refs: list[ProductRef]) -> list[CatalogProduct | None]:
        found = await stored_products.by_refs(self._workspace, refs)
        return [found.get(ref) for ref in refs]

    async def _load_stored_links(self, keys: list[LinkKey]) -> list[Link | None]:
        found = await stored_links.by_keys(self._workspace, keys)
        return [found.get(key) for key in keys]

    async def _load_calls_today(self, keys: list[AccountKey]) -> list[int]:
        now = self._outside.now()
        used = await stored_quota.used_by(
            {key: self._outside.quota(BY_CODE[key.marketplace]).day(now) for key in keys}
        )
        return [used[key] for key in keys]

    async def _load_links_of(self, keys: list[ListOf]) -> list[Page[Link] | BaseException]:
        async def ask(
            refs: Collection[ProductRef], cut: PageArgs
        ) -> Mapping[ProductRef, Page[Link]]:
            return await stored_links.pages_of(
                self._workspace, refs, first=cut.first, after=cut.after
            )

        return await pages_together(keys, ask)

    async def _load_prices_of(
        self, keys: list[ListOf]
    ) -> list[Page[PriceObservation] | BaseException]:
        async def ask(
            refs: Collection[ProductRef], cut: PageArgs
        ) -> Mapping[ProductRef, Page[PriceObservation]]:
            return await stored_products.price_history(
                self._workspace, refs, first=cut.first, after=cut.after, since=cut.since
            )

        return await pages_together(keys, ask)

    async def _load_live(
        self, refs: list[ProductRef], *, is_fresh_wanted: bool = False
    ) -> list[SourceProduct | BaseException]:
        async def call(
            key: AccountKey, asked: Sequence[ProductRef]
        ) -> Mapping[ProductRef, SourceProduct | AffiliateGraphError]:
            account, client = await self._door(key)
            ids = [ref.external_id for ref in asked]
            found = await self._watched(client.get_products(ids), account)
            return {ref: found[ref.external_id] for ref in asked if ref.external_id in found}

        async def question(key: AccountKey) -> Question[ProductRef, SourceProduct]:
            market = BY_CODE[key.marketplace]
            return Question(
                line=await self._line("products", key),
                size=market.batch_size,
                call=partial(call, key),
                shelf=_shelf(market, SourceProduct),
                is_fresh_wanted=is_fresh_wanted,
            )

        return await in_batches(
            refs,
            group=self._account_of,
            question=question,
            upstream=self._outside,
            missing=lambda ref: ProductNotFound(
                f"{BY_CODE[ref.marketplace].name} does not show a product {ref.external_id}."
            ),
        )

    async def _load_new_links(self, keys: list[LinkKey]) -> list[str | BaseException]:
        async def call(
            group: tuple[AccountKey, str, str], asked: Sequence[LinkKey]
        ) -> Mapping[LinkKey, str | AffiliateGraphError]:
            account, client = await self._door(group[0])
            work = client.generate_links(asked)
            return await self._watched(work, account, success_counts=False)

        async def question(group: tuple[AccountKey, str, str]) -> Question[LinkKey, str]:
            return Question(
                line=await self._line("links", *group),
                size=BY_CODE[group[0].marketplace].link_batch_size,
                call=partial(call, group),
                shelf=CachePolicy(kind=str, fresh_for=LINK_KEPT_FOR, shown_for=LINK_KEPT_FOR),
            )

        return await in_batches(
            keys,
            group=lambda key: (self._account_of(key.ref), key.tracking_id, key.sub_id),
            question=question,
            upstream=self._outside,
            missing=lambda key: NotInProgram(
                f"{BY_CODE[key.ref.marketplace].name} gave no tracked link for this product."
            ),
        )

    async def _load_variants(
        self, refs: list[ProductRef]
    ) -> list[tuple[Variant, ...] | BaseException]:
        async def call(
            key: AccountKey, asked: Sequence[ProductRef]
        ) -> Mapping[ProductRef, tuple[Variant, ...]]:
            account, client = await self._door(key)
            return {
                ref: await self._watched(
                    client.get_variants(ref.external_id), account, is_extra=True
                )
                for ref in asked
            }

        async def question(key: AccountKey) -> Question[ProductRef, tuple[Variant, ...]]:
            return Question(
                line=await self._line("variants", key),
                size=1,  # the marketplaces answer variants for one product a call
                call=partial(call, key),
                shelf=_shelf(BY_CODE[key.marketplace], tuple[Variant, ...]),
            )

        allowed = [ref for ref in refs if self._for_variants.take()]
        found = await in_batches(
            allowed,
            group=self._account_of,
            question=question,
            upstream=self._outside,
            missing=lambda _: ProductNotFound("The marketplace does not show this product."),
        )
        return found + [too_many_variants() for _ in refs[len(allowed) :]]

    async def _door(self, key: AccountKey) -> tuple[Account, MarketplaceClient]:
        account = await self.account.load(key)
        return account, BY_CODE[key.marketplace].connect(account, self._outside)

    async def _watched(self, work: Awaitable[V], account: Account, **how: bool) -> V:
        """The outcome of a call, after noting what it says about the account (`health.watched`)."""
        return await watched(work, account, keys=self._keys, now=self._outside.now(), **how)

    async def _line(self, operation: str, key: AccountKey, *more: str) -> Hashable:
        """Whose calls may be shared: the same account with the same credentials, asked the same."""
        account = await self.account.load(key)
        return operation, key, account.fingerprint, *more

    def _account_of(self, ref: ProductRef) -> AccountKey:
        return self.account_key(ref.marketplace, ref.locale)


async def in_batches(
    keys: Sequence[K],
    *,
    group: Callable[[K], G],
    question: Callable[[G], Awaitable[Question[K, V]]],
    upstream: Upstream,
    missing: Callable[[K], AffiliateGraphError],
) -> list[V | BaseException]:
    """One value or one error for each key, in key order.

    Keys of one group are asked by one `question`: a call that fails gives its error to its own keys
    only, and a key that is not answered is `missing`.
    """
    groups: dict[G, list[K]] = {}
    for key in keys:
        groups.setdefault(group(key), []).append(key)
    results: dict[K, V | AffiliateGraphError] = {}

    async def run(of_group: G, members: Sequence[K]) -> None:
        try:
            told = await ask(upstream, await question(of_group), members)
        except AffiliateGraphError as error:
            results.update(dict.fromkeys(members, error))
        else:
            results.update({key: one.value for key, one in told.items()})

    await asyncio.gather(*(run(*each) for each in groups.items()))
    return [results[key] if key in results else missing(key) for key in keys]


def _shelf(market: Marketplace, kind: Any) -> CachePolicy[Any]:
    """How data of that marketplace is kept: no longer than its terms let an offer be believed."""
    policy = market.policy
    return CachePolicy(
        kind=kind, fresh_for=policy.fresh_for, shown_for=policy.withheld_after or SHOWN_FOR
    )


async def pages_together(
    keys: Sequence[ListOf],
    ask: Callable[[Collection[ProductRef], PageArgs], Awaitable[Mapping[ProductRef, Page[V]]]],
) -> list[Page[V] | BaseException]:
    """The pages of lists: those of equal cuts are asked together, and fail together."""
    groups: dict[PageArgs, list[ProductRef]] = {}
    for ref, cut in keys:
        groups.setdefault(cut, []).append(ref)
    results: dict[ListOf, Page[V] | BaseException] = {}

    async def run(cut: PageArgs, refs: Sequence[ProductRef]) -> None:
        try:
            found = await ask(refs, cut)
        except AffiliateGraphError as error:
            results.update({(ref, cut): error for ref in refs})
        else:
            results.update({(ref, cut): page for ref, page in found.items()})

    await asyncio.gather(*(run(*each) for each in groups.items()))
    return [results.get(key, Page(rows=(), has_next=False)) for key in keys]


def too_many_variants() -> InvalidInput:
    """What the eleventh product of a request is told."""
    return InvalidInput(
        f"A request can ask for the variants of at most {MAX_VARIANTS} products: each is a call of "
        "its own. Ask for those of the other products in further requests."
    )
