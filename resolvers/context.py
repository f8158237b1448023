"""Context: whose request this is and what it may use. One for each request."""

import asyncio
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Protocol

from clients.base import Marketplace
from db import reads, statements
from db.keys import KeyProvider
from db.leases import Lease
from domain.api_keys import NOBODY, Caller
from domain.events import Event, EventSettings
from domain.exports import Formats
from domain.marketplaces import AccountKey, QuotaRule, Workspace
from domain.products import CatalogProduct, ProductRef
from resolvers.asked import LatelyAsked
from resolvers.dataloaders import Dataloaders, VariantAllowance
from resolvers.fetching import Accounts, Way
from upstream.budget import CallBudget
from upstream.contract import Upstream

Reads = reads.Reads  # what an answer is made from
Asked = tuple[tuple[AccountKey, tuple[str, ...]], ...]  # products, by their account


class Documents(Protocol):
    """What a webhook tells of an event, by a document of the graph: see schema/shaping.py."""

    def check(self, document: str) -> None:
        """Raises InvalidInput for what is no subscription to events, or asks for too much."""

    async def shaped(
        self, context: "Context", document: str | None, event: Event
    ) -> Mapping[str, object]:
        """`data`, and `errors` where there are some; None: of the usual document."""
        ...


@dataclass(kw_only=True)
class Context:
    """Given to every resolver.

    `caller` tells who asks and what they may do; `workspace` whose rows are meant; `upstream` is
    the way to the marketplaces; `keys` open and seal stored credentials; `accounts` are those of
    the workspace; `dataloaders` batch what this request asks; `for_variants` counts what it may
    still ask of the dear kind; `budget` bounds and counts its marketplace calls; `valid_until` is
    when the first part of the answer expires, `changes_at` when the time first makes another one of
    the same rows; `noted_asked` is what it noted of them; `seen` are products of the catalogue that
    were read already; `events` says what is news, `documents` shape what webhooks tell of it,
    `formats` are those of exports, by their names; one is begun at a time (`export_turn`). `asked`
    remembers what is asked for. `lease`: under which everything is written, of work outside of
    requests.
    """

    workspace: Workspace
    upstream: Upstream
    keys: KeyProvider
    request_id: str = ""
    budget: CallBudget = field(default_factory=CallBudget)
    caller: Caller = NOBODY
    valid_until: datetime | None = None
    changes_at: datetime | None = None
    noted_asked: Asked = ()
    events: EventSettings = EventSettings()
    documents: "Documents | None" = None
    formats: Formats | None = None
    export_turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    asked: LatelyAsked = field(default_factory=LatelyAsked)
    lease: Lease | None = None
    _version: Hashable = field(init=False, default=None)
    for_variants: VariantAllowance = field(init=False, default_factory=VariantAllowance)
    seen: list[CatalogProduct] = field(init=False, default_factory=list)

    def forget_loaded(self) -> None:
        """Start with empty dataloaders: what a mutation is about to change may be in them."""
        self.seen = []
        for name in ("accounts", "dataloaders"):
            self.__dict__.pop(name, None)

    @cached_property
    def accounts(self) -> Accounts:
        """Those of the workspace."""
        return Accounts(self.workspace, self.keys)

    @cached_property
    def dataloaders(self) -> Dataloaders:
        """Those of this request; many requests need none."""
        way = Way(accounts=self.accounts, upstream=self.upstream, budget=self.budget)
        return Dataloaders(
            self.workspace, self.upstream, way, for_variants=self.for_variants, seen=self.seen
        )

    def note_expiry(self, moment: datetime) -> None:
        """Something in the answer is to be believed only until then."""
        if self.valid_until is None or moment < self.valid_until:
            self.valid_until = moment

    def note_change(self, moment: datetime | None) -> None:
        """From then on the same rows make another answer. None: never."""
        if moment is not None and (self.changes_at is None or moment < self.changes_at):
            self.changes_at = moment

    async def version(self) -> Hashable:
        """Equal as long as nothing is written to the database; None where it is not known. Asked
        once: what is read later is at least as new."""
        if self._version is None:
            self._version = await statements.version()
        return self._version

    @property
    def now(self) -> datetime:
        """The present moment in UTC."""
        return self.upstream.now()

    def note_asked(self, refs: Iterable[ProductRef]) -> None:
        """Somebody is shown these products of the catalogue."""
        sites: dict[tuple[str, str], list[str]] = {}
        for ref in refs:
            sites.setdefault((ref.marketplace, ref.locale), []).append(ref.external_id)
        self.note_again(
            tuple(
                (self.workspace.account_key(*site), tuple(products))
                for site, products in sites.items()
            )
        )

    def note_again(self, asked: Asked) -> None:
        """As `note_asked`, of what that made of it before."""
        self.noted_asked += asked
        for key, products in asked:
            self.asked.note(key, products, self.now)

    def quota(self, marketplace: Marketplace) -> QuotaRule:
        """The limits that are kept to for that marketplace."""
        return self.upstream.quotas.get(marketplace.code, marketplace.quota)
