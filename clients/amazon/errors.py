"""Refusals of Amazon, turned into our exceptions. Status first, then the code inside the body.

Both interfaces are read here: `{type | __type, message, reason, fieldList}` of the Creators API and
`{__type, Errors: [{Code, Message}]}` of the retired PA-API, also with Code and Message as direct
members. A body can be missing or no JSON (a gateway's page): then the status decides. Messages are
ours; of Amazon's answer only the code is kept, and only if it looks like one.
"""

import re
from dataclasses import dataclass

from clients.amazon import values
from clients.amazon.values import JSON
from domain import moments
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
from upstream.contract import Answer

FIELDS_REFUSED = "FieldValidationFailed"
EXCEPTION = "Exception"  # the end of kinds, which stand for the code where there is no other

# What the retired interface says since it has left its host. It is a general answer of the platform
# there: only to a call of the PA-API does it say that.
_UNROUTED = "Unable to determine service/operation name to be authorized"

RETIRED = (
    "Amazon has switched off the Product Advertising API, which these keys belong to. Create "
    "Creators API credentials in Associates Central (Tools, Creators API) and connect Amazon "
    "again with them. Links keep working with the Partner Tag alone."
)
NOT_ELIGIBLE = (
    "Amazon gives this account no product data now. It asks for an accepted Associates account "
    "with ten qualified sales in the last 30 days, and takes up to 48 hours to check. Links keep "
    "working."
)
TAG_REJECTED = (
    "Amazon does not accept the Partner Tag with these credentials. Use a tracking id of the "
    "store on this country site that the credentials are linked to."
)
CREDENTIALS = "Amazon refused the credentials. Check Credential ID, Secret and Version."
CLOCK = "Amazon finds this server's time wrong. Set its clock (NTP), then try again."
THROTTLED = (
    "Amazon limits this account's calls: too many a second, or the day's calls are used up. "
    "Try again later."
)
UNAVAILABLE = "Amazon is in trouble and gave no answer. Try again in a while."
BLOCKED = (
    "Something on the way to Amazon, such as a proxy or a firewall, refused the call. Try again; "
    "if it stays so, check this server's way out."
)
UNREADABLE = "Amazon's answer is not what it documents. Try again; if it stays, check the address."

_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)
_STALE_TOKEN = {"TokenExpired", "InvalidToken"}
_TAG_CODES = {"InvalidPartnerTag", "InvalidAssociate"}
_AUTHENTICATION_CODES = {"IncompleteSignature", "InvalidSignature", "UnrecognizedClient"}
_FORBIDDEN_CODES = {"AssociateNotEligible", "RequestExpired", *_TAG_CODES, *_AUTHENTICATION_CODES}
_NOT_FOUND = "ResourceNotFoundException"


class FieldsRefused(RequestRefused):
    """Amazon found fault with members of the request; `fields` names them, where it says which."""

    def __init__(self, message: str, *, upstream_code: str, fields: tuple[str, ...]) -> None:
        super().__init__(message, upstream_code=upstream_code)
        self.fields = fields


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What a refusal says: its kind (`type`), the finer code, the words and the members meant."""

    kind: str | None
    code: str | None
    message: str
    fields: tuple[str, ...]


def refusal(answer: Answer) -> MarketplaceError:
    """The exception for an answer whose status is not 200."""
    body = values.load(answer.body)
    told = _told(body or {})
    status = answer.status
    code = told.code or str(status)
    if status == 429:
        wait = retry_after(answer, body)
        return Throttled(THROTTLED, upstream_code=code, retry_after=wait)
    if status == 408 or status >= 500:
        wait = retry_after(answer, body)
        return MarketplaceUnavailable(UNAVAILABLE, upstream_code=code, retry_after=wait)
    if _is_foreign(status, told):
        wait = retry_after(answer, body)
        return MarketplaceUnavailable(BLOCKED, upstream_code=code, retry_after=wait)
    if 400 <= status < 500 and status != 404:  # what a 404 can mean: see says_nothing_found
        return _client_refusal(status, told)
    return AnswerInvalid(UNREADABLE, upstream_code=told.code)


def token_refusal(answer: Answer) -> MarketplaceError:
    """The exception for a refusal of a token endpoint: `{error, error_description}`, or no JSON."""
    body = values.load(answer.body)
    code = code_of(values.text(values.member(body, "error")))
    if answer.status == 403 and code is None:  # of somebody on the way
        return refusal(answer)
    if answer.status in (400, 401, 403):
        return CredentialsRejected(CREDENTIALS, upstream_code=code)
    if answer.status in (408, 429) or answer.status >= 500:
        return refusal(answer)
    return AnswerInvalid(UNREADABLE, upstream_code=code)


def says_nothing_found(answer: Answer) -> bool:
    """Status 404 in Amazon's sense: every id unknown, or a search without a hit.

    A 404 of anybody else (a proxy, a wrong address) proves nothing.
    """
    return answer.status == 404 and _told_by(answer).kind == _NOT_FOUND


def says_unrouted(answer: Answer) -> bool:
    """Status 403 in the exact words that stand for the retirement of the PA-API."""
    return answer.status == 403 and _told_by(answer).message.strip() == _UNROUTED


def retired(answer: Answer) -> APIRetired:
    """The exception for an answer that says so."""
    return APIRetired(RETIRED, upstream_code=_told_by(answer).code)


def says_stale_token(answer: Answer) -> bool:
    """Whether a fresh token can help: the one that was sent is too old or damaged."""
    return answer.status == 401 and _told_by(answer).code in _STALE_TOKEN


def retry_after(answer: Answer, body: JSON | None) -> float | None:
    """Seconds that Amazon asks us to wait: the header (seconds or a date), else the member."""
    header = answer.headers.get("retry-after", "")
    member = values.text(values.member(body, "retryAfterSeconds")) or ""
    found = (moments.wait_of_http(told, answer.received_at) for told in (header, member))
    return next((wait for wait in found if wait is not None), None)


def _is_foreign(status: int, told: _Told) -> bool:
    """A 403 without any code of Amazon's is a proxy's or a firewall's on the way."""
    if status != 403:
        return False
    code = told.code or ""
    is_amazons = code.startswith("AccessDenied") or code in _FORBIDDEN_CODES
    return not (is_amazons or (told.kind or "").endswith(EXCEPTION))


def _client_refusal(status: int, told: _Told) -> MarketplaceError:
    code = told.code
    name = (code or "").removesuffix(EXCEPTION)
    if name == "RequestExpired":
        return ClockSkewed(CLOCK, upstream_code=code)
    if name in _TAG_CODES:
        return TrackingIDRejected(TAG_REJECTED, upstream_code=code)
    if status == 401 or name in _AUTHENTICATION_CODES:
        return CredentialsRejected(CREDENTIALS, upstream_code=code)
    if status == 403:
        return _forbidden(told)
    if code == FIELDS_REFUSED:
        named = f" ({', '.join(told.fields)})" if told.fields else ""
        message = f"Amazon does not accept a value of this request{named}."
        return FieldsRefused(message, upstream_code=code, fields=told.fields)
    return RequestRefused(
        "Amazon does not accept this request. Check what was asked for.", upstream_code=code
    )


def _forbidden(told: _Told) -> MarketplaceError:
    denied = (told.code or "").startswith("AccessDenied")
    if denied and "is deprecated" in told.message:
        return APIRetired(RETIRED, upstream_code=told.code)
    if told.code == "AssociateNotEligible":
        return NotEligible(NOT_ELIGIBLE, upstream_code=told.code)
    return PermissionMissing(
        "Amazon does not allow these credentials this call. Check in Associates Central that "
        "they are active and belong to the store of the Partner Tag.",
        upstream_code=told.code,
    )


def _told_by(answer: Answer) -> _Told:
    return _told(values.load(answer.body) or {})


def _told(body: JSON) -> _Told:
    first = next(iter(values.nodes(body, "errors")), {})
    written = values.text(body.get("type")) or values.text(body.get("__type")) or ""
    kind = code_of(written.rpartition("#")[2])
    reasons = (body.get("reason"), first.get("code"), body.get("code"))
    code = next((found for one in reasons if (found := code_of(values.text(one)))), None)
    messages = (body.get("message"), first.get("message"))
    return _Told(
        kind=kind,
        code=code or kind,
        message=" ".join(found for one in messages if (found := values.text(one))),
        fields=_fields(body.get("fieldList")),
    )


def _fields(listed: object) -> tuple[str, ...]:
    """Names of a `fieldList`: of names in the documentation, of `{name, message}` in the SDK."""
    if not isinstance(listed, list):
        return ()
    named = (values.member(one, "name") if isinstance(one, dict) else one for one in listed)
    return tuple(found for one in named if (found := code_of(values.text(one))))


def code_of(written: str | None) -> str | None:
    """The text if it looks like a code or name of Amazon's: nothing else is passed on."""
    return written if written is not None and _CODE.fullmatch(written) else None
