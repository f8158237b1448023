"""Long texts are read beside the event loop, short ones at once."""

import threading

import pytest

from resolvers.reading import LONG, beside

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("characters", "is_here"), [(LONG, True), (LONG + 1, False)])
async def test_only_long_texts_are_read_elsewhere(characters: int, is_here: bool) -> None:
    reader = await beside(characters, threading.get_ident)

    assert (reader == threading.get_ident()) is is_here


async def test_what_reading_raises_is_raised() -> None:
    def read() -> None:
        raise LookupError("nothing in it")

    with pytest.raises(LookupError, match="nothing in it"):
        await beside(LONG + 1, read)
