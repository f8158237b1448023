"""GraphiQL in headless Chromium with the network off: loads, has the key, runs a query."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import SCREENSHOTS, Server, Visit
from tests.e2e.test_states import signed_in
from tests.processes import ROOT

pytestmark = pytest.mark.browser


def test_graphiql_works_with_the_network_off(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)

    page.goto(f"{server.url}/graphql")
    expect(page.locator(".graphiql-container")).to_be_visible()
    examples = len(list((ROOT / "examples").glob("*.graphql")))
    expect(page.locator(".graphiql-tab")).to_have_count(max(examples, 1))
    headers = page.locator(".graphiql-editor-tool .CodeMirror").last
    assert server.api_key in headers.evaluate("editor => editor.CodeMirror.getValue()")

    page.locator(".graphiql-tab", has_text="Search").click()
    page.get_by_role("button", name="Execute query").click()
    expect(page.locator(".result-window")).to_contain_text('"currencyCode": "USD"')

    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "graphiql.png")
    assert visit.upstream == []
    assert visit.complaints == []


def test_without_a_session_the_page_holds_no_key_and_says_how_to_get_it(
    server: Server, visit: Visit
) -> None:
    visit.page.goto(f"{server.url}/graphql")

    expect(visit.page.locator("#notice")).to_contain_text("open the link to sign in")
    assert server.api_key not in visit.page.content()


def test_the_schema_is_there_for_completion_and_docs(server: Server, visit: Visit) -> None:
    signed_in(server, visit).goto(f"{server.url}/graphql")
    visit.page.get_by_label("Show Documentation Explorer").click()

    expect(visit.page.locator(".graphiql-doc-explorer")).to_contain_text("Query")
    assert visit.complaints == []


def test_the_key_is_not_kept_by_the_browser(server: Server, visit: Visit) -> None:
    signed_in(server, visit).goto(f"{server.url}/graphql")
    expect(visit.page.locator(".graphiql-container")).to_be_visible()

    kept = visit.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")

    assert kept == "[{},{}]"


def test_a_subscription_runs_until_it_is_stopped(server: Server, visit: Visit) -> None:
    page = signed_in(server, visit)
    page.goto(f"{server.url}/graphql")
    expect(page.locator(".graphiql-container")).to_be_visible()
    editor = page.locator(".graphiql-query-editor .CodeMirror")
    editor.evaluate(
        "(it, text) => it.CodeMirror.setValue(text)",
        'subscription Wrong { events(after: "no cursor") { type } }',
    )

    page.get_by_role("button", name="Execute query").click()
    expect(page.locator(".result-window")).to_contain_text("This is not a cursor")
    editor.evaluate(
        "(it, text) => it.CodeMirror.setValue(text)", "subscription All { events { type } }"
    )
    page.get_by_role("button", name="Execute query").click()
    page.get_by_role("button", name="Stop query").click()

    expect(page.get_by_role("button", name="Execute query")).to_be_visible()
    assert visit.complaints == []
