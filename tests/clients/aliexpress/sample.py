"""What tests of every marketplace take of this one: credentials that it accepts, and ids."""

CREDENTIALS = {"appKey": "734510", "appSecret": "hush-hush-1", "trackingId": "reading_nook"}


def external_id(number: int) -> str:
    """The canonical id of lamp number `number`."""
    return f"1005{number:08}"
