"""One account's calls to the AliExpress affiliate interface.

Every request is a POST form to the address of the settings, never to one of an answer. Key and
secret are opened only while a request is built; every try is built, dated and signed anew.

What an answer says is checked against what was asked: other products are ignored, links for
another tracking id are refused.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TypeVar

import httpx

from clients.aliexpress import links, parse, urls, variants
from clients.aliexpress.answers import read_result
from clients.aliexpress.credentials import not_connected
from clients.aliexpress.search import search_plan
from clients.signing.aliexpress import SignMethod, sign, signable
from clients.values import UNSTORABLE, Row
from domain.exceptions import AnswerInvalid, InvalidInput, MarketplaceError, ProductNotFound
from domain.links import LinkKey
from domain.marketplaces import EVERY_WORKSPACE, Account, AccountKey, QuotaRule
from domain.products import Category, ProductRef, SourceProduct, VariantList
from domain.search import ProductSearch, SearchPage, SearchPlan
from upstream.budget import Budget
from upstream.contract import Answer, Call, Upstream

T = TypeVar("T")

ADDRESS = "https://api-sg.aliexpress.com/sync"
ADDRESS_SETTING = "ALIEXPRESS_GATEWAY_URL"
LINK_HOST = "s.click.aliexpress.com"
METHOD_PREFIX = "aliexpress.affiliate."
FORM = "application/x-www-form-urlencoded; charset=utf-8"

# No limit is published; bursts above one call a second are banned for a second. Days are Beijing's.
QUOTA = QuotaRule(calls_per_day=None, calls_per_second=Decimal(1), reset_offset_hours=8)

BATCH_SIZE = 50  # productdetail.get answers the first 50 ids and silently drops the rest
LINK_BATCH_SIZE = 50
PAGE_SIZE = 50
LAST_PAGE = 100
REACHABLE = PAGE_SIZE * LAST_PAGE  # products of one search, whatever its total says
VARIANT_BATCH_SIZE = 20
KNOWN_PRODUCT = ProductRef(urls.CODE, "1005006338829917")  # for verify: any product page will do


def quota_account(account: Account) -> AccountKey:
    """AliExpress counts calls per application, which several workspaces may share."""
    stored = account.credentials.get("appKey")
    if stored is None:
        return account.key
    name = f"application {stored.value.fingerprint()}"
    return replace(account.key, workspace=EVERY_WORKSPACE, locale=name)


class AliExpressClient:
    """Implements `clients.base.MarketplaceClient`. One call asks one method; `budget` pays for it.

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
        self._account = account
        self._upstream = upstream
        self._budget = budget
        self._sign_method = sign_method
        self._quota = upstream.quotas.get(account.key.marketplace, QUOTA)
        self._address = upstream.addresses.get(ADDRESS_SETTING) or ADDRESS
        self._stands_in = self._address.rstrip("/") != ADDRESS  # another than AliExpress's own
        # That tracked links must have; None, at a gateway that stands in: any.
        self._link_host = None if self._stands_in else LINK_HOST

    async def get_products(
        self, ids: Sequence[str]
    ) -> Mapping[str, SourceProduct | MarketplaceError]:
        """productdetail.get, prices in USD. See `MarketplaceClient`."""
        _check_batch(ids, BATCH_SIZE)
        tracking_id = self._tracking_id()
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
        tracking_id = self._tracking_id()
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
        return {key: links.link_of(key, found, host=self._link_host) for key in keys}

    async def get_variants(self, external_id: str) -> VariantList:
        """product.sku.detail.get: prices in USD with the taxes of the US, and shipping there.

        An answer with 20 may be cut off there.
        """
        self._tracking_id()
        params: dict[str, object] = {
            "product_id": external_id,
            "ship_to_country": "US",
            "target_currency": "USD",
            "target_language": "EN",
            "need_deliver_info": "Yes",
        }

        def read(result: Row, received_at: datetime) -> VariantList:
            local = self._stands_in
            found = variants.variants(result, observed_at=received_at, has_local_pictures=local)
            is_full = len(found) == VARIANT_BATCH_SIZE
            total = None if is_full else len(found)
            return VariantList(variants=found, total=total, has_more=is_full)

        empty = VariantList(total=0)
        return await self._call("product.sku.detail.get", params, read, empty=empty)

    async def verify(self) -> None:
        """Two calls: category.get proves key and secret, link.generate the rest.

        Raises TrackingIDRejected (402) or PendingApproval (401) by the second; an address upstream
        the programme comes back without a link, which still proves the tracking id.
        """
        tracking_id = self._tracking_id()
        await self.get_categories()
        await self._generate([urls.product_url(KNOWN_PRODUCT)], tracking_id)

    async def get_categories(self) -> tuple[Category, ...]:
        """category.get: the whole tree, in answer order."""
        return await self._call(
            "category.get", {}, lambda result, _: parse.categories(result), empty=()
        )

    async def _products(
        self, operation: str, params: Mapping[str, object], tracking_id: str
    ) -> parse.ProductPage:
        read = partial(
            parse.product_page,
            tracking_id=tracking_id,
            link_host=self._link_host,
            has_local_pictures=self._stands_in,
        )
        return await self._call(operation, params, read, empty=parse.ProductPage())

    async def _generate(self, pages: Sequence[str], tracking_id: str) -> dict[str, str | None]:
        """The tracked links, by the addresses that they were made of."""
        params: dict[str, object] = {
            "source_values": list(pages),
            "promotion_link_type": "0",
            "tracking_id": tracking_id,
        }
        return await self._call(
            "link.generate",
            params,
            lambda result, _: links.links_by_address(result, tracking_id),
            empty={},
        )

    async def _call(
        self,
        operation: str,
        params: Mapping[str, object],
        read: Callable[[Row, datetime], T],
        *,
        empty: T,
    ) -> T:
        """Ask `aliexpress.affiliate.<operation>`.

        `read` gets the result object and the moment of the answer; `empty` is what "nothing was
        found" stands for. Raises MarketplaceError, MarketplaceNotConnected without keys, and
        InvalidInput for text that cannot be sent.
        """
        self._require("appKey", "appSecret")
        for name, value in params.items():
            parts = value if isinstance(value, list) else [value]
            if any(isinstance(part, str) and UNSTORABLE.search(part) for part in parts):
                raise InvalidInput(
                    f"The parameter {name} has characters that cannot be sent. Type it anew.",
                    path=(name,),
                )

        def classify(answer: Answer) -> T:
            result = read_result(answer)
            return empty if result is None else read(result, answer.received_at)

        return await self._upstream.sender.send(
            Call(
                build=partial(self._request, operation, params),
                classify=classify,
                account=quota_account(self._account),
                credentials=self._account.fingerprint,
                operation=operation,
                quota=self._quota,
                budget=self._budget,
            )
        )

    def _tracking_id(self) -> str:
        """The stored tracking id, which is no secret. Raises MarketplaceNotConnected unless all
        three credentials are stored."""
        self._require("appKey", "appSecret", "trackingId")
        return self._account.credentials["trackingId"].value.reveal()

    def _require(self, *names: str) -> None:
        """Raises MarketplaceNotConnected unless all these credentials are stored."""
        if not self._account.credentials.keys() >= set(names):
            raise not_connected()

    def _request(self, operation: str, params: Mapping[str, object]) -> httpx.Request:
        """Signed anew each time; key and secret are open here alone."""
        stored = self._account.credentials
        system = {
            "app_key": stored["appKey"].value.reveal(),
            "method": METHOD_PREFIX + operation,
            "timestamp": round(self._upstream.now().timestamp() * 1000),
            "sign_method": self._sign_method.value,
            "format": "json",
            "v": "2.0",
        }
        form = signable({**params, **system})
        form["sign"] = sign(form, stored["appSecret"].value.reveal(), self._sign_method)
        return httpx.Request("POST", self._address, data=form, headers={"content-type": FORM})


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
