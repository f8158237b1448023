"""Money: an exact decimal amount with its currency. No float, no conversion, no silent default."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from iso4217 import Currency

from domain.exceptions import InvalidInput

# ISO 4217's currencies that money is written in, with their digits: not its metals and test codes.
DIGITS: dict[str, int] = {one.code: one.exponent for one in Currency if one.exponent is not None}
CURRENCY = re.compile(r"[A-Z]{3}")
PLAIN_AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,4})?")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency.

    `amount` is exact; `currency` is three capital letters (ISO 4217), kept as the source wrote it.
    """

    amount: Decimal
    currency: str

    @property
    def text(self) -> str:
        """The amount as plain text with at least the digits of its currency: "19.90", "500"."""
        digits = minor_digits(self.currency)
        whole, _, fraction = format(self.amount, "f").partition(".")
        if len(fraction) != digits:
            fraction = fraction.rstrip("0").ljust(digits, "0")
        return f"{whole}.{fraction}" if fraction else whole


def minor_digits(currency: str) -> int:
    """How many decimal digits the currency has: 2 for USD, 0 for JPY, 3 for KWD."""
    return DIGITS.get(currency, 2)


def parse_amount(text: str, *, path: tuple[str, ...] = ()) -> Decimal:
    """Read an amount from upstream: plain digits with at most four decimals.

    Raises InvalidInput for anything else ("1e9", "NaN", "1_000", "1,50", 16 digits).
    """
    if not PLAIN_AMOUNT.fullmatch(text):
        raise InvalidInput(
            'An amount is written as plain digits with at most four decimals, like "19.99".',
            path=path,
        )
    amount = Decimal(text)
    return amount or abs(amount)  # "-0" is 0


def parse_currency(text: str, *, path: tuple[str, ...] = ()) -> str:
    """Read a currency code from upstream. Raises InvalidInput unless ISO 4217 has it now."""
    code = text.strip()
    if not code.isascii() or code.upper() not in DIGITS:  # "ſ" in capitals is "S"
        raise InvalidInput('A currency is its three-letter ISO 4217 code, like "USD".', path=path)
    return code.upper()


def check_digits(amount: Decimal, currency: str, *, path: tuple[str, ...] = ()) -> None:
    """Raises InvalidInput for an amount finer than its currency: 19.999 USD, 5.5 JPY."""
    digits = minor_digits(currency)
    if int(amount.normalize().as_tuple().exponent) < -digits:
        most = f"at most {digits} decimals" if digits else "no decimals"
        raise InvalidInput(f"An amount of {currency} has {most}.", path=path)


def to_minor_units(amount: Decimal, currency: str) -> int:
    """The amount in the smallest unit of its currency, rounded half up: 15.00 USD is 1500."""
    scaled = amount.scaleb(minor_digits(currency))
    return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def discount_percent(price: Money | None, list_price: Money | None) -> int:
    """round((1 - price / list price) * 100); 0 where there is nothing to strike through."""
    if price is None or list_price is None or price.currency != list_price.currency:
        return 0
    if list_price.amount <= price.amount or list_price.amount <= 0:
        return 0
    share = (1 - price.amount / list_price.amount) * 100
    return int(share.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def share_of(price: Money, percent: Decimal) -> Money:
    """`percent` percent of a price, rounded half up to the digits of its currency."""
    return _rounded(price.amount * percent / 100, price.currency)


def _rounded(amount: Decimal, currency: str) -> Money:
    """Half up, to the digits of the currency."""
    unit = Decimal(1).scaleb(-minor_digits(currency))
    rounded = amount.quantize(unit, rounding=ROUND_HALF_UP)
    return Money(rounded or abs(rounded), currency)  # "-0" is 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """What is left of a selling price. Negative when the sale loses money."""

    profit: Money
    percent: Decimal  # of the selling price, two decimals


def margin(
    *, selling_price: Money, price: Money, shipping_cost: Money | None = None
) -> Margin | None:
    """Profit = selling price - price - shipping, rounded; percent = profit / selling price.

    None when currencies differ or the selling price is not above zero: nothing is converted.
    """
    parts = [price] if shipping_cost is None else [price, shipping_cost]
    if any(part.currency != selling_price.currency for part in parts):
        return None
    if selling_price.amount <= 0:
        return None
    profit = selling_price.amount - sum(part.amount for part in parts)
    percent = (profit / selling_price.amount * 100).quantize(
        Decimal("0.01"), rounding=ROUND_HALF_UP
    )
    return Margin(profit=_rounded(profit, selling_price.currency), percent=percent)
