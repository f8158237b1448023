"""What is open stands in the address: it survives reloading, going back, and being shared."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.conftest import Server, Visit, have
from tests.e2e.test_states import answer_search, search, signed_in

pytestmark = pytest.mark.browser

CARDS = ".grid > .card[data-id]"


def test_a_search_survives_a_reload(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit, "explore")
    page.get_by_label("Price to").fill("30")
    page.get_by_label("Sort").select_option("PRICE_ASC")
    search(page)
    expect(page.locator(CARDS)).not_to_have_count(0)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Page 2")).to_be_visible()
    expect(page.locator(CARDS)).not_to_have_count(0)
    first = page.locator(CARDS).first.get_attribute("data-id") or ""

    page.reload()

    expect(page.locator(CARDS).first).to_have_attribute("data-id", first)
    expect(page.get_by_label("Keywords")).to_have_value("phone case")
    expect(page.get_by_label("Price to")).to_have_value("30")
    expect(page.get_by_label("Sort")).to_have_value("PRICE_ASC")
    page.get_by_role("button", name="Previous").click()
    expect(page.locator(CARDS).first).not_to_have_attribute("data-id", first)
    assert visit.complaints == []


def test_back_and_forward_go_through_what_was_looked_at(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit, "explore")
    search(page)
    expect(page.locator(CARDS)).not_to_have_count(0)
    page.get_by_role("link", name="Library").click()
    page.get_by_label("State").select_option("GONE")
    expect(page.get_by_text("Nothing fits this filter.")).to_be_visible()

    page.go_back()
    expect(page.get_by_label("State")).to_have_value("")
    page.go_back()
    expect(page.locator(CARDS)).not_to_have_count(0)
    page.go_forward()
    page.go_forward()

    expect(page.get_by_label("State")).to_have_value("GONE")
    assert visit.complaints == []


def test_an_address_that_is_shared_shows_the_same(emptied: Server, visit: Visit) -> None:
    have(emptied, "1005000000001131", "1005000000001132")
    page = signed_in(emptied, visit, "library")
    rows = page.locator("tr[data-id]")
    expect(rows).to_have_count(2)
    words = " ".join(rows.first.locator(".title").inner_text().split()[:3])
    page.get_by_label("Search", exact=True).fill(words)
    page.get_by_label("Sort").select_option("TITLE_ASC")
    expect(page).to_have_url(re.compile(r"#library\?.*text="))
    browser = page.context.browser
    assert browser is not None

    other = Visit(browser.new_page())
    signed_in(emptied, other, page.url.partition("#")[2])

    expect(other.page.get_by_label("Search", exact=True)).to_have_value(words)
    expect(other.page.get_by_label("Sort")).to_have_value("TITLE_ASC")


@pytest.mark.parametrize("screen", ["Home", "Explore", "Library", "Links", "Marketplaces"])
def test_the_title_names_the_screen(server: Server, visit: Visit, screen: str) -> None:
    page = signed_in(server, visit)

    page.get_by_role("navigation").get_by_role("link", name=screen).click()

    expect(page).to_have_title(f"{screen} · Affiliate Graph")
    assert visit.complaints == []


def test_a_search_that_was_left_is_there_when_somebody_comes_back(
    server: Server, visit: Visit
) -> None:
    page = signed_in(server, visit, "explore")
    waiting: list[Route] = []
    answer_search(page, waiting.append)
    search(page)
    expect(page.locator(".skeleton").first).to_be_visible()

    page.get_by_role("link", name="Links").click()
    expect(page.get_by_role("heading", name="Links")).to_be_visible()
    waiting[0].continue_()
    page.go_back()

    expect(page.locator(CARDS)).not_to_have_count(0)
    assert len(waiting) == 1


def test_the_menu_leads_back_to_the_search_that_was_open(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit, "explore")
    search(page)
    expect(page.locator(CARDS)).not_to_have_count(0)

    page.get_by_role("link", name="Links").click()
    page.get_by_role("link", name="Explore").click()

    expect(page.get_by_label("Keywords")).to_have_value("phone case")
    expect(page.locator(CARDS)).not_to_have_count(0)
    assert visit.complaints == []
