"""What happened, append-only. An event is written by the transaction that makes what it tells of.

A reader goes on behind the last sequence that it saw, and misses none: numbers come from one row of
the workspace, which stays locked until the transaction ends, so they are committed in their order.
Nothing else is locked behind it: `record` is the last statement of its transaction.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from tortoise.expressions import Q

from db import paging, rows, statements
from db.api_keys import is_id
from db.availability import resilient
from db.models import Event as Stored
from db.models import WebhookDelivery
from db.paging import Column
from db.statements import Row
from db.workspaces import among, visible
from domain.catalog import Page, PageArgs
from domain.events import Event, EventFilter, EventType, News
from domain.links import LinkKey
from domain.marketplaces import Workspace
from domain.money import Money
from domain.packing import pack_fields
from domain.products import Mode, ProductRef
from domain.webhooks import DeliveryState

ORDER = (Column("sequence", int),)
SUBJECT = ("type", "occurred_at", "marketplace", "locale", "product", "link")  # have columns
PRUNED = 10_000  # events in one statement
NUMBERS = (
    "INSERT INTO event_sequences (id, workspace_id, last_number) VALUES ($1, $2, $3)"
    " ON CONFLICT (workspace_id) DO UPDATE"
    " SET last_number = event_sequences.last_number + $3 RETURNING last_number"
)
TOLD = "SELECT id, types FROM webhooks WHERE workspace_id = $1 AND disabled_at IS NULL"
LAST = "SELECT last_number FROM event_sequences WHERE workspace_id = $1"
PRUNE = (
    "DELETE FROM events WHERE id IN"
    f" (SELECT id FROM events WHERE occurred_at < $1 LIMIT {PRUNED}) RETURNING 1"
)


async def record(workspace_id: str, mode: Mode, news: Sequence[News]) -> None:
    """Append events, in order. The last statement of the transaction that makes them true.

    `mode`: of the marketplace; LIVE for what is about none.
    """
    if not news:
        return
    [numbers] = await statements.rows(NUMBERS, (str(uuid4()), workspace_id, len(news)))
    first = numbers["last_number"] - len(news) + 1
    stored = [
        {"workspace_id": workspace_id, "mode": mode, "sequence": number, **_row(each)}
        for number, each in enumerate(news, start=first)
    ]
    await statements.insert(Stored, stored)
    await _address(workspace_id, stored)


async def _address(workspace_id: str, stored: Sequence[Row]) -> None:
    """Note which webhooks are to be told of these events."""
    found = await statements.rows(TOLD, [workspace_id])
    types = [(str(row["id"]), rows.document(row["types"])) for row in found]
    await statements.insert(
        WebhookDelivery,
        [
            {
                "id": str(uuid4()),
                "workspace_id": workspace_id,
                "webhook_id": webhook,
                "event_id": event["id"],
                "type": event["type"],
                "state": DeliveryState.PENDING,
                "due_at": event["occurred_at"],
                "tries": 0,
                "attempts": [],
                "created_at": event["occurred_at"],
            }
            for event in stored
            for webhook, wanted in types
            if event["type"].value in wanted
        ],
    )


@resilient
async def page(
    workspace: Workspace, filter: EventFilter, args: PageArgs, *, count: bool = False
) -> Page[Event]:
    """One page of what happened, oldest first; `count`: count the whole list as well.

    Raises InvalidInput for a cursor that this list does not give out.
    """
    condition = visible(workspace)
    if filter.types is not None:
        condition &= Q(type__in=sorted(each.value for each in filter.types))
    if filter.product is not None:
        condition &= among(workspace, [filter.product])
    if filter.since is not None:
        condition &= Q(occurred_at__gte=filter.since)
    return await paging.read(Stored, condition, ORDER, _event, args, count=count)


@resilient
async def last_number(workspace_id: str) -> int:
    """The highest sequence of the workspace's events; whatever has no higher one can be read."""
    found = await statements.rows(LAST, [workspace_id])
    return int(found[0]["last_number"]) if found else 0


async def by_id(workspace: Workspace, event_id: str) -> Event | None:
    """The event of that id; None when there is none, or none any more."""
    found = await by_ids(workspace, [event_id])
    return next(iter(found.values()), None)


@resilient
async def by_ids(workspace: Workspace, event_ids: Collection[str]) -> dict[str, Event]:
    """The events of those ids that there are."""
    ids = [event_id for event_id in event_ids if is_id(event_id)]
    if not ids:
        return {}
    those = visible(workspace) & Q(id__in=ids)
    found = map(_event, await statements.built(statements.select(Stored, those)))
    return {event.id: event for event in found}


@resilient
async def prune(before: datetime) -> int:
    """Forget what happened before that moment; how many events that were."""
    pruned = 0
    while found := len(await statements.rows(PRUNE, [statements.utc(before)])):
        pruned += found
    return pruned


def _row(news: News) -> Row:
    return {
        "id": str(uuid4()),
        "type": news.type,
        "marketplace": news.marketplace,
        "locale": news.locale,
        "external_id": news.product.external_id if news.product else "",
        "tracking_id": news.link.tracking_id if news.link else "",
        "sub_id": news.link.sub_id if news.link else "",
        "facts": pack_fields(news, without=SUBJECT),
        "occurred_at": news.occurred_at,
    }


def _event(row: Row) -> Event:
    facts: dict[str, Any] = rows.document(row["facts"])
    has_product, has_link = bool(row["external_id"]), bool(row["tracking_id"])
    ref = ProductRef(row["marketplace"], row["external_id"], row["locale"])
    return Event(
        id=str(row["id"]),
        sequence=row["sequence"],
        news=News(
            type=EventType(row["type"]),
            occurred_at=rows.moment(row["occurred_at"]),
            marketplace=row["marketplace"],
            locale=row["locale"],
            product=ref if has_product else None,
            link=LinkKey(ref, row["tracking_id"], row["sub_id"]) if has_link else None,
            price=_money(facts.get("price")),
            previous_price=_money(facts.get("previous_price")),
            upstream_code=facts.get("upstream_code"),
            calls_per_day=facts.get("calls_per_day"),
            job=facts.get("job"),
            webhook=facts.get("webhook"),
            watch=facts.get("watch"),
        ),
    )


def _money(packed: dict[str, str] | None) -> Money | None:
    return Money(Decimal(packed["amount"]), packed["currency"]) if packed else None
