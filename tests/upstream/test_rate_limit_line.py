"""Whose turn it is: what happens to a line when those in it give up."""

import asyncio
import random

import pytest

from upstream.rate_limit import FairLine

pytestmark = pytest.mark.anyio


async def stand(
    line: FairLine, caller: str, seen: list[str], *, is_background: bool = False
) -> None:
    """Come to the head, and go on at once."""
    async with line.head(caller, is_background=is_background):
        seen.append(caller)
        await asyncio.sleep(0)


async def test_who_gives_up_while_the_head_goes_on_is_passed_over() -> None:
    line, seen = FairLine(), list[str]()
    async with line.head("first", is_background=False):
        gone = asyncio.ensure_future(stand(line, "gone", seen))
        stays = asyncio.ensure_future(stand(line, "stays", seen))
        await asyncio.sleep(0)
        gone.cancel()  # its place is given up, and it has not left the line yet

    await asyncio.gather(stays)

    assert seen == ["stays"]
    assert gone.cancelled()


async def test_an_empty_line_lets_everybody_through() -> None:
    line, seen = FairLine(), list[str]()

    for caller in ("a", "b"):
        await stand(line, caller, seen)

    assert seen == ["a", "b"]
    assert line.ahead_of("c", is_background=False) == 0


@pytest.mark.parametrize("seed", range(20))
async def test_whoever_stays_gets_to_the_head_however_many_give_up(seed: int) -> None:
    chance, line, seen = random.Random(seed), FairLine(), list[str]()
    waits = {}
    async with line.head("first", is_background=False):
        for number in range(30):
            name = f"{chance.randrange(5)}-{number}"
            waits[name] = asyncio.ensure_future(
                stand(line, name, seen, is_background=chance.random() < 0.3)
            )
        await asyncio.sleep(0)
        given_up = chance.sample(sorted(waits), 12)
        for name in given_up[:6]:
            waits[name].cancel()
    for name in given_up[6:]:
        waits[name].cancel()
        await asyncio.sleep(0)
    await asyncio.gather(*waits.values(), return_exceptions=True)

    stayed = {name for name, wait in waits.items() if not wait.cancelled()}
    assert set(seen) >= stayed
    assert stayed >= waits.keys() - set(given_up)
    assert line.ahead_of("next", is_background=False) == 0
