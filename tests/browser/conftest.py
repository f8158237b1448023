"""A running server and a browser that reaches nothing but this machine."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, Route, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
SCREENSHOTS = ROOT / "build" / "screenshots"
ARGUMENTS = [
    "--no-sandbox",  # needed by root, as in continuous integration
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Server:
    """A server process: its address, and the API key it was given."""

    url: str
    api_key: str


@dataclass
class Visit:
    """A browser page with what it did wrong: console errors, requests that left this machine."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Returns when /readyz says 200; fails with the server's own words when it ends or is slow."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    process.kill()
    pytest.fail(f"The server did not become ready:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real server as a process, on a free port, with its own data folder."""
    folder = tmp_path_factory.mktemp("server")
    port, key = free_port(), secrets.token_urlsafe(24)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PORT": str(port),
        "DATA_DIR": str(folder),
        "ADMIN_API_KEY": key,
        "SANDBOX": "on",
        "ALIEXPRESS_APP_KEY": "500100",
        "ALIEXPRESS_APP_SECRET": "sandbox-app-secret",
        "ALIEXPRESS_TRACKING_ID": "sandbox_blog",
    }
    url, log = f"http://127.0.0.1:{port}", folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "server.py"], cwd=ROOT, env=environ, stdout=output, stderr=output
        )
        try:
            wait_until_ready(process, url, log)
            yield Server(url, key)
        finally:
            process.terminate()
            process.wait(timeout=20)


@pytest.fixture
def visit() -> Iterator[Visit]:
    """Headless Chromium. Every request outside 127.0.0.1 is cut off and noted."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("Chromium is needed: apt-get install chromium fonts-liberation")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        visit = Visit(browser.new_page(viewport={"width": 1280, "height": 800}))
        _watch(visit)
        yield visit
        browser.close()


def _watch(visit: Visit) -> None:
    def guard(route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.hostname == "127.0.0.1" or parts.scheme in ("data", "blob"):
            route.continue_()
        else:
            visit.outside.append(route.request.url)
            route.abort()

    visit.page.route("**/*", guard)
    visit.page.on(
        "console",
        lambda said: visit.complaints.append(said.text) if said.type == "error" else None,
    )
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on(
        "requestfailed",
        lambda request: visit.complaints.append(f"{request.url} {request.failure}"),
    )
