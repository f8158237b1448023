"""Nothing is cut off and nothing covers anything else, also where the page is narrow."""

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.conftest import OPERATIONS, Server, Visit, ask, have
from tests.e2e.test_page import serious
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


def test_filters_are_folded_on_a_narrow_screen(emptied: Server, visit: Visit) -> None:
    have(emptied, "1005000000001141")
    page = signed_in(emptied, visit, "library?discount=10")
    fold = page.get_by_role("button", name="More filters")
    expect(page.get_by_role("combobox", name="Discount", exact=True)).to_be_visible()
    expect(fold).to_be_hidden()

    page.set_viewport_size(NARROW)

    expect(fold).to_have_text("More filters (1 in use)")
    expect(page.get_by_role("combobox", name="Discount", exact=True)).to_be_hidden()
    fold.click()
    expect(page.get_by_role("combobox", name="Discount", exact=True)).to_be_visible()
    assert serious(page) == []
    page.get_by_role("link", name="Explore").click()
    expect(page.get_by_label("Keywords")).to_be_visible()
    expect(page.get_by_label("Price from")).to_be_hidden()
    fold.click()
    page.get_by_label("Price from").fill("5")
    expect(fold).to_have_text("More filters (2 in use)")
    assert serious(page) == []


def test_a_field_that_is_wrong_is_unfolded(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    page.set_viewport_size(NARROW)
    fold = page.get_by_role("button", name="More filters")
    fold.click()
    page.get_by_label("Orders from").fill("many")
    fold.click()
    expect(page.get_by_label("Orders from")).to_be_hidden()

    search(page)

    expect(page.get_by_label("Orders from")).to_be_visible()


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


@pytest.mark.parametrize("width", [390, 768])
def test_the_library_fits_with_all_its_columns(emptied: Server, visit: Visit, width: int) -> None:
    [one] = have(emptied, "1005000000001141")
    tags = ["x" * 50, "summer"]
    ask(emptied, OPERATIONS["update"], input={"id": one, "addTags": tags})
    page = signed_in(emptied, visit, "library")
    page.get_by_text("Columns").click()
    for box in page.locator(".columns").get_by_role("checkbox").all():
        box.check()
    page.get_by_text("Columns").click()

    page.set_viewport_size({"width": width, "height": 900})

    expect(page.get_by_label("Add a tag to")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [320, 761, 900, 1000, 1920])
def test_every_screen_fits_every_width(emptied: Server, visit: Visit, width: int) -> None:
    have(emptied, "1005000000001141")
    page = signed_in(emptied, visit, "library")
    page.set_viewport_size({"width": width, "height": 900})

    for screen in page.get_by_role("navigation", name="Screens").get_by_role("link").all():
        screen.click()
        expect(screen).to_have_attribute("aria-current", "page")
        expect(page.locator(".skeleton")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CUT) == []


CUT = """
() => [...document.querySelectorAll("button, h1, th, label, .top nav a, td")].filter((each) =>
  each.getBoundingClientRect().right > innerWidth + 1 && !each.closest(".top nav")
).map((each) => each.outerHTML.slice(0, 80))
"""


def test_on_paper_there_are_rows_and_no_buttons(emptied: Server, visit: Visit) -> None:
    have(emptied, "1005000000001141")
    page = signed_in(emptied, visit, "library")
    expect(page.locator("tr[data-id]")).to_have_count(1)

    page.emulate_media(media="print")

    expect(page.locator("tr[data-id] .title")).to_be_visible()
    for gone in ("header.top", ".paste", ".bulk", ".toolbar", "tr[data-id] .check"):
        expect(page.locator(gone)).to_be_hidden()
    assert visit.complaints == []


def test_the_next_page_is_read_from_its_top(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    search(page)
    expect(page.get_by_role("button", name="Next")).to_be_enabled()
    page.get_by_role("button", name="Next").scroll_into_view_if_needed()

    page.get_by_role("button", name="Next").click()

    expect(page.locator(".grid > .card[data-id]")).not_to_have_count(0)
    top = page.locator("#results").evaluate("node => node.getBoundingClientRect().top")
    assert 0 <= top < 200


def test_a_link_does_not_stand_under_the_error_of_the_next(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit, "links")
    address = page.get_by_label("Product address or id")
    address.fill("1005000000001141")
    page.get_by_role("button", name="Make link").click()
    made = page.locator("form .link-box")
    expect(made.get_by_role("button", name="Copy link")).to_be_visible()

    address.fill("https://shop.example/lamp")
    page.get_by_role("button", name="Make link").click()

    expect(page.get_by_role("alert")).to_be_visible()
    expect(made).to_have_count(0)
    assert visit.complaints == []
