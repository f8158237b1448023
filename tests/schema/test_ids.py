"""Ids are opaque, stay the same, and cannot be made up."""

import base64
import json
import random

import pytest

from domain.exceptions import InvalidInput
from domain.links import LinkKey
from domain.products import ProductRef
from schema import ids

LAMP = ProductRef("amazon", "B01N5IB20Q", "www.amazon.de")
LINK = LinkKey(LAMP, "lamps-21", "süb 🔑")


def forged(content: object) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


@pytest.mark.parametrize("ref", [LAMP, ProductRef("aliexpress", "1005006338829917")])
def test_a_products_id_leads_back_to_it(ref: ProductRef) -> None:
    id = ids.of_product(ref)

    assert ids.product_ref(id) == ref
    assert ids.kind(id) == "Product"


@pytest.mark.parametrize("key", [LINK, LinkKey(LAMP, "lamps-21")])
def test_a_links_id_leads_back_to_it(key: LinkKey) -> None:
    id = ids.of_link(key)

    assert ids.link_key(id) == key
    assert ids.kind(id) == "AffiliateLink"


@pytest.mark.parametrize("site", [("aliexpress", ""), ("amazon", "www.amazon.com.be")])
def test_a_marketplaces_id_leads_back_to_it(site: tuple[str, str]) -> None:
    id = ids.of_marketplace(*site)

    assert ids.marketplace(id) == site
    assert ids.kind(id) == "Marketplace"


def test_ids_given_out_stay_the_same_for_ever() -> None:
    # Callers store them: whoever changes these texts breaks every stored id.
    assert ids.of_product(LAMP) == (
        "WyJQcm9kdWN0IiwiYW1hem9uIiwiQjAxTjVJQjIwUSIsInd3dy5hbWF6b24uZGUiXQ"
    )
    assert ids.of_marketplace("aliexpress", "") == "WyJNYXJrZXRwbGFjZSIsImFsaWV4cHJlc3MiLCIiXQ"


def test_an_id_is_safe_in_an_address() -> None:
    shown = [ids.of_link(LinkKey(LAMP, "tag", "?" * n + "ÿ>")) for n in range(9)]

    assert all(
        set(id) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        for id in shown
    )
    assert len(set(shown)) == 9


@pytest.mark.parametrize("padding", ["", "=", "=="])
def test_padding_that_a_caller_added_does_no_harm(padding: str) -> None:
    id = ids.of_product(LAMP)

    assert len(id) % 4 == 2
    assert ids.product_ref(id + padding) == LAMP


@pytest.mark.parametrize(
    ("_case", "read", "id"),
    [
        ("a link's for a product", ids.product_ref, ids.of_link(LINK)),
        ("a marketplace's for a product", ids.product_ref, ids.of_marketplace("amazon", "")),
        ("a product's for a link", ids.link_key, ids.of_product(LAMP)),
        ("a product's for a marketplace", ids.marketplace, ids.of_product(LAMP)),
    ],
)
def test_an_id_of_another_type_is_told_as_such(_case: str, read: object, id: str) -> None:
    assert callable(read)

    with pytest.raises(InvalidInput, match=r"This id is of type \w+; an id of type \w+ is needed"):
        read(id)


NOT_OURS = [
    ("empty", ""),
    ("blank", "  "),
    ("words", "a lamp"),
    ("a number", "1"),
    ("the marketplace's own id", "1005006338829917"),
    ("an ASIN", "B01N5IB20Q"),
    ("an address", "https://www.amazon.de/dp/B01N5IB20Q"),
    ("other script", "лампа"),
    ("half a character", "\ud800"),
    ("NUL", "\x00"),
    ("the other alphabet", forged(["Product", "??>>", "", ""]) + "+/"),
    ("as other servers do it", base64.b64encode(b"Product:1").decode()),
    ("no JSON", forged(b'["Product"')),
    ("no UTF-8", forged(b"\xff\xff\xff")),
    ("an object", forged({"0": "Product"})),
    ("a text", forged("Product")),
    ("an empty list", forged([])),
    ("an unknown kind", forged(["Order", "1"])),
    ("kind in small letters", forged(["product", "amazon", "B01N5IB20Q", "www.amazon.de"])),
    ("a list for a kind", forged([["Product"], "amazon", "B01N5IB20Q", "www.amazon.de"])),
    ("too short", forged(["Product", "amazon", "B01N5IB20Q"])),
    ("too long", forged(["Product", "amazon", "B01N5IB20Q", "www.amazon.de", ""])),
    ("a number inside", forged(["Product", "aliexpress", 1005006338829917, ""])),
    ("null inside", forged(["Product", "aliexpress", None, ""])),
    ("a list inside", forged(["Product", "aliexpress", [], ""])),
    ("NUL inside", forged(["Product", "aliexpress", "1\x00", ""])),
    ("half a character inside", forged(["Product", "aliexpress", "\ud800", ""])),
    ("a line end inside", forged(["Product", "aliexpress", "1\n", ""])),
    ("deeply nested", forged(b"[" * 100_000 + b"]" * 100_000)),
    ("very long", "A" * 1_000_000),
]


@pytest.mark.parametrize(("_case", "id"), NOT_OURS)
def test_what_was_never_given_out_is_refused(_case: str, id: str) -> None:
    with pytest.raises(InvalidInput, match="not an id that was given out here"):
        ids.product_ref(id)

    assert isinstance(ids.product_ref_or_error(id), InvalidInput)


@pytest.mark.parametrize(
    "parts",
    [
        ["AffiliateLink", "amazon", "B01N5IB20Q", "www.amazon.de", "tag"],
        ["AffiliateLink", "amazon", "B01N5IB20Q", "www.amazon.de", "tag\x00", ""],
        ["AffiliateLink", "amazon", "B01N5IB20Q", "www.amazon.de", "tag", "\udfff"],
        ["AffiliateLink", "amazon", "B01N5IB20Q", "www.amazon.de", None, ""],
    ],
)
def test_a_forged_links_id_is_refused(parts: list[object]) -> None:
    with pytest.raises(InvalidInput, match="not an id that was given out here"):
        ids.link_key(forged(parts))


def test_no_id_is_no_error() -> None:
    assert ids.product_ref_or_error(None) is None
    assert ids.product_ref_or_error(ids.of_product(LAMP)) == LAMP


def test_mangled_ids_are_refused_or_read() -> None:
    chance = random.Random(20_260_501)
    whole = ids.of_link(LINK)
    read = 0

    for _ in range(2_000):
        at = chance.randrange(len(whole))
        mangled = whole[:at] + chance.choice("aZ09-_=+/ é\x00\ud800") + whole[at + 1 :]
        try:
            key = ids.link_key(mangled)
        except InvalidInput:
            continue
        read += 1
        assert all(
            text.isprintable() for text in (key.ref.external_id, key.tracking_id, key.sub_id)
        )

    assert read
