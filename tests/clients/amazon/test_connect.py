"""Which client an account gets, and who pays for its calls."""

import pytest

from clients.amazon import MARKETPLACE
from clients.amazon.connect import LinksOnlyClient, connect
from domain.exceptions import (
    MarketplaceNotConnected,
    WrongLocale,
)
from domain.links import LinkKey
from domain.products import ProductRef
from domain.search import ProductSearch
from tests.clients.amazon.fakes import (
    CREATORS,
    PLAN,
    FakeSender,
    account,
    answer,
    items,
    upstream,
)
from tests.clients.amazon.test_creators import LAMP, connected
from upstream.budget import CallBudget

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("missing", ["credentialId", "credentialSecret", "credentialVersion"])
async def test_account_without_complete_credentials_has_links_only(missing: str) -> None:
    sender = FakeSender()
    values = {name: value for name, value in CREATORS.items() if name != missing}
    client = connect(account(values), upstream(sender), CallBudget())
    key = LinkKey(ProductRef("amazon", LAMP, "www.amazon.de"), "lamps-21")

    with pytest.raises(MarketplaceNotConnected, match=r"www\.amazon\.de"):
        await client.get_products([LAMP])
    with pytest.raises(MarketplaceNotConnected):
        client.plan_search(ProductSearch(keywords="lamp"))
    with pytest.raises(MarketplaceNotConnected):
        await client.search_products(PLAN, page=1)
    with pytest.raises(MarketplaceNotConnected):
        await client.get_variants(LAMP)
    with pytest.raises(MarketplaceNotConnected):
        await client.verify()

    assert isinstance(client, LinksOnlyClient)
    assert len(await client.generate_links([key])) == 1
    assert sender.sent == []


async def test_account_without_a_tag_has_not_even_links() -> None:
    values = {name: value for name, value in CREATORS.items() if name != "partnerTag"}
    client = connect(account(values), upstream(FakeSender()), CallBudget())

    with pytest.raises(MarketplaceNotConnected, match="Partner Tag"):
        await client.generate_links([])


@pytest.mark.parametrize("values", [CREATORS, {}])
def test_account_without_a_country_site(values: dict[str, str]) -> None:
    with pytest.raises(WrongLocale):
        connect(account(values, locale=""), upstream(FakeSender()), CallBudget())


def test_payer_is_the_credential_wherever_it_is_used() -> None:
    german = MARKETPLACE.quota_account(account(CREATORS))
    french = MARKETPLACE.quota_account(
        account(CREATORS | {"partnerTag": "b-21"}, locale="www.amazon.fr")
    )
    other = MARKETPLACE.quota_account(account(CREATORS | {"credentialId": "another"}))

    assert german == french
    assert german != other
    assert CREATORS["credentialId"] not in repr(german)


def test_payer_without_credentials_is_the_account() -> None:
    links_only = account({"partnerTag": "lamps-21"})

    assert MARKETPLACE.quota_account(links_only) == links_only.key


async def test_calls_are_counted_for_the_payer() -> None:
    sender = FakeSender([answer(200, items(LAMP))])

    await connected(sender).get_products([LAMP])

    assert {one.account for one in sender.sent} == {MARKETPLACE.quota_account(account(CREATORS))}
