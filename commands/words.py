"""What the graph calls by a mutation's name, in the words of somebody at a terminal."""

import re

COMMANDS = {
    "connectMarketplace": "python server.py connect",
    "verifyMarketplace": "python server.py verify",
    "createApiKey": "python server.py key create",
    "rotateApiKey": "python server.py key rotate",
    "revokeApiKey": "python server.py key revoke",
    "importProducts": "python server.py import",
    "importProduct": "python server.py import",
    "syncProducts": "python server.py sync",
    "syncProduct": "python server.py sync",
}
MUTATION = re.compile(rf"\b({'|'.join(COMMANDS)})\b")


def in_commands(text: str) -> str:
    """The text with each mutation that is a command too named as that command."""
    return MUTATION.sub(lambda match: COMMANDS[match[1]], text)
