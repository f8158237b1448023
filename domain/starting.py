"""What keeps the server from starting, whichever part of it finds that out."""


class CannotStart(Exception):
    """The server must not start; the message tells the operator what to do."""
