"""The page's files: served under their version, packed, and in step with the schema."""

import gzip
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from graphql import FragmentDefinitionNode, build_schema, parse, validate
from starlette.applications import Starlette
from starlette.requests import Request

from schema import schema
from web import page

pytestmark = pytest.mark.anyio

LIMIT = 150_000  # bytes of our own over the wire at the first visit
REQUEST = Request({"type": "http"})
OPERATIONS = page.FOLDER / "operations"
PAGE = page.FOLDER / "page"
LONGEST_COMPONENT = 150  # lines of a module


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=page.WebPage("http://127.0.0.1:8000", has_key_file=True).routes())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


async def test_it_is_said_where_the_key_to_sign_in_with_is(client: httpx.AsyncClient) -> None:
    by_setting = page.WebPage("http://127.0.0.1:8000", has_key_file=False).show(REQUEST)

    assert "admin.key" in (await client.get("/")).text
    assert b"ADMIN_API_KEY" in by_setting.body
    assert b"admin.key" not in by_setting.body


def modules() -> list[Path]:
    return sorted(PAGE.rglob("*.js"))


@pytest.mark.parametrize("name", page.operations())
def test_operations_fit_the_schema(name: str) -> None:
    assert validate(build_schema(schema.as_str()), parse(page.operations()[name])) == []


def test_every_operation_and_fragment_is_used() -> None:
    scripts = "".join(path.read_text("utf-8") for path in modules())
    asked = set(re.findall(r'\b(?:run|useQuery|useSubscription)\(\s*"([a-z-]+)"', scripts))
    documents = "".join(page.operations().values())
    fragments = parse((OPERATIONS / "fragments.graphql").read_text("utf-8")).definitions

    assert asked | {"margin"} == set(page.operations())  # the tests ask for the server's margin
    for fragment in fragments:
        assert isinstance(fragment, FragmentDefinitionNode)
        assert f"...{fragment.name.value}" in documents


async def test_the_page_allows_only_what_it_needs(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    policy = answer.headers["content-security-policy"]

    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "img-src 'self' https: data: http://127.0.0.1:8000" in policy
    assert "<script>" not in answer.text
    assert " style=" not in answer.text


async def test_every_address_of_the_page_is_ours_and_kept(client: httpx.AsyncClient) -> None:
    html = (await client.get("/")).text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', html)

    answers = [await client.get(address) for address in addresses]

    assert addresses
    assert all(address.startswith(page.PREFIX) for address in addresses)
    assert [answer.status_code for answer in answers] == [200] * len(addresses)
    assert all("immutable" in answer.headers["cache-control"] for answer in answers)


async def test_modules_find_each_other(client: httpx.AsyncClient) -> None:
    folder = f"{page.PREFIX}/{page.version()}/"
    wanted = {
        (path.parent / name).resolve().relative_to(PAGE).as_posix()
        for path in modules()
        for name in re.findall(r'from "(\.[^"]+)"', path.read_text("utf-8"))
    }

    assert "html.js" in wanted
    assert {(await client.get(folder + name)).status_code for name in wanted} == {200}


@pytest.mark.parametrize(
    "path",
    [path for path in modules() if path.parent.name != "texts"],
    ids=lambda path: path.relative_to(PAGE).as_posix(),
)
def test_a_module_of_the_page_is_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_COMPONENT


async def test_files_are_packed_for_whoever_unpacks_them(client: httpx.AsyncClient) -> None:
    address = f"{page.PREFIX}/{page.version()}/operations.json"

    packed = await client.get(address, headers={"Accept-Encoding": "gzip"})
    plain = await client.get(address, headers={"Accept-Encoding": "identity"})
    again = await client.get(address, headers={"If-None-Match": packed.headers["etag"]})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json() == page.operations()
    assert (again.status_code, packed.headers["etag"] == plain.headers["etag"]) == (304, False)


def test_a_first_visit_is_small() -> None:
    packed = {name: len(gzip.compress(content)) for name, content in page.files().items()}
    texts = [size for name, size in packed.items() if name.startswith("texts/")]  # one is loaded

    assert sum(packed.values()) - sum(texts) + max(texts) < LIMIT, packed


def test_comments_are_not_sent_and_lines_keep_their_numbers() -> None:
    for name, sent in page.files().items():
        source = PAGE / name
        if source.suffix == ".js" and source.exists():
            assert sent.count(b"\n") == source.read_bytes().count(b"\n")
            assert not re.search(rb"^\s*(//|/\*)", sent, flags=re.MULTILINE), name


async def test_an_older_version_is_not_kept(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{page.PREFIX}/older/app.js")

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "name", ["page.py", "..%2fpage.py", "%2e%2e", "nothing.js", "%00", "%2e%2e%2fpage.py"]
)
async def test_other_files_are_out_of_reach(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"{page.PREFIX}/{page.version()}/{name}")).status_code == 404


async def test_without_the_library_the_page_says_what_to_do(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "LIBRARY", "node_modules/nothing.js")
    page.files.cache_clear()
    page.version.cache_clear()

    shown, script = await client.get("/"), await client.get(f"{page.PREFIX}/v/app.js")

    page.files.cache_clear()
    page.version.cache_clear()
    assert "make setup" in shown.text
    assert script.status_code == 404


def test_operations_are_sent_as_they_stand_in_their_files() -> None:
    for name, document in json.loads(page.files()["operations.json"]).items():
        assert document.startswith((OPERATIONS / f"{name}.graphql").read_text("utf-8"))
