"""A deletion is taken back."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OPERATIONS, Server, Visit, ask, have
from tests.e2e.test_states import signed_in

pytestmark = pytest.mark.browser


def test_deleted_products_are_put_back_with_what_was_written(emptied: Server, visit: Visit) -> None:
    one, _ = have(emptied, "1005000000001131", "1005000000001132")
    ask(emptied, OPERATIONS["update"], input={"id": one, "notes": "from supplier B"})
    page = signed_in(emptied, visit, "library")
    rows, work = page.locator("tr[data-id]"), page.locator(".work")
    page.get_by_role("checkbox", name="Choose all").check()

    page.get_by_role("button", name="Delete").click()

    expect(work.get_by_role("status")).to_have_text("Deleted 2 products.")
    expect(rows).to_have_count(0)
    page.get_by_role("link", name="Home", exact=True).click()
    page.get_by_role("link", name="Library", exact=True).click()
    work.get_by_role("button", name="Undo").click()
    expect(work.get_by_role("status")).to_have_text("Put back 2 products.")
    expect(rows).to_have_count(2)
    expect(page.locator(f'tr[data-id="{one}"] textarea')).to_have_value("from supplier B")
    assert visit.complaints == []
