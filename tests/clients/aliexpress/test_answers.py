"""What is an answer of the gateway, and what only looks like one."""

from typing import Any

import pytest

from clients.aliexpress.answers import read_result
from domain.exceptions import (
    AnswerInvalid,
    CredentialsRejected,
    MarketplaceUnavailable,
    Throttled,
)
from tests.clients.aliexpress.fakes import answer, platform


def test_flat_form() -> None:
    body = {"type": "ISV", "code": "ApiCallLimit", "message": "this ban will last 2 seconds"}

    with pytest.raises(Throttled) as caught:
        read_result(answer(body))

    assert caught.value.retry_after == 2.0


@pytest.mark.parametrize(
    ("_case", "body"),
    [
        ("empty", b""),
        ("web page", b"<!DOCTYPE html><html></html>"),
        ("list", b"[]"),
        ("text", b'"text"'),
        ("null", b"null"),
        ("empty object", b"{}"),
        ("cut off", b'{"x_response": {"resp_result": {'),
        ("not UTF-8", b'{"a": "\xff\xfe"}'),
        ("too deep", b'{"a":' * 100_000),
        ("result is a list", b'{"resp_result": {"resp_code": 200, "result": [1]}}'),
        ("result is text", b'{"result": "x"}'),
        ("resp_result is null", b'{"x_response": {"resp_result": null}}'),
        ("neither", b'{"x_response": {"request_id": "1"}}'),
        ("level without code and result", b'{"x_response": {"resp_result": {"resp_msg": "ok"}}}'),
        ("empty level", b'{"x_response": {"resp_result": {}}}'),
        ("success without result", b'{"x_response": {"resp_result": {"resp_code": 200}}}'),
        ("success with null", b'{"resp_result": {"resp_code": "200", "result": null}}'),
        ("success with nothing in it", b'{"resp_result": {"resp_code": 200, "result": {}}}'),
        ("code of the inner level alone", b'{"x_response": {"result": {"code": 200, "msg": "o"}}}'),
        ("inner result with nothing in it", b'{"x_response": {"result": {"result": {}}}}'),
    ],
)
def test_what_is_no_answer(_case: str, body: bytes) -> None:
    with pytest.raises(AnswerInvalid):
        read_result(answer(body))


def test_status_of_no_answer_is_told() -> None:
    with pytest.raises(AnswerInvalid) as caught:
        read_result(answer(b"<html>", status=401))

    assert caught.value.upstream_code == "401"


@pytest.mark.parametrize("body", [b"<html>Blocked</html>", b"denied by policy", b"", b"[]"])
def test_refusal_of_somebody_on_the_way_is_passing(body: bytes) -> None:
    with pytest.raises(MarketplaceUnavailable, match="on the way") as caught:
        read_result(answer(body, status=403))

    assert (caught.value.upstream_code, caught.value.retryable) == ("403", True)


def test_refusals_under_another_status_are_read() -> None:
    with pytest.raises(CredentialsRejected):
        read_result(answer(platform("InvalidAppKey"), status=400))


def test_result_under_a_bad_status_is_not_believed() -> None:
    body = {"resp_result": {"resp_code": 200, "result": {}}}

    with pytest.raises(AnswerInvalid):
        read_result(answer(body, status=404))


@pytest.mark.parametrize("media_type", ["text/plain", "text/html;charset=UTF-8", ""])
def test_media_type_does_not_matter(media_type: str) -> None:
    body = {"resp_result": {"resp_code": "200", "result": {"a": 1}}}

    assert read_result(answer(body, headers={"content-type": media_type})) == {"a": "1"}


@pytest.mark.parametrize(
    "body",
    [
        {"x_response": {"resp_result": {"result": {"a": "1"}, "resp_code": 200}}},
        {"resp_result": {"result": {"a": "1"}, "resp_code": "200"}, "code": "0"},
        {"x_response": {"result": {"a": "1"}, "code": "200", "success": True}},
        {"x_response": {"result": {"result": {"a": "1"}, "code": 0, "success": "true"}}},
        {"x_response": {"resp_result": {"result": {"a": "1"}}}},
    ],
)
def test_envelopes(body: object) -> None:
    assert read_result(answer(body)) == {"a": "1"}


@pytest.mark.parametrize("result", [{"products": []}, {"current_record_count": 0}])
def test_result_that_says_that_there_is_nothing(result: Any) -> None:
    assert read_result(answer({"resp_result": {"resp_code": 200, "result": result}})) is not None


@pytest.mark.parametrize(
    "body",
    [
        {"code": "1020", "message": "Access denied"},
        {"error": "forbidden"},
        {"error_response": {"code": 1020, "msg": "Access denied", "type": "ISV"}},
        {"resp_result": {"resp_code": 1020, "resp_msg": "Access denied"}},
        {"resp_result": {"resp_code": 200, "result": {"products": []}}},
        {},
    ],
)
def test_json_of_somebody_on_the_way_is_passing_too(body: object) -> None:
    with pytest.raises(MarketplaceUnavailable, match="on the way") as caught:
        read_result(answer(body, status=403))

    assert (caught.value.upstream_code, caught.value.retryable) == ("403", True)


def test_refusal_of_the_platform_is_known_by_its_code_under_that_status_too() -> None:
    with pytest.raises(CredentialsRejected):
        read_result(answer(platform("InvalidAppKey"), status=403))


def test_numbers_keep_every_digit_and_byte_order_marks_are_skipped() -> None:
    body = b'\xef\xbb\xbf{"result": {"id": 12000090000000111222, "rate": 0.10, "no": NaN}}'

    found = read_result(answer(body))

    assert found is not None
    assert (found["id"], str(found["rate"]), found["no"]) == ("12000090000000111222", "0.10", None)
