"""What tests of every marketplace take of this one: credentials that it accepts, and ids."""

CREDENTIALS = {
    "credentialId": "amzn1.application-oa2-client.made-up",
    "credentialSecret": "hush-hush-2",
    "credentialVersion": "3.1",
    "partnerTag": "lamps-20",
}


def external_id(number: int) -> str:
    """The canonical id of lamp number `number`."""
    return f"B{number:09}"
