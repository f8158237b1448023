"""What a refusal of the platform means: from its codes to our exceptions.

Codes are compared as text: newer ones are words, legacy ones numbers. "Nothing found" is an
answer, not a failure. Messages are ours; of the platform's text only the length of a ban is read,
and whether a refused parameter is the tracking id.
"""

import re
from dataclasses import dataclass

from domain import moments
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
from upstream.contract import Answer

NOTHING_FOUND = "405"
REMOTE_ERROR = "15"  # the gateway passes on what the service behind it said, in the sub code
ERROR = "ERROR-"  # some methods put it before the same numbers
# "this ban will last 1 seconds", "This ban will last for 31062 more seconds"
BAN = re.compile(r"ban will last\s+(?:for\s+)?([0-9][0-9,]{0,99})", re.IGNORECASE)
DEFAULT_BAN = 1.0  # seconds
ENDS_THE_DAY = 3_600.0  # seconds: nobody who is only too fast is banned for so long
TRACKING_ID = re.compile(r"tracking[\s_-]*id", re.IGNORECASE)
LARGE_SKEW = 60  # seconds; below that the clock is not to blame
NOT_IN_CODES = re.compile(r"[^\w./ -]", re.ASCII)

Verdict = tuple[type[MarketplaceError], str]

USED_UP = "AliExpress takes no more calls of this application today. Try again at retryAt."
BUSY = "AliExpress finds this application too fast. Wait a moment and try again."
BLOCKED = (
    "Something on the way to AliExpress, such as a proxy or a firewall, refused the call. Try "
    "again; if it stays so, check this server's way out."
)
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
TOKEN: Verdict = (
    CredentialsRejected,
    "AliExpress asks for a token, which affiliate calls do not have: the application is of another "
    "family of the open platform. Create one of the affiliate family and store its app key and "
    "secret with connectMarketplace.",
)
OLD_PLATFORM: Verdict = (
    APIRetired,
    "The address that was asked is of the old platform, which AliExpress has switched off. Leave "
    "ALIEXPRESS_GATEWAY_URL unset; if it is, this server is too old: update it.",
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
    | _each(TOKEN, "IllegalAccessToken", "IllegalRefreshToken", "26", "27")
    | _each(TIMESTAMP, "IllegalTimestamp", "30", "31")
    | _each(TOO_FAST, "7")
    | _each(PERMISSION, "InsufficientPermission", "11", "12", "13")
    | _each(ADDRESS_LIST, "AppWhiteIpLimit")
    | _each(PARAMETER, "MissingParameter", "InvalidParameter", "40", "41")
    | _each(METHOD, "InvalidApiPath", "21", "22")
    | _each(UNAVAILABLE, "ServiceTimeout", "ServiceUnavailable", "10")
)
CALL_LIMIT = "CallLimit"  # ApiCallLimit, AppCallLimit, SellerCallLimit
# What a sub code begins with says more than the code that it stands beside.
SUB_CODES: tuple[tuple[str, Verdict], ...] = (
    ("isp.", UNAVAILABLE),
    ("isv.account-migration", MIGRATION),
    ("isv.appkey", APP_KEY),
    ("isv.blacklist", OLD_PLATFORM),
    ("isv.permission-ip", ADDRESS_LIST),
    ("isv.permission", PERMISSION),
    ("accesscontrol.limited-by", TOO_FAST),
)
REGISTRATION: Verdict = (
    PendingApproval,
    "This account is not registered as a publisher. Join the AliExpress affiliate programme "
    "with the account that owns the application, then try again.",
)
UNKNOWN_TRACKING_ID: Verdict = (
    TrackingIDRejected,
    "AliExpress does not know the tracking ID. Copy one from the tracking ID page of the "
    "affiliate portal and store it with connectMarketplace.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A refusal as the answer words it; "" where it says nothing.

    `kind` is ISV, ISP or SYSTEM, and sometimes the code; `message` all its words.
    """

    kind: str
    code: str
    sub_code: str
    message: str


def of_platform(refusal: Refusal, answer: Answer) -> MarketplaceError | None:
    """The failure that a refusal of the gateway stands for; None: nothing was found."""
    number = refusal.sub_code.removeprefix(ERROR)
    if refusal.code == REMOTE_ERROR and number == NOTHING_FOUND:
        return None
    kind, message = _verdict(refusal)
    if kind is Throttled:
        return _ban(refusal)
    if kind is ClockSkewed:
        message = f"{message}{_measured_skew(answer)}"
    return kind(message, upstream_code=_upstream_code(refusal))


def of_business(refusal: Refusal) -> MarketplaceError | None:
    """The failure that a `resp_code` other than 200 stands for; None: nothing was found."""
    number = refusal.code.removeprefix(ERROR)
    if number == NOTHING_FOUND:
        return None
    kind, message = _business(number, refusal) or _by_kind(refusal)
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


def check_origin(answer: Answer, refusal: Refusal | None) -> None:
    """Raise for a 403 that does not hold a refusal of the platform as we know them.

    A proxy or a firewall on the way refuses us then, as a web page, as text or as JSON of its own:
    that passes, and says nothing about what the application may do.
    """
    if refusal is None or _verdict(refusal) is UNKNOWN:
        raise MarketplaceUnavailable(BLOCKED, upstream_code="403", retry_after=_retry_after(answer))


def _verdict(refusal: Refusal) -> Verdict:
    """The sub code first, then the code, which some answers write as their type."""
    number = refusal.sub_code.removeprefix(ERROR)
    word = "" if number.isdecimal() else number
    for name in (word, refusal.code, refusal.kind):
        for start, verdict in SUB_CODES:
            if name.startswith(start):
                return verdict
        if name.endswith(CALL_LIMIT):
            return TOO_FAST
        if name in PLATFORM:
            return PLATFORM[name]
    remote = _business(number, refusal) if refusal.code == REMOTE_ERROR else None
    return remote or _by_kind(refusal)


def _business(number: str, refusal: Refusal) -> Verdict | None:
    """What the service behind the gateway means by a number; None where we do not know."""
    if number == "401":
        return REGISTRATION
    if number == "402":  # any parameter
        return UNKNOWN_TRACKING_ID if TRACKING_ID.search(refusal.message) else PARAMETER
    is_trouble = number == "404" or re.fullmatch(r"5[0-9]{2}", number)
    return UNAVAILABLE if is_trouble else None


def _by_kind(refusal: Refusal) -> Verdict:
    return UNAVAILABLE if refusal.kind in ("ISP", "SYSTEM") else UNKNOWN


def _upstream_code(refusal: Refusal) -> str:
    """The code as text; 15 says nothing without the sub code or type beside it."""
    code = refusal.code
    more = refusal.sub_code or (refusal.kind if refusal.kind in PLATFORM else "")
    if code == REMOTE_ERROR and more:
        code = f"{code}/{more}"
    return NOT_IN_CODES.sub("", code)[:80] or "unknown"


def _ban(refusal: Refusal) -> MarketplaceError:
    """Too fast, or no more today, with the seconds that the words tell."""
    words = BAN.search(refusal.message)
    seconds = min(float(words[1].replace(",", "")), moments.LONGEST_WAIT) if words else DEFAULT_BAN
    kind, message = (QuotaExhausted, USED_UP) if seconds >= ENDS_THE_DAY else TOO_FAST
    return kind(message, upstream_code=_upstream_code(refusal), retry_after=seconds)


def _retry_after(answer: Answer) -> float | None:
    return moments.wait_of_http(answer.headers.get("retry-after", ""), answer.received_at)


def _measured_skew(answer: Answer) -> str:
    """A sentence on how far this clock is from the gateway's; "" where it cannot be told."""
    moment = moments.of_http(answer.headers.get("date", ""))
    seconds = round((answer.received_at - moment).total_seconds()) if moment else 0
    if abs(seconds) < LARGE_SKEW:
        return ""
    return f" It is about {abs(seconds)} seconds {'ahead of' if seconds > 0 else 'behind'} theirs."
