"""NegativeCache of both interfaces and of the token endpoints, and what is read off them."""

import json
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from clients.amazon import errors
from clients.amazon.errors import FieldsRefused
from domain.exceptions import (
    AnswerInvalid,
    APIRetired,
    ClockSkewed,
    CredentialsRejected,
    MarketplaceError,
    MarketplaceUnavailable,
    NotEligible,
    PermissionMissing,
    RequestRefused,
    Throttled,
    TrackingIDRejected,
)
from tests.clients.amazon.fakes import NOW, answer

PAGE = b"<html><body>Bad gateway</body></html>"
UNROUTED = "Unable to determine service/operation name to be authorized"
DEPRECATED = "This interface is deprecated."


def creators(kind: str, reason: str | None = None, **more: Any) -> dict[str, Any]:
    return {"type": kind, "message": "words", "reason": reason} | more


def paapi(code: str, message: str = "words") -> dict[str, Any]:
    errors_ = [{"Code": code, "Message": message}]
    return {"__type": f"com.amazon.paapi5#{code}Exception", "Errors": errors_}


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, creators("ValidationException", "UnknownOperation"), RequestRefused, None),
        (400, creators("ValidationException", "CannotParse"), RequestRefused, None),
        (400, creators("ValidationException", "Other"), RequestRefused, None),
        (400, creators("ValidationException", "FieldValidationFailed"), FieldsRefused, None),
        (400, creators("ValidationException", "InvalidPartnerTag"), TrackingIDRejected, None),
        (400, creators("ValidationException", "InvalidAssociate"), TrackingIDRejected, None),
        (401, creators("UnauthorizedException", "TokenExpired"), CredentialsRejected, None),
        (401, creators("UnauthorizedException", "InvalidIssuer"), CredentialsRejected, None),
        (401, creators("UnauthorizedException", "MissingClaim"), CredentialsRejected, None),
        (403, creators("AccessDeniedException", "AssociateNotEligible"), NotEligible, None),
        (403, creators("AccessDeniedException", "AuthorizationFailed"), PermissionMissing, None),
        (403, creators("AccessDeniedException", "Other"), PermissionMissing, None),
        (404, PAGE, AnswerInvalid, ""),
        (409, {}, RequestRefused, ""),
        (429, creators("ThrottleException"), Throttled, "ThrottleException"),
        (500, creators("InternalServerException"), MarketplaceUnavailable, ""),
        (503, PAGE, MarketplaceUnavailable, ""),
        (408, PAGE, MarketplaceUnavailable, ""),
        (302, PAGE, AnswerInvalid, ""),
        (204, b"", AnswerInvalid, ""),
        (401, PAGE, CredentialsRejected, ""),
        (403, b"", MarketplaceUnavailable, "403"),
        (403, PAGE, MarketplaceUnavailable, "403"),
        (403, b"Forbidden by policy 12", MarketplaceUnavailable, "403"),
        (403, {"message": "Forbidden"}, MarketplaceUnavailable, "403"),
        (403, {"code": "1020", "message": "Access denied"}, MarketplaceUnavailable, "1020"),
        (403, {"type": "error", "reason": "blocked"}, MarketplaceUnavailable, "blocked"),
        (403, {"errors": [{"code": "policy"}]}, MarketplaceUnavailable, "policy"),
        (403, {"Message": "no", "Code": "AccessDenied"}, PermissionMissing, "AccessDenied"),
        (403, {"__type": "x#UnrecognizedClientException"}, CredentialsRejected, ""),
        (403, {"__type": "InvalidSignatureException"}, CredentialsRejected, ""),
        (401, {"__type": "RequestExpiredException"}, ClockSkewed, ""),
        (400, PAGE, RequestRefused, ""),
        (429, b"", Throttled, ""),
    ],
)
def test_refusals_of_the_creators_api(
    status: int, body: Any, kind: type[MarketplaceError], code: str | None
) -> None:
    refused = errors.refusal(answer(status, body))

    assert type(refused) is kind
    if code is None:
        assert refused.upstream_code == body["reason"]
    elif code:
        assert refused.upstream_code == code


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "AccessDenied", PermissionMissing),
        (403, "AccessDeniedAwsUsers", PermissionMissing),
        (403, "InvalidAssociate", TrackingIDRejected),
        (403, "AssociateNotEligible", NotEligible),
        (400, "InvalidPartnerTag", TrackingIDRejected),
        (400, "IncompleteSignature", CredentialsRejected),
        (401, "InvalidSignature", CredentialsRejected),
        (401, "UnrecognizedClient", CredentialsRejected),
        (401, "RequestExpired", ClockSkewed),
        (400, "MissingParameter", RequestRefused),
        (400, "InvalidParameterValue", RequestRefused),
        (400, "UnknownOperation", RequestRefused),
        (429, "TooManyRequests", Throttled),
        (500, "InternalFailure", MarketplaceUnavailable),
    ],
)
def test_refusals_of_the_paapi(status: int, code: str, kind: type[MarketplaceError]) -> None:
    refused = errors.refusal(answer(status, paapi(code)))

    assert (type(refused), refused.upstream_code) == (kind, code)


@pytest.mark.parametrize(
    "body",
    [
        paapi("AccessDenied", DEPRECATED),
        {"Code": "AccessDenied", "Message": DEPRECATED},
        {"__type": "com.amazon.paapi5#AccessDeniedException", "message": DEPRECATED},
    ],
)
def test_retired_interface_in_every_envelope(body: dict[str, Any]) -> None:
    assert type(errors.refusal(answer(403, body))) is APIRetired
    assert type(errors.refusal(answer(400, body))) is RequestRefused


@pytest.mark.parametrize(
    ("status", "body", "is_meant"),
    [
        (403, {"__type": "AccessDeniedException", "message": UNROUTED}, True),
        (403, {"Message": UNROUTED}, True),
        (403, {"Errors": [{"Code": "AccessDenied", "Message": f"{UNROUTED} "}]}, True),
        (403, {"message": f"{UNROUTED} by this key"}, False),
        (403, {"message": UNROUTED.lower()}, False),
        (401, {"message": UNROUTED}, False),
        (403, PAGE, False),
    ],
)
def test_exact_words_of_the_interface_that_has_left_its_host(
    status: int, body: Any, is_meant: bool
) -> None:
    assert errors.says_unrouted(answer(status, body)) is is_meant


def test_those_words_are_no_retirement_of_another_interface() -> None:
    body = {"__type": "AccessDeniedException", "message": UNROUTED}

    assert type(errors.refusal(answer(403, body))) is PermissionMissing


@pytest.mark.parametrize(
    "listed", [["itemIds", "keywords"], [{"name": "itemIds"}, {"name": "keywords"}]]
)
def test_field_list_of_names_and_of_objects(listed: list[Any]) -> None:
    body = creators("ValidationException", "FieldValidationFailed", fieldList=listed)

    refused = errors.refusal(answer(400, body))

    assert isinstance(refused, FieldsRefused)
    assert refused.fields == ("itemIds", "keywords")
    assert "itemIds, keywords" in refused.message


@pytest.mark.parametrize("listed", [None, "itemIds", 7, [None, 7.5, {}, {"name": "a b <script>"}]])
def test_odd_field_list_names_nothing(listed: Any) -> None:
    body = creators("ValidationException", "FieldValidationFailed", fieldList=listed)

    refused = errors.refusal(answer(400, body))

    assert isinstance(refused, FieldsRefused)
    assert not set(refused.fields) - {"7.5"}


def test_prefix_of_a_type_is_dropped() -> None:
    body = {"__type": "com.amazon.creators#ResourceNotFoundException"}

    assert errors.says_nothing_found(answer(404, body))
    assert not errors.says_nothing_found(answer(400, body))


@pytest.mark.parametrize("body", [PAGE, b"", {}, [], {"type": "ValidationException"}])
def test_foreign_404_does_not_say_nothing_found(body: Any) -> None:
    assert not errors.says_nothing_found(answer(404, body))


@pytest.mark.parametrize(
    ("status", "reason", "stale"),
    [
        (401, "TokenExpired", True),
        (401, "InvalidToken", True),
        (401, "InvalidIssuer", False),
        (401, "InvalidClient", False),
        (401, None, False),
        (400, "TokenExpired", False),
    ],
)
def test_stale_token(status: int, reason: str | None, stale: bool) -> None:
    assert errors.says_stale_token(answer(status, creators("Unauthorized", reason))) is stale


@pytest.mark.parametrize(
    ("headers", "member", "seconds"),
    [
        ({"Retry-After": "17"}, 60, 17),
        ({"Retry-After": " 1.5 "}, 60, 1.5),
        ({"Retry-After": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, 60, 90),
        ({"Retry-After": format_datetime(NOW - timedelta(seconds=90), usegmt=True)}, 60, 0),
        ({"Retry-After": "Fri, 20 Nov 2026 09:30:05 -0000"}, None, 5),
        ({"Retry-After": "soon"}, 60, 60),
        ({"Retry-After": "-3"}, None, None),
        ({"Retry-After": "999999999999"}, None, 86_400),
        ({}, "999999999999", 86_400),
        ({}, 60, 60),
        ({}, "2.5", 2.5),
        ({}, "later", None),
        ({}, True, None),
        ({}, -5, None),
        ({}, None, None),
    ],
)
def test_wait_that_amazon_asks_for(
    headers: dict[str, str], member: object, seconds: float | None
) -> None:
    body = {"type": "ThrottleException", "retryAfterSeconds": member}

    refused = errors.refusal(answer(429, body, headers=headers))

    assert isinstance(refused, Throttled)
    assert refused.retry_after == seconds


@pytest.mark.parametrize("status", [429, 503])
def test_wait_is_read_without_a_body(status: int) -> None:
    refused = errors.refusal(answer(status, PAGE, headers={"Retry-After": "4"}))

    assert isinstance(refused, MarketplaceError)
    assert (refused.retryable, refused.retry_after) == (True, 4)


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, {"error": "invalid_client"}, CredentialsRejected, "invalid_client"),
        (401, {"error": "invalid_client"}, CredentialsRejected, "invalid_client"),
        (400, {"error": "invalid_scope"}, CredentialsRejected, "invalid_scope"),
        (403, {"error": "access_denied"}, CredentialsRejected, "access_denied"),
        (403, PAGE, MarketplaceUnavailable, "403"),
        (403, {"code": "1020", "message": "Access denied"}, MarketplaceUnavailable, "1020"),
        (403, {"error": {"code": 7}}, MarketplaceUnavailable, "403"),
        (404, PAGE, AnswerInvalid, None),
        (302, b"", AnswerInvalid, None),
        (429, {}, Throttled, "429"),
        (500, PAGE, MarketplaceUnavailable, "500"),
        (408, b"", MarketplaceUnavailable, "408"),
    ],
)
def test_refusals_of_a_token_endpoint(
    status: int, body: Any, kind: type[MarketplaceError], code: str | None
) -> None:
    refused = errors.token_refusal(answer(status, body))

    assert (type(refused), refused.upstream_code) == (kind, code)


@pytest.mark.parametrize("written", ["a b", "x" * 65, "<b>", "", "é", {"a": 1}, ["a"]])
def test_only_what_looks_like_a_code_is_passed_on(written: Any) -> None:
    body = {"type": written, "reason": written, "errors": [{"code": written}], "error": written}

    refused = [errors.refusal(answer(400, body)), errors.token_refusal(answer(400, body))]

    assert [one.upstream_code for one in refused] == [None, None]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_words_of_amazon_are_not_repeated(status: int) -> None:
    words = "Atc|leaked-token of lamps-21"
    body = {"type": "Some", "message": words, "errors": [{"message": words}], "error": words}

    told = [errors.refusal(answer(status, body)), errors.token_refusal(answer(status, body))]

    assert not [one for one in told if "leaked" in repr(one) + json.dumps(one.extensions)]
