"""Nothing is cut off and nothing covers anything else, also where the page is narrow."""

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.conftest import Server, Visit
from tests.e2e.test_states import search, signed_in

pytestmark = pytest.mark.browser

NARROW: ViewportSize = {"width": 390, "height": 900}
COVERED = """
() => [...document.querySelectorAll(".frame")].filter((frame) => {
  const badges = [...frame.querySelectorAll(".badge")];
  const [one, other] = badges.map((badge) => badge.getBoundingClientRect());
  return other && one.left < other.right && other.left < one.right
    && one.top < other.bottom && other.top < one.bottom;
}).length
"""


def imported(page: Page, *ids: str) -> None:
    page.get_by_label("Product addresses or ids").fill("\n".join(ids))
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name=re.compile("^Import ")).click()
    expect(page.get_by_text("✓ Imported")).to_have_count(len(ids))
    page.keyboard.press("Escape")


def is_cut_off(page: Page) -> bool:
    found: bool = page.get_by_role("dialog").evaluate("node => node.scrollWidth > node.clientWidth")
    return found


def test_badges_do_not_cover_each_other(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    page.set_viewport_size(NARROW)
    search(page)
    expect(page.locator(".badge.discount").first).to_be_visible()

    assert page.evaluate(COVERED) == 0


@pytest.mark.parametrize("format", ["CSV", "WooCommerce", "Shopify", "Google Merchant"])
def test_the_export_fits_a_narrow_screen(emptied: Server, visit: Visit, format: str) -> None:
    page = signed_in(emptied, visit)
    imported(page, "1005000000001141")
    page.get_by_role("link", name="Library").click()
    page.set_viewport_size(NARROW)
    page.get_by_role("button", name="Export").click()

    page.get_by_role("radio", name=re.compile(f"^{format}")).check()

    assert not is_cut_off(page)


def test_a_refused_export_fits_a_narrow_screen(emptied: Server, visit: Visit) -> None:
    page = signed_in(emptied, visit)
    imported(page, "1005000000001141")
    page.get_by_role("link", name="Library").click()
    page.set_viewport_size(NARROW)
    page.get_by_role("button", name="Export").click()
    page.get_by_role("radio", name=re.compile("^Google Merchant")).check()
    page.get_by_label("Address of a product in your shop").fill("https://aliexpress.com/{handle}")

    page.get_by_role("button", name="Download").click()

    expect(page.get_by_role("alert")).to_contain_text("not your own shop")
    assert not is_cut_off(page)


def test_previews_and_links_fit_a_narrow_screen(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    page.set_viewport_size(NARROW)
    page.get_by_label("Product addresses or ids").fill("1005000000001141\n" + "x" * 400)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("1 good, 1 bad")
    assert not is_cut_off(page)
    page.keyboard.press("Escape")
    search(page)

    page.get_by_role("button", name="Link", exact=True).first.click()

    expect(page.get_by_role("textbox", name="Affiliate link")).to_be_visible()
    assert not is_cut_off(page)
