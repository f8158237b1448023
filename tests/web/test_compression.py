"""Which answers are made smaller, for whom, and that nothing of them is lost."""

import gzip
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.db.records import keep, product
from tests.graph import API_KEY, Graph
from tests.web.test_exports import SANDBOX
from web import compression
from web.compression import chosen, packed, zstd

pytestmark = pytest.mark.anyio

KEY = {"Authorization": f"Bearer {API_KEY}"}
PIECES = [b"one " * 500, b"two " * 500, "drei – ".encode() * 500]


@pytest.mark.parametrize(
    ("accept_encoding", "coding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "gzip"),
        ("GZIP", "gzip"),
        ("zstd;q=0.5, gzip", "gzip"),
        ("*", "zstd"),
        ("*;q=0.5, zstd;q=0", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0.5, identity", None),
        ("identity", None),
        ("br", None),
        ("", None),
    ],
)
def test_the_coding_that_a_caller_likes_best_is_chosen(
    accept_encoding: str, coding: str | None
) -> None:
    assert chosen(accept_encoding) == coding


async def test_pieces_are_given_on_as_they_come() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in PIECES:
            yield piece

    by_gzip = [each async for each in packed(pieces(), "gzip")]
    by_zstd = [each async for each in packed(pieces(), "zstd")]
    reader, quick = zlib.decompressobj(wbits=compression.GZIP_STREAM), zstd.ZstdDecompressor()

    assert [reader.decompress(each) for each in by_gzip] == [*PIECES, b""]
    assert [quick.decompress(each) for each in by_zstd] == [*PIECES, b""]
    assert reader.eof
    assert quick.eof


async def ask(graph: Graph, query: str, accept_encoding: str) -> tuple[httpx.Response, bytes]:
    """The response, and its body as it was sent."""
    request = graph.http.build_request(
        "POST",
        "/graphql",
        json={"query": query},
        headers=KEY | {"Accept-Encoding": accept_encoding},
    )
    response = await graph.http.send(request, stream=True)
    return response, b"".join([piece async for piece in response.aiter_raw()])


LARGE = "{ __schema { types { name description } } }"


async def test_a_large_answer_is_packed_for_who_takes_it_so(graph: Graph) -> None:
    plain, body = await ask(graph, LARGE, "identity")
    by_gzip, less = await ask(graph, LARGE, "gzip, br")
    by_zstd, least = await ask(graph, LARGE, "gzip, zstd")

    assert "content-encoding" not in plain.headers
    assert (by_gzip.headers["content-encoding"], by_zstd.headers["content-encoding"]) == (
        "gzip",
        "zstd",
    )
    assert gzip.decompress(less)[:1000] == zstd.decompress(least)[:1000] == body[:1000]
    assert max(len(less), len(least)) < len(body) / 3
    assert by_gzip.headers["content-length"] == str(len(less))
    assert {plain.headers["vary"], by_gzip.headers["vary"]} == {"Accept-Encoding, Origin"}


async def test_a_small_answer_stays_as_it_is(graph: Graph) -> None:
    response, body = await ask(graph, "{ __typename }", "gzip, zstd")

    assert "content-encoding" not in response.headers
    assert body.startswith(b'{"data"')


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_a_file_is_packed_while_it_is_streamed(graph: Graph, coding: str) -> None:
    await keep([product(number) for number in range(30)], workspace=SANDBOX)
    plain = await graph.http.get("/export/csv", headers=KEY | {"Accept-Encoding": "identity"})

    async with graph.http.stream(
        "GET", "/export/csv", headers=KEY | {"Accept-Encoding": coding}
    ) as response:
        sent = b"".join([piece async for piece in response.aiter_raw()])

    unpacked = gzip.decompress(sent) if coding == "gzip" else zstd.decompress(sent)
    assert response.headers["content-encoding"] == coding
    assert (unpacked, response.headers["vary"]) == (plain.content, "Accept-Encoding, Origin")
    assert len(sent) < len(unpacked) / 3
