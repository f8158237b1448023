"""Conversion between currencies at fixed rates. The rates are made up, only their size is right."""

from decimal import ROUND_HALF_UP, Decimal

from domain.money import minor_digits

# Units for one US dollar.
RATES = {
    code: Decimal(rate)
    for code, rate in {
        "USD": "1", "EUR": "0.90", "GBP": "0.80", "CNY": "7.00", "AED": "3.70", "AUD": "1.50",
        "BRL": "5.50", "CAD": "1.40", "CHF": "0.85", "CLP": "950", "CZK": "22", "DKK": "6.80",
        "EGP": "48", "HUF": "350", "IDR": "16000", "ILS": "3.50", "INR": "85", "JPY": "150",
        "KRW": "1400", "KWD": "0.30", "MXN": "18", "NOK": "10.50", "NZD": "1.70", "PLN": "3.80",
        "RUB": "90", "SAR": "3.75", "SEK": "10", "SGD": "1.30", "THB": "34", "TRY": "40",
        "UAH": "41", "VND": "26000", "ZAR": "18.50",
    }.items()
}  # fmt: skip


def convert(amount: Decimal, source: str, target: str) -> Decimal:
    """The amount in another currency, rounded half up to its digits; unchanged in its own."""
    if source == target:
        return amount
    return rounded(amount / RATES[source] * RATES[target], target)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The amount with exactly the digits of its currency."""
    return amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), rounding=ROUND_HALF_UP)
