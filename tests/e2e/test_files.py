"""Files in the paste box: chosen or dropped, each row with its line."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from tests.e2e.conftest import Server, Visit
from tests.e2e.test_states import signed_in
from tests.workbooks import workbook

pytestmark = pytest.mark.browser

ITEM = "https://www.aliexpress.com/item/{}.html"
DROP = """({ name, bytes }) => {
  const carried = new DataTransfer();
  carried.items.add(new File([new Uint8Array(bytes)], name));
  for (const type of ["dragover", "drop"]) {
    document.querySelector(".paste").dispatchEvent(
      new DragEvent(type, { dataTransfer: carried, bubbles: true, cancelable: true }));
  }
}"""


def choose(page: Page, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    page.get_by_label("File", exact=True).set_input_files(file)


def test_a_table_is_looked_at_and_imported(emptied: Server, visit: Visit, tmp_path: Path) -> None:
    page = signed_in(emptied, visit)
    item = ITEM.format("1005000000001161")
    table = f"Name;Product URL\nä;{item}\nü;1,00501E+15\nTotal;\nä again;{item}?x=1\n"
    choose(page, tmp_path / "list.csv", table.encode("cp1252"))
    dialog = page.get_by_role("dialog", name="list.csv")
    expect(dialog.get_by_role("status")).to_contain_text("3 lines: 1 good, 2 bad")
    places = dialog.locator(".source strong")
    expect(places).to_have_text(["Line 2, Line 5", "Line 3", "Line 4"])
    expect(dialog.locator("li").nth(1)).to_contain_text("A spreadsheet has cut")

    dialog.get_by_role("button", name="Import 1 product").click()

    expect(dialog.get_by_role("status")).to_have_text("1 new, 2 not imported.")
    assert visit.complaints == []


def test_a_workbook_is_asked_for_in_parts(server: Server, visit: Visit, tmp_path: Path) -> None:
    page = signed_in(server, visit)
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if "/graphql" in request.url else None)
    ids = [str(1005000000001100 + number) for number in range(300)]

    choose(
        page, tmp_path / "shop.xlsx", workbook([["asin", "ProductId"], *(["", id] for id in ids)])
    )

    status = page.get_by_role("dialog", name="shop.xlsx").get_by_role("status")
    expect(status).to_contain_text("300 lines", timeout=30_000)
    sent = [json.loads(request.post_data or "")["variables"]["text"] for request in asked]
    assert [len(text.splitlines()) for text in sent] == [250, 50]


def test_a_file_can_be_dropped(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    text = f"# Mine\n- [Lamp]({ITEM.format('1005000000001161')})\n"

    page.evaluate(DROP, {"name": "list.md", "bytes": list(text.encode("utf-16"))})

    expect(page.get_by_role("dialog", name="list.md").locator(".source")).to_contain_text("Line 2")
    expect(page.get_by_role("button", name="Import 1 product")).to_be_enabled()
    assert visit.complaints == []


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("picture.png", b"\x89PNG\r\n\x1a\n\x00", "The file is a picture."),
        ("prices.csv", b"Artikel;Preis\nLampe;12\n", "Its columns: Artikel, Preis."),
        ("giant.txt", b"1005000000001161\n" * 300_000, "more than 5 MB"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(
    server: Server, visit: Visit, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    page = signed_in(server, visit)

    choose(page, tmp_path / name, content)

    expect(page.get_by_role("dialog", name=name).get_by_role("alert")).to_contain_text(words)
    expect(page.get_by_role("button", name="Import 0 products")).to_be_disabled()
    assert visit.upstream == []
