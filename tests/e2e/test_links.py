"""Links as they are copied into a page."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Server, Visit, have
from tests.e2e.test_states import signed_in

pytestmark = pytest.mark.browser


def test_a_link_is_copied_with_what_belongs_to_it(emptied: Server, visit: Visit) -> None:
    have(emptied, "1005000000001133")
    page = signed_in(emptied, visit, "links")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("Product address or id").fill("1005000000001133")
    page.get_by_label("Sub id", exact=True).fill("copied")
    page.get_by_role("button", name="Make link").click()
    address = page.get_by_label("Affiliate link").input_value()
    page.get_by_label("Only this sub id").fill("copied")
    row = page.locator(".links > li")
    expect(row).to_have_count(1)
    title = row.locator(".title").inner_text()

    copied = {}
    for form in ("link", "HTML", "Markdown"):
        row.get_by_role("button", name=f"Copy {form}").click()
        expect(row.get_by_role("button", name="Copied")).to_be_visible()
        copied[form] = page.evaluate("navigator.clipboard.readText()")
        expect(row.get_by_role("button", name="Copied")).to_have_count(0)

    assert copied["link"] == address
    page.evaluate("html => { document.body.innerHTML = html; }", copied["HTML"])
    anchor = page.locator("body > a")
    assert anchor.get_attribute("href") == address
    assert anchor.get_attribute("rel") == "sponsored nofollow noopener"
    assert anchor.inner_text() == title
    expect(page.locator("body > small")).to_contain_text("I earn a commission")
    assert re.match(
        rf"\[.+\]\(<{re.escape(address)}>\)\n\n\*.*I earn a commission", copied["Markdown"]
    )
