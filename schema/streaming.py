"""Runs a subscription: its source says when, and the operation is answered anew each time.

Each event has a Context of its own: what it shows is read then, with the rights and the budget of
that moment. It is paid for like a query; who has no points left waits for them.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from graphql import ExecutionResult, GraphQLError
from graphql.execution import Executor, create_source_event_stream

from domain.exceptions import AffiliateGraphError
from resolvers.context import Context
from schema.answers import Outcome, Terms, late, outcome_of, request_error, unexpected

Build = Callable[..., Executor[Any] | list[GraphQLError]]
Body = dict[str, object]
log = logging.getLogger("affiliate_graph.schema")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one event costs: at most, and by its data."""

    most: int
    actual: Callable[[object], int]


async def opened(build: Build, context: Context, terms: Terms, price: Price) -> Outcome:
    """The stream, or why there is none. `build`: see `_subscribed` in schema/execution.py."""
    executor = build(context)
    helps = terms.has_introspection
    if isinstance(executor, list):
        return outcome_of(ExecutionResult(data=None, errors=executor), context, helps=helps)
    source = await cast(
        Awaitable[AsyncIterable[object] | ExecutionResult], create_source_event_stream(executor)
    )
    if isinstance(source, ExecutionResult):
        return outcome_of(source, context, helps=helps)
    events = cast(AsyncGenerator[object, None], source)
    return Outcome(body={}, stream=_bodies(events, build, terms, price))


async def _bodies(
    source: AsyncGenerator[object, None], build: Build, terms: Terms, price: Price
) -> AsyncGenerator[Body, None]:
    """One for each event; a failure of the source is the last one."""
    assert terms.fresh is not None
    try:
        async for event in source:
            context = terms.fresh()
            await _pay(terms, price.most)
            body = (await answered(build(context, event), context, terms)).body
            if terms.buckets is not None:
                unused = price.most - price.actual(body.get("data"))
                await terms.buckets.give_back(terms.caller, unused)
            yield body
    except AffiliateGraphError as error:
        yield request_error(error.message, error.code).body
    except Exception:
        log.exception("unexpected failure of a subscription")
        yield unexpected("").body
    finally:
        await source.aclose()


async def _pay(terms: Terms, points: int) -> None:
    """Waits until the caller's bucket holds so much."""
    if terms.buckets is None:
        return
    state = await terms.buckets.take(terms.caller, points)
    while state.wait:
        await asyncio.sleep(state.wait)
        state = await terms.buckets.take(terms.caller, points)


async def answered(
    executor: Executor[Any] | list[GraphQLError], context: Context, terms: Terms
) -> Outcome:
    """As a query is answered, in its time."""
    assert not isinstance(executor, list)  # the same arguments were taken when it was opened
    context.budget.wait_at_most(terms.limits.marketplace_query_seconds)
    try:
        async with asyncio.timeout(terms.limits.query_seconds):
            found = executor.execute_operation(False)
            result = await found if executor.is_awaitable(found) else found
    except TimeoutError:
        return late(is_mutation=False, seconds=terms.limits.query_seconds)
    return outcome_of(cast(ExecutionResult, result), context, helps=terms.has_introspection)
