"""Affiliate links: which link is meant (`LinkKey`), the link itself (`Link`)."""

from dataclasses import dataclass
from datetime import datetime

from domain.products import Mode, ProductRef


@dataclass(frozen=True, slots=True)
class LinkKey:
    """Names one link: a product, the tracking id that earns, and a free sub id for reports."""

    ref: ProductRef
    tracking_id: str
    sub_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A tracked link. `source_url` is the plain product page that it leads to."""

    key: LinkKey
    url: str
    source_url: str
    mode: Mode
    created_at: datetime
