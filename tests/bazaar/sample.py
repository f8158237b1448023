"""What tests of every marketplace take of this one: credentials that it accepts, and ids."""

CREDENTIALS = {"apiSecret": "hush-hush-4", "partnerId": "lamps"}


def external_id(number: int) -> str:
    """The canonical id of lamp number `number`."""
    return f"BZ{number:08}"
