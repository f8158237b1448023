"""What a refusal of the platform means: from its codes to our exceptions.

Codes are compared as text: newer ones are words, legacy ones numbers. "Nothing found" is an
answer, not a failure. Messages are ours; of the platform's text only the length of a ban is read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from domain.exceptions import (
    ClockSkewed,
    CredentialsRejected,
    MarketplaceError,
    MarketplaceUnavailable,
    NotEligible,
    PendingApproval,
    PermissionMissing,
    RequestRefused,
    Throttled,
    TrackingIDRejected,
)
from upstream.contract import Answer

NOTHING_FOUND = ("405", "ERROR-405")
REMOTE_ERROR = "15"  # the gateway passes on what the service behind it said, in the sub code
BAN = re.compile(r"ban will last (\d{1,6})")
DEFAULT_BAN = 1.0  # seconds; the only ban ever seen
LARGE_SKEW = 60  # seconds; below that the clock is not to blame
LONGEST_WAIT = 86_400.0
NOT_IN_CODES = re.compile(r"[^\w./ -]", re.ASCII)

Verdict = tuple[type[MarketplaceError], str]

BUSY = "AliExpress finds this application too fast. Wait a moment and try again."
TROUBLE = "AliExpress has trouble at the moment. Try again later."

SIGNATURE: Verdict = (
    CredentialsRejected,
    "AliExpress refused the signature, which nearly always means a wrong app secret. Copy the app "
    "secret anew from the open platform console and store it with connectMarketplace.",
)
APP_KEY: Verdict = (
    CredentialsRejected,
    "AliExpress does not know the app key, or it is disabled. Copy it anew from the open platform "
    "console and store it with connectMarketplace.",
)
TIMESTAMP: Verdict = (
    ClockSkewed,
    "AliExpress finds the time of the request wrong. Set this server's clock, best by NTP.",
)
TOO_FAST: Verdict = (Throttled, BUSY)
PERMISSION: Verdict = (
    PermissionMissing,
    "The application has no right to this method. Ask for the permission in the open platform "
    "console, under the application's API groups.",
)
ADDRESS_LIST: Verdict = (
    PermissionMissing,
    "This server's address is not on the application's IP list. Add it in the open platform "
    "console, or empty the list.",
)
PARAMETER: Verdict = (
    RequestRefused,
    "AliExpress refused a parameter of the request. Change what you asked for; if it should be "
    "right, report the upstream code.",
)
METHOD: Verdict = (
    RequestRefused,
    "AliExpress does not offer this method at the gateway address. Check the gateway address in "
    "the server's settings.",
)
UNAVAILABLE: Verdict = (MarketplaceUnavailable, TROUBLE)
UNKNOWN: Verdict = (
    RequestRefused,
    "AliExpress refused the request for a reason we do not know. Look the upstream code up in the "
    "open platform's documentation.",
)
MIGRATION: Verdict = (
    NotEligible,
    "The account has not been migrated to the present affiliate platform. Sign in to the "
    "AliExpress affiliate portal and finish the migration.",
)


def _each(verdict: Verdict, *codes: str) -> dict[str, Verdict]:
    return dict.fromkeys(codes, verdict)


PLATFORM: dict[str, Verdict] = (
    _each(SIGNATURE, "IncompleteSignature", "InvalidSignature", "24", "25")
    | _each(APP_KEY, "InvalidAppKey", "28", "29")
    | _each(TIMESTAMP, "IllegalTimestamp", "30", "31")
    | _each(TOO_FAST, "ApiCallLimit", "AppCallLimit", "7")
    | _each(PERMISSION, "InsufficientPermission", "11")
    | _each(ADDRESS_LIST, "AppWhiteIpLimit")
    | _each(PARAMETER, "MissingParameter", "InvalidParameter", "40", "41")
    | _each(METHOD, "InvalidApiPath", "21", "22")
    | _each(UNAVAILABLE, "ServiceTimeout", "ServiceUnavailable", "10")
)
BUSINESS: dict[str, Verdict] = {
    "401": (
        PendingApproval,
        "This account is not registered as a publisher. Join the AliExpress affiliate programme "
        "with the account that owns the application, then try again.",
    ),
    "402": (
        TrackingIDRejected,
        "AliExpress does not know the tracking ID. Copy one from the tracking ID page of the "
        "affiliate portal and store it with connectMarketplace.",
    ),
    "404": UNAVAILABLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A refusal as the answer words it; "" where it says nothing. `kind` is ISV, ISP or SYSTEM."""

    kind: str
    code: str
    sub_code: str
    message: str


def of_platform(refusal: Refusal, answer: Answer) -> MarketplaceError | None:
    """The failure that a refusal of the gateway stands for; None: nothing was found."""
    if refusal.code == REMOTE_ERROR and refusal.sub_code in NOTHING_FOUND:
        return None
    kind, message = _verdict(refusal)
    if kind is ClockSkewed:
        message = f"{message}{_measured_skew(answer)}"
    return kind(
        message,
        upstream_code=_upstream_code(refusal),
        retry_after=_ban(refusal.message) if kind is Throttled else None,
    )


def of_business(refusal: Refusal) -> MarketplaceError | None:
    """The failure that a `resp_code` other than 200 stands for; None: nothing was found."""
    if refusal.code in NOTHING_FOUND:
        return None
    kind, message = BUSINESS.get(refusal.code) or _by_kind(refusal)
    return kind(message, upstream_code=_upstream_code(refusal))


def raise_unless_empty(failure: MarketplaceError | None) -> None:
    """Raise the failure; None, for "nothing was found", passes through."""
    if failure is not None:
        raise failure


def check_status(answer: Answer) -> None:
    """Raise for the HTTP statuses that count whatever the body says: 408, 429 and 5xx."""
    if answer.status == 429:
        raise Throttled(BUSY, upstream_code="429", retry_after=_retry_after(answer))
    if answer.status == 408 or answer.status >= 500:
        raise MarketplaceUnavailable(
            TROUBLE, upstream_code=str(answer.status), retry_after=_retry_after(answer)
        )


def _verdict(refusal: Refusal) -> Verdict:
    if refusal.sub_code.startswith("isv.account-migration"):
        return MIGRATION
    if refusal.sub_code.startswith("isp."):
        return UNAVAILABLE
    return PLATFORM.get(refusal.code) or _by_kind(refusal)


def _by_kind(refusal: Refusal) -> Verdict:
    return UNAVAILABLE if refusal.kind in ("ISP", "SYSTEM") else UNKNOWN


def _upstream_code(refusal: Refusal) -> str:
    """The code as text; 15 says nothing without what follows it."""
    code = refusal.code
    if code == REMOTE_ERROR and refusal.sub_code:
        code = f"{code}/{refusal.sub_code}"
    return NOT_IN_CODES.sub("", code)[:80] or "unknown"


def _ban(message: str) -> float:
    """Seconds from "this ban will last 1 seconds"."""
    told = BAN.search(message)
    return float(told[1]) if told else DEFAULT_BAN


def _retry_after(answer: Answer) -> float | None:
    """Seconds from the Retry-After header, which holds seconds or a date; None where unusable."""
    told = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,6}", told):
        return min(float(told), LONGEST_WAIT)
    for moment in _http_date(told):
        return min(max((moment - answer.received_at).total_seconds(), 0.0), LONGEST_WAIT)
    return None


def _measured_skew(answer: Answer) -> str:
    """A sentence on how far this clock is from the gateway's; "" where it cannot be told."""
    for moment in _http_date(answer.headers.get("date", "")):
        seconds = round((answer.received_at - moment).total_seconds())
        if abs(seconds) >= LARGE_SKEW:
            side = "ahead of" if seconds > 0 else "behind"
            return f" It is about {abs(seconds)} seconds {side} theirs."
    return ""


def _http_date(told: str) -> Iterator[datetime]:
    """The moment of an HTTP date; nothing where the text is none."""
    try:
        moment = parsedate_to_datetime(told)
    except (ValueError, TypeError, IndexError, OverflowError):
        return
    yield moment if moment.tzinfo else moment.replace(tzinfo=UTC)
