"""The made items: every site sells some."""

from sandbox.amazon.made import made_listings
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
