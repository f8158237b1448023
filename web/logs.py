"""What we log: one JSON object a line on standard error, with its request's id, without secrets.

The first defence is that nobody logs a secret. The second is here: texts given to `register_secret`
are masked in every line, tracebacks included. Headers, bodies and query strings are never logged.
"""

import json
import logging
import re
import sys
import time
import uuid
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from urllib.parse import quote, quote_plus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.api_keys import Caller
from domain.credentials import MASK, Secret

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

logger = logging.getLogger(__name__)

# Their INFO and DEBUG lines hold addresses with query strings, SQL with values, or repeat ours.
NOISY = ("httpx", "httpcore", "tortoise", "tortoise.db_client", "uvicorn.access", "asyncio")
SHORTEST_SECRET = 6  # masking shorter texts would hide ordinary words
SANE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}

_secrets: set[str] = set()


def configure(level: str, secrets: Iterable[Secret] = ()) -> None:
    """Sends all lines from `level` on to standard error, in place of earlier handlers.

    `secrets` are masked as those of `register_secret` are.
    """
    for secret in secrets:
        register_secret(secret.reveal())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONFormatter())
    handler.addFilter(Redaction())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def register_secret(text: str) -> None:
    """Masks this text from now on, also as it looks inside an address, JSON or a repr."""
    if len(text) >= SHORTEST_SECRET:
        _secrets.update((text, quote(text, safe=""), quote_plus(text)))
        _secrets.update((json.dumps(text)[1:-1], repr(text)[1:-1]))


def mask(text: str) -> str:
    """The text with every registered secret masked, longest first."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


class Redaction(logging.Filter):
    """Masks registered secrets in a record's message, extras and traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = mask(_message(record))
        record.args = None
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = mask(record.exc_text)
        for name in vars(record).keys() - STANDARD:
            setattr(record, name, _plain(getattr(record, name)))
        return True


def _message(record: logging.LogRecord) -> str:
    """The message; a mistake in a log call must neither stop the caller nor show its arguments."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return f"{record.msg} (arguments that do not fit)"


class JSONFormatter(logging.Formatter):
    """time, level, logger, message, requestId, then whatever `extra` holds, then the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (current := request_id.get()) is not None:
            line["requestId"] = current
        for name in sorted(vars(record).keys() - STANDARD):
            line.setdefault(name, _plain(getattr(record, name)))
        if record.exc_text:
            line["error"] = record.exc_text
        return json.dumps(line)


def _plain(value: object) -> object:
    """What JSON can hold, masked."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return mask(str(value))


class RequestLog:
    """ASGI middleware: gives every request an id and logs one line when it is answered.

    A sane X-Request-Id of the caller is kept, any other replaced. The answer carries the id back.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        own_id = _id_of(Headers(scope=scope).get("x-request-id", ""))
        started = time.perf_counter()
        status: int | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = own_id
            await send(message)

        before = request_id.set(own_id)
        try:
            await self.app(scope, receive, send_with_id)
        finally:
            _log_answer(scope, status, time.perf_counter() - started)
            request_id.reset(before)


def _id_of(offered: str) -> str:
    return offered if SANE_ID.fullmatch(offered) else uuid.uuid4().hex


def _caller(scope: Scope) -> dict[str, str]:
    """Who asked, where the application found that out: workspace and id of the API key."""
    caller = scope.get("state", {}).get("caller")
    if not isinstance(caller, Caller):
        return {}
    return {
        "workspace": caller.workspace,
        "apiKey": caller.key.id if caller.key else caller.name,
    }


def _log_answer(scope: Scope, status: int | None, seconds: float) -> None:
    """One line; `status` is null where no answer was begun."""
    logger.info(
        "%s %s",
        scope["method"],
        scope["path"],
        extra={
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "ms": round(seconds * 1000, 1),
            **_caller(scope),
        },
    )
