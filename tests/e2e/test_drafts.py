"""What somebody types into the library is never lost: not to saves, syncs, failures or a session's
end."""

import re
from random import Random

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Server, Visit, ask, have
from tests.e2e.test_states import signed_in

pytestmark = pytest.mark.browser

IDS = ("1005000000001131", "1005000000001132", "1005000000001133")
NOTES = "{ products(first: 100) { nodes { title notes sellingPrice { amount } } } }"

# Every request of the page waits, and some are lost, by chance.
UNSTEADY = """
(seed) => {
  const real = window.fetch;
  let state = seed;
  const chance = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
  window.unsteady = true;
  window.fetch = async (...given) => {
    if (!window.unsteady) return real(...given);
    await new Promise((done) => setTimeout(done, chance() * 400));
    const isUpdate = String(given[1]?.body).includes("mutation Update");
    if (isUpdate && chance() < 0.4) throw new TypeError("lost on the way");
    const answer = await real(...given);
    await new Promise((done) => setTimeout(done, chance() * 400));
    return answer;
  };
}
"""


@pytest.fixture
def stocked(emptied: Server) -> Server:
    """A server with three products in its catalogue."""
    have(emptied, *IDS)
    return emptied


def notes_of(server: Server) -> dict[str, str | None]:
    rows = ask(server, NOTES)["products"]["nodes"]
    return {row["title"]: row["notes"] for row in rows}


def refuse_updates(page: Page) -> None:
    def choose(route: Route) -> None:
        if "mutation Update" in (route.request.post_data or ""):
            route.abort()
        else:
            route.fallback()

    page.route("**/graphql", choose)


@pytest.mark.parametrize("seed", [3, 14])
def test_no_letter_is_lost_while_saves_wait_and_fail(
    stocked: Server, visit: Visit, seed: int
) -> None:
    page = signed_in(stocked, visit, "library")
    boxes = page.get_by_label(re.compile("^Notes on"))
    expect(boxes).to_have_count(3)
    page.evaluate(UNSTEADY, seed)
    chance = Random(seed)
    titles = [str(box.get_attribute("aria-label"))[len("Notes on ") :] for box in boxes.all()]
    typed = dict.fromkeys(titles, "")
    page.get_by_label("Choose all").check()

    for turn in range(12):
        place = chance.randrange(3)
        words = f"order {turn} from supplier B; "
        boxes.nth(place).press("End")
        boxes.nth(place).press_sequentially(words, delay=10)
        typed[titles[place]] += words
        if turn % 4 == 0:
            page.get_by_role("button", name="Sync", exact=True).click()
        elif chance.random() < 0.5:
            boxes.nth(place).press("Tab")
        assert boxes.nth(place).input_value() == typed[titles[place]]
    page.locator("h1").click()  # leaves the last cell
    page.evaluate("window.unsteady = false")

    def is_settled() -> bool:
        if page.get_by_role("button", name="Save everything").is_visible():
            page.get_by_role("button", name="Save everything").click()
        return page.evaluate("sessionStorage.drafts") is None or '"rows":[]' in page.evaluate(
            "sessionStorage.drafts"
        )

    for _ in range(60):
        if is_settled():
            break
        page.wait_for_timeout(100)
    stored = {title: notes or "" for title, notes in notes_of(stocked).items()}
    assert stored == typed
    assert [box.input_value() for box in boxes.all()] == [stored[title] for title in titles]


def test_a_save_that_failed_stays_with_its_reason_and_can_be_tried_again(
    stocked: Server, visit: Visit
) -> None:
    page = signed_in(stocked, visit, "library")
    refuse_updates(page)
    box = page.get_by_label(re.compile("^Notes on")).first

    box.fill("order from supplier B")
    box.press("Tab")

    row = page.locator("tr[data-id]").first
    expect(row.get_by_role("alert")).to_contain_text("Not saved: The server cannot be reached")
    expect(box).to_have_value("order from supplier B")
    page.unroute("**/graphql")
    row.get_by_role("button", name="Save again").click()
    expect(row.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_text("Saving ...")).to_have_count(0)
    assert "order from supplier B" in notes_of(stocked).values()


def test_what_was_typed_outlives_another_screen_and_a_reload(stocked: Server, visit: Visit) -> None:
    page = signed_in(stocked, visit, "library")
    refuse_updates(page)
    page.get_by_label(re.compile("^Notes on")).first.fill("kept")
    page.get_by_label(re.compile("^Notes on")).first.press("Tab")
    expect(page.get_by_text("What you typed for 1 product is not saved yet.")).to_be_visible()
    page.get_by_role("link", name="Links").click()
    expect(page.get_by_text("What you typed for 1 product is not saved yet.")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())

    page.goto(f"{stocked.url}/#library")
    page.reload()

    expect(page.get_by_label(re.compile("^Notes on")).first).to_have_value("kept")
    page.unroute("**/graphql")
    page.get_by_role("button", name="Save everything").click()
    expect(page.get_by_text("is not saved yet")).to_have_count(0)
    expect(page.get_by_text("Saving ...")).to_have_count(0)
    assert "kept" in notes_of(stocked).values()


def test_a_session_that_ends_takes_nothing_along(stocked: Server, visit: Visit) -> None:
    page = signed_in(stocked, visit, "library")
    page.get_by_label(re.compile("^Notes on")).first.fill("order from supplier B")
    page.context.clear_cookies()

    page.get_by_label(re.compile("^Notes on")).first.press("Tab")

    expect(page.get_by_role("alert")).to_contain_text(
        "Your session is over. What you typed is kept"
    )
    page.get_by_label("API key").fill(stocked.api_key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label(re.compile("^Notes on")).first).to_have_value("order from supplier B")
    page.get_by_role("button", name="Save again").click()
    expect(page.get_by_role("button", name="Save again")).to_have_count(0)
    expect(page.get_by_text("Saving ...")).to_have_count(0)
    assert "order from supplier B" in notes_of(stocked).values()


def price_typed(page: Page, text: str) -> None:
    page.get_by_label(re.compile("^Selling price of")).first.fill(text)
    page.get_by_label(re.compile("^Selling price of")).first.press("Tab")


def test_an_amount_that_cannot_be_meant_is_refused_in_words(stocked: Server, visit: Visit) -> None:
    page = signed_in(stocked, visit, "library")

    price_typed(page, "12,5")

    expect(page.locator("tr[data-id]").first.get_by_role("alert")).to_have_text(
        "“12,5” is no amount here. Write it like 1,234.50."
    )
    expect(page.get_by_label(re.compile("^Selling price of")).first).to_have_value("12,5")
    assert visit.complaints == []


def test_an_amount_is_read_as_in_the_language_of_the_person(stocked: Server, visit: Visit) -> None:
    browser = visit.page.context.browser
    assert browser is not None
    dutch = Visit(browser.new_page(locale="nl-NL"))
    page = signed_in(stocked, dutch, "library")
    expect(page.get_by_label(re.compile("^Selling price of"))).to_have_count(3)

    price_typed(page, "1.012,5")

    expect(page.locator(".profit")).to_be_visible()
    expect(page.get_by_label(re.compile("^Selling price of")).first).to_have_value("1012,50")
    amounts = [row["sellingPrice"] for row in ask(stocked, NOTES)["products"]["nodes"]]
    assert {"amount": "1012.50"} in amounts
