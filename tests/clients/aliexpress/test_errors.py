"""NegativeCache of the platform, each as the failure that it stands for."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

from clients.aliexpress.answers import read_result
from domain.exceptions import (
    APIRetired,
    ClockSkewed,
    CredentialsRejected,
    MarketplaceError,
    MarketplaceUnavailable,
    NotEligible,
    PendingApproval,
    PermissionMissing,
    QuotaExhausted,
    RequestRefused,
    Throttled,
    TrackingIDRejected,
)
from tests.clients.aliexpress.fakes import NOW, answer, business, platform


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("IncompleteSignature", CredentialsRejected),
        ("InvalidSignature", CredentialsRejected),
        (24, CredentialsRejected),
        ("25", CredentialsRejected),
        ("InvalidAppKey", CredentialsRejected),
        (28, CredentialsRejected),
        (29, CredentialsRejected),
        ("IllegalTimestamp", ClockSkewed),
        (30, ClockSkewed),
        (31, ClockSkewed),
        ("ApiCallLimit", Throttled),
        ("AppCallLimit", Throttled),
        (7, Throttled),
        ("AppWhiteIpLimit", PermissionMissing),
        ("InsufficientPermission", PermissionMissing),
        (11, PermissionMissing),
        ("MissingParameter", RequestRefused),
        (40, RequestRefused),
        ("InvalidParameter", RequestRefused),
        (41, RequestRefused),
        ("SellerCallLimit", Throttled),
        ("ShopCallLimit", Throttled),
        (12, PermissionMissing),
        (13, PermissionMissing),
        ("IllegalAccessToken", CredentialsRejected),
        ("IllegalRefreshToken", CredentialsRejected),
        (26, CredentialsRejected),
        (27, CredentialsRejected),
        ("isv.blacklist", APIRetired),
        ("InvalidApiPath", RequestRefused),
        (21, RequestRefused),
        (22, RequestRefused),
        ("ServiceTimeout", MarketplaceUnavailable),
        ("ServiceUnavailable", MarketplaceUnavailable),
        (10, MarketplaceUnavailable),
        ("NeverSeenBefore", RequestRefused),
    ],
)
def test_codes_of_the_gateway(code: str | int, kind: type[MarketplaceError]) -> None:
    with pytest.raises(kind) as caught:
        read_result(answer(platform(code)))

    assert type(caught.value) is kind
    assert caught.value.upstream_code == str(code)


@pytest.mark.parametrize("kind", ["ISP", "SYSTEM"])
def test_unknown_codes_are_temporary_when_the_fault_is_theirs(kind: str) -> None:
    with pytest.raises(MarketplaceUnavailable) as caught:
        read_result(answer(platform("NeverSeenBefore", type=kind)))

    assert caught.value.retryable


@pytest.mark.parametrize(
    ("sub_code", "kind"),
    [
        ("isv.account-migration-check-fail", NotEligible),
        ("isp.top-remote-connection-timeout", MarketplaceUnavailable),
        ("isv.blacklist", APIRetired),
        ("isv.appkey-disabled", CredentialsRejected),
        ("isv.permission-api-package-empty", PermissionMissing),
        ("accesscontrol.limited-by-api-access-count", Throttled),
        ("ServiceTimeout", MarketplaceUnavailable),
        ("isv.something-new", RequestRefused),
        ("401", PendingApproval),
        ("ERROR-401", PendingApproval),
        ("402", RequestRefused),
        ("404", MarketplaceUnavailable),
        ("ERROR-503", MarketplaceUnavailable),
        ("7", RequestRefused),  # of the service, not of the gateway
    ],
)
def test_sub_codes(sub_code: str, kind: type[MarketplaceError]) -> None:
    with pytest.raises(kind) as caught:
        read_result(answer(platform(15, sub_code=sub_code)))

    assert type(caught.value) is kind
    assert caught.value.upstream_code == f"15/{sub_code}"


@pytest.mark.parametrize(
    ("code", "sub_code", "kind"),
    [
        (27, "isv.appkey-not-exists", CredentialsRejected),
        (11, "isv.permission-ip-whitelist-limit", PermissionMissing),
        (7, "accesscontrol.limited-by-dynamic-access-count", Throttled),
        (41, "isv.invalid-parameter:fields", RequestRefused),
    ],
)
def test_sub_codes_say_more_than_the_code(
    code: int, sub_code: str, kind: type[MarketplaceError]
) -> None:
    with pytest.raises(kind) as caught:
        read_result(answer(platform(code, sub_code=sub_code)))

    assert caught.value.upstream_code == str(code)


@pytest.mark.parametrize(
    "body",
    [
        platform(11, sub_code="isv.permission-ip-whitelist-limit"),
        {"code": "15", "type": "AppWhiteIpLimit", "message": "AppWhiteIpLimit"},
        {"type": "ISV", "code": "AppWhiteIpLimit", "message": "no"},
    ],
)
def test_cure_for_an_address_that_is_not_listed_names_the_list(body: object) -> None:
    with pytest.raises(PermissionMissing, match="IP list"):
        read_result(answer(body))


@pytest.mark.parametrize("words", ["TrackingId input parameter error", "unknown tracking_id 'x'"])
def test_tracking_id_is_meant_where_the_words_say_so(words: str) -> None:
    bodies = [
        business(402, message=words),
        business("ERROR-402", message=words),
        platform(15, sub_code="402", sub_msg=words),
    ]
    for body in bodies:
        with pytest.raises(TrackingIDRejected):
            read_result(answer(body))


@pytest.mark.parametrize("words", ["Page size input parameter error", "", None])
def test_any_other_parameter_is_not_the_tracking_id(words: str | None) -> None:
    with pytest.raises(RequestRefused):
        read_result(answer(business(402, message=words)))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (401, PendingApproval),
        ("402", RequestRefused),
        (404, MarketplaceUnavailable),
        (500, MarketplaceUnavailable),
        ("503", MarketplaceUnavailable),
        (499, RequestRefused),
    ],
)
def test_business_codes(code: int | str, kind: type[MarketplaceError]) -> None:
    with pytest.raises(kind) as caught:
        read_result(answer(business(code)))

    assert caught.value.upstream_code == str(code)


@pytest.mark.parametrize(
    "body",
    [
        business(405),
        business("405"),
        platform(15, sub_code="405"),
        platform("15", sub_code="ERROR-405", type="ISP"),
        {"aliexpress_affiliate_product_sku_detail_get_response": {"result": {"code": 405}}},
        {"x_response": {"result": {"code": "405", "success": "false"}}},
    ],
)
def test_nothing_found_is_no_failure(body: object) -> None:
    assert read_result(answer(body)) is None


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("exceeds the limit. this ban will last 3 seconds", 3.0),
        ("This ban will last for 1,062 more seconds", 1_062.0),
        ("This ban will last for 3599 more seconds", 3_599.0),
        ("too often", 1.0),
        ("", 1.0),
    ],
)
@pytest.mark.parametrize("place", ["msg", "sub_msg"])
def test_length_of_a_ban(message: str, seconds: float, place: str) -> None:
    with pytest.raises(Throttled) as caught:
        read_result(answer(platform("ApiCallLimit", **{place: message})))

    assert (caught.value.retry_after, caught.value.retryable) == (seconds, True)


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("This ban will last for 3600 more seconds", 3_600.0),
        ("exceeds the limit. this ban will last 40000 seconds", 40_000.0),
        ("This ban will last for 2592000 more seconds", 86_400.0),
        (f"This ban will last for {'9' * 90} more seconds", 86_400.0),
    ],
)
def test_ban_of_an_hour_and_more_means_that_the_day_is_used_up(
    message: str, seconds: float
) -> None:
    with pytest.raises(QuotaExhausted) as caught:
        read_result(answer(platform(7, sub_msg=message)))

    assert (caught.value.retry_after, caught.value.retryable) == (seconds, False)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(7_300, "7300 seconds ahead of"), (-7_300, "7300 seconds behind"), (5, "best by NTP.")],
)
def test_skew_is_measured_by_the_date_header(seconds: int, words: str) -> None:
    date = format_datetime(NOW - timedelta(seconds=seconds), usegmt=True)

    with pytest.raises(ClockSkewed, match=words) as caught:
        read_result(answer(platform("IllegalTimestamp"), headers={"date": date}))

    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
        (format_datetime(NOW - timedelta(seconds=30), usegmt=True), 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_too_many_requests(header: str, seconds: float | None) -> None:
    with pytest.raises(Throttled) as caught:
        read_result(answer(b"busy", status=429, headers={"retry-after": header}))

    assert (caught.value.retry_after, caught.value.upstream_code) == (seconds, "429")


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_statuses_of_trouble(status: int) -> None:
    with pytest.raises(MarketplaceUnavailable) as caught:
        read_result(answer(b"<html>", status=status))

    assert caught.value.retryable


def test_messages_never_echo_the_answer() -> None:
    body = platform("InvalidAppKey\x00<b>" + "x" * 500, msg="their words", sub_msg="more")

    with pytest.raises(RequestRefused) as caught:
        read_result(answer(body))

    assert "their words" not in caught.value.message
    assert caught.value.upstream_code is not None
    assert len(caught.value.upstream_code) <= 80
    assert "<" not in caught.value.upstream_code
