"""Reading long texts of callers beside the event loop, so that nobody else waits for it."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LONG = 4_000  # characters, which take some two milliseconds to read


async def beside(characters: int, read: Callable[[], T]) -> T:
    """What `read` makes of so many characters, in a thread where they are many.

    The interpreter changes between threads every five milliseconds: requests go on meanwhile.
    """
    return await asyncio.to_thread(read) if characters > LONG else read()
