"""Product cards and QR codes, as they are pasted and printed."""

import json
import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import OPERATIONS, Server, Visit, ask, have
from tests.e2e.test_page import serious
from tests.e2e.test_states import signed_in

pytestmark = pytest.mark.browser


def with_link(server: Server, visit: Visit, sub_id: str) -> Page:
    """The Links screen with one link, of a product of the library."""
    [product] = have(server, "1005000000001134")
    ask(server, OPERATIONS["make-links"], products=[{"id": product}], subId=sub_id)
    page = signed_in(server, visit, f"links?subId={sub_id}")
    expect(page.locator(".links > li")).to_have_count(1)
    return page


def test_a_card_is_made_and_pasted(emptied: Server, visit: Visit) -> None:
    page = with_link(emptied, visit, "card")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Product card").click()
    dialog = page.get_by_role("dialog")
    preview = dialog.get_by_label("Preview")
    dialog.get_by_label("Title").fill('Lamp <b>"now"</b>')
    dialog.get_by_role("radio", name="Dark").check(force=True)
    dialog.get_by_label("Button").fill("#ffd27a")
    expect(preview.get_by_text('Lamp <b>"now"</b>')).to_be_visible()
    expect(preview.get_by_text("See it at")).to_have_css("color", "rgb(0, 0, 0)")
    expect(preview.locator("> div")).to_have_css("background-color", "rgb(24, 33, 32)")
    assert serious(page) == []

    dialog.get_by_role("button", name="Copy card").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert visit.complaints == []
    page.goto("about:blank")
    page.set_content(copied)

    assert "<script" not in copied
    link = page.get_by_role("link", name="See it at AliExpress")
    assert link.get_attribute("rel") == "sponsored nofollow noopener"
    expect(link).to_have_css("background-color", "rgb(255, 210, 122)")
    expect(page.get_by_text('Lamp <b>"now"</b>')).to_be_visible()
    expect(page.get_by_text(re.compile(r"as of .*20\d\d.* UTC"))).to_be_visible()
    expect(page.get_by_text("I earn a commission")).to_be_visible()
    assert page.locator("img").count() == 1


def test_what_may_not_stand_in_a_page_is_left_out_of_the_card(
    emptied: Server, visit: Visit
) -> None:
    page = with_link(emptied, visit, "terms")

    def of_amazon(route: Route) -> None:
        if "query Links" not in (route.request.post_data or ""):
            return route.fallback()
        answer = route.fetch()
        body = answer.json()
        for node in body["data"]["affiliateLinks"]["nodes"]:
            node["marketplace"] = {"code": "AMAZON", "name": "Amazon"}
        return route.fulfill(response=answer, body=json.dumps(body))

    page.route("**/graphql", of_amazon)
    page.reload()
    page.get_by_role("button", name="Product card").click()

    preview = page.get_by_role("dialog").get_by_label("Preview")
    expect(preview.get_by_role("link", name="See it at Amazon")).to_be_visible()
    expect(preview).not_to_contain_text("as of")
    expect(preview.locator("img")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_contain_text("Without a price: the terms of Amazon")
    expect(page.get_by_role("dialog")).to_contain_text("Without a picture: the terms of Amazon")
    assert visit.complaints == []


def test_a_link_becomes_a_qr_code(emptied: Server, visit: Visit) -> None:
    page = with_link(emptied, visit, "qr")

    page.get_by_role("button", name="QR code").click()

    expect(page.get_by_role("img", name="QR code of the link")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download SVG").click()
    assert download.value.suggested_filename == "link.svg"
    expect(page.get_by_role("dialog")).to_contain_text("Print beside it")
    assert visit.complaints == []
