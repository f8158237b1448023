"""What the page shows when things are slow, refused, away or missing."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Server, Visit, ask, have
from tests.e2e.test_page import serious

pytestmark = pytest.mark.browser

FOUND = {
    "totalCount": 0,
    "postFilters": [],
    "unsupportedFilters": [],
    "sortedRows": None,
    "sortedRowsUnknown": None,
    "cachedAt": None,
    "nodes": [],
    "errors": [],
}
PRODUCT = "1005000000001131"
END = {"hasNextPage": False, "endCursor": None}


def signed_in(server: Server, visit: Visit, screen: str = "explore") -> Page:
    page = visit.page
    page.goto(f"{server.url}/#{screen}")
    page.get_by_label("API key").fill(server.api_key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation", name="Screens")).to_be_visible()
    visit.complaints.clear()  # the browser notes the 401 of a visitor
    return page


def answer_search(page: Page, answer: Callable[[Route], None]) -> None:
    """Put another answer in the place of the server's, for searches only."""

    def choose(route: Route) -> None:
        if "query Explore" in (route.request.post_data or ""):
            answer(route)
        else:
            route.fallback()

    page.route("**/graphql", choose)


def with_found(**news: object) -> Callable[[Route], None]:
    body = json.dumps({"data": {"searchProducts": FOUND | {"pageInfo": END} | news}})
    return lambda route: route.fulfill(body=body, content_type="application/json")


def search(page: Page) -> None:
    page.get_by_label("Keywords").fill("phone case")
    page.get_by_role("button", name="Search").click()


def test_a_throttled_search_counts_down_to_the_next_try(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    at = (datetime.now(UTC) + timedelta(seconds=40)).isoformat()
    error = {
        "code": "THROTTLED",
        "message": "AliExpress found the application too fast.",
        "path": [],
        "retryAt": at,
    }
    answer_search(page, with_found(errors=[error]))

    search(page)

    expect(page.get_by_role("alert")).to_contain_text("too fast")
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"Next try in (3\d|40) s\."))
    expect(page.get_by_role("alert").get_by_role("button", name="Try again")).to_have_count(0)
    assert visit.complaints == []


def test_after_the_countdown_it_can_be_tried_again(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    error = {
        "code": "THROTTLED",
        "message": "Too fast.",
        "path": [],
        "retryAt": datetime.now(UTC).isoformat(),
    }
    answer_search(page, with_found(errors=[error]))
    search(page)
    expect(page.get_by_role("alert")).to_contain_text("Too fast.")
    page.unroute("**/graphql")

    page.get_by_role("button", name="Try again").click()

    expect(page.locator(".grid > .card[data-id]").first).to_be_visible()
    assert visit.complaints == []


def test_what_was_filtered_afterwards_and_the_cache_are_told(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    at = (datetime.now(UTC) - timedelta(minutes=3)).isoformat()
    sorting = {"postFilters": ["minOrders", "sort"], "sortedRows": 40, "sortedRowsUnknown": 3}
    answer_search(page, with_found(**sorting, unsupportedFilters=["freeShippingOnly"], cachedAt=at))

    search(page)

    status = page.locator(".summary [role=status]")
    expect(status).to_contain_text("sorted among 40 products, of which 3 do not tell and come last")
    expect(status).to_contain_text("filtered afterwards: orders")
    expect(status).to_contain_text("cannot be filtered here: free shipping")
    expect(status).to_contain_text("from the cache, asked 3 minutes ago")
    expect(page.get_by_text("Nothing on this page.")).to_be_visible()
    assert visit.complaints == []


def test_skeletons_stand_where_answers_will(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    waiting: list[Route] = []
    answer_search(page, waiting.append)

    search(page)

    expect(page.locator(".grid[aria-busy=true] .skeleton")).to_have_count(8)
    waiting[0].continue_()
    expect(page.locator(".grid > .card[data-id]").first).to_be_visible()
    assert visit.complaints == []


def test_a_server_that_is_away_is_told(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    page.route("**/graphql", lambda route: route.abort())

    search(page)

    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")
    page.unroute("**/graphql")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".grid > .card[data-id]").first).to_be_visible()
    assert visit.upstream == []


def test_a_dead_picture_becomes_a_placeholder(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    page.route("**/sandbox/pictures/**", lambda route: route.fulfill(status=404))

    search(page)

    expect(page.locator(".grid > .card .picture.none").first).to_be_visible()
    page.locator(".grid > .card").last.scroll_into_view_if_needed()  # pictures load when near
    expect(page.locator(".grid > .card img")).to_have_count(0)
    assert visit.upstream == []


def test_signing_out_ends_the_session(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("API key")).to_be_visible()
    page.reload()

    expect(page.get_by_label("API key")).to_be_visible()
    assert visit.upstream == []


def test_a_session_that_ended_leads_back_to_the_door(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    page.context.clear_cookies()

    search(page)

    expect(page.get_by_label("API key")).to_be_visible()
    assert visit.upstream == []


def test_the_printed_link_signs_in_once(server: Server, visit: Visit) -> None:
    [link] = re.findall(r"http://\S+/#sign-in=\S+", server.output.read_text("utf-8"))

    visit.page.goto(link)

    expect(visit.page.get_by_role("navigation", name="Screens")).to_be_visible()
    assert "sign-in" not in visit.page.url
    assert visit.complaints == []
    visit.page.context.clear_cookies()
    visit.page.goto("about:blank")
    visit.page.goto(link)
    expect(visit.page.get_by_text("This link was used already")).to_be_visible()


def test_the_page_works_by_keyboard_alone(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit, "explore")
    page.locator("body").press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Product addresses or ids")).to_be_focused()

    page.keyboard.type("1005000000001121")
    page.keyboard.press("Enter")

    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Import 1 product")).to_be_enabled()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert visit.complaints == []


def signed_in_with(page: Page, server: Server, scopes: str) -> None:
    """Sign in anew, by a key that has these scopes alone."""
    make = f'mutation {{ createApiKey(input: {{name: "narrow", scopes: [{scopes}]}}) {{ key }} }}'
    key = ask(server, make)["createApiKey"]["key"]
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation", name="Screens")).to_be_visible()


def test_a_key_that_reads_sees_no_button_that_it_cannot_use(emptied: Server, visit: Visit) -> None:
    have(emptied, PRODUCT)
    page = signed_in(emptied, visit)
    signed_in_with(page, emptied, "READ")
    page.get_by_role("link", name="Explore").click()
    search(page)
    expect(page.locator(".grid > .card[data-id]").first).to_be_visible()
    expect(page.locator(".actions button")).to_have_count(0)

    page.get_by_role("link", name="Library").click()
    expect(page.get_by_label("Notes on")).not_to_be_editable()
    assert page.locator(".bulk button").all_inner_texts() == ["Export"]
    page.get_by_role("link", name="Links").click()
    expect(page.get_by_role("button", name="Make link")).to_have_count(0)
    page.get_by_role("link", name="Marketplaces").click()
    expect(page.locator(".settings").first).to_be_visible()
    expect(page.locator(".settings input, .settings button")).to_have_count(0)


@pytest.mark.parametrize(
    ("message", "code", "shown"),
    [
        (
            "Amazon is not connected. Add one in connectMarketplace.",
            "MARKETPLACE_NOT_CONNECTED",
            "Add one on the Marketplaces screen.",
        ),
        (
            "No more calls today. Try again at retryAt.",
            "QUOTA_EXHAUSTED",
            "Try again at the time shown.",
        ),
        (
            "This key needs the scope IMPORT.",
            "FORBIDDEN",
            "The key that you signed in with may not",
        ),
    ],
)
def test_words_of_the_api_do_not_appear(
    server: Server, visit: Visit, message: str, code: str, shown: str
) -> None:
    page = signed_in(server, visit)
    answer_search(
        page, with_found(errors=[{"code": code, "message": message, "path": [], "retryAt": None}])
    )

    search(page)

    expect(page.get_by_role("alert")).to_contain_text(shown)
    for word in ("connectMarketplace", "retryAt", "scope IMPORT"):
        expect(page.get_by_role("alert")).not_to_contain_text(word)
    assert visit.complaints == []


def test_what_a_first_visit_fetches_is_small(
    server: Server, visit: Visit, record_property: Callable[[str, object], None]
) -> None:
    visit.page.goto(server.url)
    expect(visit.page.get_by_label("API key")).to_be_visible()

    paint = visit.page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    )
    weight = visit.page.evaluate(
        "performance.getEntriesByType('resource').reduce((sum, each) => sum + each.transferSize, 0)"
    )

    record_property("first paint, ms", paint)
    assert 0 < weight < 150_000


def test_a_country_site_is_added_saved_and_disconnected(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit, "marketplaces")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_label("Add a country site of Amazon").select_option("www.amazon.de")
    card = page.locator(".settings", has_text="amazon.de")
    expect(card.locator(".badge.off")).to_have_text("Not configured")
    others = page.locator(".settings", has_text="amazon.com").locator(".badge.off")
    versions = card.get_by_role("combobox", name="Version").locator("option")
    expect(versions).to_have_text(["Choose ...", "2.1", "2.2", "2.3", "3.1", "3.2", "3.3"])

    card.get_by_label("Partner Tag", exact=True).fill("sandbox-21")
    card.get_by_role("button", name="Save").click()

    expect(card).to_contain_text("Stored: sandbox-21")
    expect(card).to_contain_text("Can be used for: generate link")
    expect(card).to_contain_text("Missing: Credential ID, Credential Secret, Version")
    expect(others).to_have_text("Not configured")
    card.get_by_role("radio", name="Product Advertising API (retired)").check()
    expect(card.get_by_label("Access Key", exact=True)).to_be_visible()
    card.get_by_role("button", name="Disconnect").click()
    expect(card).not_to_contain_text("Stored: sandbox-21")
    assert visit.complaints == []


def test_calls_a_day_for_refreshing_are_set(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit, "marketplaces")
    card = page.locator(".settings", has_text="AliExpress")
    field = card.get_by_label("Calls a day for refreshing")
    expect(field).to_be_hidden()  # a connected marketplace is a line
    expect(card.locator("summary .line")).to_contain_text("calls today")
    card.locator("summary").first.click()
    expect(field).to_have_value("250")
    assert serious(page) == []

    field.fill("40")
    card.get_by_role("button", name="Set calls a day").click()

    expect(card).to_contain_text("of 40 calls a day made")
    page.reload()
    expect(field).to_have_value("40")
    assert visit.complaints == []


def test_a_value_that_cannot_be_right_is_told_beside_its_field(
    server: Server, visit: Visit
) -> None:
    page = signed_in(server, visit, "marketplaces")
    card = page.locator(".settings", has_text="AliExpress")

    card.locator("summary").first.click()
    card.get_by_label("App key", exact=True).fill("me@example.com")
    card.get_by_role("button", name="Save").click()

    expect(card.locator(".credential", has_text="App key").get_by_role("alert")).to_contain_text(
        "short number"
    )
    expect(card.locator(".badge.ok")).to_have_text("Connected")
    assert visit.complaints == []


def test_products_are_linked_and_deleted_together(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_label("Product addresses or ids").fill("1005000000001131\n1005000000001132")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Import 2 products").click()
    expect(page.get_by_text("✓ Imported")).to_have_count(2)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Library").click()
    page.get_by_label("Choose all").check()

    page.get_by_role("button", name="Make links").click()
    expect(page.get_by_role("dialog").get_by_label("Affiliate link")).to_have_count(2)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Delete").click()

    expect(page.get_by_text("Nothing imported yet.")).to_be_visible()
    assert visit.complaints == []
