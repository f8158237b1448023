"""Amazon's Creators API with its token address, and PA-API 5.0, which was retired."""

from sandbox.amazon.accounts import (
    DEMO_ACCOUNT,
    STALE_TOKEN,
    AmazonWorld,
    demo_credentials,
    numbered_account,
)
from sandbox.amazon.creators import read_creators
from sandbox.amazon.links import made_link
from sandbox.amazon.listings import DEFAULT_SITE, read_row
from sandbox.amazon.made import made_listings
from sandbox.amazon.paapi import PAAPI_ALIVE, read_paapi
from sandbox.amazon.request import throttled
from sandbox.amazon.tokens import read_token
from sandbox.gateway import Endpoint, Gateway, Option
from sandbox.listings import ListingFormat

GATEWAY = Gateway(
    code="amazon",
    addresses={
        "AMAZON_CREATORS_URL": "/amazon",
        "AMAZON_TOKEN_URL": "/amazon/token",
        "AMAZON_PAAPI_URL": "",
    },
    endpoints=(
        Endpoint("/amazon/token", read_token),
        Endpoint("/amazon/token/{version}", read_token),
        Endpoint("/amazon/catalog/v1/{operation}", read_creators),
        Endpoint("/paapi5/{operation}", read_paapi),
    ),
    world=AmazonWorld,
    listings=ListingFormat(
        id_field="asin", read=read_row, made=made_listings, default_site=DEFAULT_SITE
    ),
    demo_account=DEMO_ACCOUNT,
    demo_credentials=demo_credentials,
    numbered_account=numbered_account,
    greeting={
        "Amazon": f"credential id {DEMO_ACCOUNT.credential_id},"
        f" secret {DEMO_ACCOUNT.credential_secret},"
        f" partner tags {', '.join(sorted(DEMO_ACCOUNT.partner_tags))}",
        "PA-API 5": f"access key {DEMO_ACCOUNT.access_key}, secret key {DEMO_ACCOUNT.secret_key}",
    },
    throttled=throttled,
    fault_kinds=frozenset({STALE_TOKEN, PAAPI_ALIVE}),
    options=(Option("paapi_alive", "PA-API 5 is not retired", PAAPI_ALIVE),),
    made_link=made_link,
)
