"""`productsIn`, and `text` in place of the list of a bulk mutation."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.graph import ALIEXPRESS, AMAZON, Graph

pytestmark = pytest.mark.anyio

FIND = """
query F($text: String!, $marketplace: MarketplaceCode, $locale: String) {
  productsIn(text: $text, marketplace: $marketplace, locale: $locale) {
    start end words product { externalId locale } errors { code message }
  }
}
"""
SEARCH = """
{ searchProducts(marketplace: ALIEXPRESS, search: {keywords: "case", minOrders: 0}, first: 2) {
    nodes { externalId url } } }
"""
IMPORT = """
mutation I($input: ImportProductsInput!) {
  importProducts(input: $input) {
    results { product { externalId locale } errors { code path } start end words }
    errors { code path message }
  }
}
"""
GENERATE = """
mutation G($input: GenerateLinksInput!) {
  generateLinks(input: $input) {
    results { affiliateLink { url sourceUrl } errors { code path } start end words }
    errors { code path message }
  }
}
"""


async def find(graph: Graph, text: str, **more: object) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await graph.run(FIND, {"text": text, **more}))["productsIn"]
    return rows


async def codes(graph: Graph, query: str, variables: dict[str, object]) -> list[object]:
    body = await graph.post(query, variables)
    return [(e["extensions"]["code"], e["extensions"]["inputPath"]) for e in body["errors"]]


async def two_products(graph: Graph) -> list[str]:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    nodes = (await graph.run(SEARCH))["searchProducts"]["nodes"]
    return [node["externalId"] for node in nodes]


@pytest.mark.shared
async def test_every_case_of_the_reference_in_one_text_each(graph: Graph, reference: Path) -> None:
    await graph.connect_both()
    cases = json.loads((reference / "cases/pasted-text.json").read_text("utf-8"))["cases"]
    wrong = []

    for case in cases:
        rows = await find(graph, case["text"])
        refusals = [row["errors"][0]["code"] for row in rows if row["errors"]]
        short = refusals.count("SHORT_LINK")
        read = sum(code in ("NOT_FOUND", "MARKETPLACE_NOT_CONNECTED") for code in refusals)
        others = [code for code in refusals if code == case.get("refused")]
        right = (read, short) == (len(case["products"]), case["shortLinks"])
        wrong += [] if right and bool(others) == ("refused" in case) else [(case["id"], rows)]

    assert wrong == []


async def test_what_is_found_comes_in_order_with_its_place(graph: Graph) -> None:
    one, two = await two_products(graph)
    text = f"A 🔥 lamp\u200b https://aliexpress.com/item/{one}.html, and\n{two}\nhttps://amzn.to/x"

    rows = await find(graph, text)

    assert [text[row["start"] : row["end"]] for row in rows] == [row["words"] for row in rows]
    assert [row["words"] for row in rows] == [
        f"https://aliexpress.com/item/{one}.html",
        two,
        "https://amzn.to/x",
    ]
    assert [row["product"] and row["product"]["externalId"] for row in rows] == [one, two, None]
    assert [error["code"] for row in rows for error in row["errors"]] == ["SHORT_LINK"]


@pytest.mark.parametrize(
    "picture",
    [
        "https://ae01.pictures.example/kf/S1.jpg_640x640q90.jpg_.webp",
        "https://pictures.example/images/I/71a._AC_SX679_.jpg",
        "https://pictures.example/a.PNG?w=1",
    ],
)
async def test_pictures_of_products_are_no_further_things(graph: Graph, picture: str) -> None:
    [one, two] = await two_products(graph)
    table = f"{one}\t{picture}\tLamp\n[![Lamp]({picture})](https://aliexpress.com/item/{two}.html)"

    rows = await find(graph, table)
    [alone] = await find(graph, picture)

    assert [row["product"]["externalId"] for row in rows] == [one, two]
    assert [error["code"] for error in alone["errors"]] == ["UNKNOWN_HOST"]


async def test_250_products_are_asked_in_5_calls(graph: Graph) -> None:
    await two_products(graph)
    graph.sandbox.clear_calls()

    rows = await find(graph, "\n".join(str(1005007000000000 + number) for number in range(250)))

    assert len(rows) == 250
    assert graph.calls("aliexpress") == 5


@pytest.mark.parametrize(
    ("_case", "text"),
    [
        ("too many", "\n".join(str(1005007000000000 + number) for number in range(251))),
        ("too long", "ü" * 50_001),
    ],
)
async def test_too_much_is_refused_before_any_call(graph: Graph, _case: str, text: str) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)

    assert await codes(graph, FIND, {"text": text}) == [("INVALID_INPUT", ["text"])]
    assert graph.calls("aliexpress") == 0


async def test_a_site_that_is_half_connected_is_not_the_one_of_bare_ids(graph: Graph) -> None:
    await graph.connect("AMAZON", {"partnerTag": "shop-20"}, "www.amazon.com")
    [links_only] = await find(graph, "B0SANDBX1D")
    await graph.connect(
        "AMAZON", {**AMAZON, "credentialVersion": "3.2", "partnerTag": "sandbox-21"}, "DE"
    )

    [found] = await find(graph, "B0SANDBX1D")

    assert links_only["errors"][0]["code"] == "MARKETPLACE_NOT_CONNECTED"
    assert found["product"] == {"externalId": "B0SANDBX1D", "locale": "www.amazon.de"}


async def test_a_bare_id_is_of_the_site_that_is_connected(graph: Graph) -> None:
    await graph.connect(
        "AMAZON", AMAZON | {"credentialVersion": "3.2", "partnerTag": "sandbox-21"}, "www.amazon.de"
    )

    [default] = await find(graph, "B0LAMP0001")
    [named] = await find(graph, "B0LAMP0001", locale="UK")

    assert default["errors"][0]["code"] == "NOT_FOUND"
    assert "www.amazon.co.uk" in named["errors"][0]["message"]


async def test_a_number_counts_more_where_the_marketplace_is_named(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)

    assert await find(graph, "1234567890") == []
    [row] = await find(graph, "1234567890\n12", marketplace="ALIEXPRESS")

    assert (row["words"], row["errors"][0]["code"]) == ("1234567890", "NOT_FOUND")


async def test_a_site_that_no_marketplace_has_is_refused(graph: Graph) -> None:
    given: dict[str, object] = {"text": "B0LAMP0001", "locale": "www.amazon.xx"}

    assert await codes(graph, FIND, given) == [("WRONG_LOCALE", ["locale"])]


async def test_a_text_is_imported_and_linked_in_place_of_a_list(graph: Graph) -> None:
    ids = await two_products(graph)
    text = f"{ids[0]}\nhttps://ebay.com/itm/1\nhttps://de.aliexpress.com/item/{ids[1]}.html"

    imported = (await graph.run(IMPORT, {"input": {"text": text}}))["importProducts"]
    linked = (await graph.run(GENERATE, {"input": {"text": text}}))["generateLinks"]

    assert [row["product"] and row["product"]["externalId"] for row in imported["results"]] == [
        ids[0],
        None,
        ids[1],
    ]
    refusal = {"code": "UNKNOWN_HOST", "path": ["input", "text"]}
    assert imported["results"][1]["errors"] == [refusal]
    assert linked["results"][1]["affiliateLink"] is None
    assert linked["results"][1]["errors"] == [refusal]
    for row in (*imported["results"], *linked["results"]):
        assert text[row["start"] : row["end"]] == row["words"]
    assert [bool(row["affiliateLink"]) for row in linked["results"]] == [True, False, True]


async def test_bare_ids_of_a_text_take_marketplace_and_site(graph: Graph) -> None:
    for site in ("DE", "UK"):
        await graph.connect("AMAZON", {"partnerTag": "sandbox-21"}, site)
    given = {"text": "9780306406157\n12", "marketplace": "AMAZON", "locale": "https://amazon.co.uk"}

    linked = (await graph.run(GENERATE, {"input": given}))["generateLinks"]
    unknown = (await graph.run(IMPORT, {"input": {**given, "locale": "XX"}}))["importProducts"]

    [row] = linked["results"]
    assert row["affiliateLink"]["sourceUrl"] == "https://www.amazon.co.uk/dp/0306406152"
    assert (row["start"], row["end"], row["words"]) == (0, 13, "9780306406157")
    assert [(e["code"], e["path"]) for e in unknown["errors"]] == [
        ("WRONG_LOCALE", ["input", "locale"])
    ]


async def test_an_answer_given_again_tells_the_places_too(graph: Graph) -> None:
    ids = await two_products(graph)
    given = {"text": f"one\t{ids[0]}\ntwo\t{ids[1]}", "idempotencyKey": "k"}

    first = (await graph.run(IMPORT, {"input": given}))["importProducts"]
    again = (await graph.run(IMPORT, {"input": given}))["importProducts"]

    assert [row["words"] for row in again["results"]] == ids
    assert again == first


@pytest.mark.parametrize(
    ("_case", "given", "code", "path"),
    [
        ("a site without a text", {"products": [], "locale": "DE"}, "INVALID_INPUT", ["input"]),
        ("neither", {}, "INVALID_INPUT", ["input"]),
        ("both", {"text": "a", "products": []}, "INVALID_INPUT", ["input"]),
        ("nothing in it", {"text": "a lamp"}, "INVALID_URL", ["input", "text"]),
        ("too long", {"text": "a" * 100_001}, "INVALID_INPUT", ["input", "text"]),
    ],
)
async def test_a_bulk_without_rows_is_refused_as_a_whole(
    graph: Graph, _case: str, given: dict[str, object], code: str, path: list[str]
) -> None:
    payload = (await graph.run(IMPORT, {"input": given}))["importProducts"]

    assert payload["results"] == []
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [(code, path)]
