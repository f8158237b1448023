"""What we log: one JSON object a line on standard error, with its request's id, without secrets.

The first defence is that nobody logs a secret. The second is here: texts given to `register_secret`
are masked in every line, tracebacks included. Headers, bodies and query strings are never logged.
"""

import json
import logging
import sys
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from urllib.parse import quote, quote_plus

from domain.credentials import MASK, Secret

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# Their INFO and DEBUG lines hold addresses with query strings, SQL with values, or repeat ours.
NOISY = ("httpx", "httpcore", "tortoise", "tortoise.db_client", "uvicorn.access", "asyncio")
SHORTEST_SECRET = 6  # masking shorter texts would hide ordinary words
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
