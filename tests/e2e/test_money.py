"""The one sum that the browser does itself is the server's, to the last digit."""

from decimal import Decimal
from random import Random

import pytest

from domain.money import Money, margin
from tests.e2e.conftest import Server, Visit
from web import page

pytestmark = pytest.mark.browser

SUM = """
async ([address, rows]) => {
  const { margin } = await import(address);
  return rows.map(([selling, price, shipping]) => margin(selling, price, shipping));
}
"""


def money(amount: str, currency: str = "USD") -> dict[str, str]:
    return {"amount": amount, "currencyCode": currency}


def cases() -> list[list[dict[str, str] | None]]:
    chance = Random("margins")
    rows: list[list[dict[str, str] | None]] = [
        [money("49.99"), money("0.01"), None],
        [money("0"), money("1"), None],
        [money("0.0001"), money("999999999999999.9999"), money("0.5")],
        [money("3"), money("2.00015"), None],  # exactly between two hundredths of a percent
        [money("10", "EUR"), money("1"), None],
        [money("10"), money("1"), money("1", "EUR")],
    ]
    for _ in range(2000):
        selling, price, shipping = (
            money(str(Decimal(chance.randrange(1, 10 ** chance.randrange(1, 9))).scaleb(-places)))
            for places in (chance.randrange(0, 5), chance.randrange(0, 5), 2)
        )
        rows.append([selling, price, shipping if chance.random() < 0.5 else None])
    return [row for row in rows if all("E" not in part["amount"] for part in row if part)]


def record(part: dict[str, str]) -> Money:
    return Money(Decimal(part["amount"]), part["currencyCode"])


def test_margins_are_those_of_the_server(server: Server, visit: Visit) -> None:
    rows = cases()
    visit.page.goto(server.url)
    address = f"{page.PREFIX}/{page.version()}/money.js"

    found = visit.page.evaluate(SUM, [address, rows])

    for (selling, price, shipping), answer in zip(rows, found, strict=True):
        assert selling is not None
        assert price is not None
        expected = margin(
            selling_price=record(selling),
            price=record(price),
            shipping_cost=record(shipping) if shipping else None,
        )
        if expected is None:
            assert answer is None
        else:
            assert Decimal(answer["profit"]["amount"]) == expected.profit.amount
            assert answer["percent"] == format(expected.percent, "f")
