"""One account's calls to the AliExpress affiliate interface.

What an answer says is checked against what was asked: other products are ignored, links for
another tracking id are refused.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from clients.aliexpress import links, parse, urls, variants
from clients.aliexpress.gateway import Gateway
from clients.aliexpress.search import search_plan
from clients.signing.aliexpress import SignMethod
from clients.values import Row
from domain.exceptions import AnswerInvalid, MarketplaceError, ProductNotFound
from domain.links import LinkKey
from domain.marketplaces import Account
from domain.products import Category, ProductRef, SourceProduct, VariantList
from domain.search import ProductSearch, SearchPage, SearchPlan
from upstream.budget import Budget
from upstream.contract import Upstream

BATCH_SIZE = 50  # productdetail.get answers the first 50 ids and silently drops the rest
LINK_BATCH_SIZE = 50
PAGE_SIZE = 50
LAST_PAGE = 100
REACHABLE = PAGE_SIZE * LAST_PAGE  # products of one search, whatever its total says
VARIANT_BATCH_SIZE = 20
KNOWN_PRODUCT = ProductRef(urls.CODE, "1005006338829917")  # for verify: any product page will do


class AliExpressClient:
    """Implements `clients.base.MarketplaceClient`.

    Standard permission: products, search, links, categories. Separate: variants. Without the right
    a method raises PermissionMissing.
    """

    def __init__(
        self,
        account: Account,
        upstream: Upstream,
        budget: Budget,
        *,
        sign_method: SignMethod = SignMethod.SHA256,
    ) -> None:
        self._gateway = Gateway(account, upstream, budget, sign_method)

    async def get_products(
        self, ids: Sequence[str]
    ) -> Mapping[str, SourceProduct | MarketplaceError]:
        """productdetail.get, prices in USD. See `MarketplaceClient`."""
        _check_batch(ids, BATCH_SIZE)
        tracking_id = self._gateway.tracking_id()
        wanted = {asked: urls.canonical_id(asked) for asked in ids}
        usable = list(dict.fromkeys(found for found in wanted.values() if found))
        if not usable:
            return {asked: _unknown_product() for asked in wanted}
        params: dict[str, object] = {
            "product_ids": usable,
            "target_currency": "USD",
            "target_language": "EN",
            "tracking_id": tracking_id,
        }
        page = await self._products("productdetail.get", params, tracking_id)
        missing = _unread_product if page.broken_count else _unknown_product
        found_by_id = {product.ref.external_id: product for product in reversed(page.products)}
        return {
            asked: found_by_id.get(product_id or "") or missing()
            for asked, product_id in wanted.items()
        }

    def plan_search(self, search: ProductSearch) -> SearchPlan:
        """See `clients.aliexpress.search.search_plan`."""
        return search_plan(search)

    async def search_products(self, plan: SearchPlan, *, page: int) -> SearchPage:
        """product.query. At most 5,000 products can be reached; a short page is not the last."""
        tracking_id = self._gateway.tracking_id()
        if not 1 <= page <= LAST_PAGE:
            return SearchPage(products=(), total=None, is_last=True)
        paging = {"page_no": page, "page_size": PAGE_SIZE, "tracking_id": tracking_id}
        found = await self._products("product.query", {**plan.parameters, **paging}, tracking_id)
        return SearchPage(products=found.products, total=found.total, is_last=_is_last(found, page))

    async def generate_links(
        self, keys: Sequence[LinkKey]
    ) -> Mapping[LinkKey, str | MarketplaceError]:
        """link.generate for ordinary commission. See `MarketplaceClient`.

        The tracking id is the keys', which need not be the stored one. A sub id is appended to its
        key's link as `af`, one of the four sub-identifiers that a publisher may add.
        """
        if not keys:
            return {}
        _check_batch(keys, LINK_BATCH_SIZE)
        links.check_keys(keys)
        pages = list(dict.fromkeys(urls.product_url(key.ref) for key in keys))
        found = await self._generate(pages, keys[0].tracking_id)
        return {key: links.link_of(key, found, host=self._gateway.link_host) for key in keys}

    async def get_variants(self, external_id: str) -> VariantList:
        """product.sku.detail.get: prices in USD with the taxes of the US, and shipping there.

        An answer with 20 may be cut off there.
        """
        self._gateway.tracking_id()
        params: dict[str, object] = {
            "product_id": external_id,
            "ship_to_country": "US",
            "target_currency": "USD",
            "target_language": "EN",
            "need_deliver_info": "Yes",
        }

        def read(result: Row, received_at: datetime) -> VariantList:
            local = self._gateway.stands_in
            found = variants.variants(result, observed_at=received_at, has_local_pictures=local)
            is_full = len(found) == VARIANT_BATCH_SIZE
            total = None if is_full else len(found)
            return VariantList(variants=found, total=total, has_more=is_full)

        empty = VariantList(total=0)
        return await self._gateway.call("product.sku.detail.get", params, read, empty=empty)

    async def verify(self) -> None:
        """Two calls: category.get proves key and secret, link.generate the rest.

        Raises TrackingIDRejected (402) or PendingApproval (401) by the second; an address upstream
        the programme comes back without a link, which still proves the tracking id.
        """
        tracking_id = self._gateway.tracking_id()
        await self.get_categories()
        await self._generate([urls.product_url(KNOWN_PRODUCT)], tracking_id)

    async def get_categories(self) -> tuple[Category, ...]:
        """category.get: the whole tree, in answer order."""
        return await self._gateway.call(
            "category.get", {}, lambda result, _: parse.categories(result), empty=()
        )

    async def _products(
        self, operation: str, params: Mapping[str, object], tracking_id: str
    ) -> parse.ProductPage:
        read = partial(
            parse.product_page,
            tracking_id=tracking_id,
            link_host=self._gateway.link_host,
            has_local_pictures=self._gateway.stands_in,
        )
        return await self._gateway.call(operation, params, read, empty=parse.ProductPage())

    async def _generate(self, pages: Sequence[str], tracking_id: str) -> dict[str, str | None]:
        """The tracked links, by the addresses that they were made of."""
        params: dict[str, object] = {
            "source_values": list(pages),
            "promotion_link_type": "0",
            "tracking_id": tracking_id,
        }
        return await self._gateway.call(
            "link.generate",
            params,
            lambda result, _: links.links_by_address(result, tracking_id),
            empty={},
        )


def _is_last(found: parse.ProductPage, page: int) -> bool:
    """Only an empty page, the cap or the total ends a list."""
    reached = found.total is not None and page * PAGE_SIZE >= min(found.total, REACHABLE)
    return not found.products or reached or page == LAST_PAGE


def _check_batch(items: Sequence[object], limit: int) -> None:
    if len(items) > limit:
        raise ValueError(f"One call takes at most {limit}.")


def _unread_product() -> AnswerInvalid:
    return AnswerInvalid(
        "AliExpress sent rows that are none that its interface has, perhaps of this product. Try "
        "again."
    )


def _unknown_product() -> ProductNotFound:
    return ProductNotFound(
        "AliExpress does not offer this product through its affiliate programme now: it is "
        "unknown, off sale or outside the programme. Check its page, or try another product."
    )
