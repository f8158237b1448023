"""What independent code signs is accepted, one byte off is refused."""

import hmac

import pytest

from sandbox.aliexpress.accounts import DEMO_ACCOUNT as DEMO_ALIEXPRESS
from tests.sandbox.callers import FIRST_ID, Caller

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", ["product_ids", "timestamp", "format", "sign"])
async def test_one_changed_byte_breaks_the_signature(caller: Caller, name: str) -> None:
    params = caller.signed("productdetail.get", product_ids=f"{FIRST_ID}")
    right = await caller.send(params)
    last = params[name][-1]
    changed = params | {name: params[name][:-1] + ("1" if last != "1" else "2")}

    refused = await caller.send(changed)

    assert "error_response" not in right
    assert refused["error_response"]["code"] == "IncompleteSignature"


async def test_an_added_parameter_breaks_the_signature(caller: Caller) -> None:
    params = caller.signed("productdetail.get", product_ids=f"{FIRST_ID}")

    refused = await caller.send(params | {"tracking_id": "sandbox_blog"})

    assert refused["error_response"]["code"] == "IncompleteSignature"


@pytest.mark.parametrize(("name", "digest"), [("sha256", "sha256"), ("hmac", "md5")])
async def test_signatures_by_hand_are_accepted(caller: Caller, name: str, digest: str) -> None:
    params = caller.signed("category.get") | {"sign_method": name}
    del params["sign"]
    text = "".join(key + params[key] for key in sorted(params))
    key = DEMO_ALIEXPRESS.app_secret.encode()

    answer = await caller.send(
        params | {"sign": hmac.digest(key, text.encode(), digest).hex().upper()}
    )
    lower = await caller.send(params | {"sign": hmac.digest(key, text.encode(), digest).hex()})
    unknown = await caller.send(params | {"sign": "A" * 40, "sign_method": "sha1"})

    assert "error_response" not in answer
    assert lower["error_response"]["code"] == "IncompleteSignature"
    assert unknown["error_response"]["code"] == "IncompleteSignature"
