"""The library's table: its columns are chosen, and its headings sort."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OPERATIONS, Server, Visit, ask, have
from tests.e2e.test_page import serious
from tests.e2e.test_states import signed_in

pytestmark = pytest.mark.browser


def test_columns_are_chosen_and_headings_sort(emptied: Server, visit: Visit) -> None:
    have(emptied, "1005000000001131", "1005000000001132")
    page = signed_in(emptied, visit, "library")
    headings = page.get_by_role("columnheader")
    usual = ["Chosen", "Product", "Price", "Sell at", "Notes", "Synced"]
    expect(headings).to_have_text(usual)

    page.get_by_text("Columns").click()
    page.get_by_role("checkbox", name="Notes", exact=True).uncheck()
    page.get_by_role("checkbox", name="Orders", exact=True).check()

    expect(headings).to_have_text(["Chosen", "Product", "Price", "Sell at", "Orders", "Synced"])
    assert serious(page) == []
    page.reload()
    expect(headings.nth(4)).to_have_text("Orders")
    titles = page.locator("tr[data-id] .title")
    expect(titles).to_have_count(2)
    up = sorted(titles.all_inner_texts())
    by_title = page.get_by_role("button", name="Product", exact=True)
    by_title.click()
    expect(headings.nth(1)).to_have_attribute("aria-sort", "ascending")
    expect(titles).to_have_text(up)
    by_title.click()
    expect(headings.nth(1)).to_have_attribute("aria-sort", "descending")
    expect(titles).to_have_text(up[::-1])
    expect(page.get_by_label("Sort")).to_have_value("TITLE_DESC")
    assert visit.complaints == []


def test_many_products_are_priced_and_noted_and_taken_back(emptied: Server, visit: Visit) -> None:
    one, _ = have(emptied, "1005000000001131", "1005000000001132")
    ask(emptied, OPERATIONS["update"], input={"id": one, "notes": "from supplier B"})
    page = signed_in(emptied, visit, "library")
    rows, work = page.locator("tr[data-id]"), page.locator(".work")
    noted = page.locator(f'tr[data-id="{one}"] textarea')
    expect(rows).to_have_count(2)
    page.get_by_role("combobox", name="Margin").select_option("Without a selling price")
    page.get_by_role("checkbox", name="Choose all").check()

    page.get_by_role("button", name="Edit", exact=True).click()
    dialog = page.get_by_role("dialog", name="Edit many products")
    expect(dialog.get_by_role("button", name="Change 2 products")).to_be_disabled()
    dialog.get_by_label("Selling price").select_option("By a markup on its price")
    dialog.get_by_label("Cost ×").fill("4")
    expect(dialog.get_by_role("status")).to_contain_text(".99")
    dialog.get_by_role("combobox", name="Notes").select_option("Add a line")
    dialog.get_by_label("Text of the notes").fill("spring")
    assert serious(page) == []
    dialog.get_by_role("button", name="Change 2 products").click()

    expect(work.get_by_role("status")).to_have_text("Changed 2 products.")
    expect(rows).to_have_count(0)  # they have a selling price now
    page.get_by_role("combobox", name="Margin").select_option("Margin from 50%")
    expect(rows).to_have_count(2)
    expect(noted).to_have_value("from supplier B\nspring")
    page.get_by_role("combobox", name="Discount").select_option("Discount from 50%")
    expect(rows).to_have_count(1)
    page.get_by_role("combobox", name="Discount").select_option("Any discount")
    expect(rows).to_have_count(2)
    work.get_by_role("button", name="Undo").click()
    expect(work.get_by_role("status")).to_have_text("Changed back 2 products.")
    expect(rows).to_have_count(0)
    page.get_by_role("combobox", name="Margin").select_option("Any margin")
    expect(noted).to_have_value("from supplier B")
    assert visit.complaints == []
