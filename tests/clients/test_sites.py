"""Country sites as people write them."""

import pytest

from clients.registry import BY_CODE
from clients.sites import site_of

AMAZON, ALIEXPRESS = BY_CODE["amazon"], BY_CODE["aliexpress"]


def test_every_site_is_known_by_each_of_its_names() -> None:
    names = AMAZON.locale_names

    assert {site_of(AMAZON, site) for site in AMAZON.locales} == set(AMAZON.locales)
    assert {name: site_of(AMAZON, name.upper()) for name in names} == names


@pytest.mark.parametrize(
    ("written", "site"),
    [
        ("com", "www.amazon.com"),
        ("co.uk", "www.amazon.co.uk"),
        ("de", "www.amazon.de"),
        ("https://amazon.de/dp/B0LAMP0001?th=1", "www.amazon.de"),
        ("", None),
        ("xx", None),
        ("amazon.xx", None),
    ],
)
def test_a_site_is_found_by_ending_and_by_page(written: str, site: str | None) -> None:
    assert site_of(AMAZON, written) == site


@pytest.mark.parametrize("written", ["", "DE", "www.aliexpress.com"])
def test_a_marketplace_of_one_catalogue_has_no_sites(written: str) -> None:
    assert site_of(ALIEXPRESS, written) is None
