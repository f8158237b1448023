"""AliExpress: one catalogue for the world, reached through the affiliate interface."""

import re
from datetime import timedelta

from clients.aliexpress import credentials, urls
from clients.aliexpress.client import (
    ADDRESS_SETTING,
    BATCH_SIZE,
    LAST_PAGE,
    LINK_BATCH_SIZE,
    PAGE_SIZE,
    QUOTA,
    AliExpressClient,
    quota_account,
)
from clients.aliexpress.search import FILTERS, OWN_SORTS
from clients.base import Marketplace
from domain.marketplaces import OfferPolicy

__all__ = ["MARKETPLACE", "AliExpressClient"]

# Of today, of 2019 and 2020, and of the years before.
USUAL_ID = re.compile(r"1005[0-9]{8,}|10000[0-9]{9}|400[01][0-9]{9}|32[0-9]{9}|330[0-9]{8}")


def disclosure(locale: str) -> str:
    """The sentence to publish beside the links; law asks for it, the programme sets no wording."""
    return (
        "This page has affiliate links to AliExpress: I earn a commission when you buy through "
        "them, at no extra cost to you."
    )


MARKETPLACE = Marketplace(
    code=urls.CODE,
    name="AliExpress",
    summary="AliExpress, through its Affiliate API: one catalogue for the world.",
    locales=("",),
    fields=credentials.FIELDS,
    forms=(credentials.FORM,),
    tracking_field=credentials.TRACKING_ID,
    batch_size=BATCH_SIZE,
    link_batch_size=LINK_BATCH_SIZE,
    search_page_size=PAGE_SIZE,
    search_last_page=LAST_PAGE,
    search_sorts=OWN_SORTS,
    search_filters=FILTERS,
    quota=QUOTA,
    policy=OfferPolicy(
        fresh_for=timedelta(minutes=15),
        withheld_after=None,  # no retention limit is stated
        keeps_price_history=True,
        lets_pictures_be_copied=True,
        disclaimer=(
            "Prices are those that AliExpress told at the time shown. They can change at any "
            "moment; the price at AliExpress when you buy is the one that counts."
        ),
    ),
    rel="sponsored nofollow noopener",
    disclosure=disclosure,
    read_page=urls.read_page,
    parse_id=urls.parse_id,
    read_bare_id=urls.read_bare_id,
    is_usual_id=lambda external_id: USUAL_ID.fullmatch(external_id) is not None,
    product_url=urls.product_url,
    shortener_hosts=urls.SHORTENER_HOSTS,
    domains=urls.DOMAINS,
    check_credentials=credentials.check_credentials,
    capabilities=credentials.capabilities,
    quota_account=quota_account,
    cures=credentials.CURES,
    connect=AliExpressClient,
    gateways={ADDRESS_SETTING: "Another gateway in AliExpress's place."},
)
