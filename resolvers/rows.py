"""Row: what a mutation did for one product of its input, in the order asked."""

from dataclasses import dataclass
from datetime import datetime

from db.exceptions import DatabaseUnavailable
from domain.exceptions import (
    AffiliateGraphError,
    CallCapReached,
    MarketplaceError,
    MarketplaceUnavailable,
    QuotaExhausted,
)
from domain.links import LinkKey
from domain.products import ProductRef

_PASSING = (CallCapReached, QuotaExhausted, MarketplaceUnavailable, DatabaseUnavailable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`ref`: the catalogue product to show; `link`: the stored link; `error`: what went wrong.

    `place`: where in a text its product was found. `skipped`: the catalogue had the product, and
    nothing was asked. `text`: what stands in a file; None where it is no row of a file that is
    written.
    """

    ref: ProductRef | None = None
    link: LinkKey | None = None
    changed: tuple[str, ...] = ()
    error: AffiliateGraphError | None = None
    place: tuple[int, int] | None = None
    skipped: bool = False
    text: str | None = None

    @property
    def is_final(self) -> bool:
        """False when the same input can end better: later, or with another cap on calls."""
        if isinstance(self.error, _PASSING):
            return False
        return not (isinstance(self.error, MarketplaceError) and self.error.retryable)


def to_json(row: Row) -> dict[str, object]:
    """The row as JSON text can hold it."""
    return {
        "ref": _ref_json(row.ref),
        "link": [_ref_json(row.link.ref), row.link.tracking_id, row.link.sub_id]
        if row.link
        else None,
        "changed": list(row.changed),
        "error": _error_json(row.error),
        "place": list(row.place) if row.place else None,
        "skipped": row.skipped,
    } | ({} if row.text is None else {"text": row.text})


def from_json(stored: dict[str, object]) -> Row:
    """The row that `to_json` wrote."""
    link = stored["link"]
    changed = stored["changed"]
    place, text = stored.get("place"), stored.get("text")  # which few rows have
    return Row(
        ref=_ref(stored["ref"]),
        link=_link(link),
        changed=tuple(str(name) for name in changed) if isinstance(changed, list) else (),
        error=_error(stored["error"]),
        place=(place[0], place[1]) if isinstance(place, list) else None,
        skipped=stored.get("skipped") is True,
        text=text if isinstance(text, str) else None,
    )


def _ref_json(ref: ProductRef | None) -> list[str] | None:
    return [ref.marketplace, ref.external_id, ref.locale] if ref else None


def _ref(stored: object) -> ProductRef | None:
    return ProductRef(*stored) if isinstance(stored, list) else None


def _link(stored: object) -> LinkKey | None:
    if not isinstance(stored, list):
        return None
    ref = _ref(stored[0])
    return LinkKey(ref, stored[1], stored[2]) if ref else None


def _error_json(error: AffiliateGraphError | None) -> dict[str, object] | None:
    if error is None:
        return None
    return {
        "code": error.code,
        "message": error.message,
        "path": list(error.path),
        "retryAt": error.retry_at.isoformat() if error.retry_at else None,
        "upstreamCode": error.upstream_code,
    }


def _error(stored: object) -> AffiliateGraphError | None:
    if not isinstance(stored, dict):
        return None
    retry_at = stored["retryAt"]
    error = AffiliateGraphError(
        stored["message"],
        path=tuple(stored["path"]),
        retry_at=datetime.fromisoformat(retry_at) if retry_at else None,
        upstream_code=stored["upstreamCode"],
    )
    error.code = stored["code"]
    return error
