"""Tags: put on and taken off without losing those of others, and what they find."""

import pytest
from playwright.sync_api import Request, Route, expect

from tests.e2e.conftest import OPERATIONS, Server, Visit, ask, have
from tests.e2e.test_page import serious
from tests.e2e.test_states import signed_in

pytestmark = pytest.mark.browser

ONE, OTHER = "1005000000001131", "1005000000001132"


def tag(server: Server, id: str, *names: str) -> None:
    ask(server, OPERATIONS["update"], input={"id": id, "addTags": names})


def tags_of(server: Server, id: str) -> list[str]:
    found: list[str] = ask(server, OPERATIONS["product"], id=id)["product"]["tags"]
    return found


def test_tags_are_put_on_a_product_beside_those_of_another_tab(
    emptied: Server, visit: Visit
) -> None:
    one, other = have(emptied, ONE, OTHER)
    tag(emptied, other, "Gifts")
    page = signed_in(emptied, visit, f"product?id={one}")
    field, chips = page.get_by_label("Add a tag to"), page.get_by_role("list", name="Tags")
    field.focus()
    expect(page.locator("#known-tags option")).to_have_attribute("value", "Gifts")
    field.fill("summer, gif")
    expect(page.locator("#known-tags option")).to_have_attribute("value", "summer, Gifts")
    tag(emptied, one, "of another tab")

    field.fill("gifts, summer")
    field.press("Enter")

    expect(chips.get_by_role("listitem")).to_contain_text(["gifts", "of another tab", "summer"])
    expect(field).to_have_value("")
    assert serious(page) == []
    page.get_by_role("button", name="Take the tag summer off").click()
    expect(chips.get_by_role("listitem")).to_have_count(2)
    assert tags_of(emptied, one) == ["gifts", "of another tab"]
    assert visit.complaints == []


def test_a_tag_that_is_refused_stays_in_its_field(emptied: Server, visit: Visit) -> None:
    [one] = have(emptied, ONE)
    page = signed_in(emptied, visit, f"product?id={one}")
    field = page.get_by_label("Add a tag to")

    field.fill("x" * 51)
    field.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("at most 50 characters")
    expect(field).to_have_value("x" * 51)
    assert tags_of(emptied, one) == []


def test_what_is_typed_while_a_tag_is_saved_stays(emptied: Server, visit: Visit) -> None:
    [one] = have(emptied, ONE)
    page = signed_in(emptied, visit, f"product?id={one}")
    waiting: list[Route] = []
    page.route(
        "**/graphql",
        lambda route: (
            waiting.append(route)
            if "mutation Update" in (route.request.post_data or "")
            else route.fallback()
        ),
    )
    field = page.get_by_label("Add a tag to")

    field.fill("first")
    field.press("Enter")
    expect(page.get_by_role("button", name="Add", exact=True)).to_be_disabled()
    field.fill("second")
    waiting[0].continue_()

    expect(page.get_by_role("list", name="Tags")).to_contain_text("first")
    expect(field).to_have_value("second")


def test_the_address_tells_by_which_tag_the_library_is_filtered(
    emptied: Server, visit: Visit
) -> None:
    one, _ = have(emptied, ONE, OTHER)
    tag(emptied, one, "Gifts")
    page = signed_in(emptied, visit, "library?tag=gIFTS")
    rows = page.locator("tr[data-id]")

    expect(rows).to_have_count(1)
    filter = page.get_by_placeholder("Any tag")
    expect(filter).to_have_value("gIFTS")
    filter.fill("")
    expect(rows).to_have_count(2)
    rows.get_by_role("link", name="Gifts", exact=True).click()
    expect(rows).to_have_count(1)
    assert page.url.endswith("#library?tag=Gifts")
    page.get_by_text("Columns").click()
    page.get_by_role("checkbox", name="Tags", exact=True).check()
    rows.get_by_label("Add a tag to").fill("beach")
    rows.get_by_role("button", name="Add", exact=True).click()
    expect(rows.get_by_role("link", name="beach", exact=True)).to_be_visible()
    filter.fill("")
    filter.press_sequentially("bea")
    expect(page.locator("#known-tags option")).to_have_attribute("value", "beach")
    assert page.url == f"{emptied.url}/#library"
    filter.press_sequentially("ch")
    filter.press("Enter")
    expect(page).to_have_url(f"{emptied.url}/#library?tag=beach")
    expect(rows).to_have_count(1)
    assert serious(page) == []
    assert visit.complaints == []


def test_tags_are_asked_for_by_what_is_typed_and_remembered(emptied: Server, visit: Visit) -> None:
    one, other = have(emptied, ONE, OTHER)
    tag(emptied, one, *(f"a{number}" for number in range(20)))
    tag(emptied, other, "zebra", "stripes of a zebra")
    page = signed_in(emptied, visit, "library")
    asked: list[Request] = []
    page.on(
        "request",
        lambda request: (
            asked.append(request) if "query Tags" in (request.post_data or "") else None
        ),
    )
    filter, options = page.get_by_placeholder("Any tag"), page.locator("#known-tags option")
    expect(page.locator("tr[data-id]")).to_have_count(2)
    assert asked == []

    filter.focus()
    expect(options).to_have_count(20)
    with page.expect_request(lambda sent: '"text":"zebra"' in (sent.post_data or "")):
        filter.press_sequentially("zebra")

    expect(options).to_have_count(2)
    expect(options.last).to_have_attribute("label", "1 product")
    number = len(asked)
    page.get_by_role("link", name="Links").click()
    page.get_by_role("link", name="Library", exact=True).click()
    expect(filter).to_have_value("zebra")
    filter.focus()
    expect(options).to_have_count(2)
    assert len(asked) == number


def test_many_products_are_tagged_at_once_and_that_is_taken_back(
    emptied: Server, visit: Visit
) -> None:
    one, other = have(emptied, ONE, OTHER)
    tag(emptied, one, "Gifts")
    page = signed_in(emptied, visit, "library")
    work = page.locator(".work")
    expect(page.locator("tr[data-id]")).to_have_count(2)
    page.get_by_role("checkbox", name="Choose all").check()

    page.get_by_role("button", name="Edit", exact=True).click()
    dialog = page.get_by_role("dialog", name="Edit many products")
    dialog.get_by_role("combobox", name="Tags", exact=True).select_option("Add")
    dialog.get_by_label("Tags, with commas between").fill("gifts, autumn")
    dialog.get_by_role("button", name="Change 2 products").click()

    expect(work.get_by_role("status")).to_have_text("Changed 2 products.")
    assert tags_of(emptied, one) == ["autumn", "Gifts"]
    assert tags_of(emptied, other) == ["autumn", "gifts"]
    work.get_by_role("button", name="Undo").click()
    expect(work.get_by_role("status")).to_have_text("Changed back 2 products.")
    assert (tags_of(emptied, one), tags_of(emptied, other)) == (["Gifts"], [])
    assert visit.complaints == []


def test_who_may_only_read_sees_tags_and_changes_none(emptied: Server, visit: Visit) -> None:
    [one] = have(emptied, ONE)
    tag(emptied, one, "Gifts")
    made = ask(emptied, OPERATIONS["create-key"], input={"name": "reads", "scopes": ["READ"]})
    reader = Server(emptied.url, made["createApiKey"]["key"], emptied.output)

    page = signed_in(reader, visit, f"product?id={one}")

    expect(page.get_by_role("list", name="Tags")).to_have_text("Gifts")
    expect(page.get_by_label("Add a tag to")).to_have_count(0)
