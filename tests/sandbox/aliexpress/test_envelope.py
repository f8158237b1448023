"""Forms of answers: empty ones, wrong parameters, errors on command."""

import pytest

from sandbox import Sandbox
from tests.sandbox.callers import IDS, OPERATION, Caller

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("product_id", ["1234567", "1005000000001014", "1005000000001042"])
async def test_nothing_found_is_405(caller: Caller, product_id: str) -> None:
    answer = await caller.aliexpress("productdetail.get", product_ids=product_id)

    assert answer["resp_code"] == 405
    assert "result" not in answer


@pytest.mark.parametrize(
    "params", [{"sort": "BEST"}, {"page_no": "one"}, {"min_sale_price": "1.5"}]
)
async def test_wrong_values_are_invalid_parameters(caller: Caller, params: dict[str, str]) -> None:
    answer = await caller.aliexpress("product.query", **params)

    assert answer["code"] == "InvalidParameter"
    assert next(iter(params)) in answer["msg"]


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


async def test_codes_may_be_texts(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("string_code")

    answer = await caller.aliexpress(OPERATION, product_ids=IDS)

    assert answer["resp_code"] == "200"
