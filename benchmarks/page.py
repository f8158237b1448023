"""`python -m benchmarks.page [ROWS]`: how soon the page is there, over so many products.

Through Chromium on this machine: first paint, and time until the rows of the screen can be used,
each from the start of the navigation, with an empty cache and again with a full one; and how long a
search of the library and its next page take. Milliseconds, medians of `RUNS`.
"""

import asyncio
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.catalogue import fill
from db import migrate
from db.connection import open_database
from tests.e2e.conftest import ARGUMENTS, Server, running_server

RUNS = 5
# Products of the benchmark are no sandbox's. Nothing is connected, so that nobody is asked.
ALONE = {"SANDBOX": "off", "WORKER": "off"}
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
NOW = "performance.now()"
ROWS = "tr[data-id]"


async def stock(url: str, rows: int) -> None:
    """Fill a new database with so many products."""
    await migrate.migrate(url)
    async with open_database(url):
        await fill(rows)


def signed_in(server: Server, browser: Browser) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(server.url)
    page.get_by_label("API key").fill(server.api_key)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Screens").wait_for()
    return page


def visited(page: Page, address: str, ready: str) -> tuple[float, float]:
    """First paint, and when something that is waited for stands there."""
    page.goto("about:blank")
    page.goto(address, wait_until="commit")
    page.locator(ready).first.wait_for()
    return page.evaluate(PAINT), page.evaluate(NOW)


def timed(page: Page, act: Callable[[], object], ready: str) -> float:
    """From a deed until something stands there."""
    began = page.evaluate(NOW)
    act()
    page.locator(ready).first.wait_for()
    return float(page.evaluate(NOW) - began)


def search(page: Page, words: str) -> float:
    """From the last letter until rows of other words are there."""
    page.evaluate(f"document.querySelectorAll({ROWS!r}).forEach((row) => row.classList.add('old'))")
    field = page.get_by_label("Search", exact=True)
    return timed(page, lambda: field.fill(words), f"{ROWS}:not(.old)")


def measure(server: Server, browser: Browser) -> dict[str, list[float]]:
    """Milliseconds by what was done."""
    found: dict[str, list[float]] = {}

    def keep(name: str, *times: float) -> None:
        for part, milliseconds in zip((": first paint", ": usable"), times, strict=False):
            found.setdefault(name + (part if len(times) > 1 else ""), []).append(milliseconds)

    for _ in range(RUNS):
        page = signed_in(server, browser)
        page.context.new_cdp_session(page).send("Network.clearBrowserCache")
        keep("Library, first visit", *visited(page, f"{server.url}/#library", ROWS))
        keep("Library, again", *visited(page, f"{server.url}/#library", ROWS))
        keep("Home, again", *visited(page, f"{server.url}/#home", ".tiles"))
        visited(page, f"{server.url}/#library", ROWS)
        keep("Next page", timed(page, page.get_by_role("button", name="Next").click, "text=Page 2"))
        keep("Search in titles, with its pause of 250", search(page, "lamp desk"))
        page.context.close()
    return found


def main() -> None:
    """See above."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    chromium = shutil.which("chromium")
    folder = tempfile.mkdtemp()
    url = f"sqlite://{folder}/catalogue.db"
    asyncio.run(stock(url, rows))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        with running_server(Path(folder), ALONE | {"DATABASE_URL": url}) as server:
            found = measure(server, browser)
        browser.close()
    shutil.rmtree(folder)
    sys.stdout.write(f"{rows:,} products, {RUNS} times each, in ms\n")
    for name, times in found.items():
        middle, most = statistics.median(times), max(times)
        sys.stdout.write(f"{name:42} median {middle:7.0f}  slowest {most:7.0f}\n")


if __name__ == "__main__":
    main()
