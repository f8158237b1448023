"""Bazaar: a shop with an interface of one address and no signature."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

import httpx

from clients.base import (
    CredentialField,
    CredentialForm,
    Marketplace,
    PageReading,
    Visibility,
)
from domain.exceptions import (
    AnswerInvalid,
    CredentialsRejected,
    InvalidInput,
    MarketplaceError,
    MarketplaceNotConnected,
    MarketplaceUnavailable,
    ProductNotFound,
    Throttled,
)
from domain.links import LinkKey
from domain.marketplaces import Account, Capability, HealthState, OfferPolicy, QuotaRule
from domain.money import Money
from domain.products import Offer, ProductRef, SourceProduct, VariantList
from domain.search import ProductSearch, ProductSearchSort, SearchPage, SearchPlan
from reading.text import PageKind
from upstream.budget import Budget
from upstream.contract import Answer, Call, Upstream

CODE, NAME = "bazaar", "Bazaar"
ADDRESS, ADDRESS_SETTING = "https://api.bazaar.test", "BAZAAR_GATEWAY_URL"
PAGE = "https://www.bazaar.test/p/"
PAGE_SIZE, LAST_PAGE = 20, 5
QUOTA = QuotaRule(calls_per_day=1000, calls_per_second=Decimal(5), reset_offset_hours=0)
REFUSALS: Mapping[int, type[MarketplaceError]] = {
    401: CredentialsRejected,
    403: CredentialsRejected,
    429: Throttled,
    503: MarketplaceUnavailable,
}
FIELDS = tuple(
    CredentialField(
        name=name,
        label=label,
        help=f"Stands in your account at Bazaar under Partners, behind the words {label}.",
        visibility=visibility,
    )
    for name, label, visibility in (
        ("apiSecret", "API secret", Visibility.SECRET),
        ("partnerId", "Partner id", Visibility.PUBLIC),
    )
)
FORM = CredentialForm(name="api", label="Partner API", required=tuple(each.name for each in FIELDS))
ABLE = frozenset({Capability.SEARCH, Capability.IMPORT, Capability.SYNC, Capability.GENERATE_LINK})
T = TypeVar("T")


class BazaarClient:
    """One account's way to Bazaar."""

    def __init__(self, account: Account, upstream: Upstream, budget: Budget) -> None:
        self._account, self._upstream, self._budget = account, upstream, budget

    async def get_products(
        self, ids: Sequence[str]
    ) -> Mapping[str, SourceProduct | MarketplaceError]:
        items = await self._items("items", ids=",".join(ids))
        by_id = {each.ref.external_id: each for each in items}
        return {id: by_id.get(id) or ProductNotFound(f"{NAME} does not show it.") for id in ids}

    def plan_search(self, search: ProductSearch) -> SearchPlan:
        return SearchPlan(parameters={"q": search.keywords or ""})

    async def search_products(self, plan: SearchPlan, *, page: int) -> SearchPage:
        self._secret()
        if page > LAST_PAGE:
            return SearchPage(products=(), is_last=True)
        products = await self._items("search", page=page, **plan.parameters)
        return SearchPage(products=tuple(products), is_last=len(products) < PAGE_SIZE)

    async def generate_links(
        self, keys: Sequence[LinkKey]
    ) -> Mapping[LinkKey, str | MarketplaceError]:
        self._secret()
        return {key: f"{product_url(key.ref)}?partner={key.tracking_id}" for key in keys}

    async def get_variants(self, external_id: str) -> VariantList:
        self._secret()
        return VariantList()

    async def verify(self) -> None:
        await self._items("items", ids="BZ00000001")

    def _secret(self) -> str:
        if not self._account.credentials.keys() >= set(FORM.required):
            raise MarketplaceNotConnected(f"Connect {NAME} with connectMarketplace.")
        return self._account.reveal()["apiSecret"].reveal()

    async def _items(self, operation: str, **params: object) -> list[SourceProduct]:
        self._secret()
        address = f"{self._upstream.addresses.get(ADDRESS_SETTING, ADDRESS)}/{operation}"

        def build() -> httpx.Request:
            headers = {"authorization": self._secret()}
            return httpx.Request("GET", address, params=_texts(params), headers=headers)

        return await self._upstream.sender.send(
            Call(
                build=build,
                classify=_classify,
                account=self._account.key,
                credentials=self._account.fingerprint,
                operation=operation,
                quota=self._upstream.quotas.get(CODE, QUOTA),
                budget=self._budget,
            )
        )


def _texts(params: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items()}


def _classify(answer: Answer) -> list[SourceProduct]:
    if answer.status != 200:
        raise REFUSALS.get(answer.status, AnswerInvalid)(f"{NAME} refused: {answer.status}.")
    try:
        rows: Any = json.loads(answer.body)["items"]
        return [_product(row, answer) for row in rows]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise AnswerInvalid(f"The answer of {NAME} made no sense.") from None


def _product(row: Any, answer: Answer) -> SourceProduct:
    ref = ProductRef(CODE, parse_id(row["id"]))
    offer = Offer(observed_at=answer.received_at, price=Money(Decimal(row["price"]), "USD"))
    return SourceProduct(ref=ref, title=str(row["title"]), url=product_url(ref), offer=offer)


def read_page(text: str) -> PageReading:
    """A product page by its address; everything else is foreign."""
    match = re.fullmatch(rf"{re.escape(PAGE)}(BZ[0-9]{{8}})", text.strip())
    if match is None:
        return PageReading(kind=PageKind.FOREIGN)
    return PageReading(kind=PageKind.PRODUCT, ref=ProductRef(CODE, match[1]))


def parse_id(text: str) -> str:
    """The id without blanks around it. Raises InvalidInput."""
    if not re.fullmatch(r"BZ[0-9]{8}", text.strip(), re.ASCII):
        raise InvalidInput(f"This is no product id of {NAME}, such as BZ00000001.")
    return text.strip()


def product_url(ref: ProductRef) -> str:
    """The plain product page."""
    return PAGE + ref.external_id


def check_credentials(_locale: str, values: Mapping[str, str]) -> dict[str, str]:
    """The values to store, trimmed. Raises InvalidInput."""
    trimmed = {name: value.strip() for name, value in values.items() if value.strip()}
    for name, value in trimmed.items():
        if name not in FORM.required or not re.fullmatch(r"[!-~]{1,200}", value):
            raise InvalidInput("Copy the value anew.", path=("credentials", name))
    return trimmed


def capabilities(account: Account) -> frozenset[Capability]:
    """Everything, once both fields are stored and not refused."""
    is_refused = account.health.state is HealthState.CREDENTIALS_REJECTED
    is_complete = account.credentials.keys() >= set(FORM.required)
    return ABLE if is_complete and not is_refused else frozenset()


MARKETPLACE = Marketplace(
    code=CODE,
    name=NAME,
    summary="Bazaar, which does not exist.",
    locales=("",),
    fields=FIELDS,
    forms=(FORM,),
    tracking_field="partnerId",
    batch_size=10,
    link_batch_size=100,
    search_page_size=PAGE_SIZE,
    search_last_page=LAST_PAGE,
    search_sorts=(ProductSearchSort.RELEVANCE,),
    quota=QUOTA,
    policy=OfferPolicy(
        fresh_for=timedelta(minutes=5),
        withheld_after=None,
        keeps_price_history=True,
        lets_pictures_be_copied=True,
        disclaimer="Prices can change.",
    ),
    rel="sponsored nofollow",
    disclosure=lambda _locale: "This page has links that earn a commission.",
    read_page=read_page,
    parse_id=parse_id,
    product_url=product_url,
    check_credentials=check_credentials,
    capabilities=capabilities,
    cures=dict.fromkeys(
        set(HealthState) - {HealthState.HEALTHY}, "Look into your account at Bazaar."
    ),
    connect=BazaarClient,
    gateways={ADDRESS_SETTING: "Another gateway in Bazaar's place."},
)
