"""Browser files: served from a table, kept by the browser, pinned without an address."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from web import assets

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=assets.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


@pytest.mark.parametrize("name", assets.FILES)
async def test_every_file_is_installed_and_kept_for_ever(
    name: str, client: httpx.AsyncClient
) -> None:
    answer = await client.get(assets.address(name))

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(("text/javascript", "text/css"))
    assert "immutable" in answer.headers["cache-control"]


async def test_an_unversioned_address_is_asked_for_again(client: httpx.AsyncClient) -> None:
    first = await client.get(assets.PREFIX + "boot.js")
    tags = f'"other", W/{first.headers["etag"]}'
    again = await client.get(assets.PREFIX + "boot.js", headers={"If-None-Match": tags})

    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.js", "..%2fassets.py", "%2e%2e", "index.html", "%00"])
async def test_other_files_are_out_of_reach(name: str, client: httpx.AsyncClient) -> None:
    assert (await client.get(assets.PREFIX + name)).status_code == 404


async def test_a_file_that_is_not_installed_is_not_found(
    client: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    assets.load.cache_clear()

    answer = await client.get(assets.PREFIX + "graphiql.js")

    assert answer.status_code == 404
    assert not assets.are_installed()


def test_the_lock_file_pins_every_package_and_names_no_address() -> None:
    text = (assets.FOLDER / "package-lock.json").read_text(encoding="utf-8")
    packages = {name: about for name, about in json.loads(text)["packages"].items() if name}

    assert "://" not in text
    assert all("integrity" in about for about in packages.values())
    assert packages["node_modules/graphiql"]["version"] == "4.1.2"
