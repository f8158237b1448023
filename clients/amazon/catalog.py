"""What both interfaces of Amazon can be asked. How a request is dressed differs: see `_call`.

One call is one transaction of Amazon's quota, whether it asks for one id or for ten.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

import httpx

from clients.amazon import links, locales, parse, search, urls
from clients.amazon.answers import (
    GET_ITEMS,
    GET_VARIATIONS,
    SEARCH_ITEMS,
    Operation,
    Reading,
)
from clients.amazon.errors import FieldsRefused
from domain.exceptions import InvalidInput, MarketplaceError, ProductNotFound
from domain.links import LinkKey
from domain.marketplaces import EVERY_WORKSPACE, Account, AccountKey, QuotaRule
from domain.products import SourceProduct, Variant, VariantList
from domain.search import ProductSearch, SearchPage, SearchPlan
from upstream.budget import Budget
from upstream.contract import Answer, Call, Upstream

T = TypeVar("T")

BATCH_SIZE = 10
PAGE_SIZE = 10
MOST_VARIATION_PAGES = 10
# What Amazon gives a new account; it grows with the sales of the last 30 days.
QUOTA = QuotaRule(calls_per_day=8640, calls_per_second=Decimal(1), reset_offset_hours=0)
WELL_KNOWN_ASIN = "B00MNV8E0C"  # asked for when credentials are verified; need not exist

# Customer reviews and images in the highest resolution are undocumented: read, not asked for.
RESOURCES = (
    "itemInfo.title",
    "itemInfo.features",
    "itemInfo.byLineInfo",
    "itemInfo.classifications",
    "images.primary.large",
    "images.variants.large",
    "offersV2.listings.price",
    "offersV2.listings.availability",
    "offersV2.listings.condition",
    "offersV2.listings.dealDetails",
    "offersV2.listings.isBuyBoxWinner",
    "offersV2.listings.merchantInfo",
    "offersV2.listings.type",
    "browseNodeInfo.browseNodes",
    "browseNodeInfo.browseNodes.ancestor",
    "parentASIN",
)
VARIATION_RESOURCES = (
    *RESOURCES,
    "variationSummary.price.highestPrice",
    "variationSummary.price.lowestPrice",
    "variationSummary.variationDimension",
)
_NO_ASIN = "This is no Amazon product id (ASIN)."


def quota_account(account: Account) -> AccountKey:
    """Amazon counts calls per credential, which several sites and workspaces may share."""
    for field in ("credentialId", "accessKey"):
        stored = account.credentials.get(field)
        if stored is not None:
            name = f"credential {stored.value.fingerprint()}"
            return replace(account.key, workspace=EVERY_WORKSPACE, locale=name)
    return account.key


class CatalogClient(ABC):
    """One account's way into Amazon's catalogue, but for how a request is dressed."""

    def __init__(self, account: Account, upstream: Upstream, budget: Budget) -> None:
        self._account = account
        self._upstream = upstream
        self._budget = budget
        self._locale = locales.by_marketplace(account.key.locale)
        self._mode = upstream.mode(account.key.marketplace)
        self._credentials = account.reveal()
        self._quota = upstream.quotas.get(account.key.marketplace, QUOTA)
        self._site = parse.Site(
            locale=self._locale.marketplace,
            partner_tag=self._credentials["partnerTag"].reveal(),
            link_host=links.link_host(self._locale, self._mode),
            has_local_pictures=any(name.startswith("AMAZON_") for name in upstream.addresses),
        )

    async def _send(
        self,
        build: Callable[[], httpx.Request],
        classify: Callable[[Answer], T],
        *,
        operation: str,
    ) -> T:
        """One call that counts, with this account's credentials. Raises MarketplaceError."""
        return await self._upstream.sender.send(
            Call(
                build=build,
                classify=classify,
                account=quota_account(self._account),
                credentials=self._account.fingerprint,
                operation=operation,
                quota=self._quota,
                budget=self._budget,
            )
        )

    @abstractmethod
    async def _call(self, operation: Operation, members: Mapping[str, object]) -> Reading:
        """Ask once. `members` are spelled as in the Creators API. Raises MarketplaceError."""

    async def get_products(
        self, ids: Sequence[str]
    ) -> Mapping[str, SourceProduct | MarketplaceError]:
        """One call for up to ten ids; more only if Amazon refuses a batch for one odd id."""
        wanted = list(dict.fromkeys(ids))
        found: dict[str, SourceProduct | MarketplaceError] = {
            one: ProductNotFound(_NO_ASIN) for one in wanted
        }
        asins = [one for one in wanted if urls.is_asin(one)]
        return found | await self._products(asins) if asins else found

    def plan_search(self, search_: ProductSearch) -> SearchPlan:
        """Raises InvalidInput with the path of the field. See search.py."""
        return search.plan(search_, self._locale)

    async def search_products(self, plan: SearchPlan, *, page: int) -> SearchPage:
        """Page 1 to 10; Amazon has none after the tenth, so those are empty without a call."""
        if page < 1:
            raise InvalidInput("Pages are counted from 1.", path=("search", "page"))
        if page > parse.LAST_PAGE:
            return SearchPage(products=(), total=None, is_last=True)
        paging = {"itemCount": PAGE_SIZE, "itemPage": page, "resources": list(RESOURCES)}
        reading = await self._call(SEARCH_ITEMS, plan.parameters | paging)
        return parse.search_page(reading, page, self._site)

    async def generate_links(
        self, keys: Sequence[LinkKey]
    ) -> Mapping[LinkKey, str | MarketplaceError]:
        """No call at all. See links.py."""
        return links.generate(keys, locale=self._locale, mode=self._mode)

    async def get_variants(self, external_id: str) -> VariantList:
        """The forms of a product, by its parent or any of them; one call a page, at most ten.

        A page that fails fails the whole: a part would look like all there is.
        """
        if not urls.is_asin(external_id):
            raise ProductNotFound(_NO_ASIN)
        found: dict[str, Variant] = {}
        total: int | None = None
        page, last = 1, 1
        while page <= min(last, MOST_VARIATION_PAGES):
            reading = await self._call(GET_VARIATIONS, _variation_page(external_id, page))
            read = parse.variants(reading, has_local_pictures=self._site.has_local_pictures)
            found |= {one.external_id: one for one in read if one.external_id not in found}
            total = parse.variant_count(reading) or total
            last = parse.page_count(reading) if read else page
            page += 1
        has_more = last >= page or (total is not None and total > len(found))
        if total is None and not has_more:
            total = len(found)
        return VariantList(variants=tuple(found.values()), total=total, has_more=has_more)

    async def verify(self) -> None:
        """One call for one title. That Amazon does not know the id proves as much as the item."""
        members = {"itemIds": [WELL_KNOWN_ASIN], "resources": ["itemInfo.title"]}
        await self._call(GET_ITEMS, members)

    async def _products(self, asins: list[str]) -> dict[str, SourceProduct | MarketplaceError]:
        members = {"itemIds": asins, "resources": list(RESOURCES)}
        try:
            reading = await self._call(GET_ITEMS, members)
        except FieldsRefused as refusal:
            if not _is_about_ids(refusal):
                raise
            return await self._halves(asins, refusal)
        return parse.products(reading, asins, self._site)

    async def _halves(
        self, asins: list[str], refusal: FieldsRefused
    ) -> dict[str, SourceProduct | MarketplaceError]:
        """Each half on its own, so that one odd id does not block nine others."""
        if len(asins) == 1:
            return {asins[0]: refusal}
        middle = len(asins) // 2
        found: dict[str, SourceProduct | MarketplaceError] = {}
        for half in (asins[:middle], asins[middle:]):
            try:
                found |= await self._products(half)
            except MarketplaceError as failure:
                found |= dict.fromkeys(half, failure)
        return found


def _variation_page(external_id: str, page: int) -> dict[str, object]:
    return {
        "asin": external_id,
        "variationCount": PAGE_SIZE,
        "variationPage": page,
        "resources": list(VARIATION_RESOURCES),
    }


def _is_about_ids(refusal: FieldsRefused) -> bool:
    """Whether smaller batches can help: the ids are named as the fault, or nothing is."""
    return not refusal.fields or any(name.lower().startswith("itemid") for name in refusal.fields)
