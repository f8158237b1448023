"""What we log: a line on standard error, with its request's id, without secrets. JSON for programs,
words for a terminal.

The first defence is that nobody logs a secret. The second is here: texts given to `register_secret`
are masked in every line, tracebacks included. Headers, bodies and query strings are never logged.
What callers choose, such as a path, cannot break a line nor colour a terminal.
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
# Warns again and again, with a traceback, of a database that is away; we say it once.
REPEATING = "asyncpg.pool"
SHORTEST_SECRET = 6  # masking shorter texts would hide ordinary words
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
SAID = frozenset({"method", "path"})  # what the message of a request tells by itself


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
    # No line tells where in the code, or by which thread, it was written: to find out takes long.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.getLogger(REPEATING).setLevel(max(logging.ERROR, root.level))


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
