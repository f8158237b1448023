"""What stored credentials mean: status, health, hints, the country site."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from clients.base import CredentialField, CredentialForm, Marketplace, Visibility
from clients.registry import BY_CODE
from domain.credentials import Secret
from domain.exceptions import (
    AnswerInvalid,
    APIRetired,
    ClockSkewed,
    CredentialsRejected,
    MarketplaceError,
    MarketplaceUnavailable,
    NotEligible,
    NotInProgram,
    PendingApproval,
    PermissionMissing,
    QuotaExhausted,
    RequestRefused,
    Throttled,
    TrackingIDRejected,
    WrongLocale,
)
from domain.marketplaces import (
    Account,
    AccountKey,
    Capability,
    Health,
    HealthState,
    MarketplaceStatus,
    StoredCredential,
)
from domain.products import Mode
from resolvers.context import Context
from resolvers.health import after
from resolvers.marketplaces import ConnectedMarketplace, locale_of
from tests.fakes import NOW
from tests.resolvers.conftest import MakeContext

ALIEXPRESS, AMAZON = BY_CODE["aliexpress"], BY_CODE["amazon"]
CREATORS, PAAPI = AMAZON.forms
TWO_FORMS = replace(
    AMAZON,
    forms=(
        CredentialForm(name="new", label="new", required=("id", "secret", "tag")),
        CredentialForm(name="old", label="old", required=("key", "sign", "tag"), is_retired=True),
    ),
)


def connected(
    market: Marketplace,
    values: Mapping[str, str],
    *,
    state: HealthState = HealthState.UNVERIFIED,
    locale: str | None = None,
    unreadable: tuple[str, ...] = (),
) -> ConnectedMarketplace:
    credentials = {
        name: StoredCredential(name=name, value=Secret(value), updated_at=NOW)
        for name, value in values.items()
    }
    site = market.locales[0] if locale is None else locale
    key = AccountKey("default", market.code, site, Mode.LIVE)
    account = Account(
        key=key, credentials=credentials, health=Health(state=state), unreadable=unreadable
    )
    return ConnectedMarketplace(marketplace=market, account=account)


def filled(form: CredentialForm) -> dict[str, str]:
    return dict.fromkeys(form.required, "value-1234")


@pytest.mark.parametrize(
    ("_case", "names", "form", "missing"),
    [
        ("nothing", (), "new", ("id", "secret", "tag")),
        ("half of the new", ("id",), "new", ("secret", "tag")),
        ("half of the old", ("key",), "old", ("sign", "tag")),
        ("only what both have", ("tag",), "new", ("id", "secret")),
        ("all of the old", ("key", "sign", "tag"), "old", ()),
        ("all of the old, half of the new", ("key", "sign", "tag", "id"), "old", ()),
        ("all of both", ("key", "sign", "tag", "id", "secret"), "new", ()),
        ("as much of the one as of the other", ("key", "id"), "new", ("secret", "tag")),
        ("strangers", ("x", "y"), "new", ("id", "secret", "tag")),
    ],
)
def test_the_form_in_use_is_the_complete_one_else_the_fuller_one(
    _case: str, names: tuple[str, ...], form: str, missing: tuple[str, ...]
) -> None:
    assert TWO_FORMS.form_in_use(names).name == form
    assert TWO_FORMS.missing(names) == missing


@pytest.mark.parametrize("market", [ALIEXPRESS, AMAZON], ids=lambda market: market.code)
def test_a_marketplace_is_connected_the_moment_that_nothing_is_missing(
    market: Marketplace,
) -> None:
    values = filled(market.forms[0])
    last = market.forms[0].required[-1]
    without = {name: value for name, value in values.items() if name != last}

    assert connected(market, values).status is MarketplaceStatus.CONNECTED
    assert connected(market, without).status is MarketplaceStatus.NOT_CONFIGURED
    assert connected(market, without).missing_fields == (last,)


@pytest.mark.parametrize("market", [ALIEXPRESS, AMAZON], ids=lambda market: market.code)
def test_nothing_stored_can_do_nothing(market: Marketplace) -> None:
    empty = connected(market, {})

    assert empty.missing_fields == market.forms[0].required
    assert empty.capabilities == []
    assert empty.health.state is HealthState.UNVERIFIED


def test_capabilities_come_in_the_order_of_the_enum() -> None:
    able = connected(ALIEXPRESS, filled(ALIEXPRESS.forms[0])).capabilities

    assert Capability.SEARCH in able
    assert list(able) == [capability for capability in Capability if capability in able]


def test_an_amazon_tag_alone_makes_links() -> None:
    tagged = connected(AMAZON, {"partnerTag": "lamps-20"})

    assert tagged.capabilities == [Capability.GENERATE_LINK]
    assert tagged.status is MarketplaceStatus.NOT_CONFIGURED


def test_old_amazon_keys_are_known_to_be_retired_before_any_call() -> None:
    old = connected(AMAZON, filled(PAAPI))

    assert old.health.state is HealthState.API_RETIRED
    assert old.cure == AMAZON.cures[HealthState.API_RETIRED]


@pytest.mark.parametrize(
    ("_case", "values", "state", "shown"),
    [
        ("a real answer counts more", filled(PAAPI), HealthState.HEALTHY, HealthState.HEALTHY),
        (
            "an incomplete set is only unverified",
            {"accessKey": "AKIA"},
            HealthState.UNVERIFIED,
            HealthState.UNVERIFIED,
        ),
        (
            "both sets: the new one is in use",
            filled(PAAPI) | filled(CREATORS),
            HealthState.UNVERIFIED,
            HealthState.UNVERIFIED,
        ),
    ],
)
def test_retired_is_only_said_of_a_complete_old_set_without_evidence(
    _case: str, values: Mapping[str, str], state: HealthState, shown: HealthState
) -> None:
    assert connected(AMAZON, values, state=state).health.state is shown


def test_what_is_healthy_needs_no_cure() -> None:
    healthy = connected(ALIEXPRESS, filled(ALIEXPRESS.forms[0]), state=HealthState.HEALTHY)

    assert healthy.cure is None


@pytest.mark.parametrize(
    ("_case", "missing", "unreadable", "cure"),
    [
        ("one field", ("appKey",), (), "Fill in App key."),
        ("two fields", ("appSecret", "trackingId"), (), "Fill in App secret and Tracking ID."),
        (
            "all that was stored",
            ("appKey", "appSecret", "trackingId"),
            ("appKey", "appSecret", "trackingId"),
            "App key, App secret and Tracking ID cannot be opened with the present encryption"
            " keys. Enter them anew.",
        ),
        (
            "one of two",
            ("appSecret", "trackingId"),
            ("appSecret",),
            "App secret cannot be opened with the present encryption keys. Enter it anew."
            " Fill in Tracking ID.",
        ),
        (
            "a field of a former release",
            ("appKey",),
            ("token",),
            "token cannot be opened with the present encryption keys. Enter it anew."
            " Fill in App key.",
        ),
    ],
)
def test_the_cure_of_an_unfinished_set_is_to_finish_it(
    _case: str, missing: tuple[str, ...], unreadable: tuple[str, ...], cure: str
) -> None:
    values = {
        name: value for name, value in filled(ALIEXPRESS.forms[0]).items() if name not in missing
    }
    unfinished = connected(ALIEXPRESS, values, unreadable=unreadable, state=HealthState.HEALTHY)

    assert unfinished.cure == cure
    assert unfinished.health.state is HealthState.UNVERIFIED


@pytest.mark.parametrize(
    ("visibility", "value", "hint"),
    [
        (Visibility.SECRET, "pssst-1234", None),
        (Visibility.SECRET, "x", None),
        (Visibility.MASKED, "734510-abcd", "abcd"),
        (Visibility.PUBLIC, "sandbox_blog", "sandbox_blog"),
    ],
)
def test_a_hint_shows_as_much_as_may_be_seen(
    visibility: Visibility, value: str, hint: str | None
) -> None:
    field = CredentialField(name="field", label="Field", help="Help.", visibility=visibility)

    assert connected(ALIEXPRESS, {"field": value}).hint(field) == hint


def test_there_is_no_hint_of_what_is_not_stored() -> None:
    empty = connected(AMAZON, {})

    assert [empty.hint(field) for field in AMAZON.fields] == [None] * len(AMAZON.fields)


@pytest.mark.parametrize("market", [ALIEXPRESS, AMAZON], ids=lambda market: market.code)
def test_required_fields_are_those_of_the_form_in_use(market: Marketplace) -> None:
    form = market.forms[-1]
    fields = connected(market, filled(form)).fields

    assert [field for field, _ in fields] == list(market.fields)
    assert {field.name for field, is_required in fields if is_required} == set(form.required)


@pytest.mark.parametrize(
    ("market", "given", "site"),
    [
        (ALIEXPRESS, None, ""),
        (ALIEXPRESS, "", ""),
        (AMAZON, None, "www.amazon.com"),
        (AMAZON, "www.amazon.de", "www.amazon.de"),
        (AMAZON, "Www.Amazon.CO.UK", "www.amazon.co.uk"),
        (AMAZON, "amazon.de", "www.amazon.de"),
        (AMAZON, "https://www.amazon.de", "www.amazon.de"),
        (AMAZON, " https://amazon.com.mx/ ", "www.amazon.com.mx"),
        (AMAZON, "amazon.jp", "www.amazon.co.jp"),
        (AMAZON, "DE", "www.amazon.de"),
        (AMAZON, "UK", "www.amazon.co.uk"),
        (AMAZON, "gb", "www.amazon.co.uk"),
        (AMAZON, "https://www.amazon.de/-/en/gp/css/homepage.html?ref_=x#top", "www.amazon.de"),
        (AMAZON, "www.amazon.de.", "www.amazon.de"),
        (AMAZON, "\u200bDE\ufeff", "www.amazon.de"),
    ],
)
def test_the_country_site_is_the_one_named_else_the_first(
    market: Marketplace, given: str | None, site: str
) -> None:
    assert locale_of(market, given) == site


@pytest.mark.parametrize(
    ("market", "given"),
    [
        (ALIEXPRESS, "www.aliexpress.com"),
        (ALIEXPRESS, " "),
        (AMAZON, ""),
        (AMAZON, "www.amazon.de\x00"),
        (AMAZON, "amazon.xx"),
        (AMAZON, "xx"),
        (AMAZON, "https://www.amazon.de.evil.example"),
        (AMAZON, "https://www.amazon.de@evil.example"),
        (AMAZON, "https://evil.example/www.amazon.de"),
        (AMAZON, "ftp://www.amazon.de"),
        (AMAZON, "DE UK"),
    ],
)
def test_another_country_site_is_refused_with_what_there_is(
    market: Marketplace, given: str
) -> None:
    with pytest.raises(WrongLocale, match=market.name) as refusal:
        locale_of(market, given, path=("input", "locale"))

    assert refusal.value.path == ("input", "locale")


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (CredentialsRejected, HealthState.CREDENTIALS_REJECTED),
        (TrackingIDRejected, HealthState.TRACKING_ID_REJECTED),
        (PendingApproval, HealthState.PENDING_APPROVAL),
        (NotEligible, HealthState.NOT_ELIGIBLE),
        (PermissionMissing, HealthState.PERMISSION_MISSING),
        (APIRetired, HealthState.API_RETIRED),
        (QuotaExhausted, HealthState.QUOTA_EXHAUSTED),
        (Throttled, HealthState.THROTTLED),
        (ClockSkewed, HealthState.CLOCK_SKEWED),
        (RequestRefused, HealthState.UNVERIFIED),
        (MarketplaceUnavailable, HealthState.UNREACHABLE),
        (AnswerInvalid, HealthState.UNREACHABLE),
        (NotInProgram, HealthState.UNREACHABLE),
    ],
)
def test_a_failure_says_something_about_the_account(
    make_context: MakeContext, kind: type[MarketplaceError], state: HealthState
) -> None:
    success = datetime(2026, 5, 1, tzinfo=UTC)
    failure = kind("No.", upstream_code="E1", retry_at=NOW)

    health = after(Health(last_success_at=success), failure, make_context().now)

    assert health == Health(
        state=state,
        upstream_code="E1",
        checked_at=NOW,
        last_success_at=success,
        next_try_at=NOW,
    )


def test_an_answer_heals(make_context: MakeContext) -> None:
    context: Context = make_context()
    before = Health(state=HealthState.THROTTLED, upstream_code="E1", next_try_at=NOW)

    health = after(before, None, context.now)

    assert health == Health(state=HealthState.HEALTHY, checked_at=NOW, last_success_at=NOW)
