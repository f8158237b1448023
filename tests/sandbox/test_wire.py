"""Bytes that are not what they seem."""

import json
import struct
import zlib

import pytest

from sandbox import Sandbox
from sandbox.wire import BOMB_SIZE, MIB
from tests.sandbox.callers import IDS, OPERATION, Caller, five_products, five_rows

pytestmark = pytest.mark.anyio


async def test_a_short_latency_and_slow_drops_are_only_late(
    sandbox: Sandbox, caller: Caller
) -> None:
    sandbox.faults.inject("latency", seconds=0.001)
    sandbox.faults.inject("trickle", seconds=0)

    assert len(await five_rows(caller)) == 5


async def test_malformed_json_is_properly_framed(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("malformed")

    response = await five_products(caller)

    assert int(response.headers["content-length"]) == len(response.content)
    with pytest.raises(json.JSONDecodeError):
        response.json()


async def test_a_web_page_comes_with_status_200(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("html")

    response = await five_products(caller)

    assert response.status_code == 200
    assert response.text.startswith("<!DOCTYPE html>")


async def test_the_right_answer_under_a_wrong_type(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("wrong_type")

    response = await five_products(caller)

    assert response.headers["content-type"] == "text/html; charset=iso-8859-1"
    assert json.loads(response.content)


async def test_a_redirect_to_an_inner_address(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("redirect")

    response = await five_products(caller)

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
