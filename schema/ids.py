"""Global ids: opaque text that names a thing of ours and its kind."""

import base64
import binascii
import json
from collections.abc import Callable

import orjson
import strawberry

from domain.exceptions import AffiliateGraphError, InvalidInput
from domain.links import LinkKey
from domain.products import ProductRef

PRODUCT = "Product"
LINK = "AffiliateLink"
MARKETPLACE = "Marketplace"
API_KEY = "ApiKey"
EVENT = "Event"
JOB = "Job"
WEBHOOK = "Webhook"
WATCH = "Watch"
DELIVERY = "WebhookDelivery"


def of_product(ref: ProductRef) -> strawberry.ID:
    """The same before and after the product is imported."""
    return _encode(PRODUCT, ref.marketplace, ref.external_id, ref.locale)


def of_link(key: LinkKey) -> strawberry.ID:
    """The same whether or not the link is stored."""
    ref = key.ref
    return _encode(LINK, ref.marketplace, ref.external_id, ref.locale, key.tracking_id, key.sub_id)


def of_marketplace(code: str, locale: str) -> strawberry.ID:
    """One for each country site."""
    return _encode(MARKETPLACE, code, locale)


def of_api_key(key_id: str) -> strawberry.ID:
    """By the id of its row."""
    return _encode(API_KEY, key_id)


def of_event(event_id: str) -> strawberry.ID:
    """By the id of its row."""
    return _encode(EVENT, event_id)


def of_job(job_id: str) -> strawberry.ID:
    """By the id of its row."""
    return _encode(JOB, job_id)


def of_webhook(webhook_id: str) -> strawberry.ID:
    """By the id of its row."""
    return _encode(WEBHOOK, webhook_id)


def of_watch(watch_id: str) -> strawberry.ID:
    """By the id of its row."""
    return _encode(WATCH, watch_id)


def of_delivery(delivery_id: str) -> strawberry.ID:
    """By the id of its row."""
    return _encode(DELIVERY, delivery_id)


def product_ref(text: str) -> ProductRef:
    """Raises InvalidInput for text that is no id and for an id of another type."""
    return ProductRef(*_parts(text, PRODUCT, 3))


def product_ref_or_error(text: str | None) -> ProductRef | AffiliateGraphError | None:
    """As `product_ref`, with the error as a value; None for None."""
    if text is None:
        return None
    try:
        return product_ref(text)
    except InvalidInput as error:
        return error


def link_key(text: str) -> LinkKey:
    """Raises InvalidInput for text that is no id and for an id of another type."""
    marketplace, external_id, locale, tracking_id, sub_id = _parts(text, LINK, 5)
    return LinkKey(ProductRef(marketplace, external_id, locale), tracking_id, sub_id)


def marketplace(text: str) -> tuple[str, str]:
    """Code and locale. Raises InvalidInput as the others do."""
    code, locale = _parts(text, MARKETPLACE, 2)
    return code, locale


def _of_row(kind: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        """The id of its row. Raises InvalidInput as the others do."""
        [row_id] = _parts(text, kind, 1)
        return row_id

    return read


api_key, event, job = _of_row(API_KEY), _of_row(EVENT), _of_row(JOB)
webhook, watch, delivery = _of_row(WEBHOOK), _of_row(WATCH), _of_row(DELIVERY)


def kind(text: str) -> str:
    """What kind of thing an id names. Raises InvalidInput for text that is no id of ours."""
    return _decode(text)[0]


def _encode(*parts: str) -> strawberry.ID:
    packed = orjson.dumps(parts)
    return strawberry.ID(base64.urlsafe_b64encode(packed).decode().rstrip("="))


def _parts(text: str, expected: str, count: int) -> list[str]:
    actual, *parts = _decode(text)
    if actual != expected:
        raise InvalidInput(f"This id is of type {actual}; an id of type {expected} is needed.")
    if len(parts) != count:
        raise InvalidInput("This is not an id that was given out here.")
    return parts


def _decode(text: str) -> list[str]:
    try:
        padded = text + "=" * (-len(text) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        parts = None
    known = (PRODUCT, LINK, MARKETPLACE, API_KEY, EVENT, JOB, WEBHOOK, WATCH, DELIVERY)
    words = parts if isinstance(parts, list) else []
    if not words or words[0] not in known or not all(_is_word(word) for word in words):
        raise InvalidInput("This is not an id that was given out here.")
    return [str(word) for word in words]


def _is_word(part: object) -> bool:
    # What we give out is printable: no NUL, no half character that storage and network refuse.
    return isinstance(part, str) and part.isprintable()
