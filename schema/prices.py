"""Prices that were really seen."""

from datetime import datetime

import strawberry

from domain import products as records
from domain.products import Availability, ProductRef
from resolvers import products
from schema.node import Info, PageInfo, StoredPage
from schema.values import Money, money


@strawberry.type(description="One price that was really seen.")
class PriceObservation:
    price: Money = strawberry.field(description="What the product cost.")
    list_price: Money | None = strawberry.field(description="The price then struck through.")
    availability: Availability = strawberry.field(description="Whether it could be bought.")
    observed_at: datetime = strawberry.field(description="When the marketplace said so.")

    @classmethod
    def of(cls, record: records.PriceObservation) -> "PriceObservation":
        return cls(
            price=Money.of(record.price),
            list_price=money(record.list_price),
            availability=record.availability,
            observed_at=record.observed_at,
        )


@strawberry.type(description="A seen price in a list, with its cursor.")
class PriceObservationEdge:
    cursor: str = strawberry.field(description="Send it as `after` to read on behind this row.")
    node: PriceObservation = strawberry.field(description="The price.")


@strawberry.type(description="A page of seen prices, newest first.")
class PriceObservationConnection:
    ref: strawberry.Private[ProductRef]
    since: strawberry.Private[datetime | None]
    page: strawberry.Private[StoredPage[records.PriceObservation]]

    @strawberry.field(description="Prices with their cursors.")
    def edges(self) -> list[PriceObservationEdge]:
        return self.page.edges(PriceObservationEdge, self.nodes())

    @strawberry.field(description="The prices alone.")
    def nodes(self) -> list[PriceObservation]:
        return [PriceObservation.of(row) for row in self.page.rows]

    @strawberry.field(description="Where this page stands.")
    def page_info(self) -> PageInfo:
        return self.page.info()

    @strawberry.field(description="How many prices the whole list has.")
    async def total_count(self, info: Info) -> int | None:
        return await products.count_prices(info.context, self.ref, self.since)
