"""Every sample answer of the reference material, against what its sheet makes of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from clients.amazon import answers, parse
from clients.amazon.answers import Operation, Reading
from clients.amazon.creators import read_token
from clients.amazon.errors import FieldsRefused
from clients.amazon.parse import Site
from domain.exceptions import (
    APIRetired,
    CredentialsRejected,
    MarketplaceError,
    MarketplaceUnavailable,
    NotEligible,
    ProductNotFound,
    RequestRefused,
    Throttled,
    TrackingIDRejected,
)
from domain.money import Money, discount_percent
from domain.products import Availability, SourceProduct
from tests.clients.amazon.fakes import NOW, answer
from upstream.contract import Answer

pytestmark = pytest.mark.shared

Sample = dict[str, Any]

OPERATIONS = {
    one.name.lower(): one
    for one in (
        answers.GET_ITEMS,
        answers.SEARCH_ITEMS,
        answers.GET_VARIATIONS,
    )
}
TOKENS = {
    "token-v2-ok.json": "eyJraWQiOiJ...",
    "token-v3-ok.json": "Atc|MQICIJvSKVTZ...",
}
REFUSED_TOKENS = {"token-v2-wrong-region.json": (CredentialsRejected, "invalid_client")}
REFUSALS: dict[str, tuple[type[MarketplaceError], str, bool]] = {
    "creators-400-field-list-of-names.json": (FieldsRefused, "FieldValidationFailed", False),
    "creators-400-invalid-partner-tag.json": (TrackingIDRejected, "InvalidPartnerTag", False),
    "creators-401-token-expired.json": (CredentialsRejected, "TokenExpired", False),
    "creators-403-associate-not-eligible.json": (NotEligible, "AssociateNotEligible", False),
    "creators-429-retry-after.json": (Throttled, "ThrottleException", True),
    "creators-500.json": (MarketplaceUnavailable, "InternalServerException", True),
    "paapi5-400-validation.json": (RequestRefused, "InvalidParameterValue", False),
    "paapi5-401-unknown-key.json": (CredentialsRejected, "UnrecognizedClient", False),
    "paapi5-403-retired.json": (APIRetired, "AccessDenied", False),
    "paapi5-429.json": (Throttled, "TooManyRequests", True),
}
NOTHING_FOUND = {
    "creators-404-item.json",
    "creators-404-no-search-results.json",
    "paapi5-getbrowsenodes-unknown.json",
    "paapi5-getvariations-none.json",
}
ITEMS = {
    "creators-getitems-lightning-deal.json": 1,
    "creators-getitems-nulls.json": 2,
    "creators-getitems-partial.json": 1,
    "creators-getitems-price-hidden.json": 2,
    "creators-getitems-two-listings.json": 1,
    "creators-searchitems-captured.json": 1,
    "creators-searchitems-refinements.json": 1,
    "paapi5-getitems-book.json": 1,
    "paapi5-getitems-ca.json": 1,
    "paapi5-getitems-de.json": 1,
    "paapi5-getitems-es.json": 1,
    "paapi5-getitems-savings.json": 1,
    "paapi5-getitems-us.json": 1,
    "paapi5-searchitems-es.json": 10,
    "paapi5-searchitems-us.json": 10,
}
VARIANTS = {"creators-getvariations-page1.json": 3, "paapi5-getvariations-us.json": 10}
# Of the category tree, which is not asked for.
NODES = {"creators-getbrowsenodes.json", "paapi5-getbrowsenodes-us.json"}
COVERED = (TOKENS, REFUSED_TOKENS, REFUSALS, NOTHING_FOUND, ITEMS, VARIANTS, NODES)
PRICES = {
    "creators-getitems-lightning-deal.json": (None, None),
    "creators-searchitems-refinements.json": ("49.99 EUR", None),
    "paapi5-getitems-book.json": ("10.36 USD", "21.95 USD"),
    "paapi5-getitems-ca.json": ("39.37 CAD", None),
    "paapi5-getitems-de.json": ("60.02 EUR", None),
    "paapi5-getitems-es.json": ("55.11 EUR", None),
    "paapi5-getitems-us.json": ("29.98 USD", None),
}


# What a flat `expect` may hold; "prime" is the one that our record has no place for.
CHECKED = {"price", "list_price", "savings_percent", "availability", "condition", "brand", "image"}
CHECKED |= {"deal", "prime"}


@pytest.fixture(scope="module")
def samples(reference: Path) -> dict[str, Sample]:
    folder = reference / "marketplaces/amazon/samples"
    files = sorted(file for file in folder.glob("*.json") if file.name != "index.json")
    return {file.name: json.loads(file.read_text("utf-8")) for file in files}


def answer_of(sample: Sample) -> Answer:
    response = sample["response"]
    body = response["body"] if "body" in response else response["text"].encode()
    return answer(response["status"], body, headers=response.get("headers"))


def operation_of(sample: Sample) -> Operation:
    return OPERATIONS.get(sample["operation"].lower(), answers.GET_ITEMS)


def opened(sample: Sample) -> Reading:
    return answers.read(answer_of(sample), operation_of(sample))


def site_of(sample: Sample) -> Site:
    host = sample.get("marketplace", "www.amazon.com")
    return Site(locale=host, partner_tag="xyz-20", link_host=host)


def products_of(sample: Sample) -> list[SourceProduct]:
    reading = opened(sample)
    site = site_of(sample)
    if operation_of(sample) is answers.SEARCH_ITEMS:
        return list(parse.search_page(reading, 1, site).products)
    asins = [item["asin"] for item in reading.result["items"]]
    found = parse.products(reading, asins, site).values()
    return [one for one in found if isinstance(one, SourceProduct)]


def shown(amount: Money | None) -> str | None:
    return f"{amount.text} {amount.currency}" if amount else None


def prices_of(product: SourceProduct) -> tuple[str | None, str | None]:
    return shown(product.offer.price), shown(product.offer.list_price)


def test_every_sample_is_covered(samples: dict[str, Sample], reference: Path) -> None:
    index = reference / "marketplaces/amazon/samples/index.json"
    listed = [one["file"] for one in json.loads(index.read_text("utf-8"))["samples"]]

    covered = [name for table in COVERED for name in table]

    assert sorted(covered) == sorted(samples) == sorted(listed)


@pytest.mark.parametrize(("name", "token"), TOKENS.items())
def test_token(samples: dict[str, Sample], name: str, token: str) -> None:
    read = read_token(answer_of(samples[name]))

    assert read.secret.reveal() == token
    assert (read.use_until - NOW).total_seconds() == 3540


@pytest.mark.parametrize("name", REFUSED_TOKENS)
def test_refused_token(samples: dict[str, Sample], name: str) -> None:
    kind, code = REFUSED_TOKENS[name]

    with pytest.raises(kind) as caught:
        read_token(answer_of(samples[name]))

    assert caught.value.upstream_code == code
    assert not caught.value.retryable


@pytest.mark.parametrize("name", REFUSALS)
def test_refusal(samples: dict[str, Sample], name: str) -> None:
    kind, code, retryable = REFUSALS[name]
    body = samples[name]["response"]["body"]

    with pytest.raises(MarketplaceError) as caught:
        opened(samples[name])

    assert type(caught.value) is kind
    assert caught.value.upstream_code == code
    assert caught.value.retryable is retryable
    assert caught.value.retry_after == body.get("retryAfterSeconds")


def test_refusal_names_the_members_that_are_at_fault(samples: dict[str, Sample]) -> None:
    with pytest.raises(FieldsRefused) as caught:
        opened(samples["creators-400-field-list-of-names.json"])

    assert caught.value.fields == ("partnerTag",)


@pytest.mark.parametrize("name", sorted(NOTHING_FOUND))
def test_nothing_found(samples: dict[str, Sample], name: str) -> None:
    reading = opened(samples[name])

    missing = [
        *parse.products(reading, ["B08N5WRWNW"], site_of(samples[name])).values(),
    ]
    page = parse.search_page(reading, 1, site_of(samples[name]))

    assert all(isinstance(one, ProductNotFound) for one in missing)
    assert (page.products, page.total, page.is_last) == ((), 0, True)
    assert parse.variants(reading) == ()


@pytest.mark.parametrize(("name", "count"), ITEMS.items())
def test_items(samples: dict[str, Sample], name: str, count: int) -> None:
    products = products_of(samples[name])

    assert len(products) == count
    assert all(one.title and one.offer.observed_at == NOW for one in products)
    if name in PRICES:
        assert [prices_of(one) for one in products] == [PRICES[name]]


@pytest.mark.parametrize(("name", "count"), VARIANTS.items())
def test_variants(samples: dict[str, Sample], name: str, count: int) -> None:
    reading = opened(samples[name])

    variants = parse.variants(reading)

    assert len(variants) == count
    assert all(len(one.attributes) == 2 for one in variants)
    assert parse.page_count(reading) == 2


def test_variants_carry_the_names_that_the_shop_shows(samples: dict[str, Sample]) -> None:
    first, *_ = parse.variants(opened(samples["creators-getvariations-page1.json"]))

    attributes = {one.name: one.value for one in first.attributes}

    assert attributes == {"Size": "One Size", "Colour": "Navy"}


def test_partial_answer(samples: dict[str, Sample]) -> None:
    sample = samples["creators-getitems-partial.json"]
    asked = sample["request"]["itemIds"]

    entries = parse.products(opened(sample), asked, site_of(sample))

    found = [asin for asin, one in entries.items() if isinstance(one, SourceProduct)]
    missing = {asin: one for asin, one in entries.items() if isinstance(one, ProductNotFound)}
    assert found == sample["expect"]["found"]
    assert list(missing) == sample["expect"]["missing"]
    assert {one.upstream_code for one in missing.values()} == {"InvalidParameterValue"}


def test_hidden_and_missing_offers(samples: dict[str, Sample]) -> None:
    sample = samples["creators-getitems-price-hidden.json"]

    offers = {one.ref.external_id: one.offer for one in products_of(sample)}

    for asin, expect in sample["expect"].items():
        availability = Availability(expect["availability"] or "UNKNOWN")
        assert offers[asin].price is None, asin
        assert offers[asin].availability is availability, asin
    assert len(offers) == len(sample["expect"])


def test_whatever_a_sample_expects(samples: dict[str, Sample]) -> None:
    flat = {name: one for name, one in samples.items() if "price" in one.get("expect", {})}

    for name, sample in flat.items():
        expect = sample["expect"]
        assert set(expect) <= CHECKED, name
        product = products_of(sample)[0]
        offer = product.offer
        assert offer.price is not None, name
        assert offer.list_price is not None, name
        assert str(offer.price.amount) == expect["price"], name
        assert str(offer.list_price.amount) == expect["list_price"], name
        assert discount_percent(offer.price, offer.list_price) == expect["savings_percent"], name
        if "availability" in expect:
            assert offer.availability.value == expect["availability"], name
        if "brand" in expect:
            assert product.brand == expect["brand"], name
        if "image" in expect:
            assert product.images[0].url == expect["image"], name
        if "condition" in expect:
            listing = listing_of(sample, product)
            assert listing["condition"]["value"] == expect["condition"], name
            assert ("dealDetails" in listing) is expect["deal"], name
    assert len(flat) == 3


def listing_of(sample: Sample, product: SourceProduct) -> dict[str, Any]:
    """The listing that was chosen, told by its seller: our record keeps no condition."""
    assert product.seller is not None
    (item,) = sample["response"]["body"]["itemsResult"]["items"]
    listings: list[dict[str, Any]] = item["offersV2"]["listings"]
    (chosen,) = (one for one in listings if one["merchantInfo"]["id"] == product.seller.external_id)
    return chosen
