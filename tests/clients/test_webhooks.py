"""What is sent to addresses that callers name: once, to public ones, and nowhere further."""

import logging
from datetime import timedelta

import pytest

from domain.credentials import Secret
from domain.exceptions import InvalidInput
from domain.webhooks import SHOWN, Attempt
from tests.db.records import NOW
from tests.networks import FakeNetwork, taken

pytestmark = pytest.mark.anyio

HOOK = "https://hooks.example/take?token=marker"


async def sent(receivers: FakeNetwork, url: str = HOOK) -> Attempt:
    return await receivers.sender().send(Secret(url), {"webhook-id": "1"}, b"{}", NOW)


async def test_it_is_posted_with_its_headers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    receivers = FakeNetwork(answer=taken)

    attempt = await sent(receivers)

    [request] = receivers.received
    assert (request.address, request.body) == (HOOK, b"{}")
    assert request.headers["webhook-id"] == "1"
    assert request.headers["content-type"] == "application/json"
    assert (attempt.status, attempt.answer, attempt.error) == (200, "ok", None)
    assert "marker" not in caplog.text


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1"])
async def test_a_private_address_is_not_dialled(address: str) -> None:
    receivers = FakeNetwork(answer=taken, names={"hooks.example": [[address]]})

    attempt = await sent(receivers)

    assert "not public" in str(attempt.error)
    assert receivers.dialled == []


async def test_an_address_that_changes_after_the_first_try_is_judged_again() -> None:
    receivers = FakeNetwork(
        answer=taken, names={"hooks.example": [["93.184.215.14"], ["192.168.1.1"]]}
    )

    first, second = await sent(receivers), await sent(receivers)

    assert first.is_success
    assert "not public" in str(second.error)
    assert receivers.dialled == [("93.184.215.14", 443)]


async def test_a_redirect_is_a_failure_that_nobody_follows() -> None:
    receivers = FakeNetwork(answer=lambda _: (302, "Location: http://10.0.0.1/\r\n", ""))

    attempt = await sent(receivers)

    assert (attempt.status, attempt.is_success) == (302, False)
    assert len(receivers.received) == 1
    assert receivers.looked_up == ["hooks.example"]


async def test_of_a_long_answer_the_beginning_is_kept_and_its_wait_is_read() -> None:
    receivers = FakeNetwork(answer=lambda _: (503, "Retry-After: 120\r\n", "x" * 10_000))

    attempt = await sent(receivers)

    assert attempt.answer == "x" * SHOWN
    assert attempt.retry_after == timedelta(seconds=120)


async def test_who_does_not_answer_in_time_is_given_up() -> None:
    attempt = (
        await FakeNetwork(answer=taken).sender(patience=0.0).send(Secret(HOOK), {}, b"{}", NOW)
    )

    assert (attempt.status, attempt.error) == (None, "There was no answer within 0 seconds.")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "ftp://hooks.example/",
        "https://user:word@hooks.example/",
        "https://hooks.example/#part",
        "https://",
        "hooks.example",
        "https://hööks.example/",
        f"https://hooks.example/{'x' * 2048}",
        "https://hooks.example/\nX: y",
    ],
)
def test_an_address_that_is_not_sent_to_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        FakeNetwork(answer=taken).sender().check(url)


async def test_nothing_goes_unencrypted_once_the_operator_allows_it_no_more() -> None:
    receivers = FakeNetwork(answer=taken)

    attempt = await sent(receivers, "http://hooks.example/take")

    assert attempt.error == "The address must begin with https://."
    assert receivers.dialled == []


def test_http_is_taken_where_the_operator_allows_it() -> None:
    FakeNetwork(answer=taken).sender(allows_local=True).check("http://localhost:9000/hook")
