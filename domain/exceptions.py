"""Every failure we expect, each with a stable public `code`.

    AffiliateGraphError
    |-- InvalidInput                INVALID_INPUT   the caller's argument cannot be used
    |   |-- InvalidURL              INVALID_URL     not an address at all
    |   |-- SeveralProducts         SEVERAL_PRODUCTS   a text for one product names several
    |   |-- ShortLink               SHORT_LINK      a shortened address that is not opened
    |   |-- ShortLinkRefused        SHORT_LINK_REFUSED   it leads where we do not go
    |   |-- ShortLinkDead           SHORT_LINK_DEAD      it leads nowhere any more
    |   |-- ShortLinkTooLong        SHORT_LINK_TOO_LONG  too many redirects, or a circle of them
    |   |-- NotAProduct             NOT_A_PRODUCT   a marketplace's page, but of no product
    |   |-- UnknownHost             UNKNOWN_HOST    no marketplace of ours
    |   `-- WrongLocale             WRONG_LOCALE    tag, version or site do not go together
    |-- NotFound                    NOT_FOUND       nothing here by that id
    |-- Forbidden                   FORBIDDEN       the API key lacks the scope
    |-- IdempotencyConflict         IDEMPOTENCY_CONFLICT
    |-- JobGivenUp                  JOB_GIVEN_UP    a part of a job broke off again and again
    |-- TrackingForbidden           TRACKING_FORBIDDEN   the programme forbids to track prices
    `-- MarketplaceError            (a marketplace stands in the way; knows whether to try again)
        |-- MarketplaceNotConnected MARKETPLACE_NOT_CONNECTED
        |-- ProductNotFound         NOT_FOUND       the marketplace does not show this product
        |-- NotInProgram            NOT_IN_PROGRAM
        |-- APIRetired              API_RETIRED
        |-- CredentialsRejected     CREDENTIALS_REJECTED
        |-- NotEligible             NOT_ELIGIBLE
        |   `-- PendingApproval     NOT_ELIGIBLE    the account is not in the programme yet
        |-- PermissionMissing       PERMISSION_MISSING
        |-- TrackingIDRejected      TRACKING_ID_REJECTED
        |-- Throttled               THROTTLED               retryable
        |-- QuotaExhausted          QUOTA_EXHAUSTED
        |   `-- AllowanceUsedUp     QUOTA_EXHAUSTED  the API key's own calls of the day
        |-- CallCapReached          CALL_CAP_REACHED   the request's own cap on marketplace calls
        |-- RequestRefused          MARKETPLACE_ANSWER_INVALID   it refused what we sent
        |-- MarketplaceUnavailable  MARKETPLACE_UNAVAILABLE      retryable
        |   |-- ClockSkewed         MARKETPLACE_UNAVAILABLE      our clock is off
        |   |-- CircuitOpen         MARKETPLACE_UNAVAILABLE      it failed too often to be asked now
        |   `-- ShortLinkTimeout    SHORT_LINK_TIMEOUT           retryable
        `-- AnswerInvalid           MARKETPLACE_ANSWER_INVALID   retryable once

A message says what happened and what to do, for the person who reads it. It never holds a secret,
a marketplace's whole answer or a name of our modules.
"""

from datetime import datetime
from typing import Self

from domain import moments


class AffiliateGraphError(Exception):
    """Base of every expected failure."""

    code = "INVALID_INPUT"

    def __init__(
        self,
        message: str,
        *,
        path: tuple[str, ...] = (),
        retry_at: datetime | None = None,
        upstream_code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.retry_at = retry_at
        self.upstream_code = upstream_code

    def at(self, path: tuple[str, ...]) -> Self:
        """The same failure, told for another place of the input; this one stays as it is."""
        other = type(self).__new__(type(self))
        other.args = self.args
        other.__dict__.update(self.__dict__, path=path)
        return other

    @property
    def extensions(self) -> dict[str, object]:
        """What graphql-core shows under `errors[].extensions`."""
        shown: dict[str, object] = {"code": self.code}
        if self.retry_at is not None:
            shown["retryAt"] = moments.shown(self.retry_at)
        if self.upstream_code is not None:
            shown["upstreamCode"] = self.upstream_code
        return shown


class InvalidInput(AffiliateGraphError):
    """The caller's argument cannot be used as it is."""


class InvalidURL(InvalidInput):
    """The text is not a web address."""

    code = "INVALID_URL"


class SeveralProducts(InvalidInput):
    """A text that is meant for one product names several."""

    code = "SEVERAL_PRODUCTS"


class ShortLink(InvalidInput):
    """A shortened link: its target is known only by opening it. `address`: as it was pasted."""

    code = "SHORT_LINK"
    address = ""

    @classmethod
    def of(cls, address: str, message: str) -> Self:
        """The failure about one address."""
        failure = cls(message)
        failure.address = address
        return failure


class ShortLinkRefused(InvalidInput):
    """A short link, or a redirect of one, that leads where this server does not go."""

    code = "SHORT_LINK_REFUSED"


class ShortLinkDead(InvalidInput):
    """The shortener does not know the link, or no longer."""

    code = "SHORT_LINK_DEAD"


class ShortLinkTooLong(InvalidInput):
    """A short link with more redirects than are followed, or with a circle of them."""

    code = "SHORT_LINK_TOO_LONG"


class NotAProduct(InvalidInput):
    """A page of a known marketplace that is not a product page."""

    code = "NOT_A_PRODUCT"


class UnknownHost(InvalidInput):
    """An address outside every marketplace we know."""

    code = "UNKNOWN_HOST"


class WrongLocale(InvalidInput):
    """The country site does not go with the tag, the credential version or the product."""

    code = "WRONG_LOCALE"


class NotFound(AffiliateGraphError):
    """Nothing of this workspace has that id."""

    code = "NOT_FOUND"


class Forbidden(AffiliateGraphError):
    """The API key is valid, but not for this."""

    code = "FORBIDDEN"


class IdempotencyConflict(AffiliateGraphError):
    """The idempotency key is taken: by another input, or by a call that still runs."""

    code = "IDEMPOTENCY_CONFLICT"


class JobGivenUp(AffiliateGraphError):
    """A part of a job broke what worked on it, so often that it is tried no more."""

    code = "JOB_GIVEN_UP"


class TrackingForbidden(AffiliateGraphError):
    """A marketplace's terms forbid to track prices."""

    code = "TRACKING_FORBIDDEN"


class MarketplaceError(AffiliateGraphError):
    """A marketplace stands between the caller and the answer.

    `retryable`: sending the same thing again can help, `most_tries` times in all. `retry_after`:
    seconds the marketplace asks us to wait, where it says so.
    """

    code = "MARKETPLACE_UNAVAILABLE"
    retryable = False
    most_tries = 3

    def __init__(
        self,
        message: str,
        *,
        path: tuple[str, ...] = (),
        retry_at: datetime | None = None,
        upstream_code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, path=path, retry_at=retry_at, upstream_code=upstream_code)
        self.retry_after = retry_after


class MarketplaceNotConnected(MarketplaceError):
    """No usable credentials are stored."""

    code = "MARKETPLACE_NOT_CONNECTED"


class ProductNotFound(MarketplaceError):
    """The marketplace's answer does not hold this product: unknown, off sale, not offered there."""

    code = "NOT_FOUND"


class NotInProgram(MarketplaceError):
    """The product earns no commission, so there is no tracked link."""

    code = "NOT_IN_PROGRAM"


class APIRetired(MarketplaceError):
    """The marketplace switched off the interface that the stored keys belong to."""

    code = "API_RETIRED"


class CredentialsRejected(MarketplaceError):
    """Key, secret, signature or token refused."""

    code = "CREDENTIALS_REJECTED"


class NotEligible(MarketplaceError):
    """The account may not use the interface now."""

    code = "NOT_ELIGIBLE"


class PendingApproval(NotEligible):
    """The account has not been accepted into the affiliate programme."""


class PermissionMissing(MarketplaceError):
    """The application has no right to this operation."""

    code = "PERMISSION_MISSING"


class TrackingIDRejected(MarketplaceError):
    """Tracking id or partner tag unknown to the account."""

    code = "TRACKING_ID_REJECTED"


class Throttled(MarketplaceError):
    """Too fast for the marketplace."""

    code = "THROTTLED"
    retryable = True


class QuotaExhausted(MarketplaceError):
    """The day's calls are used up."""

    code = "QUOTA_EXHAUSTED"


class AllowanceUsedUp(QuotaExhausted):
    """The calls that one API key was given for the day are used up; the account's are not."""


class CallCapReached(MarketplaceError):
    """The request may not make another marketplace call: it said so itself."""

    code = "CALL_CAP_REACHED"


class RequestRefused(MarketplaceError):
    """The marketplace refused an argument, though it should have been right: look at the code."""

    code = "MARKETPLACE_ANSWER_INVALID"


class MarketplaceUnavailable(MarketplaceError):
    """No answer, or the marketplace says that it has trouble."""

    retryable = True


class ClockSkewed(MarketplaceUnavailable):
    """The marketplace finds our timestamp wrong: this server's clock is off."""

    retryable = False


class CircuitOpen(MarketplaceUnavailable):
    """It failed to answer several times in a row, so it was not asked."""

    retryable = False


class ShortLinkTimeout(MarketplaceUnavailable):
    """A short link did not lead to a product in time."""

    code = "SHORT_LINK_TIMEOUT"


class AnswerInvalid(MarketplaceError):
    """The answer is not what the marketplace documents: cut off, a web page, another shape."""

    code = "MARKETPLACE_ANSWER_INVALID"
    retryable = True
    most_tries = 2
