"""Every call is a form that is signed for itself."""

import pytest

from clients.aliexpress import AliExpressClient
from clients.aliexpress.client import ADDRESS, QUOTA
from clients.signing.aliexpress import SignMethod, sign
from domain.exceptions import (
    MarketplaceNotConnected,
)
from tests.clients.aliexpress.fakes import (
    KEYS,
    Clock,
    FakeSender,
    account,
    answer,
    connected,
)
from tests.clients.aliexpress.test_client import LAMP, NOTHING, PLAN, STAND_IN, link_key
from upstream.budget import CallBudget
from upstream.contract import Upstream

pytestmark = pytest.mark.anyio


async def test_every_request_is_a_signed_form() -> None:
    client, sender = connected(NOTHING)

    await client.search_products(PLAN, page=2)

    (form,) = sender.forms
    assert form.pop("sign") == sign(form, KEYS["appSecret"])
    assert form == {
        "app_key": "734510",
        "format": "json",
        "keywords": "лампа",
        "method": "aliexpress.affiliate.product.query",
        "page_no": "2",
        "page_size": "50",
        "sign_method": "sha256",
        "target_currency": "EUR",
        "timestamp": "1789979400000",
        "tracking_id": "reading_nook",
        "v": "2.0",
    }


async def test_requests_go_to_the_address_of_the_settings() -> None:
    client, sender = connected(NOTHING)
    other, other_sender = connected(NOTHING, gateway=STAND_IN)

    await client.get_categories()
    await other.get_categories()

    assert (sender.requests[0].method, str(sender.requests[0].url)) == ("POST", ADDRESS)
    assert str(other_sender.requests[0].url) == STAND_IN
    assert sender.requests[0].headers["content-type"].endswith("charset=utf-8")
    assert (sender.operations, sender.quotas) == (["category.get"], [QUOTA])


async def test_each_retry_is_signed_anew() -> None:
    client, sender = connected(NOTHING)
    sender.builds_per_call = 2

    await client.get_categories()

    first, second = sender.forms
    assert int(second["timestamp"]) - int(first["timestamp"]) == 1_000
    assert first["sign"] != second["sign"]


@pytest.mark.parametrize("method", list(SignMethod))
async def test_other_digests_can_be_chosen(method: SignMethod) -> None:
    sender = FakeSender([answer(NOTHING)])
    client = AliExpressClient(
        account(), Upstream(sender=sender, now=Clock()), CallBudget(), sign_method=method
    )

    await client.get_categories()

    (form,) = sender.forms
    assert form["sign_method"] == method.value
    assert form.pop("sign") == sign(form, KEYS["appSecret"], method)


@pytest.mark.parametrize("missing", ["appKey", "appSecret", "trackingId"])
async def test_without_credentials_nothing_is_sent(missing: str) -> None:
    stored = account()
    del stored.credentials[missing]
    client, sender = connected(stored=stored)

    with pytest.raises(MarketplaceNotConnected, match="Add the app key, app secret"):
        await client.get_products([LAMP])
    with pytest.raises(MarketplaceNotConnected):
        await client.search_products(PLAN, page=1)
    with pytest.raises(MarketplaceNotConnected):
        await client.get_variants(LAMP)
    with pytest.raises(MarketplaceNotConnected):
        await client.verify()
    with pytest.raises(MarketplaceNotConnected):
        await client.generate_links([link_key(LAMP, tracking_id=" ")])

    assert sender.forms == []
