"""Prices that change between two syncs: told by the library, drawn on the product's own page."""

import re
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Server, Visit, running_server
from tests.e2e.test_states import signed_in
from tests.processes import ROOT
from tests.run import free_port

pytestmark = pytest.mark.browser

DRAWN, NOTED, PLAIN = "1005000000001121", "1005000000001122", "1005000000001123"


@pytest.fixture(scope="module")
def marketplace() -> Iterator[str]:
    """The address of a sandbox in a process of its own: its prices can be set."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        process.stdout.readline()  # it says so when it listens
        yield url
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def server(marketplace: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose AliExpress is that sandbox."""
    connected = {
        "SANDBOX": "off",
        "ALIEXPRESS_GATEWAY_URL": f"{marketplace}/aliexpress/sync",
        "ALIEXPRESS_APP_KEY": "500100",
        "ALIEXPRESS_APP_SECRET": "sandbox-app-secret",
        "ALIEXPRESS_TRACKING_ID": "sandbox_blog",
    }
    with running_server(tmp_path_factory.mktemp("live"), connected) as server:
        yield server


def set_price(marketplace: str, product: str, amount: str) -> None:
    change = {"action": "set_price", "product": product, "amount": amount}
    answer = httpx.post(f"{marketplace}/control/catalog", json=change, trust_env=False)
    assert answer.status_code == 200, answer.text


def sync(page: Page) -> None:
    page.get_by_role("button", name="Sync", exact=True).click()
    expect(page.get_by_text("Synced 1 product.")).to_be_visible()
    page.get_by_role("button", name="Close").click()


def imported(page: Page, product: str) -> None:
    page.get_by_label("Product addresses or ids").fill(product)
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Import 1 product").click()
    page.get_by_role("button", name="Done").click()


def test_changed_prices_are_told_and_drawn(marketplace: str, emptied: Server, visit: Visit) -> None:
    set_price(marketplace, DRAWN, "20.00")
    page = signed_in(emptied, visit, "library")
    imported(page, DRAWN)
    page.get_by_label("Choose all").check()
    for amount in ("26.00", "17.50"):
        set_price(marketplace, DRAWN, amount)
        sync(page)
        expect(page.locator(".library .price strong")).to_have_text(f"${amount}")
    expect(page.locator(".changed")).to_contain_text("Changed: price")

    page.locator(".library .title a").click()

    caption = page.locator(".chart figcaption")
    expect(caption).to_contain_text(re.compile(r"3 prices seen, from \$20\.00 on .* to \$17\.50"))
    expect(caption).to_contain_text("Lowest seen in 30 days: $17.50.")
    expect(
        page.get_by_role("img", name=re.compile("^3 prices seen")).locator("canvas")
    ).to_be_visible()
    page.get_by_text("As a table").click()
    assert page.locator(".prices td:last-child").all_inner_texts() == ["$20.00", "$26.00", "$17.50"]
    # The pictures of that sandbox are on another port, from where the page takes none.
    assert [text for text in visit.complaints if "/sandbox/pictures/" not in text] == []


def test_a_product_is_synced_linked_and_noted_on_its_own_page(
    marketplace: str, emptied: Server, visit: Visit
) -> None:
    set_price(marketplace, NOTED, "20.00")
    page = signed_in(emptied, visit, "library")
    imported(page, NOTED)
    page.locator(".library .title a").click()
    expect(page.locator(".product-page")).to_contain_text("One price seen so far")
    set_price(marketplace, NOTED, "26.00")

    page.get_by_role("button", name="Sync", exact=True).click()
    expect(page.get_by_text("Changed: price")).to_be_visible()
    page.get_by_role("button", name="Make link").click()
    expect(page.get_by_label("Affiliate link")).to_have_count(1)
    page.get_by_label(re.compile("^Selling price")).fill("52")
    page.get_by_label(re.compile("^Notes on")).fill("for spring")
    page.get_by_label(re.compile("^Notes on")).press("Tab")

    expect(page.locator(".profit")).to_contain_text("$26.00")
    expect(page.get_by_text("Saving ...")).to_have_count(0)
    page.reload()
    expect(page.get_by_label(re.compile("^Notes on"))).to_have_value("for spring")
    expect(page.get_by_label(re.compile("^Selling price"))).to_have_value("52.00")
    expect(page.locator(".chart figcaption")).to_contain_text("2 prices seen")
    assert visit.upstream == []


def test_without_the_library_that_draws_caption_and_table_stay(
    marketplace: str, emptied: Server, visit: Visit
) -> None:
    set_price(marketplace, PLAIN, "20.00")
    page = signed_in(emptied, visit, "library")
    imported(page, PLAIN)
    page.get_by_label("Choose all").check()
    set_price(marketplace, PLAIN, "26.00")
    sync(page)
    page.route("**/uplot.js", lambda route: route.fulfill(status=404))

    page.locator(".library .title a").click()

    expect(page.locator(".chart figcaption")).to_contain_text("2 prices seen")
    expect(page.locator(".chart canvas")).to_have_count(0)
    assert visit.upstream == []
