"""The home screen: a beginner's first steps, and what needs attention."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.conftest import CONNECTED, Server, Visit, have, running_server
from tests.e2e.test_page import serious
from tests.e2e.test_states import signed_in

pytestmark = pytest.mark.browser


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Server]:
    """A server with the sandbox, and nothing connected yet."""
    with running_server(tmp_path) as server:
        yield server


def test_a_beginner_is_led_from_nothing_to_a_link(fresh: Server, visit: Visit) -> None:
    page = signed_in(fresh, visit, "")
    steps = page.locator(".steps li")
    expect(steps).to_have_count(3)

    page.get_by_role("button", name="Connect the sandbox of AliExpress, Amazon").click()
    expect(steps.first).to_contain_text("✓ done")
    page.get_by_role("link", name="Marketplaces").click()
    expect(page.locator(".settings .badge.ok")).to_have_text(["Connected", "Connected"])
    page.get_by_label("Add a country site of Amazon").select_option("www.amazon.de")
    page.get_by_role("button", name="Connect the sandbox of Amazon · amazon.de").click()
    expect(page.locator(".settings .badge.ok")).to_have_count(3)
    page.get_by_role("link", name="Home", exact=True).click()
    page.get_by_role("link", name="Search for one").click()
    page.get_by_label("Keywords").fill(fresh.words)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("button", name="Import", exact=True).first.click()
    expect(page.locator(".actions .done")).to_have_count(1)
    page.get_by_role("button", name="Link", exact=True).first.click()
    expect(page.get_by_role("textbox", name="Affiliate link")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Home", exact=True).click()

    expect(page.get_by_role("heading", name="Your catalogue")).to_be_visible()
    expect(steps).to_have_count(0)
    expect(page.get_by_text("Nothing. Links lead where they should")).to_be_visible()
    assert page.locator(".tiles a").first.inner_text().split() == ["1", "in", "the", "library"]
    assert serious(page) == []
    assert visit.complaints == []


def test_keys_that_are_refused_need_attention(fresh: Server, visit: Visit) -> None:
    page = signed_in(fresh, visit, "marketplaces")
    card = page.locator(".settings", has_text="AliExpress")
    for label, value in {"App key": "500100", "App secret": "wrong", "Tracking ID": "a"}.items():
        card.get_by_label(label, exact=True).fill(value)
    card.get_by_role("button", name="Save").click()
    expect(card.locator(".badge.warn")).to_have_text("Needs attention")

    page.get_by_role("link", name="Home", exact=True).click()

    expect(page.locator(".attention li.bad")).to_contain_text("AliExpress: Keys are refused")
    page.locator(".attention").get_by_role("link", name="Open Marketplaces").click()
    expect(page.get_by_role("heading", name="Marketplaces")).to_be_visible()
    assert visit.complaints == []


@pytest.fixture
def connected(tmp_path: Path) -> Iterator[Server]:
    """A server with AliExpress connected, and no link of another test."""
    with running_server(tmp_path, CONNECTED) as server:
        yield server


def test_a_number_leads_to_its_products(connected: Server, visit: Visit) -> None:
    have(connected, "1005000000001131", "1005000000001132")
    page = signed_in(connected, visit, "home")

    page.locator(".tiles a", has_text="without a link").click()

    expect(page.get_by_role("combobox", name="Links")).to_have_value("false")
    expect(page.locator("tr[data-id]")).to_have_count(2)
    assert visit.complaints == []


def test_what_happened_since_yesterday_leads_to_its_events(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit, "library")

    def with_news(route: Route) -> None:
        if "query Home" not in (route.request.post_data or ""):
            return route.fallback()
        answer = route.fetch()
        body = answer.json()
        body["data"]["drops"] = {"totalCount": 3}
        return route.fulfill(response=answer, body=json.dumps(body))

    page.route("**/graphql", with_news)
    page.get_by_role("link", name="Home", exact=True).click()
    news = page.get_by_role("region", name="Since yesterday").get_by_role("link")
    expect(news).to_have_count(1)

    news.click()

    expect(page.get_by_label("Kind")).to_have_value("prices")
    assert visit.complaints == []
