"""Notes and rows of mutations: what they hold, and where their errors stand."""

import pytest

from domain.products import ProductRef
from schema import ids
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


UPDATE_MANY = """
mutation U($input: UpdateProductsInput!) {
  updateProducts(input: $input) {
    results { product { notes sellingPrice { amount } } errors { code path } } errors { code }
  }
}
"""
DELETE_MANY = """
mutation D($input: DeleteProductsInput!) {
  deleteProducts(input: $input) { results { deletedId errors { code path } } errors { code } }
}
"""


async def test_many_products_are_changed_at_once_and_a_bad_row_spoils_no_other(
    graph: Graph,
) -> None:
    one, other = (product["id"] for product in await imported(graph, 2))
    absent = ids.of_product(ProductRef("aliexpress", "1005009999999999"))
    price = {"amount": "12.50", "currencyCode": "USD"}
    sent = [
        {"id": one, "notes": "first"},
        {"id": other, "sellingPrice": price | {"amount": "1.999"}},
        {"id": absent, "notes": "x"},
        {"id": other, "sellingPrice": price},
        {"id": "?", "notes": "x"},
    ]

    data = await graph.run(UPDATE_MANY, {"input": {"products": sent}})

    assert [row["product"] for row in data["updateProducts"]["results"]] == [
        {"notes": "first", "sellingPrice": None},
        None,
        None,
        {"notes": None, "sellingPrice": {"amount": "12.50"}},
        None,
    ]
    assert [row["errors"] for row in data["updateProducts"]["results"]] == [
        [],
        [{"code": "INVALID_INPUT", "path": ["input", "products", "1", "sellingPrice", "amount"]}],
        [{"code": "NOT_FOUND", "path": ["input", "products", "2"]}],
        [],
        [{"code": "INVALID_INPUT", "path": ["input", "products", "4", "id"]}],
    ]


async def test_many_products_are_deleted_once_for_an_idempotency_key(graph: Graph) -> None:
    one, other = (product["id"] for product in await imported(graph, 2))
    asked = {"input": {"ids": [one, "?", other], "idempotencyKey": "d"}}

    first = await graph.run(DELETE_MANY, asked)
    again = await graph.run(DELETE_MANY, asked)
    anew = await graph.run(DELETE_MANY, {"input": {"ids": [one]}})

    assert first == again
    assert [row["deletedId"] for row in first["deleteProducts"]["results"]] == [one, None, other]
    assert anew["deleteProducts"]["results"][0]["errors"] == [
        {"code": "NOT_FOUND", "path": ["input", "ids", "0"]}
    ]


RESTORE_MANY = """
mutation R($input: RestoreProductsInput!) {
  restoreProducts(input: $input) {
    results { product { id notes importedAt affiliateLinks { totalCount } } errors { code path } }
    errors { code }
  }
}
"""


async def test_deleted_products_are_put_back_with_notes_and_links(graph: Graph) -> None:
    one, other = (product["id"] for product in await imported(graph, 2))
    never = ids.of_product(ProductRef("aliexpress", "1005009999999999"))
    await graph.run(UPDATE_MANY, {"input": {"products": [{"id": one, "notes": "mine"}]}})
    make = "mutation L($id: ID!) { generateLink(input: {product: {id: $id}}) { errors { code } } }"
    await graph.run(make, {"id": one})
    await graph.run(DELETE_MANY, {"input": {"ids": [one, other]}})
    asked = {"input": {"ids": [one, "?", never], "idempotencyKey": "r"}}

    first = (await graph.run(RESTORE_MANY, asked))["restoreProducts"]
    again = (await graph.run(RESTORE_MANY, asked))["restoreProducts"]

    assert first == again
    [back, bad, absent] = first["results"]
    assert back["product"]["notes"] == "mine"
    assert back["product"]["importedAt"] is not None
    assert back["product"]["affiliateLinks"]["totalCount"] == 1
    assert bad["errors"] == [{"code": "INVALID_INPUT", "path": ["input", "ids", "1"]}]
    assert absent["errors"] == [{"code": "NOT_FOUND", "path": ["input", "ids", "2"]}]
    left = await graph.run("{ products { nodes { id } } }")
    assert [each["id"] for each in left["products"]["nodes"]] == [one]


async def test_a_link_is_found_by_its_sub_id_and_forgotten_once(graph: Graph) -> None:
    [product] = await imported(graph)
    make = """mutation L($p: ProductLookup!, $s: String) {
                generateLink(input: {product: $p, subId: $s}) { affiliateLink { id } } }"""
    list_links = """query L($s: String) {
                      affiliateLinks(filter: {subId: $s}) { nodes { id } totalCount } }"""
    forget = """mutation F($id: ID!) {
                  deleteLink(input: {id: $id, idempotencyKey: "f"}) {
                    deletedId errors { code } } }"""
    made = [
        (await graph.run(make, {"p": {"id": product["id"]}, "s": mark}))["generateLink"]
        for mark in ("spring", None)
    ]
    [marked, plain] = [payload["affiliateLink"] for payload in made]

    by_mark = await graph.run(list_links, {"s": "spring"})
    without = await graph.run(list_links, {"s": ""})
    gone = [await graph.run(forget, {"id": marked["id"]}) for _ in range(2)]
    after = await graph.run(list_links)

    assert by_mark["affiliateLinks"] == {"nodes": [marked], "totalCount": 1}
    assert without["affiliateLinks"] == {"nodes": [plain], "totalCount": 1}
    assert gone == [{"deleteLink": {"deletedId": marked["id"], "errors": []}}] * 2
    assert after["affiliateLinks"]["nodes"] == [plain]
