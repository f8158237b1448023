"""Calls of the day."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from db import quota
from domain.products import Mode
from tests.db.records import ALIEXPRESS, NOW

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]

TODAY = NOW.date()


async def test_books_up_to_the_limit_and_never_over() -> None:
    booked = await asyncio.gather(*(quota.book(ALIEXPRESS, day=TODAY, limit=30) for _ in range(50)))

    assert sum(booked) == 30
    assert await quota.used(ALIEXPRESS, day=TODAY) == 30


async def test_counts_without_a_limit() -> None:
    assert await quota.book(ALIEXPRESS, day=TODAY, limit=None)
    assert await quota.book(ALIEXPRESS, day=TODAY, limit=None)

    assert await quota.used(ALIEXPRESS, day=TODAY) == 2


async def test_limit_of_zero_books_nothing() -> None:
    assert not await quota.book(ALIEXPRESS, day=TODAY, limit=0)

    assert await quota.used(ALIEXPRESS, day=TODAY) == 0


async def test_each_day_and_account_is_counted_apart() -> None:
    others = [
        replace(ALIEXPRESS, workspace="theirs"),
        replace(ALIEXPRESS, marketplace="amazon"),
        replace(ALIEXPRESS, locale="x"),
        replace(ALIEXPRESS, mode=Mode.SANDBOX),
    ]
    for key in (ALIEXPRESS, *others):
        assert await quota.book(key, day=TODAY, limit=1)

    assert not await quota.book(ALIEXPRESS, day=TODAY, limit=1)
    assert await quota.book(ALIEXPRESS, day=TODAY + timedelta(days=1), limit=1)
    assert await quota.used(ALIEXPRESS, *others, day=TODAY) == 5
    assert await quota.used(day=TODAY) == 0


async def test_many_accounts_are_counted_apart_each_on_its_day() -> None:
    tomorrow = TODAY + timedelta(days=1)
    applications = [
        replace(ALIEXPRESS, workspace="", locale=f"application {n}") for n in range(1200)
    ]
    shops = [replace(ALIEXPRESS, workspace=f"shop {n}") for n in range(1200)]
    busy = [applications[7], applications[1199], shops[1198]]
    for key in (*busy, busy[0]):
        await quota.book(key, day=TODAY, limit=None)
    await quota.book(shops[3], day=tomorrow, limit=None)

    used = await quota.used_by(dict.fromkeys([*applications, *shops], TODAY) | {busy[2]: tomorrow})

    assert len(used) == 2400
    assert {key: calls for key, calls in used.items() if calls} == {busy[0]: 2, busy[1]: 1}
    assert await quota.used_by({shops[3]: tomorrow}) == {shops[3]: 1}


async def test_what_is_given_back_can_be_booked_again() -> None:
    assert await quota.book(ALIEXPRESS, day=TODAY, limit=1)

    await quota.give_back(ALIEXPRESS, day=TODAY)

    assert await quota.used(ALIEXPRESS, day=TODAY) == 0
    assert await quota.book(ALIEXPRESS, day=TODAY, limit=1)


async def test_nothing_is_given_back_of_a_day_without_calls() -> None:
    await quota.give_back(ALIEXPRESS, day=TODAY)

    assert await quota.used(ALIEXPRESS, day=TODAY) == 0


async def test_an_api_key_is_counted_beside_the_accounts() -> None:
    booked = await asyncio.gather(*(quota.book_key("a", day=TODAY, limit=3) for _ in range(5)))

    assert sum(booked) == 3
    assert await quota.book_key("b", day=TODAY, limit=1)
    assert not await quota.book_key("c", day=TODAY, limit=0)
    assert await quota.book_key("a", day=TODAY + timedelta(days=1), limit=3)
    assert await quota.used_by_keys(["a", "b", "c"], day=TODAY) == {"a": 3, "b": 1, "c": 0}
    assert await quota.used(ALIEXPRESS, day=TODAY) == 0


async def test_what_an_api_key_gives_back_it_can_book_again() -> None:
    assert await quota.book_key("a", day=TODAY, limit=1)

    await quota.give_back_key("a", day=TODAY)

    assert await quota.book_key("a", day=TODAY, limit=1)
    assert not await quota.book_key("a", day=TODAY, limit=1)
