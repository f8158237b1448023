"""What differs between marketplaces is told by the graph, so that a page names none of them."""

import pytest

from clients.registry import BY_CODE, MarketplaceCode
from schema import schema
from tests.graph import Graph

pytestmark = pytest.mark.anyio

FORMS = """
query Forms($code: MarketplaceCode!) {
  marketplace(code: $code) { credentialForms { label fieldNames isRetired isInUse } } }
"""
TERMS = """
{ marketplaces { code sites keepsPriceHistory letsPicturesBeCopied pricesShownForHours } }
"""
RETIRED = {"accessKey": "AKIAEXAMPLE", "secretKey": "example-secret", "region": "us-east-1"}


async def test_sites_and_terms_are_those_of_the_description(graph: Graph) -> None:
    cards = (await graph.run(TERMS))["marketplaces"]

    assert [card["code"] for card in cards] == [code.name for code in MarketplaceCode]
    for card, market in zip(cards, BY_CODE.values(), strict=True):
        assert card["sites"] == [locale for locale in market.locales if locale]
        assert card["keepsPriceHistory"] is market.policy.keeps_price_history
        assert card["letsPicturesBeCopied"] is market.policy.lets_pictures_be_copied
        assert card["pricesShownForHours"] == market.policy.shown_for_hours
    assert {card["pricesShownForHours"] for card in cards} >= {None, 24}


async def test_forms_tell_which_one_is_in_use(graph: Graph) -> None:
    async def in_use() -> list[str]:
        forms = (await graph.run(FORMS, {"code": "AMAZON"}))["marketplace"]["credentialForms"]
        return [form["label"] for form in forms if form["isInUse"]]

    at_first = await in_use()
    await graph.connect("AMAZON", RETIRED)

    assert at_first == ["Creators API"]
    assert await in_use() == ["Product Advertising API (retired)"]


async def test_every_field_of_the_card_is_in_a_form(graph: Graph) -> None:
    for code in MarketplaceCode:
        forms = (await graph.run(FORMS, {"code": code.name}))["marketplace"]["credentialForms"]
        names = {name for form in forms for name in form["fieldNames"]}

        assert names == {field.name for field in code.value.fields}


def test_members_of_the_enum_are_described_by_their_marketplaces() -> None:
    sdl = schema.as_str()

    assert all(market.summary in " ".join(sdl.split()) for market in BY_CODE.values())
