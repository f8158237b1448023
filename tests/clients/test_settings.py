"""What can be set about a marketplace follows from its description."""

import pytest

from clients.registry import BY_CODE, SETTINGS
from domain.settings import MarketplaceSettings

EVERY = pytest.mark.parametrize("settings", SETTINGS, ids=[each.code for each in SETTINGS])


@EVERY
def test_their_names_begin_with_the_code(settings: MarketplaceSettings) -> None:
    prefix = f"{settings.code.upper()}_"

    assert [each.name for each in settings.every if not each.name.startswith(prefix)] == []


@EVERY
def test_they_are_worded_for_the_operator(settings: MarketplaceSettings) -> None:
    assert all(each.help.endswith(".") and ".." not in each.help for each in settings.every)
    assert {each.group for each in settings.every} == {BY_CODE[settings.code].name}


@EVERY
def test_each_credential_has_one_and_may_come_from_a_file(settings: MarketplaceSettings) -> None:
    fields = [field.name for field in BY_CODE[settings.code].fields]

    assert list(settings.credentials) == fields
    assert all(each.secret for each in settings.credentials.values())


@EVERY
def test_a_country_site_is_asked_for_where_there_are_several(
    settings: MarketplaceSettings,
) -> None:
    sites = BY_CODE[settings.code].locales

    assert (settings.locale is not None) == (len(sites) > 1)


def test_words_of_a_field_become_words_of_a_variable() -> None:
    names = {field: each.name for own in SETTINGS for field, each in own.credentials.items()}

    assert names["appKey"] == "ALIEXPRESS_APP_KEY"
    assert names["credentialVersion"] == "AMAZON_CREDENTIAL_VERSION"
    assert names["host"] == "AMAZON_HOST"


@pytest.mark.parametrize(
    "written", ["DE", "amazon.de", "www.amazon.de", "https://www.amazon.de", " WWW.Amazon.DE/dp/x "]
)
def test_a_country_site_is_written_as_everywhere(written: str) -> None:
    [locale] = [each.locale for each in SETTINGS if each.code == "amazon"]

    assert locale is not None
    assert locale.parse(written) == "www.amazon.de"
