"""The library's table: its columns are chosen, and its headings sort."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Server, Visit, have
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
