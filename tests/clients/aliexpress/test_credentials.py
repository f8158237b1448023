"""What is asked for to connect, and what each state of it allows."""

import pytest

from clients.aliexpress import MARKETPLACE
from clients.base import Visibility
from domain.exceptions import InvalidInput
from domain.marketplaces import Capability, HealthState
from tests.clients.aliexpress.fakes import KEYS, account

EVERYTHING = {"SEARCH", "IMPORT", "SYNC", "GENERATE_LINK", "VARIANTS"}


def test_fields_say_how_much_may_be_shown() -> None:
    assert {field.name: field.visibility for field in MARKETPLACE.fields} == {
        "appKey": Visibility.MASKED,
        "appSecret": Visibility.SECRET,
        "trackingId": Visibility.PUBLIC,
    }
    assert MARKETPLACE.missing(["appKey"]) == ("appSecret", "trackingId")


def test_every_unhappy_state_has_a_cure() -> None:
    assert set(MARKETPLACE.cures) == set(HealthState) - {HealthState.HEALTHY}


def test_credentials_are_trimmed_and_blank_ones_left_out() -> None:
    values = {"appKey": " 734510\n", "appSecret": "hush hush ", "trackingId": "  "}

    found = MARKETPLACE.check_credentials("", values)

    assert found == {"appKey": "734510", "appSecret": "hush hush"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("appKey", "me@mail.test"),
        ("appKey", "7"),
        ("appKey", "7" * 33),
        ("appKey", "１２３４５６"),
        ("appSecret", "a\x00b"),
        ("appSecret", "a\nb"),
        ("appSecret", "x" * 257),
        ("trackingId", "a\ud800"),
        ("trackingId", "x" * 65),
        ("partnerTag", "me-20"),
    ],
)
def test_unusable_credentials_are_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        MARKETPLACE.check_credentials("", {name: value})

    assert caught.value.path == ("credentials", name)
    assert value not in caught.value.message


@pytest.mark.parametrize(
    ("health", "lost"),
    [
        (HealthState.UNVERIFIED, set()),
        (HealthState.HEALTHY, set()),
        (HealthState.THROTTLED, set()),
        (HealthState.CREDENTIALS_REJECTED, EVERYTHING),
        (HealthState.PENDING_APPROVAL, EVERYTHING),
        (HealthState.NOT_ELIGIBLE, EVERYTHING),
        (HealthState.TRACKING_ID_REJECTED, {"GENERATE_LINK", "SEARCH"}),
    ],
)
def test_capabilities_follow_health(health: HealthState, lost: set[str]) -> None:
    found = MARKETPLACE.capabilities(account(health=health, **KEYS))

    assert found == {Capability(name) for name in EVERYTHING - lost}


def test_nothing_can_be_done_half_connected() -> None:
    assert MARKETPLACE.capabilities(account(appKey="734510", trackingId="t")) == frozenset()
