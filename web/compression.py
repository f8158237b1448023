"""Answers made smaller for callers that take them so: by zstd, else by gzip.

Only whole answers of the graph from MINIMUM bytes on, and exports while they are streamed. No page
of another site can ask for an answer that holds a secret (that takes a key, or a header of our own
page), so nobody can guess at one by the length of such answers (BREACH).
"""

import asyncio
import gzip
import sys
import zlib
from collections.abc import AsyncIterator, Callable
from functools import lru_cache

from starlette.responses import Response

from web.accept import media_ranges

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["MINIMUM", "chosen", "pack", "packed", "zstd"]

MINIMUM = 1_400  # bytes: what is shorter goes in one packet anyway
MUCH = 100_000  # bytes that are not packed while everybody else waits: two milliseconds
GZIP_LEVEL, ZSTD_LEVEL = 5, 3
GZIP_STREAM = 16 + zlib.MAX_WBITS  # zlib's word for gzip's frame
Packer = Callable[[bytes], bytes]


@lru_cache(maxsize=64)  # clients send few different ones
def chosen(accept_encoding: str) -> str | None:
    """ "zstd", "gzip", or None for a caller who takes neither, or likes it better as it is."""
    ranges = media_ranges(accept_encoding)
    qualities = {name: ranges.get(name, ranges.get("*", 0.0)) for name in ("zstd", "gzip")}
    best = max(qualities, key=qualities.__getitem__)
    is_liked = qualities[best] > 0 and qualities[best] >= ranges.get("identity", 0.0)
    return best if is_liked else None


async def pack(response: Response, accept_encoding: str) -> None:
    """Make a whole answer smaller, in place."""
    response.headers.add_vary_header("Accept-Encoding")
    coding = chosen(accept_encoding)
    if coding is None:
        return
    body, packer = bytes(response.body), _zstd if coding == "zstd" else _gzip
    response.body = packer(body) if len(body) < MUCH else await asyncio.to_thread(packer, body)
    response.headers["Content-Encoding"] = coding
    response.headers["Content-Length"] = str(len(response.body))


async def packed(pieces: AsyncIterator[bytes], coding: str) -> AsyncIterator[bytes]:
    """The pieces made smaller, each given on at once, since the next one may take its time."""
    packer, end = _zstd_stream() if coding == "zstd" else _gzip_stream()
    async for piece in pieces:
        yield await asyncio.to_thread(packer, piece)
    yield end()


def _zstd(body: bytes) -> bytes:
    return zstd.compress(body, ZSTD_LEVEL)


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, GZIP_LEVEL, mtime=0)


def _zstd_stream() -> tuple[Packer, Callable[[], bytes]]:
    stream = zstd.ZstdCompressor(ZSTD_LEVEL)
    return lambda piece: stream.compress(piece, stream.FLUSH_BLOCK), stream.flush


def _gzip_stream() -> tuple[Packer, Callable[[], bytes]]:
    stream = zlib.compressobj(GZIP_LEVEL, wbits=GZIP_STREAM)
    return lambda piece: stream.compress(piece) + stream.flush(zlib.Z_SYNC_FLUSH), stream.flush
