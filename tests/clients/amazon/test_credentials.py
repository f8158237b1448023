"""What may be stored, what is filled in, and what an account with it can be used for."""

import pytest

from clients.amazon import MARKETPLACE
from clients.amazon.locales import LOCALES, TOKEN_ENDPOINTS, Locale
from domain.exceptions import InvalidInput, WrongLocale
from domain.marketplaces import Capability, HealthState
from tests.clients.amazon.fakes import CREATORS, PAAPI, account

LINKS_ONLY = {Capability.GENERATE_LINK}
EVERYTHING = {
    Capability.GENERATE_LINK,
    Capability.SEARCH,
    Capability.IMPORT,
    Capability.SYNC,
    Capability.VARIANTS,
}


def check(locale: str = "www.amazon.de", **values: str) -> dict[str, str]:
    return MARKETPLACE.check_credentials(locale, values)


@pytest.mark.parametrize("values", [CREATORS, PAAPI, {"partnerTag": "lamps-21"}, {}])
def test_good_values_are_kept_as_they_are(values: dict[str, str]) -> None:
    assert check(**values) == values


def test_values_are_trimmed_and_blank_ones_left_out() -> None:
    kept = check(credentialId="  some-id\n", credentialSecret="", partnerTag=" \t", accessKey="K ")

    assert kept == {"credentialId": "some-id", "accessKey": "K"}


@pytest.mark.parametrize(
    ("written", "kept"),
    [("3.2", "3.2"), ("2.2", "2.2"), ("v3.2", "3.2"), (" V2.2\n", "2.2")],
)
def test_version_is_written_with_or_without_v(written: str, kept: str) -> None:
    assert check(credentialVersion=written) == {"credentialVersion": kept}


@pytest.mark.parametrize("version", ["3", "3.4", "1.1", "vv3.2", "3.2.1", "3,2", "v", "3 .2"])
def test_version_that_is_not_issued(version: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check(credentialVersion=version)

    assert caught.value.path == ("credentials", "credentialVersion")


@pytest.mark.parametrize(
    ("locale", "version", "fitting"),
    [
        ("www.amazon.de", "3.1", "3.2"),
        ("www.amazon.de", "v2.3", "2.2"),
        ("www.amazon.com", "3.2", "3.1"),
        ("www.amazon.com.br", "2.2", "2.1"),
        ("www.amazon.co.jp", "3.1", "3.3"),
        ("www.amazon.in", "3.3", "3.2"),
    ],
)
def test_version_of_another_region_names_the_right_one(
    locale: str, version: str, fitting: str
) -> None:
    with pytest.raises(WrongLocale, match=rf"needs {fitting}") as caught:
        check(locale, credentialVersion=version)

    assert caught.value.path == ("credentials", "credentialVersion")


@pytest.mark.parametrize("locale", LOCALES, ids=lambda locale: locale.country)
def test_each_site_takes_the_versions_of_its_region(locale: Locale) -> None:
    taken = []
    for version in TOKEN_ENDPOINTS:
        try:
            taken.append(check(locale.marketplace, credentialVersion=version)["credentialVersion"])
        except WrongLocale:
            continue

    assert taken == [f"2.{locale.region.digit}", f"3.{locale.region.digit}"]


@pytest.mark.parametrize("tag", ["lamps_21", "lamps.21", "x" * 65, "lämpchen-21"])
def test_bad_tag(tag: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check(partnerTag=tag)

    assert caught.value.path == ("credentials", "partnerTag")


def test_tag_with_an_unusual_ending_is_taken() -> None:
    assert check(partnerTag="lamps-20") == {"partnerTag": "lamps-20"}


@pytest.mark.parametrize("name", ["credentialId", "credentialSecret", "accessKey", "secretKey"])
@pytest.mark.parametrize("value", ["two words", "x" * 2049, "schlüssel", "a\x00b"])
def test_odd_text_is_refused_without_being_repeated(name: str, value: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check(**{name: value})

    assert caught.value.path == ("credentials", name)
    assert value not in caught.value.message


def test_unknown_field() -> None:
    with pytest.raises(InvalidInput, match="credentialId") as caught:
        check(applicationId="x")

    assert caught.value.path == ("credentials",)


@pytest.mark.parametrize(
    ("locale", "given", "host", "region"),
    [
        ("www.amazon.de", {"host": "webservices.amazon.de"}, "webservices.amazon.de", "eu-west-1"),
        ("www.amazon.de", {"host": "Webservices.Amazon.DE"}, "webservices.amazon.de", "eu-west-1"),
        ("www.amazon.in", {"region": "eu-west-1"}, "webservices.amazon.in", "eu-west-1"),
        ("www.amazon.com", {"region": "US-EAST-1"}, "webservices.amazon.com", "us-east-1"),
        (
            "www.amazon.co.jp",
            {"host": "webservices.amazon.co.jp", "region": "us-west-2"},
            "webservices.amazon.co.jp",
            "us-west-2",
        ),
    ],
)
def test_host_and_region_follow_from_each_other(
    locale: str, given: dict[str, str], host: str, region: str
) -> None:
    assert check(locale, **given) == {"host": host, "region": region}


@pytest.mark.parametrize(
    ("given", "field", "kind"),
    [
        ({"host": "evil.example"}, "host", InvalidInput),
        ({"host": "webservices.amazon.de.evil.example"}, "host", InvalidInput),
        ({"host": "https://webservices.amazon.de"}, "host", InvalidInput),
        ({"host": "webservices.amazon.com"}, "host", WrongLocale),
        ({"host": "webservices.amazon.fr", "region": "eu-west-1"}, "host", WrongLocale),
        ({"region": "us-east-1"}, "region", WrongLocale),
        ({"host": "webservices.amazon.de", "region": "us-west-2"}, "region", WrongLocale),
        ({"region": "mars-1"}, "region", WrongLocale),
    ],
)
def test_host_and_region_that_do_not_fit(
    given: dict[str, str], field: str, kind: type[InvalidInput]
) -> None:
    with pytest.raises(kind) as caught:
        check(**given)

    assert type(caught.value) is kind
    assert caught.value.path == ("credentials", field)


@pytest.mark.parametrize("locale", ["", "amazon.de", "www.amazon.cn", "WWW.AMAZON.DE"])
def test_unknown_country_site(locale: str) -> None:
    with pytest.raises(WrongLocale) as caught:
        check(locale, **CREATORS)

    assert caught.value.path == ("locale",)


def test_every_field_is_explained_and_secrets_are_never_shown() -> None:
    shown = {field.name: field.visibility.value for field in MARKETPLACE.fields}

    assert {name for name, one in shown.items() if one == "SECRET"} == {
        "credentialSecret",
        "secretKey",
    }
    assert {name for name, one in shown.items() if one == "MASKED"} == {"credentialId", "accessKey"}
    assert all(field.label and len(field.help) > 40 for field in MARKETPLACE.fields)
    assert {name for form in MARKETPLACE.forms for name in form.required} == set(shown)


@pytest.mark.parametrize(
    ("values", "state", "expected"),
    [
        ({}, HealthState.UNVERIFIED, set()),
        ({"partnerTag": "lamps-21"}, HealthState.UNVERIFIED, LINKS_ONLY),
        (CREATORS, HealthState.UNVERIFIED, EVERYTHING),
        (CREATORS, HealthState.HEALTHY, EVERYTHING),
        (CREATORS, HealthState.THROTTLED, EVERYTHING),
        (CREATORS, HealthState.UNREACHABLE, EVERYTHING),
        (CREATORS, HealthState.NOT_ELIGIBLE, LINKS_ONLY),
        (CREATORS, HealthState.CREDENTIALS_REJECTED, LINKS_ONLY),
        (CREATORS, HealthState.PERMISSION_MISSING, LINKS_ONLY),
        (CREATORS, HealthState.TRACKING_ID_REJECTED, set()),
        (PAAPI, HealthState.UNVERIFIED, LINKS_ONLY),
        (PAAPI, HealthState.API_RETIRED, LINKS_ONLY),
        (PAAPI, HealthState.HEALTHY, EVERYTHING),
    ],
)
def test_capabilities(
    values: dict[str, str], state: HealthState, expected: set[Capability]
) -> None:
    assert MARKETPLACE.capabilities(account(values, health=state)) == expected


def test_every_state_but_health_has_its_cure() -> None:
    assert set(HealthState) - set(MARKETPLACE.cures) <= {HealthState.HEALTHY}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("credentialId", "amzn1.application-oa2-client.made-up"),
        ("credentialSecret", "amzn1.oa2-cs.v1.made-up"),
    ],
)
def test_credentials_of_version_3_are_told_from_the_version_beside_them(
    name: str, value: str
) -> None:
    with pytest.raises(InvalidInput, match=r"Version 3\.2") as caught:
        check(**{name: value, "credentialVersion": "v2.2"})

    assert caught.value.path == ("credentials", "credentialVersion")
    assert value not in caught.value.message
    assert check(**{name: value}) == {name: value}
    assert check(**{name: "7abc", "credentialVersion": "2.2"})["credentialVersion"] == "2.2"


@pytest.mark.parametrize(
    ("locale", "tag", "ending"),
    [
        ("www.amazon.de", "lamps-20", "-21"),
        ("www.amazon.com", "lamps-21", "-20"),
        ("www.amazon.co.jp", "lamps-21", "-22"),
        ("www.amazon.in", "lamps-22", "-21"),
    ],
)
def test_tag_of_another_country_is_stored_with_a_warning(
    locale: str, tag: str, ending: str
) -> None:
    (warning,) = MARKETPLACE.warnings(account({"partnerTag": tag}, locale=locale))

    assert check(locale, partnerTag=tag) == {"partnerTag": tag}
    assert tag in warning
    assert f"{locale} end in {ending}" in warning


@pytest.mark.parametrize("tag", ["lamps-21", "lamps", "lamps-99", "lamps-20x"])
def test_other_tags_are_no_reason_to_warn(tag: str) -> None:
    assert MARKETPLACE.warnings(account({"partnerTag": tag})) == ()


def test_nothing_stored_is_no_reason_to_warn() -> None:
    assert MARKETPLACE.warnings(account({"accessKey": "K"})) == ()
