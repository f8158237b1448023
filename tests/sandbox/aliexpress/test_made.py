"""The made products: the same ones at every start."""

from sandbox.aliexpress.made import FIRST_ID, OFF_SALE, OUT_OF_PROGRAM, made_listings
from tests.sandbox.callers import PICTURES, made_catalogs


def test_two_catalogues_are_equal_also_when_made_anew() -> None:
    one, other = made_catalogs(), made_catalogs("http://elsewhere.invalid/pictures")

    titles = [
        [listing.fields["product_title"] for listing in catalog["aliexpress"].listings()]
        for catalog in (one, other)
    ]

    assert made_catalogs()["aliexpress"].listings() == one["aliexpress"].listings()
    assert titles[0] == titles[1]
    assert made_listings.__wrapped__(PICTURES) == made_listings(PICTURES)


def test_ids_are_of_the_made_range_and_counted() -> None:
    catalog = made_catalogs()

    ids = [int(one.id) for one in catalog["aliexpress"].listings()]

    assert ids == list(range(FIRST_ID, FIRST_ID + 320))
    assert set(ids) >= OUT_OF_PROGRAM | OFF_SALE
