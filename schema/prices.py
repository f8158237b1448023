"""Prices that were really seen."""

from datetime import datetime

import strawberry

from domain import products as records
from domain.products import Availability
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
