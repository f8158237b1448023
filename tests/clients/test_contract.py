"""What every registered marketplace must keep, whoever wrote it (see clients/base.py)."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

import httpx
import pytest

from clients.base import (
    Marketplace,
    MarketplaceClient,
    Visibility,
)
from clients.registry import MarketplaceCode
from domain.credentials import Secret
from domain.exceptions import InvalidInput, MarketplaceError, MarketplaceNotConnected
from domain.links import LinkKey
from domain.marketplaces import (
    Account,
    AccountKey,
    Capability,
    Health,
    HealthState,
    QuotaRule,
    StoredCredential,
)
from domain.products import Mode, ProductRef, SourceProduct
from domain.search import ProductSearch, SearchPlan
from reading.text import PageKind
from tests.fakes import NOW, FakeMarketplaceClient, product, sample_of
from upstream.budget import CallBudget
from upstream.contract import Answer, Call, Upstream

pytestmark = pytest.mark.anyio

T = TypeVar("T")

EVERY = pytest.mark.parametrize(
    "market", [code.value for code in MarketplaceCode], ids=[code.name for code in MarketplaceCode]
)
TOKEN = {"access_token": "Atc|hush-hush-3", "token_type": "bearer", "expires_in": 3600}


@dataclass
class FakeSender:
    """Gives every call the same answer, and every token request a token."""

    status: int = 200
    body: bytes = b"{}"
    requests: list[httpx.Request] = field(default_factory=list)

    async def send(self, call: Call[T]) -> T:
        self.requests.append(call.build())
        if call.quota is None:
            return call.classify(self._answer(200, json.dumps(TOKEN).encode()))
        return call.classify(self._answer(self.status, self.body))

    def _answer(self, status: int, body: bytes) -> Answer:
        return Answer(status=status, headers=httpx.Headers(), body=body, received_at=NOW)


def account_of(
    market: Marketplace,
    values: Mapping[str, str],
    *,
    state: HealthState = HealthState.UNVERIFIED,
) -> Account:
    return Account(
        key=AccountKey("default", market.code, market.locales[0], Mode.LIVE),
        credentials={
            name: StoredCredential(name=name, value=Secret(value), updated_at=NOW)
            for name, value in values.items()
        },
        health=Health(state=state),
    )


def client_of(
    market: Marketplace, sender: FakeSender, values: Mapping[str, str] | None = None
) -> MarketplaceClient:
    account = account_of(market, sample_of(market.code).CREDENTIALS if values is None else values)
    return market.connect(account, Upstream(sender=sender, now=lambda: NOW), CallBudget())


def lamps(market: Marketplace, count: int) -> list[ProductRef]:
    return [product(number, marketplace=market.code).ref for number in range(count)]


@EVERY
def test_fields_are_labelled_and_explained(market: Marketplace) -> None:
    names = [field.name for field in market.fields]

    assert len(set(names)) == len(names)
    assert all(field.label and field.label != field.name for field in market.fields)
    assert all(
        len(field.help.split()) >= 12 and field.help.endswith(".") for field in market.fields
    )


@EVERY
def test_forms_are_made_of_fields(market: Marketplace) -> None:
    names = {field.name for field in market.fields}
    required = {name for form in market.forms for name in form.required}

    assert required == names
    assert all(len(set(form.required)) == len(form.required) for form in market.forms)
    assert all(form.label for form in market.forms)
    assert not market.forms[0].is_retired


@EVERY
def test_the_tracking_id_is_a_public_field_of_every_form(market: Marketplace) -> None:
    fields = {field.name: field for field in market.fields}

    assert fields[market.tracking_field].visibility is Visibility.PUBLIC
    assert all(market.tracking_field in form.required for form in market.forms)


@EVERY
def test_something_is_secret(market: Marketplace) -> None:
    hidden = {field.name for field in market.fields if field.visibility is Visibility.SECRET}

    assert all(hidden.intersection(form.required) for form in market.forms)
    assert all("ecret" in name for name in hidden)


@EVERY
def test_every_trouble_has_a_cure(market: Marketplace) -> None:
    troubles = set(HealthState) - {HealthState.HEALTHY, HealthState.UNVERIFIED}

    assert troubles <= set(market.cures)
    assert HealthState.HEALTHY not in market.cures
    assert all(cure.endswith(".") and len(cure.split()) >= 5 for cure in market.cures.values())


@EVERY
def test_every_site_has_a_disclosure(market: Marketplace) -> None:
    sentences = {market.disclosure(locale) for locale in market.locales}

    assert market.locales
    assert all(text.endswith(".") for text in sentences)


@EVERY
def test_links_are_marked_as_paid(market: Marketplace) -> None:
    assert {"sponsored", "nofollow"} <= set(market.rel.split())


NARROWING: Mapping[str, dict[str, Any]] = {
    "categoryId": {"category_id": "172282"},
    "minPrice": {"min_price": Decimal(5)},
    "maxPrice": {"max_price": Decimal(50)},
    "shipToCountry": {"ship_to_country": "CH"},  # no site of anybody's own
    "maxDeliveryDays": {"max_delivery_days": 5},
    "minOrders": {"min_orders": 10},
    "minPositivePercent": {"min_positive_percent": Decimal(90)},
    "minDiscountPercent": {"min_discount_percent": 20},
    "freeShippingOnly": {"free_shipping_only": True},
}


@EVERY
@pytest.mark.parametrize("name", NARROWING)
def test_the_filters_that_it_tells_are_those_that_narrow(market: Marketplace, name: str) -> None:
    currency = next(iter(market.search_currencies(market.locales[0])), "USD")
    search = ProductSearch(keywords="lamp", currency=currency, min_orders=0)

    plan = client_of(market, FakeSender()).plan_search
    narrows = False
    with contextlib.suppress(InvalidInput):
        narrows = replace(plan(replace(search, **NARROWING[name])), unsupported=()) != plan(search)

    assert (name in market.search_filters) == narrows


@EVERY
def test_sizes_and_limits_are_usable(market: Marketplace) -> None:
    sizes = (market.batch_size, market.link_batch_size, market.search_page_size)

    assert all(size > 0 for size in sizes)
    assert market.search_last_page > 0
    assert market.quota.calls_per_second > 0
    assert market.policy.fresh_for > timedelta(0)
    assert market.policy.withheld_after is None or (
        market.policy.withheld_after >= market.policy.fresh_for
    )
    assert market.policy.disclaimer.endswith(".")


@EVERY
def test_its_own_product_page_is_recognised(market: Marketplace) -> None:
    for locale in market.locales:
        ref = replace(lamps(market, 1)[0], locale=locale)

        reading = market.read_page(market.product_url(ref))

        assert (reading.kind, reading.ref) == (PageKind.PRODUCT, ref)


@EVERY
def test_another_marketplaces_product_page_is_foreign(market: Marketplace) -> None:
    others = [code.value for code in MarketplaceCode if code.value is not market]

    readings = [market.read_page(other.product_url(lamps(other, 1)[0])) for other in others]

    assert readings
    assert all(reading.kind is PageKind.FOREIGN for reading in readings)


@EVERY
@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "http://[", "lamp", "%", "//", "🔑"])
def test_any_text_can_be_read(market: Marketplace, text: str) -> None:
    reading = market.read_page(text)

    assert reading.ref is None
    assert reading.kind is not PageKind.PRODUCT


@EVERY
def test_a_canonical_id_stays_as_it_is(market: Marketplace) -> None:
    ids = [ref.external_id for ref in lamps(market, 20)]

    assert [market.parse_id(id) for id in ids] == ids
    assert [market.parse_id(f" {id}\n") for id in ids] == ids


@EVERY
@pytest.mark.parametrize("text", ["", " ", "x", "-1", "1 2", "\x00", "\ud800", "9" * 9_000, "١٢٣"])
def test_what_is_no_id_is_refused(market: Marketplace, text: str) -> None:
    with pytest.raises(InvalidInput, match="id"):
        market.parse_id(text)


@EVERY
def test_right_credentials_are_kept(market: Marketplace) -> None:
    values = sample_of(market.code).CREDENTIALS

    kept = market.check_credentials(market.locales[0], {n: f" {v} " for n, v in values.items()})

    assert kept == values
    assert set(values) == set(market.forms[0].required)


@EVERY
def test_blank_credentials_are_left_out(market: Marketplace) -> None:
    blank = {field.name: "  " for field in market.fields}

    assert market.check_credentials(market.locales[0], blank) == {}
    assert market.check_credentials(market.locales[0], {}) == {}


@EVERY
@pytest.mark.parametrize("value", ["a\x00b", "a\nb", "\ud800", "x" * 3_000, "ключ\x7f"])
def test_an_unusable_credential_is_refused_without_repeating_it(
    market: Marketplace, value: str
) -> None:
    for one in market.fields:
        with pytest.raises(InvalidInput) as refusal:
            market.check_credentials(market.locales[0], {one.name: value})

        assert refusal.value.path == ("credentials", one.name)
        assert value not in refusal.value.message


@EVERY
def test_an_unknown_credential_field_is_refused(market: Marketplace) -> None:
    with pytest.raises(InvalidInput) as refusal:
        market.check_credentials(market.locales[0], {"password": "hush-hush"})

    assert refusal.value.path[0] == "credentials"
    assert "hush" not in refusal.value.message


@EVERY
def test_nothing_stored_allows_nothing(market: Marketplace) -> None:
    assert market.capabilities(account_of(market, {})) == frozenset()


@EVERY
def test_a_complete_set_allows_the_main_job(market: Marketplace) -> None:
    able = market.capabilities(account_of(market, sample_of(market.code).CREDENTIALS))

    assert {
        Capability.SEARCH,
        Capability.IMPORT,
        Capability.SYNC,
        Capability.GENERATE_LINK,
    } <= able


@EVERY
@pytest.mark.parametrize(
    "state", [HealthState.CREDENTIALS_REJECTED, HealthState.NOT_ELIGIBLE, HealthState.API_RETIRED]
)
def test_refused_credentials_never_allow_more(market: Marketplace, state: HealthState) -> None:
    values = sample_of(market.code).CREDENTIALS

    able = market.capabilities(account_of(market, values, state=state))

    assert able <= market.capabilities(account_of(market, values))


@EVERY
def test_no_secret_shows_in_account_or_client(market: Marketplace) -> None:
    sender = FakeSender()
    client = client_of(market, sender)

    shown = (
        repr(account_of(market, sample_of(market.code).CREDENTIALS))
        + repr(client)
        + repr(vars(client))
    )

    assert "hush" not in shown


@EVERY
async def test_without_credentials_every_method_says_so_and_calls_nobody(
    market: Marketplace,
) -> None:
    sender = FakeSender()
    client = client_of(market, sender, {})
    ref = lamps(market, 1)[0]
    plan = SearchPlan(parameters={})

    for refused in (
        client.get_products([ref.external_id]),
        client.search_products(plan, page=1),
        client.generate_links([LinkKey(ref, "")]),
        client.get_variants(ref.external_id),
        client.verify(),
    ):
        with pytest.raises(MarketplaceNotConnected, match="connectMarketplace"):
            await refused

    assert sender.requests == []


ODD_ANSWERS = [
    ("nothing", 200, b""),
    ("an empty object", 200, b"{}"),
    ("a list", 200, b"[]"),
    ("null", 200, b"null"),
    ("cut off", 200, b'{"itemsResult": {"items": ['),
    ("a web page", 200, b"<!doctype html><title>Robot check</title>"),
    ("no text", 200, b"\xff\xfe\x00"),
    ("deeply nested", 200, b"[" * 100_000),
    ("a trouble page", 503, b"<h1>Service Unavailable</h1>"),
    ("too fast", 429, b"{}"),
    ("refused", 401, b"{}"),
    ("forbidden", 403, b"{}"),
    ("bad request", 400, b"{}"),
]


@EVERY
@pytest.mark.parametrize(("_case", "status", "body"), ODD_ANSWERS)
async def test_every_id_has_an_entry_or_the_call_fails(
    market: Marketplace, _case: str, status: int, body: bytes
) -> None:
    client = client_of(market, FakeSender(status, body))
    ids = [ref.external_id for ref in lamps(market, market.batch_size)]

    found: Mapping[str, SourceProduct | MarketplaceError]
    try:
        found = await client.get_products(ids)
    except MarketplaceError as failure:
        found = dict.fromkeys(ids, failure)

    assert set(found) == set(ids)
    assert all(isinstance(one, MarketplaceError) for one in found.values())


@EVERY
@pytest.mark.parametrize(("_case", "status", "body"), ODD_ANSWERS)
async def test_a_search_finds_nothing_or_fails(
    market: Marketplace, _case: str, status: int, body: bytes
) -> None:
    client = client_of(market, FakeSender(status, body))
    plan = client.plan_search(ProductSearch(keywords="lamp"))

    products: Sequence[SourceProduct] = ()
    with contextlib.suppress(MarketplaceError):
        products = (await client.search_products(plan, page=1)).products

    assert products == ()


@EVERY
@pytest.mark.parametrize(("_case", "status", "body"), ODD_ANSWERS)
async def test_an_odd_answer_proves_no_credentials(
    market: Marketplace, _case: str, status: int, body: bytes
) -> None:
    with pytest.raises(MarketplaceError):
        await client_of(market, FakeSender(status, body)).verify()


@EVERY
@pytest.mark.parametrize("body", [b"", b"{}", b"<h1>Not Found</h1>", b'{"message": "no Route"}'])
async def test_a_404_of_somebody_else_says_nothing_about_products(
    market: Marketplace, body: bytes
) -> None:
    client = client_of(market, FakeSender(404, body))

    with pytest.raises(MarketplaceError):
        await client.get_products([lamps(market, 1)[0].external_id])
    with pytest.raises(MarketplaceError):
        await client.verify()


@EVERY
@pytest.mark.parametrize(("_case", "status", "body"), ODD_ANSWERS)
async def test_every_link_asked_has_an_entry_or_the_call_fails(
    market: Marketplace, _case: str, status: int, body: bytes
) -> None:
    client = client_of(market, FakeSender(status, body))
    keys = [LinkKey(ref, "lamps-20") for ref in lamps(market, 3)]

    links: Mapping[LinkKey, str | MarketplaceError]
    try:
        links = await client.generate_links(keys)
    except MarketplaceError as failure:
        links = dict.fromkeys(keys, failure)

    assert set(links) == set(keys)


@EVERY
async def test_no_failure_shows_a_secret(market: Marketplace) -> None:
    secrets = [*sample_of(market.code).CREDENTIALS.values(), TOKEN["access_token"]]
    echo = json.dumps({"message": " ".join(map(str, secrets))}).encode()

    for status in (400, 401, 403, 429, 500):
        with pytest.raises(MarketplaceError) as failure:
            await client_of(market, FakeSender(status, echo)).verify()

        assert "hush" not in f"{failure.value} {failure.value.extensions}"


@EVERY
async def test_pages_behind_the_cap_are_empty_without_a_call(market: Marketplace) -> None:
    sender = FakeSender()
    client = client_of(market, sender)
    plan = client.plan_search(ProductSearch(keywords="lamp"))

    page = await client.search_products(plan, page=market.search_last_page + 1)

    assert (page.products, page.is_last) == ((), True)
    assert sender.requests == []


@EVERY
async def test_a_call_says_that_it_counts(market: Marketplace) -> None:
    counted: list[QuotaRule | None] = []

    class Noting(FakeSender):
        async def send(self, call: Call[T]) -> T:
            counted.append(call.quota)
            return await super().send(call)

    with pytest.raises(MarketplaceError):
        await client_of(market, Noting(status=500)).verify()

    assert market.quota in counted


def test_the_fake_marketplace_of_the_tests_keeps_the_protocol() -> None:
    fake: MarketplaceClient = FakeMarketplaceClient()

    assert fake.plan_search(ProductSearch()).post_filters == ()
