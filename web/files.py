"""Files with products, which are read here and imported by whoever sends them, or by a job.

    POST /import/rows?name=products.xlsx      the body is the file
    PUT /import/job?name=products.xlsx        &idempotencyKey=monday, and whose the bare ids are

/import/rows is for the page, which then asks for the products: a row for each, with its line and
the words that name it, which every field of the graph that takes a text understands; or why a row
names none. Nothing is asked or stored.

/import/job begins a job, as startImport does, and answers with its id.

Protects against: files that are too large, and files that are slow to read. Those are read in a
thread, few at once, and the caller's bucket pays for each row before it is looked at.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.api_keys import Caller, Scope
from domain.exceptions import (
    AffiliateGraphError,
    Forbidden,
    IdempotencyConflict,
    InvalidInput,
    ShortLink,
)
from domain.jobs import MAX_JOB_ROWS
from resolvers import files, uploads
from resolvers.context import Context
from resolvers.files import FileRow
from resolvers.sites import OF_ADDRESSES, Sites
from schema import ids
from schema.answers import Buckets, BucketState
from web.access import Access, Refused, refusal
from web.endpoint import BadRequest, error_response, rate_limit, read_body, throttled_response

MOST_BYTES, MOST_ROWS = 5_000_000, 5_000  # of what the page looks at
MOST_BYTES_OF_A_JOB = 20_000_000
AT_ONCE = 2
ROW_POINTS = 7  # of 17 microseconds
BYTES_OF_A_POINT = 100
ELSEWHERE = "Split it, or import it on the server: python server.py import FILE."
MEDIA_TYPE = "application/octet-stream"  # no foreign page can send it without asking first


class _Throttled(Exception):
    """The caller's bucket has too little for a file. `points`: what is needed."""

    def __init__(self, points: int, state: BucketState) -> None:
        super().__init__()
        self.points = points
        self.state = state


@dataclass(frozen=True, slots=True)
class _Sent:
    """A file that came in. `points` were paid from its caller's bucket for its bytes."""

    content: bytes
    caller: str
    points: int


@dataclass(frozen=True, kw_only=True)
class Files:
    """The routes. `context`: of a caller who was let in. `capacity`: of a bucket."""

    access: Access
    context: Callable[[Request], Context]
    buckets: Callable[[], Buckets]
    capacity: int
    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def routes(self) -> list[Route]:
        """What the application mounts."""
        return [
            Route("/import/rows", partial(self.answer, self._rows), methods=["POST"]),
            Route("/import/job", partial(self.answer, self._job), methods=["PUT"]),
        ]

    async def answer(
        self, work: Callable[[Request, Caller], Awaitable[Response]], request: Request
    ) -> Response:
        """What was made of the file, or why it cannot be read. Raises DatabaseUnavailable."""
        try:
            return await work(request, await self.access.let_in(request))
        except Refused as refused:
            return refusal(request, refused)
        except _Throttled as throttled:
            return throttled_response(request, throttled.points, throttled.state)
        except BadRequest as bad:
            return error_response(request, bad.status, bad.message, bad.code)
        except (Forbidden, InvalidInput, IdempotencyConflict) as error:
            return error_response(request, _status(error), error.message, error.code)

    async def _rows(self, request: Request, caller: Caller) -> Response:
        caller.require(Scope.READ, "To read a file")
        sent = await self._sent(request, caller, MOST_BYTES, f" {ELSEWHERE}")
        rows, state = await self._read(request, sent, OF_ADDRESSES, MOST_ROWS)
        return _answered(200, {"rows": _shown(rows)}, state)

    async def _job(self, request: Request, caller: Caller) -> Response:
        caller.require(Scope.IMPORT, "To import a file")
        sent = await self._sent(request, caller, MOST_BYTES_OF_A_JOB, " Split it.")
        context, named = self.context(request), request.query_params
        meant = await uploads.sites(context, named.get("marketplace"), named.get("locale"))
        rows, state = await self._read(request, sent, meant, MAX_JOB_ROWS)
        job = await uploads.start_import(
            context,
            rows,
            content=sent.content,
            meant=meant,
            key=named.get("idempotencyKey"),
            only_new=named.get("onlyNew") == "true",
        )
        shown = {"id": ids.of_job(job.id), "status": job.status, "total": job.total}
        return _answered(202, {"job": shown}, state)

    async def _sent(self, request: Request, caller: Caller, most: int, instead: str) -> _Sent:
        """The file, whose bytes the caller has paid for before they are taken in.

        Raises BadRequest, _Throttled.
        """
        size = _size(request, most, instead)
        points = min(1 + size // BYTES_OF_A_POINT, self.capacity)
        await self._pay(caller.identity, points, points)
        return _Sent(await read_body(request, size), caller.identity, points)

    async def _read(
        self, request: Request, sent: _Sent, meant: Sites, most: int
    ) -> tuple[list[FileRow], BucketState]:
        """The rows, which the caller has paid for. Raises InvalidInput, _Throttled."""
        async with self.turn:
            name = request.query_params.get("name", "")
            tables = await asyncio.to_thread(files.tables_of, sent.content, name)
            count = sum(len(table.rows) for table in tables)
            _limit(count, most)
            more = max(min(count * ROW_POINTS, self.capacity) - sent.points, 0)
            state = await self._pay(sent.caller, more, sent.points + more)
            rows = await asyncio.to_thread(files.rows, tables, meant)
            _limit(len(rows), most)
        return rows, state

    async def _pay(self, caller: str, points: int, needed: int) -> BucketState:
        """Raises _Throttled with what is needed in all."""
        state = await self.buckets().take(caller, points)
        if state.wait:
            raise _Throttled(needed, state)
        return state


def _limit(count: int, most: int) -> None:
    """Raises InvalidInput for more rows, or products in them, than are taken."""
    if count > most:
        raise InvalidInput(f"The file has {count:,} rows; here it may have {most:,}. {ELSEWHERE}")


def _size(request: Request, most: int, instead: str) -> int:
    """The bytes that are announced. Raises BadRequest."""
    if request.headers.get("content-type", "").lower() != MEDIA_TYPE:
        raise BadRequest(415, f"Send the file as it is, as {MEDIA_TYPE}.")
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise BadRequest(411, "Say how long the file is, by Content-Length.")
    if int(length) > most:
        raise BadRequest(
            413,
            f"The file has more than {most // 1_000_000} MB.{instead}",
            "PAYLOAD_TOO_LARGE",
        )
    return int(length)


def _answered(status: int, found: object, state: BucketState) -> Response:
    return Response(orjson.dumps(found), status, rate_limit(state), media_type="application/json")


def _status(error: AffiliateGraphError) -> int:
    if isinstance(error, Forbidden):
        return 403
    return 409 if isinstance(error, IdempotencyConflict) else 400


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
