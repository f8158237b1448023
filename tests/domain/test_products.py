"""Demand: how well a product sells."""

import pytest

from domain.products import Demand, demand


@pytest.mark.parametrize(
    ("orders", "told"),
    [
        (None, Demand.UNKNOWN),
        (0, Demand.LOW),
        (9, Demand.LOW),
        (10, Demand.NORMAL),
        (499, Demand.NORMAL),
        (500, Demand.STRONG),
        (2_000_000, Demand.STRONG),
    ],
)
def test_demand_is_told_by_the_orders_of_30_days(orders: int | None, told: Demand) -> None:
    assert demand(orders) is told
