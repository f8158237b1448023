"""The table of country sites, against the reference material's."""

import json
from pathlib import Path

import pytest

from clients.amazon import locales
from domain.exceptions import InvalidInput, WrongLocale


@pytest.mark.shared
def test_table_is_the_reference_table(reference: Path) -> None:
    told = json.loads((reference / "marketplaces/amazon/marketplaces.json").read_text("utf-8"))

    for site in told["marketplaces"]:
        locale = locales.by_marketplace(site["marketplace"])
        region = locale.region
        assert locale.domain == site["domain"]
        assert locale.country == site["country"]
        assert locale.name == site["name"]
        assert locale.currency == site["currency"]
        assert list(locale.currencies) == site["currencies"]
        assert list(locale.languages) == site["languages"]
        assert region.name == site["creators"]["region"]
        assert f"3.{region.digit}" == site["creators"]["credential_version_lwa"]
        assert f"2.{region.digit}" == site["creators"]["credential_version_cognito"]
        assert locale.paapi_host == site["paapi5"]["host"]
        assert region.aws_region == site["paapi5"]["aws_region"]
        assert region.tag_suffix == site["partner_tag_suffix"]
    assert len(told["marketplaces"]) == len(locales.LOCALES) == 22
    assert list(locales.SHORT_LINK_HOSTS) == told["short_link_hosts"]


@pytest.mark.shared
def test_token_endpoints_are_the_reference_ones(reference: Path) -> None:
    told = json.loads((reference / "marketplaces/amazon/marketplaces.json").read_text("utf-8"))

    for version, expected in told["creators_api"]["token"].items():
        endpoint = locales.token_endpoint(version)
        assert endpoint.url == expected["endpoint"]
        assert endpoint.scope == expected["scope"]
        assert endpoint.as_json is (expected["body"] == "json")
        assert endpoint.authorization("<token>") == expected["authorization"]
    assert set(told["creators_api"]["token"]) == set(locales.TOKEN_ENDPOINTS)


def test_united_states_come_first_and_sites_are_distinct() -> None:
    marketplaces = [locale.marketplace for locale in locales.LOCALES]

    assert marketplaces[0] == "www.amazon.com"
    assert len(set(marketplaces)) == 22


@pytest.mark.parametrize("name", ["", "amazon.de", "www.amazon.cn", "WWW.AMAZON.DE"])
def test_other_texts_are_no_country_site(name: str) -> None:
    with pytest.raises(WrongLocale, match=r"www\.amazon\.com"):
        locales.by_marketplace(name)


def test_unknown_version_names_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match=r"2\.1, 2\.2") as refused:
        locales.token_endpoint("4.0")

    assert refused.value.path == ("credentials", "credentialVersion")
