"""Products side by side, and selling prices by a rule."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OPERATIONS, Server, Visit, ask
from tests.e2e.test_page import serious
from tests.e2e.test_states import search, signed_in

pytestmark = pytest.mark.browser


def test_products_are_priced_by_a_rule_and_compared(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    search(page)
    cards = page.locator(".grid > .card[data-id]")
    expect(cards).not_to_have_count(0)
    page.get_by_label("How you set your prices").select_option("Markup")
    page.get_by_label("Cost ×").fill("3")
    selling = cards.first.locator("[data-selling]")
    expect(selling).to_contain_text(".99")
    price = selling.inner_text()
    boxes = page.get_by_role("checkbox", name="Compare")

    for number in range(4):
        boxes.nth(number).check()
    expect(page.get_by_text("4 of 4 to compare")).to_be_visible()
    expect(boxes.nth(4)).to_be_disabled()
    boxes.nth(3).uncheck()
    page.get_by_label("Keywords").fill("lamp")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("button", name="Compare").click()

    table = page.get_by_role("dialog", name="Compare").get_by_role("table")
    expect(table.locator("thead th")).to_have_count(3)
    expect(table.locator("tbody tr", has_text="Yours").locator("td").first).to_contain_text(price)
    expect(table.get_by_role("rowheader", name="Shipping")).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("to compare")).to_have_count(0)
    assert visit.complaints == []


def test_an_import_keeps_the_price_that_a_rule_made(emptied: Server, visit: Visit) -> None:
    page = signed_in(emptied, visit)
    search(page)
    card = page.locator(".grid > .card[data-id]").first
    page.get_by_label("How you set your prices").select_option("Markup")
    selling = card.locator("[data-selling]").get_attribute("data-selling")

    with page.expect_response(lambda answer: "mutation Update" in (answer.request.post_data or "")):
        card.get_by_role("button", name="Import").click()

    expect(card.get_by_text("In the library")).to_be_visible()
    [stored] = ask(emptied, OPERATIONS["values"])["products"]["nodes"]
    assert Decimal(stored["sellingPrice"]["amount"]) == Decimal(selling or "")
    assert visit.complaints == []
