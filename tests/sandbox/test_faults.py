"""Every fault on command: what the caller sees, whom it hits, and that nothing stays behind."""

import asyncio
import json
import struct
import zlib
from typing import Any

import httpx
import pytest

from sandbox import FaultKind, Sandbox, numbered_accounts
from sandbox.wire import BOMB_SIZE, MIB
from tests.sandbox.callers import FIRST_ID, Caller, product_ids

pytestmark = pytest.mark.anyio

OPERATION = "productdetail.get"
IDS = product_ids(5)
BRIEF = 0.02  # seconds of patience


async def asked(caller: Caller, **more: Any) -> httpx.Response:
    """The response to a right question about five products."""
    params = caller.signed(OPERATION, product_ids=IDS, **more)
    return await caller.http.post("/aliexpress/sync", data=params, timeout=BRIEF * 20)


async def rows(caller: Caller) -> list[dict[str, Any]]:
    answer = await caller.aliexpress(OPERATION, product_ids=IDS)
    found: list[dict[str, Any]] = answer["result"]["products"]["product"]
    return found


async def found_ids(caller: Caller) -> list[int]:
    return [row["product_id"] for row in await rows(caller)]


async def test_a_status_comes_as_often_as_told_and_only_where_told(
    sandbox: Sandbox, caller: Caller
) -> None:
    sandbox.faults.inject("status", operation=OPERATION, calls=2, code=503, retry_after=7)

    elsewhere = await caller.aliexpress("category.get")
    responses = [await asked(caller) for _ in range(3)]

    assert elsewhere["resp_code"] == 200
    assert [response.status_code for response in responses] == [503, 503, 200]
    assert responses[0].headers["retry-after"] == "7"
    assert [call.status for call in sandbox.calls] == [200, 503, 503, 200]


async def test_faults_are_for_one_account_or_one_marketplace(
    sandbox: Sandbox, caller: Caller
) -> None:
    sandbox.accounts += numbered_accounts(1)
    sandbox.faults.inject("status", account="500101", code=500)
    sandbox.faults.inject("status", marketplace="amazon", code=502)
    other = sandbox.accounts.aliexpress[1]

    hit = await asked(caller, account=other)
    spared = await asked(caller)
    amazon = await caller.http.post("/amazon/token", data={})

    assert (hit.status_code, spared.status_code, amazon.status_code) == (500, 200, 502)


async def test_faults_end_when_they_are_cleared(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("status")
    sandbox.faults.inject("html", operation="aliexpress.affiliate.category.get")

    sandbox.faults.clear("status")
    left = [(fault.kind, fault.operation) for fault in sandbox.faults]
    sandbox.faults.clear()

    assert left == [(FaultKind.HTML, "category.get")]
    assert list(sandbox.faults) == []
    assert (await asked(caller)).status_code == 200


@pytest.mark.parametrize(("kind", "options"), [("explosion", {}), ("status", {"colour": "red"})])
def test_unknown_faults_are_refused(sandbox: Sandbox, kind: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"explosion|colour"):
        sandbox.faults.inject(kind, **options)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("hang", httpx.ReadTimeout),
        ("latency", httpx.ReadTimeout),
        ("trickle", httpx.ReadTimeout),
        ("reset", httpx.ReadError),
        ("close_before", httpx.RemoteProtocolError),
        ("truncated", httpx.RemoteProtocolError),
    ],
)
async def test_a_broken_connection_is_an_exception_and_leaves_no_task(
    sandbox: Sandbox, caller: Caller, kind: str, error: type[Exception]
) -> None:
    tasks = asyncio.all_tasks()
    sandbox.faults.inject(kind, calls=1, seconds=30)
    params = caller.signed(OPERATION, product_ids=IDS)

    with pytest.raises(error):
        await caller.http.post("/aliexpress/sync", data=params, timeout=BRIEF)

    assert asyncio.all_tasks() == tasks
    assert (await asked(caller)).status_code == 200
    assert asyncio.all_tasks() == tasks


async def test_a_short_latency_and_slow_drops_are_only_late(
    sandbox: Sandbox, caller: Caller
) -> None:
    sandbox.faults.inject("latency", seconds=0.001)
    sandbox.faults.inject("trickle", seconds=0)

    assert len(await rows(caller)) == 5


async def test_an_abandoned_call_is_closed_without_a_status(
    sandbox: Sandbox, caller: Caller
) -> None:
    sandbox.faults.inject("hang")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(caller.aliexpress("category.get"), BRIEF)

    assert [call.status for call in sandbox.calls] == [0]


async def test_malformed_json_is_properly_framed(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("malformed")

    response = await asked(caller)

    assert int(response.headers["content-length"]) == len(response.content)
    with pytest.raises(json.JSONDecodeError):
        response.json()


async def test_a_web_page_comes_with_status_200(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("html")

    response = await asked(caller)

    assert response.status_code == 200
    assert response.text.startswith("<!DOCTYPE html>")


async def test_the_right_answer_under_a_wrong_type(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("wrong_type")

    response = await asked(caller)

    assert response.headers["content-type"] == "text/html; charset=iso-8859-1"
    assert json.loads(response.content)


async def test_a_redirect_to_an_inner_address(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("redirect")

    response = await asked(caller)

    assert response.status_code == 302
    assert response.headers["location"].startswith("http://169.254.")


async def test_a_small_package_of_200_mebibytes(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("gzip_bomb")
    params = caller.signed(OPERATION, product_ids=IDS)

    async with caller.http.stream("POST", "/aliexpress/sync", data=params) as response:
        packed = b"".join([part async for part in response.aiter_raw()])

    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    assert response.headers["content-encoding"] == "gzip"
    assert len(packed) < MIB
    assert struct.unpack("<I", packed[-4:]) == (BOMB_SIZE * MIB,)
    assert len(unpacker.decompress(packed, 3 * MIB)) == 3 * MIB


async def test_a_body_without_end_ends_with_its_reader(sandbox: Sandbox, caller: Caller) -> None:
    tasks = asyncio.all_tasks()
    sandbox.faults.inject("huge")
    params = caller.signed(OPERATION, product_ids=IDS)
    read = 0

    async with caller.http.stream("POST", "/aliexpress/sync", data=params) as response:
        async for part in response.aiter_bytes():
            read += len(part)
            if read > MIB:
                break

    assert read > MIB
    assert asyncio.all_tasks() == tasks


async def test_throttling_is_told_in_the_body(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("throttle_body", seconds=9)

    banned = await caller.aliexpress(OPERATION, product_ids=IDS)
    amazon = await caller.http.post("/amazon/token", data={})

    assert banned["code"] == "ApiCallLimit"
    assert "9 seconds" in banned["msg"]
    assert amazon.status_code == 429
    assert amazon.json()["retryAfterSeconds"] == 9


async def test_an_error_of_the_platform_by_its_code(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("ae_error", code="15", sub_code="isp.gone", error_type="ISP")

    answer = await caller.aliexpress(OPERATION, product_ids=IDS)

    assert (answer["type"], answer["code"], answer["sub_code"]) == ("ISP", "15", "isp.gone")
    assert sandbox.calls[-1].refusal == "15"


async def test_a_quota_lasts_until_midnight_utc(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("quota", limit=2)
    codes = []

    for hours in (0, 6, 5.9, 0.1, 0, 0):
        caller.clock.advance(hours=hours)
        codes.append((await caller.aliexpress("category.get")).get("code"))

    assert codes == [None, None, "ApiCallLimit", None, None, "ApiCallLimit"]


async def test_quotas_are_counted_for_each_account(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.accounts += numbered_accounts(1)
    sandbox.faults.inject("quota", limit=1)

    mine = await caller.aliexpress("category.get")
    other = await caller.aliexpress("category.get", account=sandbox.accounts.aliexpress[1])

    assert mine["resp_code"] == other["resp_code"] == 200


async def test_a_rate_is_counted_over_any_second(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("rate", limit=2)
    codes = []

    for seconds in (0, 0.6, 0.3, 0.1, 0.2, 0.4):  # at 0, 0.6, 0.9, 1.0, 1.2 and 1.6
        caller.clock.advance(seconds=seconds)
        codes.append((await caller.aliexpress("category.get")).get("code"))

    assert codes == [None, None, "ApiCallLimit", None, "ApiCallLimit", None]


async def test_a_skewed_clock_shows_in_the_date_header(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("clock_skew", minutes=180)

    response = await asked(caller)
    adjusted = await asked(caller, at=caller.clock.time.replace(hour=15))

    assert response.json()["error_response"]["code"] == "IllegalTimestamp"
    assert response.headers["date"] == "Sat, 21 Nov 2026 15:00:00 GMT"
    assert "error_response" not in adjusted.json()


async def test_a_stale_token_is_stale_for_good(sandbox: Sandbox, caller: Caller) -> None:
    stale, other = await caller.token(), await caller.token()
    sandbox.faults.inject("stale_token", operation="getItems", calls=1)

    statuses = [
        (
            await caller.amazon("getItems", authorization=f"Bearer {token}", itemIds=["B0SANDBX00"])
        ).status_code
        for token in (stale, stale, other, await caller.token())
    ]

    assert statuses == [401, 401, 401, 401]
    fresh = await caller.token()
    response = await caller.amazon(
        "getItems", authorization=f"Bearer {fresh}", itemIds=["B0SANDBX00"]
    )
    assert response.status_code == 200


async def test_rows_are_dropped_doubled_and_reordered(sandbox: Sandbox, caller: Caller) -> None:
    plain = await found_ids(caller)
    seen = {}

    for kind in ("drop_ids", "duplicate_ids", "shuffle_ids"):
        sandbox.faults.inject(kind)
        seen[kind] = await found_ids(caller)
        sandbox.faults.clear()

    assert seen["drop_ids"] == plain[1:]
    assert seen["duplicate_ids"] == [one for one in plain for _ in range(2)]
    assert seen["shuffle_ids"] != plain
    assert sorted(seen["shuffle_ids"]) == sorted(plain)


async def test_named_rows_are_dropped(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("drop_ids", ids=[FIRST_ID, str(FIRST_ID + 1)])

    found = await found_ids(caller)

    assert sorted(found) == [FIRST_ID + 2, FIRST_ID + 3, FIRST_ID + 4]


async def test_rows_that_nobody_asked_for_come_first(sandbox: Sandbox, caller: Caller) -> None:
    asked_for = set(await found_ids(caller))
    sandbox.faults.inject("foreign_ids")

    found = await found_ids(caller)

    assert len(found) == 7
    assert not set(found[:2]) & asked_for
    assert set(found[2:]) == asked_for


async def test_a_currency_that_nobody_knows(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("unknown_currency")

    currencies = {
        value for row in await rows(caller) for key, value in row.items() if "currency" in key
    }

    assert currencies == {"XQZ"}


async def test_codes_may_be_texts(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("string_code")

    answer = await caller.aliexpress(OPERATION, product_ids=IDS)

    assert answer["resp_code"] == "200"


async def test_prices_change_at_each_read(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("price_change")
    item: dict[str, Any] = {"itemIds": ["B0SANDBX00"], "resources": ["offersV2.listings.price"]}

    prices = {(await rows(caller))[0]["target_sale_price"] for _ in range(3)}
    shown = {(await caller.amazon("getItems", **item)).text for _ in range(3)}

    assert len(prices) == len(shown) == 3


async def test_one_row_is_poisoned(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("poison")

    first, *others = [row["product_title"] for row in await rows(caller)]

    assert "\x00" in first
    assert "\ud800" in first
    assert len(first) > MIB
    assert all(len(title) < 200 for title in others)


def test_every_fault_is_tried_here() -> None:
    with open(__file__, encoding="utf-8") as file:
        source = file.read()

    assert [kind.value for kind in FaultKind if f'"{kind.value}"' not in source] == []
