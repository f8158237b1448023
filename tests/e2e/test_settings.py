"""Settings: how the page looks, and API keys."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import CONNECTED, Server, Visit, ask, running_server
from tests.e2e.test_page import serious
from tests.e2e.test_states import signed_in

pytestmark = pytest.mark.browser
READS = "{ products(first: 1) { totalCount } }"
ERASES = 'mutation { deleteProduct(input: {id: "x"}) { errors { code } } }'


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with no key of another test."""
    with running_server(tmp_path_factory.mktemp("settings"), CONNECTED) as server:
        yield server


def ground(page: Page) -> str:
    found: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return found


def test_the_chosen_colours_stay(own: Server, visit: Visit) -> None:
    page = signed_in(own, visit, "settings")
    light = ground(page)

    page.get_by_role("radio", name="Dark").check(force=True)

    dark = ground(page)
    assert dark != light
    page.reload()
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    expect(page.locator("body")).to_have_css("background-color", dark)
    assert serious(page) == []
    page.get_by_role("radio", name="As the system").check(force=True)
    expect(page.locator("body")).to_have_css("background-color", light)
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).to_have_css("background-color", dark)
    assert visit.complaints == []


def test_the_page_speaks_the_language_that_was_chosen(own: Server, visit: Visit) -> None:
    page = signed_in(own, visit, "settings")
    expect(page.locator("html")).to_have_attribute("lang", "en")

    page.get_by_role("radio", name="Deutsch").click(force=True)

    expect(page.get_by_role("heading", name="Einstellungen")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    menu = page.get_by_role("navigation", name="Bereiche").get_by_role("link")
    for name in menu.all_inner_texts():
        menu.get_by_text(name, exact=True).click()
        expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    expect(page.get_by_role("radio", name="Deutsch")).to_be_checked()
    assert serious(page) == []
    page.get_by_role("radio", name="Wie der Browser").click(force=True)
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    assert visit.complaints == []


def test_a_key_is_made_narrowed_replaced_and_revoked(own: Server, visit: Visit) -> None:
    page = signed_in(own, visit, "settings")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_text("Make a key").click()
    page.get_by_label("Name").fill("my shop")
    page.get_by_role("checkbox", name="Import").check()
    page.get_by_role("button", name="Make key").click()
    made = page.get_by_role("dialog").get_by_label("API key").input_value()
    page.keyboard.press("Escape")
    row = page.locator(".keys > li", has_text="my shop")
    expect(row).to_contain_text("Read, Import")
    assert made not in page.content()
    assert ask(Server(own.url, made, own.output), READS)["products"] is not None

    row.get_by_role("button", name="Narrow").click()
    page.get_by_role("dialog").get_by_role("checkbox", name="Import").uncheck()
    page.get_by_role("dialog").get_by_role("button", name="Narrow").click()
    expect(row).not_to_contain_text("Import")
    refused = ask(Server(own.url, made, own.output), ERASES)["deleteProduct"]["errors"]
    assert [error["code"] for error in refused] == ["FORBIDDEN"]

    row.get_by_role("button", name="Replace").click()
    assert page.get_by_role("dialog").get_by_label("API key").input_value() != made
    page.keyboard.press("Escape")
    expect(row).to_have_count(2)
    row.first.get_by_role("button", name="Revoke").click()
    expect(row.first.locator(".badge")).to_have_text("Revoked")
    assert serious(page) == []
    assert visit.complaints == []


def test_a_key_for_a_web_page_lists_its_pages(own: Server, visit: Visit) -> None:
    page = signed_in(own, visit, "settings")
    page.get_by_text("Make a key").click()
    page.get_by_label("Name").fill("price box")
    page.get_by_role("radio", name="A web page").check(force=True)
    page.get_by_label("Addresses of the pages").fill("shop.example.com")
    page.get_by_role("button", name="Make key").click()
    expect(page.get_by_role("alert")).to_be_visible()

    page.get_by_label("Addresses of the pages").fill("https://shop.example.com")
    page.get_by_role("button", name="Make key").click()

    expect(page.get_by_role("dialog").get_by_label("API key")).to_be_visible()
    page.keyboard.press("Escape")
    row = page.locator(".keys > li", has_text="price box")
    expect(row).to_contain_text("For https://shop.example.com")
    expect(row).to_contain_text("0 of 0 calls")
    assert visit.complaints == []
