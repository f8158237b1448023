"""Notes and rows of mutations: what they hold, and where their errors stand."""

import pytest

from tests.graph import ALIEXPRESS, AMAZON, Graph
from tests.schema.test_products import IMPORT, imported

pytestmark = pytest.mark.anyio


NOTE = """
mutation U($input: UpdateProductInput!) {
  updateProduct(input: $input) { product { notes } errors { code path } }
}
"""


async def test_emoji_and_nul_in_texts_do_no_harm(graph: Graph) -> None:
    [product] = await imported(graph)
    notes = "a\tb 🏳️‍🌈\r\nnaïve 漢字"

    data = await graph.run(NOTE, {"input": {"id": product["id"], "notes": notes}})
    found = await graph.run(
        "query F($t: String) { products(filter: {text: $t}) { totalCount } }", {"t": "\u0000%_\\"}
    )

    assert data["updateProduct"] == {"product": {"notes": notes}, "errors": []}
    assert found["products"]["totalCount"] == 0


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x0b", "\x1b", "\x7f", "\x85", "\x9f"])
async def test_control_characters_in_notes_are_refused(graph: Graph, character: str) -> None:
    [product] = await imported(graph)
    await graph.run(NOTE, {"input": {"id": product["id"], "notes": "mine"}})

    data = await graph.run(NOTE, {"input": {"id": product["id"], "notes": f"a{character}b 🌱"}})
    after = await graph.run("{ products { nodes { notes } } }")

    assert data["updateProduct"] == {
        "product": None,
        "errors": [{"code": "INVALID_INPUT", "path": ["input", "notes"]}],
    }
    assert after["products"]["nodes"] == [{"notes": "mine"}]


async def test_250_rows_written_into_the_document_are_not_too_many(graph: Graph) -> None:
    await graph.connect("AMAZON", AMAZON)
    rows = " ".join(
        f'{{ref: {{marketplace: AMAZON, externalId: "B{number:09}", locale: "www.amazon.com"}}}}'
        for number in range(250)
    )

    data = await graph.run(
        f"""mutation {{ generateLinks(input: {{products: [{rows}]}}) {{
              results {{ affiliateLink {{ url }} errors {{ code }} }} }} }}"""
    )

    results = data["generateLinks"]["results"]
    assert len(results) == 250
    assert all(result["affiliateLink"] for result in results)


async def test_every_error_of_a_row_names_its_place(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    gone = {"ref": {"marketplace": "ALIEXPRESS", "externalId": "1005009999999999"}}

    many = (await graph.run(IMPORT, {"products": [gone]}))["importProducts"]["results"]
    link = await graph.run(
        """mutation L($p: ProductLookup!) {
             generateLink(input: {product: $p, trackingId: "nobody"}) { errors { code path } } }""",
        {"p": gone},
    )

    assert many[0]["errors"][0]["path"] == ["input", "products", "0"]
    assert link["generateLink"]["errors"] == [
        {"code": "TRACKING_ID_REJECTED", "path": ["input", "trackingId"]}
    ]
