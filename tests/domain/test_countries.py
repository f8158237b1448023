"""Which countries there are."""

import pytest

from domain.countries import parse_country
from domain.exceptions import InvalidInput


@pytest.mark.parametrize(
    ("written", "code"), [("DE", "DE"), (" us\n", "US"), ("UK", "GB"), ("gb", "GB"), ("TW", "TW")]
)
def test_countries(written: str, code: str) -> None:
    assert parse_country(written) == code


@pytest.mark.parametrize("written", ["", "D", "ZZ", "EU", "USA", "Germany", "ß", "ſe"])
def test_what_is_no_country(written: str) -> None:
    with pytest.raises(InvalidInput, match="ISO 3166") as caught:
        parse_country(written, path=("search", "shipToCountry"))

    assert caught.value.path == ("search", "shipToCountry")
