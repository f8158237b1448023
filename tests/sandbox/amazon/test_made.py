"""The made items: every site sells some."""

import pytest

from sandbox.amazon.made import asin_of, made_listings
from sandbox.amazon.sites import SITES
from tests.sandbox.callers import PICTURES, made_catalogs


def test_every_site_sells_something_in_its_own_currency() -> None:
    catalog = made_catalogs()

    for host, site in SITES.items():
        listings = catalog["amazon"].listings(host)
        currencies = {
            offer["price"]["money"]["currency"]
            for one in listings
            for offer in one.fields.get("offersV2", {}).get("listings", [])
            if "price" in offer
        }
        assert len(listings) >= 50, host
        assert currencies == {site.currency}


def test_items_are_equal_also_when_made_anew() -> None:
    asins = [one.id for one in made_catalogs()["amazon"].listings()]

    assert made_listings.__wrapped__(PICTURES) == made_listings(PICTURES)
    assert len(asins) == len(set(asins)) == 160
    assert all(asin.startswith("B0SANDBX") and len(asin) == 10 for asin in asins)


@pytest.mark.parametrize(
    ("asin", "offers"),
    [
        (asin_of(17), [("New", "PRIME_EXCLUSIVE"), ("New", None)]),
        (asin_of(31), [("New", "PRIME_EXCLUSIVE")]),
        (asin_of(20), [("Used", None)]),
        (asin_of(28), [("Refurbished", None)]),
    ],
)
def test_some_offers_are_not_new_or_not_for_everybody(
    asin: str, offers: list[tuple[str, str | None]]
) -> None:
    [item] = [one for one in made_catalogs()["amazon"].listings() if one.id == asin]

    listings = item.fields["offersV2"]["listings"]
    assert offers == [
        (one["condition"]["value"], one.get("dealDetails", {}).get("accessType"))
        for one in listings
    ]
