"""Exact amounts: how they are written, read, compared and never converted."""

from decimal import Decimal

import pytest

from domain.exceptions import InvalidInput
from domain.money import (
    Margin,
    Money,
    check_digits,
    discount_percent,
    margin,
    minor_digits,
    parse_amount,
    parse_currency,
    to_minor_units,
)


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


@pytest.mark.parametrize(
    ("_case", "amount", "currency", "text"),
    [
        ("cents are filled up", "19.9", "USD", "19.90"),
        ("whole dollars", "500", "USD", "500.00"),
        ("an exponent is written out", "1E+3", "USD", "1000.00"),
        ("more digits than the currency has stay", "0.0125", "USD", "0.0125"),
        ("zeros behind the currency's digits go", "19.9000", "USD", "19.90"),
        ("yen have no smaller unit", "500.00", "JPY", "500"),
        ("a fraction of a yen stays", "12.5", "JPY", "12.5"),
        ("dinars have three digits", "1.5", "KWD", "1.500"),
        ("an unknown currency has two", "3", "ABC", "3.00"),
        ("a loss", "-2.5", "EUR", "-2.50"),
        ("nothing", "0", "USD", "0.00"),
        ("the largest that is read", "999999999999999.9999", "USD", "999999999999999.9999"),
    ],
)
def test_an_amount_is_written_with_the_digits_of_its_currency(
    _case: str, amount: str, currency: str, text: str
) -> None:
    written = Money(Decimal(amount), currency).text

    assert written == text


def test_an_amount_that_is_written_is_the_amount_that_was_meant() -> None:
    amounts = [Decimal(n).scaleb(-4) for n in range(0, 2_000_000, 7919)]

    written = [Decimal(Money(amount, "USD").text) for amount in amounts]

    assert written == amounts


@pytest.mark.parametrize(
    "text",
    ["0", "19.99", "-5", "007", "0.0001", "999999999999999", "999999999999999.9999"],
)
def test_plain_digits_are_an_amount(text: str) -> None:
    assert parse_amount(text) == Decimal(text)


@pytest.mark.parametrize("text", ["-0", "-0.00", "-000.0000"])
def test_there_is_no_negative_nothing(text: str) -> None:
    amount = parse_amount(text)

    assert amount == 0
    assert not amount.is_signed()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        " 1",
        "1 ",
        "1\n",
        "+1",
        "--1",
        "1e9",
        "1E9",
        "NaN",
        "sNaN",
        "Infinity",
        "-inf",
        "1_000",
        "1,50",
        "1.000,50",
        "1.",
        ".5",
        "0.00005",
        "1234567890123456",
        "0x10",
        "$5",
        "5 USD",
        "١٢",
        "１２",
        "½",
        "1\x00",
        "\ud800",
        "9" * 100_000,
    ],
)
def test_anything_else_is_no_amount(text: str) -> None:
    with pytest.raises(InvalidInput, match="plain digits") as refusal:
        parse_amount(text, path=("input", "amount"))

    assert refusal.value.path == ("input", "amount")


@pytest.mark.parametrize(("text", "code"), [("USD", "USD"), (" eur ", "EUR"), ("Jpy", "JPY")])
def test_a_currency_is_read_in_any_case(text: str, code: str) -> None:
    assert parse_currency(text) == code


@pytest.mark.parametrize(
    ("_case", "text"),
    [
        ("nothing", ""),
        ("two letters", "US"),
        ("four letters", "USDT"),
        ("a sign", "$"),
        ("a digit", "US1"),
        ("inner blank", "U D"),
        ("other script", "ЕUR"),
        ("a letter that becomes S in capitals", "uſd"),
        ("a letter that becomes two in capitals", "ßd"),
        ("control character", "USD\x00"),
    ],
)
def test_anything_else_is_no_currency(_case: str, text: str) -> None:
    with pytest.raises(InvalidInput, match="ISO 4217") as refusal:
        parse_currency(text, path=("currencyCode",))

    assert refusal.value.path == ("currencyCode",)


@pytest.mark.parametrize(("currency", "digits"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("XXX", 2)])
def test_currencies_know_their_digits(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize(
    ("_case", "amount", "currency", "units"),
    [
        ("dollars", "15.00", "USD", 1500),
        ("cents", "0.01", "USD", 1),
        ("half a cent rounds up", "0.005", "USD", 1),
        ("less than half rounds down", "0.0049", "USD", 0),
        ("an even half rounds up too", "0.025", "USD", 3),
        ("yen", "1500", "JPY", 1500),
        ("half a yen", "0.5", "JPY", 1),
        ("dinars", "1.234", "KWD", 1234),
        ("the largest", "999999999999999.99", "USD", 99999999999999999),
    ],
)
def test_bounds_are_counted_in_the_smallest_unit(
    _case: str, amount: str, currency: str, units: int
) -> None:
    assert to_minor_units(Decimal(amount), currency) == units


@pytest.mark.parametrize(
    ("_case", "price", "list_price", "percent"),
    [
        ("a third off", "20", "30", 33),
        ("two thirds off", "10", "30", 67),
        ("half up at .5", "99.5", "100", 1),
        ("just under .5", "99.51", "100", 0),
        ("an even number and a half rounds up", "97.5", "100", 3),
        ("everything off", "0", "10", 100),
        ("the same price", "10", "10", 0),
        ("dearer than before", "11", "10", 0),
        ("struck through at nothing", "0", "0", 0),
    ],
)
def test_a_discount_is_the_rounded_share_taken_off(
    _case: str, price: str, list_price: str, percent: int
) -> None:
    assert discount_percent(usd(price), usd(list_price)) == percent


@pytest.mark.parametrize(
    ("_case", "price", "list_price"),
    [
        ("no list price", usd("5"), None),
        ("no price", None, usd("5")),
        ("neither", None, None),
        ("another currency", usd("5"), Money(Decimal(10), "EUR")),
    ],
)
def test_without_a_comparable_list_price_there_is_no_discount(
    _case: str, price: Money | None, list_price: Money | None
) -> None:
    assert discount_percent(price, list_price) == 0


@pytest.mark.parametrize(
    ("_case", "selling", "price", "shipping", "profit", "percent"),
    [
        ("a gain", "20.00", "12.50", None, "7.50", "37.50"),
        ("shipping counts", "20.00", "12.50", "2.50", "5.00", "25.00"),
        ("nothing left", "20.00", "17.50", "2.50", "0.00", "0.00"),
        ("a loss", "10.00", "12.50", None, "-2.50", "-25.00"),
        ("percent rounded half up", "8.00", "7.9996", None, "0.00", "0.01"),
        ("a loss rounded away from zero", "8.00", "8.0004", None, "0.00", "-0.01"),
        ("a third", "3.00", "2.00", None, "1.00", "33.33"),
        ("an absurd loss", "0.0001", "999999999999999", None, None, "-999999999999998999900.00"),
    ],
)
def test_margin_is_what_is_left_of_the_selling_price(
    _case: str, selling: str, price: str, shipping: str | None, profit: str | None, percent: str
) -> None:
    found = margin(
        selling_price=usd(selling),
        price=usd(price),
        shipping_cost=usd(shipping) if shipping else None,
    )

    assert found is not None
    assert profit is None or found.profit.text == Money(Decimal(profit), "USD").text
    assert found.percent == Decimal(percent)


def test_margin_keeps_the_currency() -> None:
    yen = margin(selling_price=Money(Decimal(500), "JPY"), price=Money(Decimal(300), "JPY"))

    assert yen == Margin(profit=Money(Decimal(200), "JPY"), percent=Decimal("40.00"))


@pytest.mark.parametrize(
    ("_case", "selling", "price", "shipping"),
    [
        ("price in another currency", usd("20"), Money(Decimal(5), "EUR"), None),
        ("shipping in another currency", usd("20"), usd("5"), Money(Decimal(1), "EUR")),
        ("given away", usd("0"), usd("5"), None),
        ("below nothing", usd("-1"), usd("5"), None),
    ],
)
def test_no_margin_can_be_told(
    _case: str, selling: Money, price: Money, shipping: Money | None
) -> None:
    assert margin(selling_price=selling, price=price, shipping_cost=shipping) is None


def test_profit_is_rounded_to_the_digits_of_its_currency() -> None:
    dollars = margin(selling_price=usd("10.00"), price=usd("7.1249"))
    yen = margin(selling_price=Money(Decimal(500), "JPY"), price=Money(Decimal("299.5"), "JPY"))

    assert dollars is not None
    assert dollars.profit == usd("2.88")
    assert yen is not None
    assert yen.profit == Money(Decimal(201), "JPY")


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("19.99", "USD"), ("19.990", "USD"), ("5", "JPY"), ("500", "JPY"), ("1.234", "KWD")],
)
def test_amounts_in_the_digits_of_their_currency(amount: str, currency: str) -> None:
    check_digits(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [("19.999", "USD", "2 decimals"), ("5.5", "JPY", "no decimals"), ("1.2345", "KWD", "3 dec")],
)
def test_amounts_finer_than_their_currency(amount: str, currency: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        check_digits(Decimal(amount), currency, path=("sellingPrice",))


@pytest.mark.parametrize("code", ["XYZ", "XAU", "XXX", "DEM", "AAA"])
def test_what_is_no_currency_of_money(code: str) -> None:
    with pytest.raises(InvalidInput):
        parse_currency(code)
