"""The paste box: what counts as a line, and what is told once it was imported."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Server, Visit
from tests.e2e.test_states import signed_in

pytestmark = pytest.mark.browser

ITEM = "https://www.aliexpress.com/item/{}.html"


@pytest.mark.parametrize(
    ("_case", "text", "lines"),
    [
        ("one id in each line", "1005000000001151\n1005000000001152", 2),
        ("ids with commas", "1005000000001151,1005000000001152, B0SANDBX00", 3),
        (
            "addresses with commas",
            f"{ITEM.format('1005000000001151')}, {ITEM.format('1005000000001152')}",
            2,
        ),
        (
            "addresses in one line",
            f"{ITEM.format('1005000000001151')} {ITEM.format('1005000000001152')}",
            2,
        ),
        ("a comma inside an address", f"{ITEM.format('1005000000001151')}?pvid=1,2", 1),
        ("the same twice", "1005000000001151\n1005000000001151", 1),
    ],
)
def test_each_product_is_a_line(
    server: Server, visit: Visit, _case: str, text: str, lines: int
) -> None:
    page = signed_in(server, visit)

    page.get_by_label("Product addresses or ids").fill(text)
    page.get_by_role("button", name="Preview").click()

    expect(page.locator("dialog .lines > li")).to_have_count(lines)


def test_after_the_import_it_is_told_what_was_imported(emptied: Server, visit: Visit) -> None:
    page = signed_in(emptied, visit)
    page.get_by_label("Product addresses or ids").fill("1005000000001153\nnot an address")
    page.get_by_role("button", name="Preview").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("status")).to_contain_text("Nothing is stored until you import")

    dialog.get_by_role("button", name="Import 1 product").click()

    expect(dialog.get_by_role("status")).to_have_text("1 imported, 1 not.")
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_have_count(0)
