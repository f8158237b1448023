"""Pictures of made products: drawn, marked, and harmless whatever the title says."""

from xml.etree import ElementTree

import pytest

from sandbox import Sandbox
from sandbox.pictures import svg
from tests.sandbox.callers import FIRST_ID, Caller

pytestmark = pytest.mark.anyio

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("product", [str(FIRST_ID), "B0SANDBX00"])
async def test_pictures_are_drawn_and_marked(caller: Caller, product: str) -> None:
    response = await caller.http.get(f"/pictures/{product}-1.svg")

    drawing = ElementTree.fromstring(response.content)
    texts = [text.text for text in drawing.iter(f"{SVG}text")]
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("image/svg+xml")
    assert response.headers["content-security-policy"] == "default-src 'none'"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert drawing.tag == f"{SVG}svg"
    assert "SANDBOX" in texts


async def test_the_addresses_in_products_lead_to_pictures(sandbox: Sandbox, caller: Caller) -> None:
    fields = sandbox.catalog["aliexpress"].listings()[5].fields
    images = fields["product_small_image_urls"]["string"]
    prefix = "http://127.0.0.1:8000/sandbox"

    statuses = [(await caller.http.get(image.removeprefix(prefix))).status_code for image in images]

    assert images[0] == fields["product_main_image_url"]
    assert statuses == [200] * 6


@pytest.mark.parametrize(
    "name", ["1234567-1.svg", f"{FIRST_ID}.svg", f"{FIRST_ID}-1.png", f"{FIRST_ID}-100.svg", "x"]
)
async def test_other_names_are_no_pictures(caller: Caller, name: str) -> None:
    response = await caller.http.get(f"/pictures/{name}")

    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("title", ['</title><script>a("&")</script>', "", "&amp; < >", "Ωμέγα 電"])
def test_titles_are_text_and_nothing_else(title: str) -> None:
    drawing = ElementTree.fromstring(svg("B0SANDBX00", 1, title))

    tags = {node.tag.removeprefix(SVG) for node in drawing.iter()}
    [shown] = drawing.iter(f"{SVG}title")
    assert tags == {"svg", "rect", "ellipse", "g", "path", "text", "title"}
    assert (shown.text or "") == title


@pytest.mark.parametrize("title", ["a\x00b", "a\ud800b", "a\x1bb"])
def test_signs_that_xml_cannot_hold_are_left_out(title: str) -> None:
    drawing = ElementTree.fromstring(svg("B0SANDBX00", 1, title).encode())

    [shown] = drawing.iter(f"{SVG}title")
    assert shown.text == "ab"


def test_pictures_of_one_product_differ_in_colour() -> None:
    drawings = {svg("B0SANDBX00", number, "Paper Kite") for number in range(1, 6)}

    assert len(drawings) == 5
