"""POST /import/rows: which products a file names, for the page, which then asks for them.

    POST /import/rows?name=products.xlsx      the body is the file

The answer has a row for each product, with its line and the words that name it, which every field
of the graph that takes a text understands; or why a row names none. Nothing is asked or stored.

Protects against: files that are too large, and files that are slow to read. Those are read in a
thread, few at once, and the caller's bucket pays for each row before it is looked at.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.api_keys import Caller, Scope
from domain.exceptions import Forbidden, InvalidInput, ShortLink
from resolvers import files
from resolvers.files import FileRow
from schema.answers import Bucket
from web.access import Access, Refused, refusal
from web.endpoint import BadRequest, error_response, rate_limit, read_body, throttled_response

MOST_BYTES = 5_000_000
MOST_ROWS = 5_000
AT_ONCE = 2
ROW_POINTS = 7  # of 17 microseconds
BYTES_OF_A_POINT = 100
ELSEWHERE = "Split it, or import it on the server: python server.py import FILE."
MEDIA_TYPE = "application/octet-stream"  # no foreign page can send it without asking first


@dataclass(frozen=True, kw_only=True)
class Files:
    """The route. `bucket`: of a caller who was let in. `capacity`: of a bucket."""

    access: Access
    bucket: Callable[[Caller], Bucket]
    capacity: int
    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def routes(self) -> list[Route]:
        """What the application mounts."""
        return [Route("/import/rows", self.answer, methods=["POST"])]

    async def answer(self, request: Request) -> Response:
        """The rows, or why the file cannot be read."""
        try:
            caller = await self.access.let_in(request)
            caller.require(Scope.READ, "To read a file")
            content = await _body(request)
            return await self._rows(request, self.bucket(caller), content)
        except Refused as refused:
            return refusal(request, refused)
        except BadRequest as bad:
            return error_response(request, bad.status, bad.message, bad.code)
        except (Forbidden, InvalidInput) as error:
            status = 403 if isinstance(error, Forbidden) else 400
            return error_response(request, status, error.message, error.code)

    async def _rows(self, request: Request, bucket: Bucket, content: bytes) -> Response:
        """Raises InvalidInput."""
        points = min(1 + len(content) // BYTES_OF_A_POINT, self.capacity)
        state = await bucket.take(points)
        if state.wait:
            return throttled_response(request, points, state)
        async with self.turn:
            name = request.query_params.get("name", "")
            tables = await asyncio.to_thread(files.tables_of, content, name)
            count = sum(len(table.rows) for table in tables)
            _limit(count)
            more = max(min(count * ROW_POINTS, self.capacity) - points, 0)
            state = await bucket.take(more)
            if state.wait:
                return throttled_response(request, points + more, state)
            rows = await asyncio.to_thread(files.rows, tables)
            _limit(len(rows))
        return Response(
            orjson.dumps({"rows": _shown(rows)}),
            media_type="application/json",
            headers=rate_limit(state),
        )


def _limit(count: int) -> None:
    """Raises InvalidInput for more rows, or products in them, than the page may send."""
    if count > MOST_ROWS:
        raise InvalidInput(
            f"The file has {count:,} rows; here it may have {MOST_ROWS:,}. {ELSEWHERE}"
        )


async def _body(request: Request) -> bytes:
    """Raises BadRequest."""
    if request.headers.get("content-type", "").lower() != MEDIA_TYPE:
        raise BadRequest(415, f"Send the file as it is, as {MEDIA_TYPE}.")
    too_large = f"The file has more than {MOST_BYTES // 1_000_000} MB. {ELSEWHERE}"
    return await read_body(request, MOST_BYTES, too_large)


def _shown(rows: Sequence[FileRow]) -> list[dict[str, object]]:
    return [
        {"line": row.line, "sheet": row.sheet, "text": row.text, "error": _error(row)}
        for row in rows
    ]


def _error(row: FileRow) -> dict[str, str] | None:
    """None also for a short link: whether it is opened is decided where it is asked for."""
    if not isinstance(row.product, InvalidInput) or isinstance(row.product, ShortLink):
        return None
    return {"code": row.product.code, "message": row.product.message}
