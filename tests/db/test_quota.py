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


async def test_what_is_given_back_can_be_booked_again() -> None:
    assert await quota.book(ALIEXPRESS, day=TODAY, limit=1)

    await quota.give_back(ALIEXPRESS, day=TODAY)

    assert await quota.used(ALIEXPRESS, day=TODAY) == 0
    assert await quota.book(ALIEXPRESS, day=TODAY, limit=1)


async def test_nothing_is_given_back_of_a_day_without_calls() -> None:
    await quota.give_back(ALIEXPRESS, day=TODAY)

    assert await quota.used(ALIEXPRESS, day=TODAY) == 0
