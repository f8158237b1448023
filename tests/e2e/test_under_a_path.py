"""The page, GraphiQL, signing in and exports below a path of a host that others share, by https,
behind the nginx of deploy/nginx.conf."""

import contextlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.e2e.conftest import ARGUMENTS, Server, ask, running_server
from tests.processes import ROOT
from tests.run import free_port

pytestmark = pytest.mark.browser

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
IMPORT = """
mutation Import($url: String!) {
  importProduct(input: {product: {url: $url}}) { errors { message } }
}
"""
HOST = "graph.example.com"  # which the browser finds on this machine
MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@contextlib.contextmanager
def nginx(folder: Path, port: int, server_port: int, *, strips: bool) -> Iterator[None]:
    """nginx with the project's own site, on that port. `strips`: it takes the path off."""
    if NGINX is None:
        message = "There is no nginx on this machine: nothing is proven here below a path."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-keyout", folder / "key.pem"),
            *("-out", folder / "certificate.pem"),
        ],
        check=True,
        capture_output=True,
    )
    site = (ROOT / "deploy/nginx.conf").read_text("utf-8")
    site = site.replace("/etc/ssl/affiliate-graph", str(folder))
    site = site.replace("listen 443", f"listen 127.0.0.1:{port}")
    site = site.replace("127.0.0.1:8000", f"127.0.0.1:{server_port}")
    if strips:
        site = site.replace(
            "proxy_pass http://affiliate_graph;", "proxy_pass http://affiliate_graph/;"
        )
    (folder / "site.conf").write_text(site)
    (folder / "main.conf").write_text(MAIN.format(folder=folder))
    process = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "main.conf"])
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="module", params=["passes the path on", "takes the path off"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, str, int]]:
    """A server, its address for callers, and the port of nginx."""
    folder, port = tmp_path_factory.mktemp("path"), free_port()
    url = f"https://{HOST}/affiliates"
    connected = {
        "PUBLIC_URL": url,
        "ALIEXPRESS_APP_KEY": "500100",
        "ALIEXPRESS_APP_SECRET": "sandbox-app-secret",
        "ALIEXPRESS_TRACKING_ID": "sandbox_blog",
    }
    with running_server(folder, connected) as server:
        server_port = int(server.url.rpartition(":")[2])
        strips = request.param == "takes the path off"
        with nginx(folder, port, server_port, strips=strips):
            wait_for(f"https://127.0.0.1:{port}/affiliates")
            yield server, url, port


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/readyz", verify=False, trust_env=False).status_code == 200:
                return
        time.sleep(0.1)
    pytest.fail(f"{url} does not answer")


@pytest.fixture
def outside(
    playwright: Playwright, chromium: str, place: tuple[Server, str, int]
) -> Iterator[tuple[BrowserContext, list[str]]]:
    """A browser, and what was wrong in it: errors, and requests outside the path."""
    launched = playwright.chromium.launch(
        executable_path=chromium,
        args=[*ARGUMENTS, f"--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{place[2]}"],
    )
    context = launched.new_context(ignore_https_errors=True)
    wrong: list[str] = []
    context.on(
        "request",
        lambda request: (
            None
            if re.match(rf"https://{HOST}/affiliates/|data:|blob:", request.url)
            else wrong.append(request.url)
        ),
    )
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    yield context, wrong
    launched.close()


def signed_in(page: Page, url: str, key: str) -> None:
    page.goto(f"{url}/")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="GraphiQL")).to_be_visible()


def test_the_page_works_below_a_path(
    place: tuple[Server, str, int], outside: tuple[BrowserContext, list[str]]
) -> None:
    (server, url, _), (context, wrong) = place, outside
    page = context.new_page()

    signed_in(page, url, server.api_key)
    page.get_by_role("link", name="Explore").click()
    page.get_by_label("Keywords").fill(server.words)
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".card img").first).to_be_visible(timeout=20_000)
    pictures = page.locator(".card img").evaluate_all("all => all.map(each => each.src)")

    [cookie] = [each for each in context.cookies() if "session" in each["name"]]
    assert (cookie["name"], cookie["path"]) == ("__Secure-session", "/affiliates")
    assert cookie["secure"]
    assert pictures
    assert all(each.startswith(f"{url}/") for each in pictures)
    assert wrong == []


def test_graphiql_works_below_a_path(
    place: tuple[Server, str, int], outside: tuple[BrowserContext, list[str]]
) -> None:
    (server, url, _), (context, wrong) = place, outside
    page = context.new_page()
    signed_in(page, url, server.api_key)

    page.get_by_role("link", name="GraphiQL").click()
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.get_by_role("button", name="Execute query").click(timeout=20_000)

    assert page.url == f"{url}/graphql"
    assert answered.value.url == f"{url}/graphql"
    assert answered.value.status == 200
    assert wrong == []


def test_an_export_is_downloaded_below_a_path(
    place: tuple[Server, str, int], outside: tuple[BrowserContext, list[str]]
) -> None:
    (server, url, _), (context, wrong) = place, outside
    ask(server, IMPORT, url=f"https://www.aliexpress.com/item/{server.products[0]}.html")
    page = context.new_page()
    signed_in(page, url, server.api_key)

    answer = page.evaluate(
        """async () => {
            const api = await import(document.querySelector("script[type=module]").src
                .replace("app.js", "api.js"));
            const answer = await fetch(api.address("/export/json"),
                { headers: { "GraphQL-Preflight": "1" } });
            return [answer.status, answer.url, (await answer.text()).length];
        }"""
    )

    assert answer[:2] == [200, f"{url}/export/json"]
    assert answer[2] > 100
    assert wrong == []


def test_without_its_last_slash_the_path_leads_to_the_page(place: tuple[Server, str, int]) -> None:
    _, _, port = place
    with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=False, trust_env=False) as http:
        answer = http.get("/affiliates")
        page = http.get("/affiliates/")
        numbers = http.get("/affiliates/metrics")

    assert answer.status_code == 308
    assert answer.headers["location"].endswith("/affiliates/")
    assert '<div id="app">' in page.text
    assert numbers.status_code == 404
