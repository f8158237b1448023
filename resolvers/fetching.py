"""What can be fetched of a marketplace, and the way from a request into the pipeline.

Each kind of thing is declared once: which account answers for a key, how keys group, how many go
into one call, how long answers are kept, and what asks for them. `fetch` does the rest, the same
way for all kinds: the account's credentials are opened only when a call is really made, and what
the answer says of the account is noted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Generic, TypeVar

from clients.base import Marketplace, MarketplaceClient
from clients.registry import BY_CODE
from db import credentials as stored_credentials
from db.keys import KeyProvider
from domain.exceptions import (
    AffiliateGraphError,
    MarketplaceUnavailable,
    NotInProgram,
    ProductNotFound,
)
from domain.links import LinkKey
from domain.marketplaces import Account, AccountKey, Workspace
from domain.products import ProductRef, SourceProduct, VariantList
from resolvers import health
from upstream import pipeline
from upstream.budget import Budget, CallBudget
from upstream.cache import CachePolicy
from upstream.contract import Fetch, Fetched, Upstream

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

LINK_KEPT_FOR = timedelta(hours=1)  # a tracked link does not age; its product may leave
# How long products may be shown, with their age, when the marketplace cannot be asked.
SHOWN_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[K, V]):
    """A kind of thing that marketplaces are asked for.

    `circumstances`: what of a key, beside its account, must be equal for two keys to share a call.
    `policy`: how long answers are kept. `ask`: one call for a batch of keys. `missing`: the failure
    of a key that was not answered. `evidence`: what an outcome says of the account.
    """

    operation: str
    size: Callable[[Marketplace], int]
    policy: Callable[[Marketplace], CachePolicy[V] | None]
    ask: Callable[[MarketplaceClient, Sequence[K]], Awaitable[Mapping[K, V | AffiliateGraphError]]]
    missing: Callable[[Marketplace, K], AffiliateGraphError] | None = None
    circumstances: Callable[[K], Hashable] = lambda _key: ()
    evidence: health.Evidence = field(default_factory=health.Evidence)


async def _products(
    client: MarketplaceClient, refs: Sequence[ProductRef]
) -> Mapping[ProductRef, SourceProduct | AffiliateGraphError]:
    products = await client.get_products([ref.external_id for ref in refs])
    return {ref: products[ref.external_id] for ref in refs if ref.external_id in products}


async def _variants(
    client: MarketplaceClient, refs: Sequence[ProductRef]
) -> Mapping[ProductRef, VariantList | AffiliateGraphError]:
    return {ref: await client.get_variants(ref.external_id) for ref in refs}


def _of_offers(kind: object) -> Callable[[Marketplace], CachePolicy[V]]:
    """Kept no longer than the marketplace's terms let an offer be believed."""
    return lambda marketplace: CachePolicy(
        kind=kind,
        fresh_for=marketplace.policy.fresh_for,
        shown_for=marketplace.policy.withheld_after or SHOWN_FOR,
    )


PRODUCTS: Kind[ProductRef, SourceProduct] = Kind(
    operation="products",
    size=lambda marketplace: marketplace.batch_size,
    policy=_of_offers(SourceProduct),
    ask=_products,
    missing=lambda marketplace, ref: ProductNotFound(
        f"{marketplace.name} does not show a product {ref.external_id}."
    ),
)
LINKS: Kind[LinkKey, str] = Kind(
    operation="links",
    circumstances=lambda key: (key.tracking_id, key.sub_id),
    size=lambda marketplace: marketplace.link_batch_size,
    policy=lambda _: CachePolicy(kind=str, fresh_for=LINK_KEPT_FOR, shown_for=LINK_KEPT_FOR),
    ask=lambda client, keys: client.generate_links(keys),
    missing=lambda marketplace, _: NotInProgram(
        f"{marketplace.name} gave no tracked link for this product."
    ),
    evidence=health.Evidence(success_counts=False),
)
VARIANTS: Kind[ProductRef, VariantList] = Kind(
    operation="variants",
    size=lambda _: 1,  # the marketplaces answer variants for one product a call
    policy=_of_offers(VariantList),
    ask=_variants,
    missing=lambda *_: ProductNotFound("The marketplace does not show this product."),
    evidence=health.Evidence(is_extra=True),
)


class Accounts:
    """The accounts of a workspace, each kind of reading made once for a request.

    Shared calls that the request opens use them too: who is stopped takes them from nobody.
    """

    def __init__(self, workspace: Workspace, keyring: KeyProvider) -> None:
        self._workspace = workspace
        self._keyring = keyring
        self._opened: asyncio.Task[list[Account]] | None = None
        self._fingerprints: asyncio.Task[dict[AccountKey, str]] | None = None

    async def fingerprint(self, key: AccountKey) -> str:
        """Tells the stored credentials apart; nothing is opened."""
        if self._fingerprints is None:
            self._fingerprints = asyncio.create_task(
                stored_credentials.fingerprints(self._workspace)
            )
        return (await asyncio.shield(self._fingerprints)).get(key, "")

    async def all(self) -> dict[AccountKey, Account]:
        """Those that are stored, with their credentials opened."""
        if self._opened is None:
            self._opened = asyncio.create_task(
                stored_credentials.accounts(self._workspace, self._keyring)
            )
        return {account.key: account for account in await asyncio.shield(self._opened)}

    async def get(self, key: AccountKey) -> Account:
        """The account with its credentials opened; empty when nothing is stored."""
        return (await self.all()).get(key) or Account(key=key)

    async def get_anew(self, key: AccountKey) -> Account:
        """As `get`, as it is stored by now."""
        self._opened = None
        return await self.get(key)


class CredentialsChanged(AffiliateGraphError):
    """Other credentials are stored by now than those that a call was to be made with."""

    code = MarketplaceUnavailable.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What a fetch needs of a request: the accounts, the pipeline, who pays."""

    accounts: Accounts
    upstream: Upstream
    budget: CallBudget

    async def fetch(
        self,
        kind: Kind[K, V],
        account: AccountKey,
        keys: Sequence[K],
        *,
        circumstances: Hashable = (),
        is_refresh: bool = False,
        credentials: str | None = None,
    ) -> dict[K, Fetched[V]]:
        """An answer or error for each key that was answered; others are absent.

        `credentials`: the fingerprint of those to ask with, and of no others; None: the stored
        ones, whichever these are by then.
        """
        self.budget.is_used = True
        marketplace = BY_CODE[account.marketplace]
        known = await self.accounts.fingerprint(account) if credentials is None else credentials
        wanted = Fetch(
            operation=kind.operation,
            account=account,
            credentials=known,
            circumstances=circumstances,
            size=kind.size(marketplace),
            call=partial(self._call, kind, account, known),
            record=partial(
                health.note, partial(self.accounts.get, account), kind.evidence, self.upstream.now
            ),
            policy=kind.policy(marketplace),
            is_refresh=is_refresh,
        )
        answers = await pipeline.fetch(self.upstream, wanted, keys, self.budget)
        late = [key for key, one in answers.items() if isinstance(one.value, CredentialsChanged)]
        if late and credentials is None:
            anew = (await self.accounts.get_anew(account)).fingerprint
            answers |= await self.fetch(
                kind,
                account,
                late,
                circumstances=circumstances,
                is_refresh=is_refresh,
                credentials=anew,
            )
        return answers

    async def each(
        self,
        kind: Kind[K, V],
        keys: Sequence[K],
        account_of: Callable[[K], AccountKey],
        *,
        is_refresh: bool = False,
    ) -> list[V | BaseException]:
        """One value or one error for each key, in key order, in as few calls as possible.

        A call that fails gives its error to its own keys only.
        """
        groups: dict[tuple[AccountKey, Hashable], list[K]] = {}
        for key in keys:
            groups.setdefault((account_of(key), kind.circumstances(key)), []).append(key)
        fetches = (
            self.fetch(kind, account, members, circumstances=circumstances, is_refresh=is_refresh)
            for (account, circumstances), members in groups.items()
        )
        answers: dict[K, V | AffiliateGraphError] = {}
        for members, outcome in zip(groups.values(), await gathered(fetches), strict=True):
            if isinstance(outcome, AffiliateGraphError):
                answers |= dict.fromkeys(members, outcome)
            else:
                answers |= {key: one.value for key, one in outcome.items()}
        return [answers[key] if key in answers else _missing(kind, account_of, key) for key in keys]

    async def _call(
        self,
        kind: Kind[K, V],
        key: AccountKey,
        credentials: str,
        keys: Sequence[K],
        budget: Budget,
    ) -> Mapping[K, V | AffiliateGraphError]:
        """With the credentials of the group, and no others: whoever joined the call has those."""
        account = await self.accounts.get(key)
        if account.fingerprint != credentials:
            account = await self.accounts.get_anew(key)
        if account.fingerprint != credentials:
            raise CredentialsChanged("The credentials were stored anew meanwhile. Try again.")
        client = BY_CODE[key.marketplace].connect(account, self.upstream, budget)
        return await kind.ask(client, keys)


async def gathered(asked: Iterable[Awaitable[V]]) -> list[V | AffiliateGraphError]:
    """What each of them brings, or how it failed; all of them are waited for."""
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, AffiliateGraphError):
            raise outcome
    return outcomes  # type: ignore[return-value]


def _missing(
    kind: Kind[K, V], account_of: Callable[[K], AccountKey], key: K
) -> AffiliateGraphError:
    assert kind.missing is not None
    return kind.missing(BY_CODE[account_of(key).marketplace], key)
