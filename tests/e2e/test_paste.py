"""The paste box: what counts as a line, and what is told once it was imported."""

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.e2e.conftest import Server, Visit, have
from tests.e2e.test_page import serious
from tests.e2e.test_states import signed_in

pytestmark = pytest.mark.browser

ITEM = "https://www.aliexpress.com/item/{}.html"
IDS = [str(1005000000001100 + number) for number in range(60)]  # two of them are off sale


def preview(page: Page, text: str) -> None:
    page.get_by_label("Product addresses or ids").fill(text)
    page.get_by_role("button", name="Preview").click()


@pytest.mark.parametrize(
    ("_case", "text", "lines"),
    [
        ("one id in each line", "1005000000001151\n1005000000001152", 2),
        ("ids with commas", "1005000000001151,1005000000001152, B0SANDBX00", 3),
        (
            "addresses with commas",
            f"{ITEM.format('1005000000001151')}, {ITEM.format('1005000000001152')}",
            2,
        ),
        (
            "addresses in one line",
            f"{ITEM.format('1005000000001151')} {ITEM.format('1005000000001152')}",
            2,
        ),
        ("a comma inside an address", f"{ITEM.format('1005000000001151')}?pvid=1,2", 1),
        (
            "a message with an address that was broken into lines",
            "Just found this! $1.46\n" + ITEM.format("1005000000\n001151"),
            2,
        ),
        ("cells of HTML", "<td>1005000000001151</td><td>B0SANDBX00</td>", 2),
        ("labels", "ASIN: B0SANDBX00, and the case: Item ID 1", 1),
        ("the same twice", "1005000000001151\n1005000000001151", 1),
    ],
)
def test_each_product_is_a_line(
    server: Server, visit: Visit, _case: str, text: str, lines: int
) -> None:
    page = signed_in(server, visit)

    preview(page, text)

    expect(page.locator("dialog .lines > li")).to_have_count(lines)
    assert visit.complaints == []


def test_after_the_import_it_is_told_what_was_imported(emptied: Server, visit: Visit) -> None:
    page = signed_in(emptied, visit)
    preview(page, "1005000000001153\nnot an address")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("status")).to_contain_text("Nothing is stored until you import")

    dialog.get_by_role("button", name="Import 1 product").click()

    expect(dialog.get_by_role("status")).to_have_text("1 new, 1 not imported.")
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_have_count(0)
    assert visit.complaints == []


def test_a_whole_text_is_looked_at_in_one_request(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if "/graphql" in request.url else None)
    shared = f"🔥 Look what I found: {ITEM.format(IDS[0])}, what a price!"

    preview(page, "\n".join([shared, "Some more:", *IDS[1:], IDS[1]]))

    lines = page.locator("dialog .lines > li")
    expect(lines).to_have_count(61)
    expect(page.locator("dialog .lines .source")).to_have_text(
        [ITEM.format(IDS[0]), "Some more:", *IDS[1:]]
    )
    expect(lines.nth(1)).to_contain_text("no product's address or id")
    status = page.get_by_role("dialog").get_by_role("status")
    expect(status).to_contain_text("58 good, 3 bad")
    expect(status).to_contain_text("1 repeat is left out.")
    expect(page.get_by_role("button", name="Import 58 products")).to_be_enabled()
    assert len(asked) == 1
    lines.last.scroll_into_view_if_needed()
    expect(status).to_be_in_viewport()
    expect(page.get_by_role("button", name="Import 58 products")).to_be_in_viewport()
    page.get_by_label("Only what cannot be imported (3)").check()
    expect(lines).to_have_count(3)
    assert serious(page) == []
    assert visit.complaints == []


def test_what_is_more_than_a_request_takes_is_asked_in_parts(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if "/graphql" in request.url else None)

    preview(page, "\n".join(str(1005000000001000 + number) for number in range(251)))

    expect(page.locator("dialog .lines > li")).to_have_count(251, timeout=30_000)
    assert len(asked) == 2


def test_what_is_left_when_the_server_was_away_is_imported_again(
    emptied: Server, visit: Visit
) -> None:
    page = signed_in(emptied, visit)
    page.route("**/graphql", lambda route: route.abort("connectionrefused"), times=1)
    preview(page, "\n".join(str(1005000000001000 + number) for number in range(300)))
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("alert").get_by_role("button", name="Try again").click()
    lines = page.locator("dialog .lines > li")
    expect(lines).to_have_count(300, timeout=30_000)
    sent: list[str] = []

    def lose_the_second(route: Route) -> None:
        sent.append(route.request.post_data or "")
        if sum("mutation Import" in each for each in sent) == 2:
            route.abort("connectionrefused")
        else:
            route.fallback()

    page.route("**/graphql", lose_the_second)
    dialog.get_by_role("button", name="Import").click()
    expect(dialog.get_by_role("status")).to_contain_text("new,", timeout=30_000)
    again = dialog.get_by_role("button", name="Import")
    expect(lines.last).to_contain_text("The server cannot be reached")

    again.click()

    expect(lines.last).to_contain_text("✓ Imported")
    expect(again).to_have_count(0)
    expect(dialog.get_by_role("button", name="Done")).to_be_visible()


def test_what_was_pasted_outlives_a_reload_and_the_end_of_the_session(
    server: Server, visit: Visit
) -> None:
    page = signed_in(server, visit, "library")
    box = page.get_by_label("Product addresses or ids")
    box.fill("1005000000001151\nto be mended")

    page.reload()

    expect(box).to_have_value("1005000000001151\nto be mended")
    page.context.clear_cookies()
    page.evaluate("location.hash = '#links'")  # no click: what is asked already may end the session
    page.get_by_label("API key").fill(server.api_key)
    page.get_by_role("button", name="Sign in").click()
    expect(box).to_have_value("1005000000001151\nto be mended")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("API key")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('pasted')") is None


def test_what_failed_stays_in_the_box_and_the_rest_is_counted(
    emptied: Server, visit: Visit
) -> None:
    have(emptied, "1005000000001151")
    page = signed_in(emptied, visit)
    preview(page, "1005000000001151\n1005000000001152\n1005000000001153\nhttps://shop.example/lamp")
    dialog = page.get_by_role("dialog")

    dialog.get_by_role("button", name="Import 3 products").click()

    expect(dialog.get_by_role("status")).to_have_text("2 new, 1 was already there, 1 not imported.")
    dialog.get_by_role("button", name="Done").click()
    expect(page.get_by_label("Product addresses or ids")).to_have_value("https://shop.example/lamp")
    assert visit.complaints == []


def test_bare_asins_and_shared_texts_are_read(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)

    preview(page, f"B0SANDBX00\n\nHey, look at this: {ITEM.format(IDS[0])}?spm=a2g0o 😍 so cheap!")

    expect(page.locator("dialog .lines .source")).to_have_text(
        ["B0SANDBX00", f"{ITEM.format(IDS[0])}?spm=a2g0o"]
    )
    assert visit.complaints == []


def test_a_preview_can_be_cancelled(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    page.route("**/graphql", lambda route: None)
    preview(page, "\n".join(IDS))

    with page.expect_event("requestfailed") as broken_off:
        page.get_by_role("button", name="Cancel").click()

    assert broken_off.value.failure == "net::ERR_ABORTED"
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_label("Product addresses or ids")).to_have_value("\n".join(IDS))


def test_once_it_is_closed_nothing_is_asked_any_more(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    asked: list[Request] = []
    page.route("**/graphql", lambda route: None)
    page.on("request", lambda request: asked.append(request))

    with page.expect_request("**/graphql"):
        preview(page, "\n".join(IDS))
    expect(page.get_by_role("dialog").get_by_role("status")).to_have_text("Looking ...")
    with page.expect_event("requestfailed") as broken_off:
        page.get_by_role("button", name="Close").click()

    assert "query Pasted" in (broken_off.value.post_data or "")
    assert broken_off.value.failure == "net::ERR_ABORTED"
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert [each.url for each in asked].count(f"{server.url}/graphql") == 1
