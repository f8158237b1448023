"""Enums of the graph: the domain's words, each described for somebody in GraphiQL."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry

from clients.registry import MarketplaceCode
from domain.api_keys import APIKeyStatus, Scope
from domain.catalog import CatalogSort, CountPrecision
from domain.events import EventType
from domain.jobs import JobKind, JobStatus
from domain.marketplaces import Capability, HealthState, MarketplaceStatus
from domain.products import Availability, Condition, Demand, Mode, ProductState
from domain.refresh import RefreshState
from domain.search import ProductSearchSort
from domain.watches import WatchKind
from domain.webhooks import DeliveryState, DisabledReason, WebhookKind

E = TypeVar("E", bound=type[Enum])


def describe(
    cls: E,
    name: str,
    description: str,
    values: Mapping[str, str],
    deprecated: Mapping[str, str] | None = None,
) -> E:
    """Register a plain enum with a description for itself and for each of its values.

    `deprecated`: why a value is of no use any more.
    """
    enum = strawberry.enum(cls, name=name, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name]
        value.deprecation_reason = (deprecated or {}).get(value.name)
    return enum


class ErrorCode(Enum):
    """Codes of expected failures; one for each `code` in domain/exceptions.py."""

    INVALID_INPUT = "INVALID_INPUT"
    INVALID_URL = "INVALID_URL"
    SEVERAL_PRODUCTS = "SEVERAL_PRODUCTS"
    SHORT_LINK = "SHORT_LINK"
    SHORT_LINK_REFUSED = "SHORT_LINK_REFUSED"
    SHORT_LINK_DEAD = "SHORT_LINK_DEAD"
    SHORT_LINK_TOO_LONG = "SHORT_LINK_TOO_LONG"
    SHORT_LINK_TIMEOUT = "SHORT_LINK_TIMEOUT"
    NOT_A_PRODUCT = "NOT_A_PRODUCT"
    UNKNOWN_HOST = "UNKNOWN_HOST"
    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    NOT_IN_PROGRAM = "NOT_IN_PROGRAM"
    MARKETPLACE_NOT_CONNECTED = "MARKETPLACE_NOT_CONNECTED"
    API_RETIRED = "API_RETIRED"
    CREDENTIALS_REJECTED = "CREDENTIALS_REJECTED"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    PERMISSION_MISSING = "PERMISSION_MISSING"
    TRACKING_ID_REJECTED = "TRACKING_ID_REJECTED"
    WRONG_LOCALE = "WRONG_LOCALE"
    THROTTLED = "THROTTLED"
    QUOTA_EXHAUSTED = "QUOTA_EXHAUSTED"
    CALL_CAP_REACHED = "CALL_CAP_REACHED"
    MARKETPLACE_UNAVAILABLE = "MARKETPLACE_UNAVAILABLE"
    MARKETPLACE_ANSWER_INVALID = "MARKETPLACE_ANSWER_INVALID"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    JOB_GIVEN_UP = "JOB_GIVEN_UP"
    TRACKING_FORBIDDEN = "TRACKING_FORBIDDEN"
    DATABASE_UNAVAILABLE = "DATABASE_UNAVAILABLE"


describe(
    ErrorCode,
    "ErrorCode",
    "Why something expected did not work. Values may be added.",
    {
        "INVALID_INPUT": "An argument cannot be used as it is; the message says how to write it.",
        "INVALID_URL": "The text is not a web address.",
        "SEVERAL_PRODUCTS": "A text for one product names several; the message names them.",
        "SHORT_LINK": "A shortened link: open it yourself and paste the product page's address.",
        "SHORT_LINK_REFUSED": "The short link leads where this server does not go.",
        "SHORT_LINK_DEAD": "The short link leads nowhere any more.",
        "SHORT_LINK_TOO_LONG": "The short link redirects too often, or in a circle.",
        "SHORT_LINK_TIMEOUT": "The short link did not lead to a product in time; try again.",
        "NOT_A_PRODUCT": "A page of a known marketplace, but not a product page.",
        "UNKNOWN_HOST": "An address outside the supported marketplaces.",
        "NOT_FOUND": "Nothing by that id here, or the marketplace does not show the product.",
        "FORBIDDEN": "The API key lacks the scope that the message names.",
        "NOT_IN_PROGRAM": "The product earns no commission, so there is no tracked link.",
        "MARKETPLACE_NOT_CONNECTED": "Credentials are missing: see connectMarketplace.",
        "API_RETIRED": "The keys belong to an interface that the marketplace switched off.",
        "CREDENTIALS_REJECTED": "The marketplace refused key, secret or version.",
        "NOT_ELIGIBLE": "The account may not use the interface now; the message says why.",
        "PERMISSION_MISSING": "The application was not granted this operation.",
        "TRACKING_ID_REJECTED": "The tracking id or partner tag is unknown to the account.",
        "WRONG_LOCALE": "Country site, tag and credential version do not go together.",
        "THROTTLED": "Too many calls; try again at retryAt.",
        "QUOTA_EXHAUSTED": "The day's calls are used up; they begin again at retryAt.",
        "CALL_CAP_REACHED": "The request's own cap on marketplace calls (X-Max-Upstream-Calls).",
        "MARKETPLACE_UNAVAILABLE": "The marketplace did not answer or says it has trouble.",
        "MARKETPLACE_ANSWER_INVALID": "The marketplace's answer made no sense or refused our call.",
        "IDEMPOTENCY_CONFLICT": "The idempotency key was used with another input, or still runs.",
        "JOB_GIVEN_UP": "A part of a job broke off again and again; retryJob tries it once more.",
        "TRACKING_FORBIDDEN": "The marketplace's terms forbid to track prices.",
        "DATABASE_UNAVAILABLE": "This server's own storage does not answer now; try again.",
    },
)

describe(
    Scope,
    "ApiKeyScope",
    "What an API key may do.",
    {
        "PUBLIC": "What readers of a page are shown: products, offers and links, without your own "
        "notes and prices. Marketplace calls as far as the key was given some.",
        "READ": "Every query, exports and startExport; it may ask marketplaces, and changes "
        "nothing.",
        "IMPORT": "importProduct, updateProduct, deleteProduct, each also for many; "
        "restoreProducts, startImport.",
        "SYNC": "syncProduct, syncProducts, startSync.",
        "LINK": "generateLink, generateLinks, startLinks, deleteLink.",
        "SETTINGS": "connectMarketplace, disconnectMarketplace, verifyMarketplace, "
        "setRefreshPolicy, and webhooks.",
        "ADMIN": "All of it, and the API keys of the workspace.",
    },
)

describe(
    APIKeyStatus,
    "ApiKeyStatus",
    "Whether an API key is accepted.",
    {
        "ACTIVE": "It is accepted.",
        "EXPIRED": "Its time is over, or that of the overlap after its rotation.",
        "REVOKED": "It was taken back.",
    },
)

describe(
    MarketplaceCode,
    "MarketplaceCode",
    "A marketplace that this server speaks with.",
    {code.name: code.value.summary for code in MarketplaceCode},
)

describe(
    MarketplaceStatus,
    "MarketplaceStatus",
    "Whether the credentials are filled in. Whether they work is `health`.",
    {
        "CONNECTED": "Every required credential is filled in.",
        "NOT_CONFIGURED": "At least one required credential is missing: see missingFields.",
    },
)

describe(
    HealthState,
    "MarketplaceHealthState",
    "What the last real answers of the marketplace say about the stored credentials.",
    {
        "UNVERIFIED": "Nothing was asked with these credentials yet: run verifyMarketplace.",
        "HEALTHY": "The last call worked.",
        "THROTTLED": "Calls were too fast for the marketplace.",
        "QUOTA_EXHAUSTED": "The day's calls are used up.",
        "CREDENTIALS_REJECTED": "Key, secret or version were refused.",
        "TRACKING_ID_REJECTED": "The tracking id or partner tag is unknown to the account.",
        "NOT_ELIGIBLE": "Too few qualified sales, or a step of the programme is open: see cure.",
        "PENDING_APPROVAL": "The account is not accepted into the affiliate programme yet.",
        "PERMISSION_MISSING": "The application lacks the right to an operation.",
        "API_RETIRED": "The keys belong to an interface that the marketplace switched off.",
        "CLOCK_SKEWED": "This server's clock is off, so signatures look expired.",
        "UNREACHABLE": "The marketplace did not answer, or not sensibly.",
    },
)

describe(
    RefreshState,
    "RefreshState",
    "What the refresh of a marketplace's products does at the moment.",
    {
        "OFF": "Nothing is refreshed by itself: syncs are asked for.",
        "ACTIVE": "Calls are made, or wait until a product is due.",
        "DAY_USED_UP": "The policy's calls of the day are used; it goes on when the marketplace's "
        "day begins.",
        "PAUSED": "The last call brought nothing: `health` says why. It is tried again, more and "
        "more rarely, and goes on by itself.",
    },
)

describe(
    Mode,
    "Mode",
    "Whose answers these are. The two never mix.",
    {
        "SANDBOX": "The bundled gateway's: made-up data, links that lead nowhere.",
        "LIVE": "A real marketplace's.",
    },
)

describe(
    Capability,
    "Capability",
    "What a marketplace's stored credentials can be used for.",
    {
        "SEARCH": "searchProducts.",
        "IMPORT": "importProduct and importProducts.",
        "SYNC": "syncProduct and syncProducts.",
        "GENERATE_LINK": "generateLink, generateLinks and affiliateLink.",
        "ORDERS": "Reports of commissions.",
        "HOT_PRODUCTS": "Lists of products with raised commission.",
        "VARIANTS": "The `variants` of a product.",
    },
    deprecated={
        "ORDERS": "No marketplace has it: no field stands behind it yet.",
        "HOT_PRODUCTS": "No marketplace has it: no field stands behind it yet.",
    },
)

describe(
    Availability,
    "Availability",
    "Whether a product can be bought.",
    {
        "IN_STOCK": "It can be bought now.",
        "OUT_OF_STOCK": "Not at the moment.",
        "PREORDER": "It can be ordered before its release.",
        "UNAVAILABLE": "It cannot be bought.",
        "UNKNOWN": "The marketplace does not say.",
    },
)

describe(
    ProductState,
    "ProductState",
    "Life of a product in the catalogue.",
    {
        "ACTIVE": "The marketplace showed it when it was last asked.",
        "UNAVAILABLE": "Missing from the last answer; its data is kept.",
        "GONE": "Missing from three answers in a row.",
    },
)

describe(
    Condition,
    "Condition",
    "The state of the very thing that is offered.",
    {
        "NEW": "Nobody has used it.",
        "USED": "Used by somebody before, or returned.",
        "REFURBISHED": "Used, and made good again.",
    },
)

describe(
    Demand,
    "Demand",
    "How well a product sells, by its orders of 30 days.",
    {
        "STRONG": "500 orders or more.",
        "NORMAL": "10 to 499 orders.",
        "LOW": "Under 10 orders: new, or failing.",
        "UNKNOWN": "The marketplace does not tell.",
    },
)

describe(
    ProductSearchSort,
    "ProductSearchSort",
    "Order of a marketplace search. One that is not among Marketplace.searchSorts is applied to "
    'the rows that were gathered, as ProductSearchConnection.sortedRows says, and named "sort" in '
    "postFilters; rows that do not tell come last.",
    {
        "RELEVANCE": "As the marketplace finds best.",
        "PRICE_ASC": "Cheapest first.",
        "PRICE_DESC": "Dearest first.",
        "ORDERS_DESC": "Most orders first.",
        "DISCOUNT_DESC": "Highest discount first.",
        "RATING_DESC": "Best rated first.",
        "NEWEST": "Newest first.",
    },
)

describe(
    CatalogSort,
    "CatalogSort",
    "Order of the catalogue. Products without a value come last.",
    {
        "IMPORTED_ASC": "Imported first, first.",
        "IMPORTED_DESC": "Imported last, first.",
        "SYNCED_ASC": "Longest not synced first.",
        "SYNCED_DESC": "Synced last, first.",
        "TITLE_ASC": "By title, from A to Z.",
        "TITLE_DESC": "By title, from Z to A.",
        "PRICE_ASC": "Cheapest first, currency by currency.",
        "PRICE_DESC": "Dearest first, currency by currency.",
        "DISCOUNT_ASC": "Lowest discount first.",
        "DISCOUNT_DESC": "Highest discount first.",
        "ORDERS_ASC": "Fewest orders of 30 days first.",
        "ORDERS_DESC": "Most orders of 30 days first.",
    },
)

describe(
    CountPrecision,
    "CountPrecision",
    "How exact a count is.",
    {
        "EXACT": "There are so many.",
        "AT_LEAST": "There are more: it was counted up to there.",
    },
)

describe(
    EventType,
    "EventType",
    "What happened. Values may be added.",
    {
        "PRODUCT_PRICE_DROPPED": "A product costs less than what was announced last.",
        "PRODUCT_PRICE_ROSE": "A product costs more than what was announced last.",
        "PRODUCT_BACK_IN_STOCK": "A product can be bought again.",
        "PRODUCT_OUT_OF_STOCK": "A product cannot be bought any more.",
        "PRODUCT_GONE": "The marketplace has not shown a product three times in a row.",
        "PRODUCT_RETURNED": "The marketplace shows a product again that was gone.",
        "LINK_BROKEN": "A link's product is gone.",
        "LINK_MENDED": "A link's product has returned.",
        "CREDENTIALS_REJECTED": "The marketplace refuses the stored credentials.",
        "CREDENTIALS_RESTORED": "The marketplace answers again, after it had refused the "
        "credentials or found the account not eligible.",
        "MARKETPLACE_NOT_ELIGIBLE": "The account may not use the interface any more.",
        "QUOTA_LOW": "80 % of the account's calls of the day are used up.",
        "JOB_FINISHED": "A job has ended; its status says how.",
        "WATCH_FIRED": "Something happened that a watch waited for.",
        "WEBHOOK_DISABLED": "A webhook was switched off: it answered 410, it failed for five days, "
        "or the API key that it reads with is at its end.",
    },
)

describe(
    JobKind,
    "JobKind",
    "What a job does with each of its rows.",
    {
        "IMPORT": "Fetch the product and keep it in the catalogue.",
        "SYNC": "Fetch a product of the catalogue anew.",
        "LINKS": "Make, check and store a tracked link.",
        "EXPORT": "Write a product of the catalogue into a file; no marketplace is asked.",
    },
)

describe(
    JobStatus,
    "JobStatus",
    "How far a job is.",
    {
        "QUEUED": "It waits for a worker.",
        "RUNNING": "It is being worked on, or waits for quota or for a marketplace that is away.",
        "SUCCEEDED": "All rows were gone through; `progress.failed` counts those that did not "
        "work.",
        "FAILED": "No row worked, or a part of it was given up.",
        "CANCELLED": "cancelJob ended it, or the end of the API key that began it. What was done "
        "stays done.",
    },
)

describe(
    WebhookKind,
    "WebhookKind",
    "What is behind the address of a webhook. Values may be added.",
    {
        "STANDARD": "A program, which gets Standard Webhooks.",
        "TELEGRAM": "A chat of Telegram, which gets a sentence.",
        "DISCORD": "A channel of Discord, which gets a sentence.",
        "SLACK": "A channel of Slack, which gets a sentence.",
    },
)

describe(
    DeliveryState,
    "WebhookDeliveryState",
    "How far a delivery is.",
    {
        "PENDING": "It is tried at `nextTryAt`.",
        "DELIVERED": "The receiver took it.",
        "FAILED": "It was given up: after ten tries, with the webhook, or because the event is not "
        "kept any more.",
    },
)

describe(
    DisabledReason,
    "WebhookDisabledReason",
    "Why a webhook is told nothing. Values may be added.",
    {
        "BY_HAND": "disableWebhook.",
        "GONE": "It answered 410.",
        "FAILING": "For five days each try failed.",
        "KEY_ENDED": "The API key with whose rights it reads is accepted no more, or lacks READ.",
    },
)

describe(
    WatchKind,
    "WatchKind",
    "What a watch waits for. Values may be added.",
    {
        "BELOW_PRICE": "A price below `price`.",
        "DROP_PERCENT": "A price that is `percent` below the one when it was armed.",
        "BACK_IN_STOCK": "That a product can be bought again.",
        "LOWEST_IN_DAYS": "The lowest price of `days` days.",
    },
)
