"""Which way into Amazon an account has: Creators API, the retired PA-API, or none but links."""

from collections.abc import Mapping, Sequence
from typing import NoReturn

from clients.amazon import creators, credentials, links, locales
from clients.amazon.creators import CreatorsClient
from clients.amazon.paapi5 import PaapiClient
from clients.base import MarketplaceClient
from domain.exceptions import MarketplaceError, MarketplaceNotConnected
from domain.links import LinkKey
from domain.marketplaces import Account
from domain.products import SourceProduct, Variant
from domain.search import ProductSearch, SearchPage, SearchPlan
from upstream.budget import Budget
from upstream.contract import Upstream


def connect(account: Account, upstream: Upstream, budget: Budget) -> MarketplaceClient:
    """The account's client. Raises WrongLocale where the account names no country site."""
    if account.credentials.keys() >= set(creators.FORM):
        return CreatorsClient(account, upstream, budget)
    if account.credentials.keys() >= set(credentials.PAAPI_FORM):
        return PaapiClient(account, upstream, budget)
    return LinksOnlyClient(account, upstream)


class LinksOnlyClient:
    """An account without API credentials: links still work, with the Partner Tag alone."""

    def __init__(self, account: Account, upstream: Upstream) -> None:
        self._locale = locales.by_marketplace(account.key.locale)
        self._mode = upstream.mode(account.key.marketplace)
        self._has_tag = "partnerTag" in account.credentials

    async def get_products(
        self, ids: Sequence[str]
    ) -> Mapping[str, SourceProduct | MarketplaceError]:
        self._refuse()

    def plan_search(self, search: ProductSearch) -> SearchPlan:
        self._refuse()

    async def search_products(self, plan: SearchPlan, *, page: int) -> SearchPage:
        self._refuse()

    async def generate_links(
        self, keys: Sequence[LinkKey]
    ) -> Mapping[LinkKey, str | MarketplaceError]:
        """No call at all. See links.py. Raises MarketplaceNotConnected without a Partner Tag."""
        if not self._has_tag:
            raise MarketplaceNotConnected(
                f"Links to Amazon ({self._locale.marketplace}) need your Partner Tag. Add it in "
                "connectMarketplace; nothing else is needed for links."
            )
        return links.generate(keys, locale=self._locale, mode=self._mode)

    async def get_variants(self, external_id: str) -> tuple[Variant, ...]:
        self._refuse()

    async def verify(self) -> None:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise MarketplaceNotConnected(
            f"Amazon ({self._locale.marketplace}) is not connected. Add Credential ID, Credential "
            "Secret, Version and Partner Tag of the Creators API in connectMarketplace."
        )
