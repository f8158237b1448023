"""What can be fetched of a marketplace, and the way from a request into the pipeline.

Each kind of thing is declared once: which account answers for a key, how keys group, how many go
into one call, how long answers are kept, and what asks for them. `fetch` does the rest, the same
way for all kinds: the account's credentials are opened only when a call is really made, and what
the answer says of the account is noted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, Protocol, TypeVar

from clients.base import Marketplace, MarketplaceClient
from clients.registry import BY_CODE
from db.keys import KeyProvider
from domain.exceptions import AffiliateGraphError, MarketplaceError
from domain.marketplaces import Account, AccountKey
from resolvers import health
from upstream import pipeline
from upstream.budget import Budget, CallBudget
from upstream.cache import CachePolicy
from upstream.contract import Fetch, Fetched, Upstream

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


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


class Accounts(Protocol):
    """Where a request finds its accounts (resolvers/dataloaders.py)."""

    async def fingerprint(self, key: AccountKey) -> str:
        """Tells the stored credentials apart; nothing is opened."""
        ...

    async def get(self, key: AccountKey) -> Account:
        """The account with its credentials opened."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What a fetch needs of a request: the accounts, the pipeline, who pays, the keys."""

    accounts: Accounts
    upstream: Upstream
    budget: CallBudget
    keyring: KeyProvider

    async def fetch(
        self,
        kind: Kind[K, V],
        account: AccountKey,
        keys: Sequence[K],
        *,
        circumstances: Hashable = (),
        is_refresh: bool = False,
    ) -> dict[K, Fetched[V]]:
        """An answer or error for each key that was answered; others are absent."""
        marketplace = BY_CODE[account.marketplace]
        wanted = Fetch(
            operation=kind.operation,
            account=account,
            credentials=await self.accounts.fingerprint(account),
            circumstances=circumstances,
            size=kind.size(marketplace),
            call=partial(self._call, kind, account),
            record=partial(self._record, kind, account),
            made_with=partial(self._made_with, account),
            policy=kind.policy(marketplace),
            is_refresh=is_refresh,
        )
        return await pipeline.fetch(self.upstream, wanted, keys, self.budget)

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
        answers: dict[K, V | AffiliateGraphError] = {}

        async def run(account: AccountKey, circumstances: Hashable, members: list[K]) -> None:
            try:
                fetched = await self.fetch(
                    kind, account, members, circumstances=circumstances, is_refresh=is_refresh
                )
            except AffiliateGraphError as error:
                answers.update(dict.fromkeys(members, error))
            else:
                answers.update({key: one.value for key, one in fetched.items()})

        await asyncio.gather(*(run(*group, members) for group, members in groups.items()))
        return [answers[key] if key in answers else _missing(kind, account_of, key) for key in keys]

    async def _call(
        self, kind: Kind[K, V], key: AccountKey, keys: Sequence[K], budget: Budget
    ) -> Mapping[K, V | AffiliateGraphError]:
        account = await self.accounts.get(key)
        client = BY_CODE[key.marketplace].connect(account, self.upstream, budget)
        return await kind.ask(client, keys)

    async def _made_with(self, key: AccountKey) -> str:
        return (await self.accounts.get(key)).fingerprint

    async def _record(
        self, kind: Kind[K, V], key: AccountKey, failure: MarketplaceError | None
    ) -> None:
        account = await self.accounts.get(key)
        await health.note(
            account, failure, kind.evidence, keyring=self.keyring, now=self.upstream.now()
        )


def _missing(
    kind: Kind[K, V], account_of: Callable[[K], AccountKey], key: K
) -> AffiliateGraphError:
    assert kind.missing is not None
    return kind.missing(BY_CODE[account_of(key).marketplace], key)
