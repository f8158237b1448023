"""Explore keeps what was found, tells where it came from, and never shows an old answer as new."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.conftest import OPERATIONS, Server, Visit, ask, have
from tests.e2e.test_page import serious
from tests.e2e.test_states import search, signed_in, with_found

pytestmark = pytest.mark.browser

CARDS = ".grid > .card[data-id]"
STATUS = ".summary [role=status]"


def test_what_was_found_is_there_again_after_another_screen(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    search(page)
    expect(page.locator(CARDS)).not_to_have_count(0)
    found = page.locator(CARDS).count()

    page.get_by_role("link", name="Links").click()
    expect(page.get_by_role("heading", name="Links")).to_be_visible()
    page.get_by_role("link", name="Explore").click()

    expect(page.locator(CARDS)).to_have_count(found)
    assert visit.complaints == []


def test_nothing_is_left_for_who_signs_in_next(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    search(page)
    expect(page.locator(CARDS)).not_to_have_count(0)

    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("API key").fill(server.api_key)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Explore").click()

    expect(page.get_by_label("Keywords")).to_have_value("")
    expect(page.locator(CARDS)).to_have_count(0)
    assert visit.complaints == []


def test_the_second_answer_to_a_question_is_told_to_be_from_the_cache(
    server: Server, visit: Visit
) -> None:
    page = signed_in(server, visit)
    page.get_by_label("Price to").fill("77.31")  # asked by no other test
    search(page)
    expect(page.locator(STATUS)).to_contain_text("found")
    assert "from the cache" not in page.locator(STATUS).inner_text()

    page.get_by_role("button", name="Search").click()

    expect(page.locator(STATUS)).to_contain_text("from the cache, asked just now")


def test_a_refused_question_does_not_show_the_answer_to_the_one_before(
    server: Server, visit: Visit
) -> None:
    page = signed_in(server, visit)
    search(page)
    expect(page.locator(CARDS)).not_to_have_count(0)

    page.get_by_label("Price from").fill("20")
    page.get_by_label("Price to").fill("5")
    page.get_by_role("button", name="Search").click()

    expect(page.get_by_role("alert")).to_contain_text("“Price from” is above “Price to”")
    expect(page.locator(CARDS)).to_have_count(0)
    expect(page.locator(STATUS)).to_have_text("")
    assert visit.complaints == []


def test_the_categories_of_what_was_found_can_be_chosen(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    search(page)
    expect(page.locator(CARDS)).not_to_have_count(0)
    options = page.locator("#categories option[value*='Phone Cases']")
    expect(options).to_have_count(1)
    chosen = options.get_attribute("value") or ""
    category = page.get_by_label("Category")
    category.fill("Cases of phones")
    assert "type the marketplace's number" in category.evaluate("field => field.validationMessage")

    category.fill(chosen)
    page.get_by_label("Keywords").fill("")
    page.get_by_role("button", name="Search").click()

    expect(page).to_have_url(re.compile(r"category=\d+"))
    expect(page.locator(CARDS)).not_to_have_count(0)
    expect(category).to_have_value(chosen)
    expect(page.get_by_role("alert")).to_have_count(0)
    assert visit.complaints == []


def test_a_category_has_the_name_that_products_of_the_library_tell(
    emptied: Server, visit: Visit
) -> None:
    have(emptied, emptied.products[0])
    nodes = ask(emptied, OPERATIONS["categories"], marketplace="ALIEXPRESS")["products"]["nodes"]
    category = nodes[0]["categories"][-1]
    page = signed_in(emptied, visit)
    page.get_by_label("Category").focus()
    name = f"{category['name']} ({category['externalId']})"
    expect(page.locator(f"#categories option[value='{name}']")).to_have_count(1)

    page.goto(f"{emptied.url}/#explore?marketplace=ALIEXPRESS&category={category['externalId']}")
    page.reload()

    expect(page.get_by_label("Category")).to_have_value(name)
    assert visit.complaints == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Price from", "1,50"),
        ("Price to", "cheap"),
        ("Orders from", "1.5"),
        ("Orders from", "many"),
        ("Currency", "E1"),
        ("Ship to", "D"),
    ],
)
def test_what_cannot_be_meant_is_told_at_its_field_and_not_asked(
    server: Server, visit: Visit, field: str, value: str
) -> None:
    page = signed_in(server, visit)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))
    page.get_by_label(field, exact=True).fill(value)

    search(page)

    expect(page.get_by_label(field, exact=True)).to_be_focused()
    assert not page.get_by_label(field, exact=True).evaluate("node => node.validity.valid")
    assert not [body for body in asked if "query Explore" in body]


AMAZON = {
    "credentialId": "sandbox-credential-id",
    "credentialSecret": "sandbox-credential-secret",
    "credentialVersion": "2.2",
    "partnerTag": "sandbox-21",
}
SITE = {"marketplace": "AMAZON", "locale": "www.amazon.de"}


def connect(server: Server) -> None:
    credentials = [{"name": name, "value": value} for name, value in AMAZON.items()]
    connected = ask(server, OPERATIONS["connect"], input=SITE | {"credentials": credentials})
    assert connected["connectMarketplace"]["errors"] == []


def test_a_site_brings_its_currency_and_offers_only_what_it_has(
    server: Server, visit: Visit
) -> None:
    connect(server)
    page = signed_in(server, visit)
    sorts = page.get_by_label("Sort").locator("option")
    expect(page.get_by_role("radio", name="All marketplaces")).to_be_checked()
    page.get_by_role("radio", name="AliExpress").check()
    expect(page.get_by_label("Orders from")).to_be_visible()
    expect(sorts.filter(has_text="Best rated")).to_have_count(0)

    page.get_by_role("radio", name="Amazon · amazon.de").check()

    expect(page.locator(".told output")).to_have_text("EUR")
    expect(page.get_by_label("Ship to")).to_have_count(0)
    expect(page.get_by_label("Orders from")).to_have_count(0)
    expect(sorts.filter(has_text="Best rated")).to_have_count(1)
    search(page)
    expect(page.locator(CARDS)).not_to_have_count(0)
    expect(page.locator(STATUS)).not_to_contain_text("cannot be filtered here")
    expect(page.locator(STATUS)).not_to_contain_text("filtered afterwards")
    expect(page.locator(".price strong").first).to_contain_text("€")
    ask(server, OPERATIONS["disconnect"], input=SITE)


def test_all_marketplaces_are_searched_at_once(server: Server, visit: Visit) -> None:
    connect(server)
    page = signed_in(server, visit)
    page.get_by_role("radio", name="All marketplaces").check()
    expect(page.get_by_label("Ship to")).to_have_count(0)  # which one of them does not have
    expect(page.locator(".told output")).to_have_text("EUR")  # which both of them have

    search(page)

    one, other = (page.get_by_role("region", name=name) for name in ("AliExpress", "Amazon"))
    for region in (one, other):
        expect(region.get_by_role("status")).to_contain_text("found")
        expect(region.locator(".card[data-id]")).not_to_have_count(0)
        expect(region.locator(".price strong").first).to_contain_text("€")
    assert serious(page) == []
    page.route("**/graphql", refuse)
    page.get_by_role("button", name="Search").click()
    expect(other.get_by_role("alert")).to_contain_text("too fast")
    expect(one.locator(".card[data-id]")).not_to_have_count(0)
    expect(one.get_by_role("alert")).to_have_count(0)
    one.get_by_role("link", name="Show all of AliExpress").click()
    expect(page.get_by_role("radio", name="AliExpress")).to_be_checked()
    expect(page.locator(CARDS)).to_have_count(24)
    assert visit.complaints == []
    ask(server, OPERATIONS["disconnect"], input=SITE)


def refuse(route: Route) -> None:
    """Put a failure in the place of the other marketplace's answer."""
    body = route.request.post_data or ""
    if "query Explore" not in body or "AMAZON" not in body:
        return route.fallback()
    error: dict[str, object] = {
        "code": "THROTTLED",
        "message": "It was too fast.",
        "path": [],
        "retryAt": None,
    }
    return with_found(errors=[error])(route)


def test_a_margin_that_cannot_be_computed_says_why(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    search(page)
    expect(page.locator(CARDS)).not_to_have_count(0)

    page.get_by_label("Sell at").fill("0")
    expect(page.locator(".profit").first).to_have_text("No margin: the selling price is zero.")
    page.get_by_label("Sell at").fill("cheap")
    expect(page.get_by_role("alert")).to_contain_text("“cheap” is no amount here")
    assert visit.complaints == []


def test_a_search_begins_with_what_was_chosen_and_is_kept(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit, "settings")
    page.on("dialog", lambda dialog: dialog.accept("My cases"))
    begin = page.get_by_role("region", name="Forms begin with")
    begin.get_by_label("Currency").fill("eur")
    begin.get_by_label("Ship to").fill("de")
    page.get_by_role("link", name="Explore").click()
    expect(page.get_by_label("Currency")).to_have_value("EUR")
    expect(page.get_by_label("Ship to")).to_have_value("DE")
    page.get_by_label("Ship to").fill("")
    search(page)
    expect(page.locator(".grid > .card[data-id]").first).to_be_visible()
    expect(page.get_by_label("Ship to")).to_have_value("")

    page.get_by_role("button", name="Keep for later").click()

    kept = page.get_by_role("group", name="Saved searches")
    expect(kept.get_by_role("link", name="My cases")).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("button", name="Keep for later")).to_have_count(0)
    page.goto(f"{server.url}/#explore")
    page.reload()
    kept.get_by_role("link", name="My cases").click()
    expect(page.get_by_label("Keywords")).to_have_value("phone case")
    expect(page.locator(".grid > .card[data-id]").first).to_be_visible()
    assert serious(page) == []
    kept.get_by_role("button", name="Forget My cases").click()
    expect(kept.get_by_role("link")).to_have_count(0)
    assert visit.complaints == []
