"""The description: what registry, settings card and catalogue read of AliExpress."""

import pytest

from clients.aliexpress import MARKETPLACE, AliExpressClient
from domain.exceptions import WrongLocale
from tests.clients.aliexpress.fakes import KEYS, Clock, FakeSender, account, answer
from upstream.budget import CallBudget
from upstream.contract import Upstream


def test_description() -> None:
    assert (MARKETPLACE.code, MARKETPLACE.name, MARKETPLACE.locales) == (
        "aliexpress",
        "AliExpress",
        ("",),
    )
    assert MARKETPLACE.quota.calls_per_day is None
    assert MARKETPLACE.policy.withheld_after is None
    assert MARKETPLACE.disclosure("")


def test_there_are_no_country_sites() -> None:
    with pytest.raises(WrongLocale):
        MARKETPLACE.check_credentials("de", KEYS)


def test_connecting_gives_a_client() -> None:
    upstream = Upstream(sender=FakeSender([answer({})]), now=Clock())

    assert isinstance(MARKETPLACE.connect(account(), upstream, CallBudget()), AliExpressClient)


@pytest.mark.parametrize(
    ("external_id", "is_usual"),
    [
        *(("1005007412345678", True), ("4000812345678", True), ("32912345678", True)),
        *(("33012345678", True), ("10000312345678", True), ("4915112345678", False)),
        *(("1717171717000", False), ("33612345678", False), ("8123456789012345", False)),
    ],
)
def test_usual_ids(external_id: str, is_usual: bool) -> None:
    assert MARKETPLACE.is_usual_id(external_id) is is_usual
