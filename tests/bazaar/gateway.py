"""The stand-in of Bazaar."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Self

from starlette.requests import Request

from sandbox.answers import Reply
from sandbox.faults import ActiveFaults
from sandbox.gateway import Endpoint, Gateway, Incoming, World
from sandbox.listings import Listing, ListingFormat, Row, has_words, searchable


@dataclass(frozen=True)
class Partner:
    """Who may call."""

    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item(Listing):
    """A product."""

    def repriced(self, price: Decimal) -> Self:
        return replace(self, fields=self.fields | {"price": str(price)})


class BazaarWorld(World[Partner, Item]):
    """Its partners and products."""


def _item(row: Row) -> Item:
    return Item(id=row["id"], title=row["title"], fields=row, haystack=searchable(row["title"]))


def _made(_pictures: str) -> list[Item]:
    return [
        _item({"id": f"BZ{number:08}", "title": f"Lamp {number}", "price": f"{number}.50"})
        for number in range(1, 31)
    ]


async def _read(world: BazaarWorld, request: Request) -> Incoming:
    secret, query = request.headers.get("authorization", ""), request.query_params
    ids = tuple(filter(None, query.get("ids", "").split(",")))

    def answer(_active: ActiveFaults, _now: datetime) -> Reply:
        if Partner(secret) not in world.accounts:
            return Reply(payload={}, status=401, refusal="UNKNOWN_PARTNER")
        items = [world.catalog.listing(id) for id in ids] if ids else _found(world, query["q"])
        return Reply(payload={"items": [item.fields for item in items if item]})

    operation = request.path_params["operation"]
    return Incoming(operation=operation, account=secret, ids=ids, answer=answer)


def _found(world: BazaarWorld, words: str) -> list[Item]:
    return [item for item in world.catalog.listings() if has_words(item.haystack, words)][:20]


GATEWAY = Gateway(
    code="bazaar",
    addresses={"BAZAAR_GATEWAY_URL": "/bazaar"},
    endpoints=(Endpoint("/bazaar/{operation}", _read, ("GET",)),),
    world=BazaarWorld,
    listings=ListingFormat(id_field="bazaar_id", read=_item, made=_made),
    demo_account=Partner("hush-hush-4"),
    numbered_account=lambda number: Partner(f"hush-hush-4-{number}"),
    greeting={"Bazaar": "API secret hush-hush-4"},
    throttled=lambda _world, _seconds: Reply(payload={}, status=429, refusal="TOO_FAST"),
    made_link=lambda _world, _url: None,
)
