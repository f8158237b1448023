"""AliExpress's affiliate interface: signed parameters to one address."""

from sandbox.aliexpress.accounts import (
    DEMO_ACCOUNT,
    AliExpressWorld,
    numbered_account,
)
from sandbox.aliexpress.endpoint import METHOD_PREFIX, read_call
from sandbox.aliexpress.envelope import AE_ERROR, STRING_CODE, banned, error_on_command
from sandbox.aliexpress.listings import read_row
from sandbox.aliexpress.made import made_listings
from sandbox.gateway import Endpoint, Gateway, Option
from sandbox.listings import ListingFormat

GATEWAY = Gateway(
    code="aliexpress",
    addresses={"ALIEXPRESS_GATEWAY_URL": "/aliexpress/sync"},
    endpoints=(Endpoint("/aliexpress/sync", read_call, ("GET", "POST")),),
    world=AliExpressWorld,
    listings=ListingFormat(id_field="product_id", read=read_row, made=made_listings),
    operation_prefix=METHOD_PREFIX,
    demo_account=DEMO_ACCOUNT,
    demo_credentials=lambda _site: {
        "appKey": DEMO_ACCOUNT.app_key,
        "appSecret": DEMO_ACCOUNT.app_secret,
        "trackingId": "sandbox_blog",
    },
    is_in_demo=True,
    numbered_account=numbered_account,
    greeting={
        "AliExpress": f"app key {DEMO_ACCOUNT.app_key}, app secret {DEMO_ACCOUNT.app_secret},"
        f" tracking ids {', '.join(sorted(DEMO_ACCOUNT.tracking_ids))}"
    },
    throttled=banned,
    fault_kinds=frozenset({AE_ERROR, STRING_CODE}),
    refusal_on_command=error_on_command,
    options=(Option("ae_quota", "AliExpress calls a day for each app key", "quota", "limit"),),
    made_link=lambda world, url: world.links.made(url),
)
