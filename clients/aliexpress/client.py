"""One account's calls to the AliExpress affiliate interface, a method for each of its methods.

What an answer says is checked against what was asked: other products are ignored, links for
another tracking id are refused.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial

from clients.aliexpress import links, orders, parse, promotions, urls, variants
from clients.aliexpress.gateway import Gateway
from clients.aliexpress.records import (
    CategoryNode,
    FeaturedPromo,
    GeneratedLinks,
    OrderPage,
    OrderStatus,
    OrderTime,
    ProductPage,
    ProductPromotions,
)
from clients.aliexpress.search import search_plan
from clients.signing.aliexpress import SignMethod
from clients.values import Row
from domain.exceptions import AnswerInvalid, MarketplaceError, ProductNotFound
from domain.links import LinkKey
from domain.marketplaces import Account
from domain.products import ProductRef, Shipping, SourceProduct, VariantList
from domain.search import ProductSearch, SearchPage, SearchPlan
from upstream.budget import Budget
from upstream.contract import Upstream

BATCH_SIZE = 50  # productdetail.get answers the first 50 ids and silently drops the rest
LINK_BATCH_SIZE = 50
PAGE_SIZE = 50
LAST_PAGE = 100
REACHABLE = PAGE_SIZE * LAST_PAGE  # products of one search, whatever its total says
PROMOTION_BATCH_SIZE = 10
VARIANT_BATCH_SIZE = 20
KNOWN_PRODUCT = ProductRef(urls.CODE, "1005006338829917")  # for verify: any product page will do


class AliExpressClient:
    """Implements `clients.base.MarketplaceClient`, and the methods that only AliExpress has.

    Standard permission: products, search, links, categories, promos, orders. Advanced, on request:
    hot products, smart match, shipping. Separate: variants, promotion codes. Without the right a
    method raises PermissionMissing.
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
        return await self._paged("product.query", plan.parameters, page)

    async def search_hot_products(self, plan: SearchPlan, *, page: int) -> SearchPage:
        """hotproduct.query: the same among products of raised commission. Advanced permission."""
        return await self._paged("hotproduct.query", plan.parameters, page)

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
        found = links.links_by_address(await self._generate(pages, keys[0].tracking_id))
        return {key: links.link_of(key, found, host=self._gateway.link_host) for key in keys}

    async def get_variants(
        self,
        external_id: str,
        *,
        ship_to_country: str = "US",
        currency: str = "USD",
        language: str = "EN",
        variant_ids: Sequence[str] = (),
    ) -> VariantList:
        """product.sku.detail.get: prices with the taxes of the country, and shipping to it.

        `variant_ids`: at most 20; none asks for all. An answer with as many may be cut off there.
        """
        _check_batch(variant_ids, VARIANT_BATCH_SIZE)
        self._gateway.tracking_id()
        params: dict[str, object] = {
            "product_id": external_id,
            "sku_ids": list(variant_ids),
            "ship_to_country": ship_to_country,
            "target_currency": currency,
            "target_language": language,
            "need_deliver_info": "Yes",
        }

        def read(result: Row, received_at: datetime) -> VariantList:
            local = self._gateway.stands_in
            found = variants.variants(result, observed_at=received_at, has_local_pictures=local)
            is_full = len(found) == VARIANT_BATCH_SIZE and not variant_ids
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

    async def get_categories(self) -> tuple[CategoryNode, ...]:
        """category.get: the whole tree, in answer order."""
        return await self._gateway.call(
            "category.get", {}, lambda result, _: parse.categories(result), empty=()
        )

    async def get_featured_promos(self) -> tuple[FeaturedPromo, ...]:
        """featuredpromo.get: the campaigns that run now."""
        return await self._gateway.call(
            "featuredpromo.get", {}, lambda result, _: parse.promos(result), empty=()
        )

    async def get_featured_products(
        self,
        promotion_name: str,
        *,
        page: int,
        category_id: str | None = None,
        country: str | None = None,
        currency: str = "USD",
        language: str = "EN",
        sort: str | None = None,
    ) -> SearchPage:
        """featuredpromo.products.get. `promotion_name` exactly as `get_featured_promos` tells it.

        `sort`: commissionAsc, priceDesc, volumeDesc, discountDesc, ratingDesc and the like.
        """
        params: dict[str, object] = {
            "promotion_name": promotion_name,
            "category_id": category_id,
            "country": country,
            "target_currency": currency,
            "target_language": language,
            "sort": sort,
        }
        return await self._paged("featuredpromo.products.get", params, page)

    async def match_products(
        self,
        *,
        page: int,
        product_id: str | None = None,
        keywords: str | None = None,
        country: str | None = None,
        currency: str = "USD",
        language: str = "EN",
        device_id: str = "server",
    ) -> SearchPage:
        """product.smartmatch: products like this one. Advanced permission.

        `device_id` is documented as required; a constant is enough.
        """
        params: dict[str, object] = {
            "device_id": device_id,
            "product_id": product_id,
            "keywords": keywords,
            "country": country,
            "target_currency": currency,
            "target_language": language,
        }
        return await self._paged("product.smartmatch", params, page)

    async def get_shipping(
        self,
        external_id: str,
        variant_id: str,
        *,
        sale_price: Decimal,
        currency: str = "USD",
        ship_to_country: str = "US",
        language: str = "EN",
        tax_rate: Decimal = Decimal(0),
    ) -> Shipping | None:
        """product.shipping.get for one variant; the fee is in `currency`. Advanced permission."""
        params: dict[str, object] = {
            "product_id": external_id,
            "sku_id": variant_id,
            "ship_to_country": ship_to_country,
            "target_currency": currency,
            "target_sale_price": format(sale_price, "f"),
            "target_language": language,
            "tax_rate": format(tax_rate, "f"),
        }
        return await self._gateway.call(
            "product.shipping.get",
            params,
            lambda result, _: variants.shipping(result, currency=currency),
            empty=None,
        )

    async def get_promotions(
        self,
        ids: Sequence[str],
        *,
        ship_to_country: str = "US",
        currency: str = "USD",
        language: str = "EN",
    ) -> tuple[ProductPromotions, ...]:
        """promotion.info.get for at most 10 products. Separate permission."""
        _check_batch(ids, PROMOTION_BATCH_SIZE)
        params: dict[str, object] = {
            "product_id": list(ids),
            "ship_to_country": ship_to_country,
            "currency": currency,
            "target_language": language,
        }
        return await self._gateway.call(
            "promotion.info.get",
            params,
            lambda result, _: promotions.promotion_info(result),
            empty=(),
        )

    async def get_orders(self, sub_order_ids: Sequence[str]) -> OrderPage:
        """order.get for at most 50 sub-order ids (not order ids)."""
        _check_batch(sub_order_ids, PAGE_SIZE)
        return await self._orders("order.get", {"order_ids": list(sub_order_ids)})

    async def list_orders(
        self,
        *,
        status: OrderStatus,
        start: datetime,
        end: datetime,
        page: int,
        by: OrderTime = OrderTime.PAYMENT_COMPLETED,
    ) -> OrderPage:
        """order.list: one page of 50 of the orders of one status between two aware moments."""
        params = orders.window(status, start, end, by) | {"page_no": page}
        return await self._orders("order.list", params)

    async def list_orders_by_index(
        self,
        *,
        status: OrderStatus,
        start: datetime,
        end: datetime,
        start_index: str | None = None,
        by: OrderTime = OrderTime.PAYMENT_COMPLETED,
    ) -> OrderPage:
        """order.listbyindex: the same by cursor; continue from the page's `max_index`."""
        params = orders.window(status, start, end, by) | {"start_query_index_id": start_index}
        return await self._orders("order.listbyindex", params)

    async def _paged(self, operation: str, params: Mapping[str, object], page: int) -> SearchPage:
        tracking_id = self._gateway.tracking_id()
        if not 1 <= page <= LAST_PAGE:
            return SearchPage(products=(), total=None, is_last=True)
        asked = {**params, "page_no": page, "page_size": PAGE_SIZE, "tracking_id": tracking_id}
        found = await self._products(operation, asked, tracking_id)
        return SearchPage(products=found.products, total=found.total, is_last=_is_last(found, page))

    async def _products(
        self, operation: str, params: Mapping[str, object], tracking_id: str
    ) -> ProductPage:
        read = partial(
            parse.product_page,
            tracking_id=tracking_id,
            link_host=self._gateway.link_host,
            has_local_pictures=self._gateway.stands_in,
        )
        return await self._gateway.call(operation, params, read, empty=ProductPage())

    async def _orders(self, operation: str, params: Mapping[str, object]) -> OrderPage:
        return await self._gateway.call(
            operation, params, lambda result, _: orders.order_page(result), empty=OrderPage()
        )

    async def _generate(self, pages: Sequence[str], tracking_id: str) -> GeneratedLinks:
        """Raises AnswerInvalid where the links were made for another tracking id."""
        params: dict[str, object] = {
            "source_values": list(pages),
            "promotion_link_type": "0",
            "tracking_id": tracking_id,
        }

        def read(result: Row, _: datetime) -> GeneratedLinks:
            found = parse.links(result)
            if found.tracking_id not in (None, tracking_id):
                raise AnswerInvalid(
                    "AliExpress made the links for another tracking ID than the one asked. They "
                    "are not used; try again."
                )
            return found

        return await self._gateway.call("link.generate", params, read, empty=GeneratedLinks())


def _is_last(found: ProductPage, page: int) -> bool:
    """Only an empty page, the cap, the total or the platform's word ends a list."""
    reached = found.total is not None and page * PAGE_SIZE >= min(found.total, REACHABLE)
    return found.row_count == 0 or reached or page == LAST_PAGE or found.is_finished is True


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
