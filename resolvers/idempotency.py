"""Idempotency keys: the same mutation sent twice has one effect and one answer.

Only final answers are remembered: a run that failed for the moment frees its key, and a run that
died, or that ended while the storage was away, frees it when its lease ends, which is renewed only
while the run works.
"""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum

from db import idempotency as stored
from db.exceptions import DatabaseUnavailable
from db.idempotency import BegunState
from domain.exceptions import IdempotencyConflict, InvalidInput
from resolvers.context import Context
from resolvers.rows import Row, from_json, to_json

# A key that is freed too early lets the same work be done twice: several renewals may fail.
LEASE = timedelta(seconds=15)
RENEWAL = timedelta(seconds=4)
MAX_KEY_LENGTH = 255
KEY_FIELD = "idempotency_key"


async def once(
    context: Context,
    key: str | None,
    *,
    operation: str,
    input_text: str,
    run: Callable[[], Awaitable[list[Row]]],
) -> list[Row]:
    """Run, or answer what the first run with this key answered.

    `input_text` is the whole input as the caller sent it, in the form that `raw` makes: the same
    key with another input is refused. What the input was understood as does not do, since two
    inputs may be refused alike. Raises IdempotencyConflict, also while the first run is under way.
    """
    if key is None:
        return await run()
    check(key)
    begun = await stored.begin(
        context.workspace.id,
        key,
        hashlib.sha256(repr((operation, input_text)).encode()).hexdigest(),
        now=context.now,
        lease=LEASE,
    )
    if begun.state is BegunState.FRESH:
        async with _held(context, begun.owner):
            return await _finish(begun.owner, run)
    if begun.state is BegunState.REPLAY and begun.outcome is not None:
        rows = begun.outcome["rows"]
        return [from_json(row) for row in rows] if isinstance(rows, list) else []
    raise IdempotencyConflict(
        "This idempotency key was used with another input. Use a new one."
        if begun.state is BegunState.OTHER_INPUT
        else "The first call with this idempotency key still runs. Try again at retryAt.",
        path=("input", "idempotencyKey"),
        retry_at=begun.retry_at,
    )


def check(key: str) -> None:
    """Raises InvalidInput for a text that cannot be an idempotency key."""
    if not key.strip() or len(key) > MAX_KEY_LENGTH or not key.isprintable():
        raise InvalidInput(
            f"An idempotency key is 1 to {MAX_KEY_LENGTH} printable characters.",
            path=("input", "idempotencyKey"),
        )


def raw(input: object) -> str:
    """An input of the graph as canonical JSON text, without its idempotency key.

    A field that has its default is left out, whether it was sent or not. Raises TypeError for a
    value that no input can hold.
    """
    plain = _plain(input)
    if isinstance(plain, dict):
        plain.pop(KEY_FIELD, None)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"))


def _plain(value: object) -> object:
    # Enums first: those of the graph may hold records or be texts themselves.
    if isinstance(value, Enum):
        return value.name
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(element) for element in value]
    if is_dataclass(value):
        sent = {field.name: (getattr(value, field.name), field.default) for field in fields(value)}
        return {name: _plain(each) for name, (each, default) in sent.items() if each != default}
    raise TypeError(f"No input holds a {type(value).__name__}.")


@contextlib.asynccontextmanager
async def _held(context: Context, owner: str) -> AsyncIterator[None]:
    """Renews the run's lease as long as what is inside works."""
    renewing = asyncio.create_task(_renew(context, owner))
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)


async def _renew(context: Context, owner: str) -> None:
    while True:
        await asyncio.sleep(RENEWAL.total_seconds())
        with contextlib.suppress(DatabaseUnavailable):  # it may be back at the next one
            await stored.renew(owner, until=context.now + LEASE)


async def _finish(owner: str, run: Callable[[], Awaitable[list[Row]]]) -> list[Row]:
    done = False
    try:
        rows = await run()
        if all(row.is_final for row in rows):
            await stored.finish(owner, {"rows": [to_json(row) for row in rows]})
            done = True
        return rows
    finally:
        if not done:
            await stored.abandon(owner)
