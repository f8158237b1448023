"""The page in headless Chromium over the real server: the whole way from connecting to exporting.

Real listings (SANDBOX_CATALOG) have pictures on their marketplace's own hosts: the test answers
those addresses itself with a small picture, and lets nothing else of the upstream through.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import SCREENSHOTS, Server, Visit, ask, running_server
from tests.processes import ROOT

pytestmark = pytest.mark.browser

AXE = (ROOT / "web/node_modules/axe-core/axe.min.js").read_text("utf-8")
WIDTHS = {"wide": 1280, "narrow": 390}
# Real listings are on the same screens, with longer words. Further widths: test_layout.
LOOKS = {
    "made": ("wide light", "wide dark", "narrow light", "narrow dark"),
    "real": ("wide light", "narrow light"),
}
MARGIN = (ROOT / "web/operations/margin.graphql").read_text("utf-8")


@pytest.fixture(scope="module", params=["made", "real"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server with nothing connected: on the made catalogue, and on real listings."""
    listings: Path | None = None
    if request.param == "real":
        listings = request.getfixturevalue("reference") / "catalog"
    with running_server(tmp_path_factory.mktemp(request.param), catalog=listings) as server:
        yield server


def screenshots(visit: Visit, place: Server, name: str) -> None:
    """The screen as it looks, checked for width and for axe."""
    page = visit.page
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for look in LOOKS[place.name]:
        width_name, scheme = look.split()
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.set_viewport_size({"width": WIDTHS[width_name], "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width_name], name
        page.screenshot(path=SCREENSHOTS / f"{place.name}-{name}-{width_name}-{scheme}.png")
        assert serious(page) == [], (name, look)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})


def serious(page: Page) -> list[str]:
    """What axe finds to be serious or worse."""
    page.evaluate("source => { if (!window.axe) (0, window.eval)(source); }", AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{each['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def field(page: Page, card: str, label: str, value: str) -> None:
    page.locator(".settings", has_text=card).get_by_label(label, exact=True).fill(value)


def go(page: Page, screen: str) -> None:
    page.get_by_role("navigation", name="Screens").get_by_role("link", name=screen).click()


def test_the_whole_way(place: Server, visit: Visit) -> None:
    page = visit.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(place.url)
    page.get_by_label("API key").fill("not the key")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not valid")
    visit.complaints.clear()  # the browser notes every 401
    screenshots(visit, place, "sign-in")
    page.get_by_label("API key").fill(place.api_key)
    page.get_by_role("button", name="Sign in").click()

    connect(page, visit, place)
    search(page, visit, place)
    paste(page, visit, place)
    library(page, visit, place)
    link(page, visit, place)
    exports(page, visit, place)

    assert visit.upstream == []
    assert visit.complaints == []
    assert visit.pictures == [] or place.name == "real"


def connect(page: Page, visit: Visit, place: Server) -> None:
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()
    screenshots(visit, place, "home-first")
    go(page, "Marketplaces")
    navigation = page.get_by_role("navigation", name="Screens")
    expect(navigation.get_by_role("link", name="Explore")).to_have_count(0)
    card = page.locator(".settings", has_text="AliExpress")
    expect(card.locator(".badge.off")).to_have_text("Not configured")
    for label, value in {"App key": "500100", "Tracking ID": "sandbox_blog"}.items():
        field(page, "AliExpress", label, value)
    secret = card.get_by_label("App secret", exact=True)
    secret.fill("wrong-secret")
    assert secret.get_attribute("type") == "password"
    card.get_by_role("button", name="Show App secret").click()
    assert secret.get_attribute("type") == "text"

    card.get_by_role("button", name="Save").click()
    expect(card.locator(".badge.warn")).to_have_text("Needs attention")
    expect(card.locator(".cure")).to_contain_text("Copy app key and app secret anew")
    expect(page.get_by_role("link", name="Explore")).to_have_count(0)
    screenshots(visit, place, "marketplaces-wrong")

    secret.fill("sandbox-app-secret")
    card.get_by_role("button", name="Save").click()
    expect(card.locator(".health")).to_contain_text("Works")
    expect(page.get_by_role("link", name="Explore")).to_be_visible()
    assert "sandbox-app-secret" not in page.content()
    screenshots(visit, place, "marketplaces")


def search(page: Page, visit: Visit, place: Server) -> None:
    go(page, "Explore")
    screenshots(visit, place, "explore-empty")
    page.get_by_label("Keywords").fill(place.words)
    page.get_by_label("Orders from").fill("0")
    page.get_by_role("button", name="Search").click()
    cards = page.locator(".grid > .card[data-id]")
    expect(cards).to_have_count(24)
    everything = total(page)
    page.get_by_label("Sell at").fill("49.99")
    compare_margins(page, place)
    screenshots(visit, place, "explore")

    first = cards.first.get_attribute("data-id")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Page 2")).to_be_visible()
    expect(cards.first).not_to_have_attribute("data-id", first or "")
    page.get_by_role("button", name="Previous").click()
    expect(cards.first).to_have_attribute("data-id", first or "")

    texts = page.locator(".grid > .card .price strong").all_inner_texts()
    middle = sorted(Decimal(re.sub(r"[^\d.]", "", text)) for text in texts)[len(texts) // 2]
    page.get_by_label("Price to").fill(str(middle))
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".skeleton")).to_have_count(0)
    assert 0 < total(page) < everything

    for _ in range(2):
        page.get_by_role("button", name="Import", exact=True).first.click()
        expect(page.get_by_role("button", name="Importing ...")).to_have_count(0)
    expect(page.locator(".done")).to_have_count(2)


def total(page: Page) -> int:
    expect(page.locator(".summary [role=status] strong")).to_be_visible()
    text = page.locator(".summary [role=status] strong").inner_text()
    return int(re.sub(r"\D", "", text))


def compare_margins(page: Page, place: Server) -> None:
    """The browser's sum is the API's, on each of the first cards."""
    for card in page.locator(".grid > .card[data-id]").all()[:6]:
        answer = httpx.post(
            f"{place.url}/graphql",
            json={
                "query": MARGIN,
                "variables": {
                    "by": {"id": card.get_attribute("data-id")},
                    "sellingPrice": {"amount": "49.99", "currencyCode": "USD"},
                },
            },
            headers={"Authorization": f"Bearer {place.api_key}"},
            trust_env=False,
            timeout=30,
        ).json()
        margin = answer["data"]["product"]["margin"]
        shown = card.locator(".profit")
        assert Decimal(shown.get_attribute("data-profit") or "") == Decimal(
            margin["profit"]["amount"]
        )
        assert shown.get_attribute("data-percent") == margin["percent"]


def paste(page: Page, visit: Visit, place: Server) -> None:
    lines = [
        f"https://www.aliexpress.com/item/{place.products[0]}.html",
        place.products[1],
        "https://shop.example/lamp",
        place.products[2],
        "not an address",
    ]
    page.get_by_label("Product addresses or ids").fill("\n".join(lines))
    page.get_by_role("button", name="Preview").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("status")).to_contain_text("5 lines: 3 good, 2 bad")
    screenshots(visit, place, "paste")
    dialog.get_by_role("button", name="Import 3 products").click()
    expect(dialog.get_by_text("✓ Imported")).to_have_count(3)
    expect(dialog.get_by_text("✕ Not imported")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def library(page: Page, visit: Visit, place: Server) -> None:
    go(page, "Library")
    rows = page.locator(".library tbody tr[data-id]")
    expect(rows).to_have_count(5)
    page.get_by_label("Choose all").check()
    page.get_by_role("button", name="Sync", exact=True).click()
    expect(page.locator(".changed")).to_have_count(5)
    row = rows.first
    row.locator(".amount").fill("120.5")
    row.locator(".amount").press("Tab")
    expect(row.locator(".profit")).to_be_visible()
    row.locator("textarea").fill("Try it in spring")
    row.locator("textarea").press("Tab")
    expect(row.get_by_text("Saving ...")).to_have_count(0)
    screenshots(visit, place, "library")
    row.locator(".title a").click()
    expect(page.locator(".product-page")).to_contain_text("One price seen so far")
    expect(page.get_by_label(re.compile("^Notes on"))).to_have_value("Try it in spring")
    screenshots(visit, place, "product")
    page.get_by_role("link", name="Home", exact=True).click()
    expect(page.get_by_role("heading", name="Your catalogue")).to_be_visible()
    screenshots(visit, place, "home")
    go(page, "Library")
    page.reload()
    expect(rows.first.locator("textarea")).to_have_value("Try it in spring")
    expect(rows.first.locator(".amount")).to_have_value("120.50")


def link(page: Page, visit: Visit, place: Server) -> None:
    go(page, "Links")
    page.get_by_label("Product address or id").fill(place.products[0])
    page.get_by_label("Sub id", exact=True).fill("spring")
    page.get_by_role("button", name="Make link").click()
    made = page.locator("form .link-box")
    made.get_by_role("button", name="Copy link").click()
    expect(made.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.get_by_label("Affiliate link").input_value()
    assert ".sandbox.invalid/" in copied
    expect(page.locator(".links > li")).to_have_count(1)
    expect(page.locator(".links > li")).to_contain_text("sponsored nofollow")
    screenshots(visit, place, "links")


def exports(page: Page, visit: Visit, place: Server) -> None:
    go(page, "Library")
    page.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Amazon's pictures are left out")
    expect(dialog).to_contain_text("Amazon's prices are left out when they are older than 24 hours")
    expect(dialog).not_to_contain_text("AliExpress's")
    screenshots(visit, place, "export")
    for name in ("JSON", "CSV", "WooCommerce", "Shopify"):
        page.get_by_role("radio", name=re.compile(f"^{name}")).check()
        with page.expect_download() as started:
            page.get_by_role("button", name="Download").click()
        text = Path(started.value.path()).read_text("utf-8")
        rows = json.loads(text) if name == "JSON" else list(csv.DictReader(io.StringIO(text)))
        titled = [row for row in rows if row.get("title") or row.get("Name") or row.get("Title")]
        assert len(titled) == 5, name
    page.get_by_role("radio", name=re.compile("^Google Merchant")).check()
    page.get_by_label("Address of a product in your shop").fill("https://www.amazon.de/dp/{handle}")
    page.get_by_role("button", name="Download").click()
    expect(page.get_by_role("alert")).to_contain_text("not your own shop")
    visit.complaints.clear()  # the browser notes the 400
    page.get_by_label("Address of a product in your shop").fill("https://shop.example/{handle}")
    with page.expect_download() as started:
        page.get_by_role("button", name="Download").click()
    text = Path(started.value.path()).read_text("utf-8")
    assert len(list(csv.DictReader(io.StringIO(text), delimiter="\t"))) == 1
    expect(dialog).to_contain_text("4 products are left out")
    expect(dialog).to_contain_text("without a selling price of yours")
    page.get_by_role("radio", name=re.compile("^WooCommerce")).check()
    expect(dialog).not_to_contain_text("products are left out")
    page.get_by_role("radio", name=re.compile("^As they are")).check()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download").click()
    text = Path(started.value.path()).read_text("utf-8")
    assert "Published" not in text.splitlines()[0]
    page.keyboard.press("Escape")
    ask(place, "mutation { startExport(input: {format: JSON}) { errors { message } } }")
    go(page, "Activity")
    job = page.locator(".job", has_text="Export")
    with page.expect_download() as started:
        job.get_by_role("button", name="Download").click()
    assert len(json.loads(Path(started.value.path()).read_text("utf-8"))) == 5
