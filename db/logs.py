"""Keeps values out of the logs: the drivers write every bound value at DEBUG.

Protects against a log level set too low, here or later, for a logger or for all. Does not protect
against code that prints a value itself.
"""

import logging

# aiosqlite logs the statement with its values, asyncio slow callbacks in its debug mode.
LOGGERS = ("tortoise", "tortoise.db_client", "tortoise.migrations", "aiosqlite", "asyncpg")


class AboveDebug(logging.Filter):
    """Lets pass what is above DEBUG."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.DEBUG


_filter = AboveDebug()


def quiet_logs() -> None:
    """Silence DEBUG of the drivers for good: a later setLevel(DEBUG) changes nothing."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if logger.getEffectiveLevel() <= logging.DEBUG:
            logger.setLevel(logging.INFO)
        logger.addFilter(_filter)  # adding it again does nothing
