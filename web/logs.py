"""What we log: a line on standard error, with its request's id, without secrets. JSON for programs,
words for a terminal.

The first defence is that nobody logs a secret. The second is here: texts given to `register_secret`
are masked in every line, tracebacks included. Headers, bodies and query strings are never logged.
What callers choose, such as a path, cannot break a line nor colour a terminal.
"""

import json
import logging
import re
import sys
import time
import uuid
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from urllib.parse import quote, quote_plus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.api_keys import Caller
from domain.credentials import MASK, Secret
from domain.metering import OperationNote

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

logger = logging.getLogger("affiliate_graph.requests")

# Their INFO and DEBUG lines hold addresses with query strings, SQL with values, or repeat ours.
NOISY = ("httpx", "httpcore", "tortoise", "tortoise.db_client", "uvicorn.access", "asyncio")
SHORTEST_SECRET = 6  # masking shorter texts would hide ordinary words
SANE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
SAID = frozenset({"method", "path"})  # what the message of a request tells by itself
PROBES = ("/healthz", "/readyz")
LONGEST_NAME = 100


class _Masks:
    """The texts that no line may show."""

    def __init__(self) -> None:
        self._longest_first: list[str] = []

    def add(self, texts: Iterable[str]) -> None:
        """Hide these too."""
        self._longest_first = sorted({*self._longest_first, *texts}, key=len, reverse=True)

    def hide(self, text: str) -> str:
        """The text without them."""
        for secret in self._longest_first:
            text = text.replace(secret, MASK)
        return text


_masks = _Masks()


def configure(level: str, secrets: Iterable[Secret] = (), *, form: str = "auto") -> None:
    """Sends all lines from `level` on to standard error, in place of earlier handlers.

    `secrets` are masked as those of `register_secret` are. `form`: json, text, or auto, which is
    text on a terminal and JSON elsewhere.
    """
    for secret in secrets:
        register_secret(secret.reveal())
    handler = logging.StreamHandler(sys.stderr)
    is_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    handler.setFormatter(TextFormatter() if is_text else JSONFormatter())
    handler.addFilter(Redaction())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def register_secret(text: str) -> None:
    """Masks this text from now on, also as it looks inside an address, JSON or a repr."""
    if len(text) >= SHORTEST_SECRET:
        in_address, in_code = (quote(text, safe=""), quote_plus(text)), json.dumps(text)[1:-1]
        _masks.add((text, *in_address, in_code, repr(text)[1:-1]))


def mask(text: str) -> str:
    """The text with every registered secret masked."""
    return _masks.hide(text)


class Redaction(logging.Filter):
    """Masks registered secrets in a record's message, extras and traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = mask(_message(record))
        record.args = None
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = mask(record.exc_text)
        for name, value in _extras(record).items():
            setattr(record, name, _plain(value))
        return True


def _message(record: logging.LogRecord) -> str:
    """The message; a mistake in a log call must neither stop the caller nor show its arguments."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return f"{record.msg} (arguments that do not fit)"


def _extras(record: logging.LogRecord) -> dict[str, object]:
    """What `extra` held, by name."""
    return {name: value for name, value in vars(record).items() if name not in STANDARD}


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
        line |= {name: each for name, each in _extras(record).items() if name not in line}
        if record.exc_text:
            line["error"] = record.exc_text
        return json.dumps(line)


class TextFormatter(logging.Formatter):
    """The time here, the level, the message, then name=value of what `extra` holds."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).astimezone()
        extras = {name: each for name, each in _extras(record).items() if name not in SAID}
        extras["requestId"] = request_id.get()
        parts = (
            f"{at:%H:%M:%S} {record.levelname:<7} {record.getMessage()}",
            *(f"{name}={_word(each)}" for name, each in extras.items() if each is not None),
        )
        return "\n".join(filter(None, (_one_line("  ".join(parts)), record.exc_text)))


def _word(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text else text


def _one_line(text: str) -> str:
    """Without line ends, and without what a terminal would take for an order."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _plain(value: object) -> object:
    """What JSON can hold, masked."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list):
        return [mask(str(each)) for each in value]
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


def _log_answer(scope: Scope, status: int | None, seconds: float) -> None:
    """One line; `status` is null where no answer was begun."""
    logger.log(
        _level(scope, status),
        "%s %s",
        scope["method"],
        scope["path"],
        extra={
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "ms": round(seconds * 1000, 1),
            **_told(scope.get("state", {})),
        },
    )


def _level(scope: Scope, status: int | None) -> int:
    """Probes come every few seconds and say nothing as long as they are good."""
    if status is None or status >= 500:
        return logging.WARNING
    return logging.DEBUG if scope["path"] in PROBES else logging.INFO


def _told(state: Mapping[str, object]) -> dict[str, object]:
    """What the application found out on the way: who asked, for what, and how it ended."""
    caller, note, code = state.get("caller"), state.get("operation"), state.get("code")
    told: dict[str, object] = {}
    if isinstance(caller, Caller):
        told |= {"workspace": caller.workspace, "caller": caller.name}
        told |= {"apiKey": caller.key.id} if caller.key else {}
    if isinstance(note, OperationNote):
        told |= {
            "operation": note.name[:LONGEST_NAME],
            "type": note.kind,
            "outcome": note.outcome.value,
            "points": note.points,
            "calls": note.calls,
        }
    codes = sorted(
        {*(note.codes if isinstance(note, OperationNote) else ()), *filter(None, [code])}
    )
    return told | ({"codes": codes} if codes else {})
