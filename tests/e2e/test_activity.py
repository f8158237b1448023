"""Activity: what happens appears by itself, and jobs can be ended."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import CONNECTED, OPERATIONS, Server, Visit, ask, have, running_server
from tests.e2e.test_page import serious
from tests.e2e.test_states import signed_in

pytestmark = pytest.mark.browser
START = "mutation S($ids: [ID!]!) { startSync(input: {ids: $ids}) { errors { message } } }"


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose jobs stay where they are."""
    folder = tmp_path_factory.mktemp("idle")
    with running_server(folder, {**CONNECTED, "WORKER": "off"}) as server:
        yield server


def test_a_job_is_ended_and_its_end_appears_by_itself(idle: Server, visit: Visit) -> None:
    ids = have(idle, "1005000000001131", "1005000000001132")
    ask(idle, START, ids=ids)
    page = signed_in(idle, visit, "home")
    expect(page.get_by_role("heading", name="Jobs under way")).to_be_visible()
    page.get_by_role("link", name="Activity").click()
    job = page.locator(".job", has_text="Sync")
    expect(job.locator(".badge")).to_have_text("Waits")
    expect(job).to_contain_text("0 of 2 products")
    expect(page.get_by_text("New ones appear by themselves.")).to_be_visible()
    expect(page.get_by_text("Nothing yet.")).to_be_visible()

    job.get_by_role("button", name="Cancel").click()

    expect(page.locator(".events li")).to_contain_text("Sync was cancelled: 0 of 2 products")
    expect(job.locator(".badge")).to_have_text("Cancelled")
    page.get_by_label("Kind").select_option("Prices")
    expect(page.get_by_text("Nothing of this kind.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Kind")).to_have_value("prices")
    expect(page.get_by_text("Nothing of this kind.")).to_be_visible()
    page.get_by_label("Kind").select_option("Everything")
    job.get_by_role("button", name="Go on").click()
    expect(job.locator(".badge")).to_have_text("Waits")
    assert serious(page) == []
    assert visit.complaints == []


USD = {"currencyCode": "USD"}
NOTHING = {
    "upstreamCode": None,
    "callsPerDay": None,
    "previousPrice": None,
    "price": None,
    "marketplace": {"name": "AliExpress", "locale": None},
    "product": None,
    "job": None,
}


def event(number: int, type: str, **facts: object) -> dict[str, object]:
    at = f"2026-11-28T10:{number:02}:00Z"
    return (
        NOTHING
        | {"id": f"e{number}", "cursor": f"c{number}", "type": type, "occurredAt": at}
        | facts
    )


def answer_events(
    page: Page, nodes: list[dict[str, object]], older: list[dict[str, object]]
) -> None:
    """Put other events in the place of the server's, in two pages."""

    def choose(route: Route) -> None:
        asked = json.loads(route.request.post_data or "{}")
        if "query Events" not in asked.get("query", ""):
            return route.fallback()
        is_first = asked["variables"]["before"] is None
        shown = nodes if is_first else older
        info = {"hasPreviousPage": is_first, "startCursor": "c5", "endCursor": None}
        body = json.dumps({"data": {"events": {"pageInfo": info, "nodes": shown}}})
        return route.fulfill(body=body, content_type="application/json")

    page.route("**/graphql", choose)


def test_what_happened_is_told_in_words(idle: Server, visit: Visit) -> None:
    page = signed_in(idle, visit, "home")
    lamp = {"product": {"id": "p", "title": "Lamp"}}
    prices = {"previousPrice": USD | {"amount": "20.00"}, "price": USD | {"amount": "15.50"}}
    answer_events(
        page,
        [
            event(5, "LINK_BROKEN"),
            event(6, "CREDENTIALS_REJECTED", upstreamCode="29"),
            event(7, "PRODUCT_PRICE_DROPPED", **lamp, **prices),
            event(8, "SOMETHING_NEW"),
        ],
        [event(1, "QUOTA_LOW", callsPerDay=5000)],
    )

    page.get_by_role("link", name="Activity").click()

    rows = page.locator(".events li")
    expect(rows).to_have_count(4)
    expect(rows.nth(0)).to_contain_text("Something new")
    expect(rows.nth(1)).to_contain_text("Price dropped from $20.00 to $15.50")
    expect(rows.nth(1).get_by_role("link", name="Lamp")).to_be_visible()
    expect(rows.nth(2)).to_contain_text("Keys are refused (29)")
    expect(rows.nth(3)).to_contain_text("A product that was deleted since")
    page.get_by_role("button", name="Show older").click()
    expect(rows.nth(4)).to_contain_text("80% of 5,000 calls of the day are used")
    expect(page.get_by_role("button", name="Show older")).to_have_count(0)
    assert visit.complaints == []


def failed_delivery(page: Page, webhook: dict[str, object]) -> list[str]:
    """Let the webhook's log hold a delivery that was given up; the ids that are sent once more."""
    attempt = {"at": "2026-11-28T10:00:00Z", "status": 500, "milliseconds": 12, "error": None}
    told = {"id": "d1", "type": "PRODUCT_GONE", "state": "FAILED", "nextTryAt": None}
    log = told | {"createdAt": attempt["at"], "attempts": [attempt]}
    sent: list[str] = []

    def choose(route: Route) -> None:
        asked = json.loads(route.request.post_data or "{}")
        if "query Webhooks" in asked["query"]:
            data: object = {"webhooks": {"nodes": [webhook | {"deliveries": {"nodes": [log]}}]}}
        elif "mutation Redeliver" in asked["query"]:
            sent.append(asked["variables"]["id"])
            data = {"redeliver": {"delivery": {"id": "d1"}, "errors": []}}
        elif "mutation TestWebhook" in asked["query"]:
            data = {"testWebhook": {"attempt": attempt | {"status": 204}, "errors": []}}
        else:
            return route.fallback()
        return route.fulfill(body=json.dumps({"data": data}), content_type="application/json")

    page.route("**/graphql", choose)
    return sent


def test_a_webhook_is_made_tested_told_again_and_deleted(idle: Server, visit: Visit) -> None:
    page = signed_in(idle, visit, "activity")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_text("Tell a program or a chat").click()
    page.get_by_label("Address", exact=False).last.fill("https://hooks.example.com/in")
    page.get_by_role("combobox", name="Of what", exact=True).select_option("Everything")
    page.get_by_role("button", name="Make webhook").click()
    assert page.get_by_role("dialog").get_by_label("Secret").input_value().startswith("whsec_")
    page.keyboard.press("Escape")
    row = page.locator(".job", has_text="hooks.example.com")
    expect(row.locator(".badge")).to_have_text("On")
    [webhook] = ask(idle, OPERATIONS["webhooks"])["webhooks"]["nodes"]

    row.get_by_role("button", name="Switch off").click()

    expect(row.locator(".badge")).to_have_text("Off")
    expect(row).to_contain_text("Switched off")
    sent = failed_delivery(page, webhook)
    row.get_by_role("button", name="Test").click()
    expect(row.get_by_role("status")).to_have_text("It answered 204 after 12 ms.")
    row.get_by_text("What it was told").click()
    expect(row.locator(".log")).to_contain_text("given up")
    expect(row.locator(".log")).to_contain_text("It answered 500")
    row.get_by_role("button", name="Send again").click()
    expect(row.get_by_role("button", name="Send again")).to_be_enabled()
    assert sent == ["d1"]
    page.unroute("**/graphql")
    row.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    assert serious(page) == []
    assert visit.complaints == []


def test_a_watch_is_made_and_deleted(idle: Server, visit: Visit) -> None:
    [product] = have(idle, "1005000000001133")
    page = signed_in(idle, visit, "activity")
    page.get_by_text("Wait for a price or for stock").click()
    page.get_by_label("For what").select_option("A price that drops by percent")
    where = page.get_by_label("Of which products")
    expect(where.get_by_role("option")).to_have_text(["All marketplaces", "AliExpress"])
    expect(page.get_by_text("Amazon is not offered")).to_be_visible()
    page.get_by_label("For what").select_option("That it can be bought again")
    expect(where.get_by_role("option", name="Amazon")).to_have_count(1)
    where.select_option("AliExpress")
    page.get_by_label("With these words").fill("lamp")
    page.get_by_role("button", name="Watch", exact=True).click()
    row = page.locator(".job", has_text="That it can be bought again")
    expect(row).to_contain_text("Of AliExpress, “lamp”")
    assert serious(page) == []
    row.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)

    page.goto(f"{idle.url}/#product?id={product}")
    page.get_by_role("button", name="Watch", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Now $")).to_be_visible()
    dialog.get_by_label("Price in USD").fill("2500")
    dialog.get_by_role("button", name="Watch", exact=True).click()

    expect(dialog.get_by_role("status")).to_contain_text("It is waited for.")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Activity").click()
    row = page.locator(".job", has_text="A price below $2,500.00")
    title = ask(idle, OPERATIONS["product"], id=product)["product"]["title"]
    expect(row).to_contain_text(f"Of {title}")
    expect(page.get_by_text("New ones appear by themselves.")).to_be_visible()
    ask(idle, OPERATIONS["sync"], ids=[product])
    expect(row).to_contain_text("Told of 1 product")
    fired = page.locator(".events li", has_text="A watch has found what it waits for: $")
    expect(fired).to_contain_text(title)
    row.get_by_role("button", name="Wait again").click()
    expect(row).to_contain_text("Waits")
    row.get_by_role("link", name=title).click()
    expect(page.get_by_role("button", name="Watch", exact=True)).to_be_visible()
    assert visit.complaints == []


def test_of_what_keeps_no_prices_only_stock_is_watched(idle: Server, visit: Visit) -> None:
    sandboxed = {"marketplace": "AMAZON", "credentials": [], "useSandboxCredentials": True}
    ask(idle, OPERATIONS["connect"], input=sandboxed)
    asked = [{"ref": {"marketplace": "AMAZON", "externalId": "B0SANDBX00"}}]
    [row] = ask(idle, OPERATIONS["import"], products=asked)["importProducts"]["results"]
    page = signed_in(idle, visit, f"product?id={row['product']['id']}")

    page.get_by_role("button", name="Watch", exact=True).click()

    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("The terms of Amazon forbid keeping its prices.")).to_be_visible()
    expect(dialog.get_by_label("For what").get_by_role("option")).to_have_text(
        ["That it can be bought again"]
    )
    assert visit.complaints == []


def test_all_that_a_filter_finds_is_a_job_when_it_is_much(idle: Server, visit: Visit) -> None:
    ids = have(idle, "1005000000001134", "1005000000001135")
    page = signed_in(idle, visit, "home")

    def seems_large(route: Route) -> None:
        if "query Library(" not in (route.request.post_data or ""):
            return route.fallback()
        answer = route.fetch().json()
        answer["data"]["products"]["totalCount"] = 251
        return route.fulfill(json=answer)

    page.route("**/graphql", seems_large)
    page.get_by_role("link", name="Library", exact=True).click()
    page.get_by_label("Choose all").check()
    expect(page.get_by_text("251 chosen")).to_be_visible()

    page.get_by_role("button", name="Sync", exact=True).click()

    jobs = page.get_by_role("region", name="Begun here: it goes on by itself")
    expect(jobs.locator(".job")).to_have_count(1)
    expect(jobs.locator(".badge")).to_have_text("Waits")
    page.get_by_role("button", name="Make links").click()
    links = jobs.locator(".job", has_text="Making of links")
    expect(links).to_contain_text(re.compile(rf"0 of ([{len(ids)}-9]|\d\d) products"))
    links.get_by_role("button", name="Cancel").click()
    expect(links.locator(".badge")).to_have_text("Cancelled")
    page.get_by_role("link", name="Home").click()
    page.get_by_role("link", name="Library", exact=True).click()
    expect(jobs.locator(".job")).to_have_count(2)
    assert serious(page) == []
    assert visit.complaints == []
