"""What holds for the reader of texts whatever is pasted: every form of address is found in every
wrapping, nothing is opened, and twice the text is twice the work."""

import contextlib
import csv
import html
import io
import json
import random
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import reading
from clients.aliexpress.urls import US_OFFSET
from clients.registry import BY_CODE, product_ref, read_text
from domain.exceptions import InvalidInput
from domain.products import ProductRef
from reading.text import PageKind, words
from tests.clients.test_contract import lamps
from tests.reading.test_text import CHANCES, HOSTILE, JOINTS, PIECES, SITES, pasted, products

ADDRESSES = {
    "aliexpress": (
        "https://www.aliexpress.com/item/{id}.html",
        "http://es.aliexpress.com/item/A-Lamp/{id}.htm",
        "https://m.aliexpress.com/s/item/{id}.html#autostay",
        "https://m.aliexpress.com/i/{id}.html",
        "https://www.aliexpress.com/item//{id}.html",
        "https://www.aliexpress.com//item/{id}.html",
        "https://www.aliexpress.com/item-img/A-Lamp/{id}.html",
        "https://www.aliexpress.com/item-desc/{id}.html",
        "https://www.aliexpress.com/store/product/A-Lamp/91_{id}.html",
        "https://www.aliexpress.com/store/product/91_{id}.html",
        "https://www.aliexpress.us/item/{us_id}.html",
        "https://aliexpress.ru/item/{id}.html",
        "https://www.aliexpress.com/p/trade/confirm.html?quantity=1&objectId={id}",
        "https://shoppingcart.aliexpress.com/order/confirm_order.htm?objectId={id}",
        "https://www.aliexpress.com/ssr/3/Bundle?productIds={id}%3A12000036815593862",
        "aliexpress://goto?url={page}",
        "aliexpress://product/detail?productId={id}",
        "https://star.aliexpress.com/share/share.htm?redirectUrl={page2}",
        "https://s.click.aliexpress.com/deep_link.htm?dl_target_url={page}",
    ),
    "amazon": (
        "https://{site}/dp/{id}",
        "https://{site}/A-Lamp-%C3%BC/dp/{id}/ref=sr_1_1",
        "https://{site}/-/en/A-Lamp/dp/{id}",
        "https://{site}/dp/offer-listing/{id}",
        "https://{site}/gp/product/{id}/ref=x",
        "https://{site}/gp/product/images/{id}",
        "https://{site}/gp/aw/d/{id}",
        "https://{site}/gp/reader/{id}",
        "https://{site}/review/product/{id}",
        "https://{site}/d/Lamps/A-Lamp/{id}",
        "https://{site}/d/{id}",
        "https://{site}/vdp/0a1b?product={id}",
        "https://{site}/-/en/vdp/0a1b?product={id}",
        "https://{site}/-/en/sspa/click?ie=UTF8&url={path}",
        "https://{site}/gp/slredirect/picassoRedirect.html/ref=x?url={path}",
        "https://{site}/gp/redirect.html/ref=x/302-1234567-1234567?location={page}",
        "https://{site}/gp/r.html?C=X&U={page}&H=Z",
        "https://{site}/-/en/gp/f.html?T=C&U={page}",
    ),
}
GLUES = [",", ";", "|", "+", "~", "&", "\u3001", "\u2192", "\\n"]


def address_of(chance: random.Random, ref: ProductRef) -> str:
    """An address of the product in one of the forms that are known."""
    page = quote(BY_CODE[ref.marketplace].product_url(ref), safe="")
    us_id = int(ref.external_id) + US_OFFSET if ref.marketplace == "aliexpress" else 0
    return chance.choice(ADDRESSES[ref.marketplace]).format(
        id=ref.external_id,
        us_id=us_id,
        site=ref.locale,
        page=page,
        page2=quote(page),
        path=quote(f"/A-Lamp/dp/{ref.external_id}/ref=x", safe=""),
    )


def some_refs(chance: random.Random) -> list[ProductRef]:
    return [
        ProductRef(market.code, chance.choice(lamps(market, 20)).external_id, site)
        for market, site in chance.choices(SITES, k=chance.randrange(1, 6))
    ]


@given(CHANCES)
@settings(max_examples=300)
def test_any_address_wrapped_decorated_and_joined_is_found(chance: random.Random) -> None:
    refs = some_refs(chance)

    text = "".join(pasted(chance, address_of(chance, ref)) + chance.choice(JOINTS) for ref in refs)

    assert products(read_text(text)) == refs, text


@given(CHANCES)
@settings(max_examples=200)
def test_any_addresses_glued_to_each_other_are_found(chance: random.Random) -> None:
    refs = some_refs(chance)
    addresses = [BY_CODE[ref.marketplace].product_url(ref) for ref in refs]

    text = addresses[0]
    for address in addresses[1:]:
        text += chance.choice(GLUES) + address

    assert products(read_text(text)) == refs, text


def test_real_titles_around_addresses_and_ids_name_nothing_else(reference: Path) -> None:
    listings = [
        json.loads(line)
        for path in sorted((reference / "catalog").glob("a*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]

    for listing in random.Random(20_261_129).sample(listings, 250):
        id = str(listing.get("product_id") or listing["asin"])
        address = listing.get("product_detail_url") or listing["detailPageURL"]
        told = listing.get("itemInfo", {}).get("title", {}).get("displayValue")
        title = listing.get("product_title") or told or "x"
        for text in (*shared(title, address), *rows(title, id), *rows(title, address)):
            found = read_text(text)
            assert {ref.external_id for ref in products(found)} == {id}, text
            assert len(products(found)) == len(found), text


def shared(title: str, address: str) -> list[str]:
    """What people write around an address."""
    return [
        f"{title} {address}",
        f"{title}{address}",
        f"{title}\n{address}\n",
        f"{address}\n{title}",
        f"- [{title}]({address})",
        f"\U0001f525 {title} \U0001f449 {address} \U0001f448",
        f"> {title}\n> {address}",
        f"{title} ({address}).",
        f"{title} {quote(address, safe='')}",
        f'<a href="{html.escape(address)}">{html.escape(title)}</a>',
        json.dumps({"title": title, "url": address}),
    ]


def rows(title: str, word: str) -> list[str]:
    """Tables that hold it in a cell of its own."""
    made = [f"| {title} | {word} | 3 |"]
    for separator in ",;\t":
        row = io.StringIO()
        csv.writer(row, delimiter=separator).writerow([title, word, "19.90"])
        made.append(row.getvalue())
    return made


TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=16).map("".join)


@given(TEXTS)
@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_makes_it_open_a_connection(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    for name in ("socket", "create_connection", "getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, pytest.fail)

    found = read_text(text)
    with contextlib.suppress(InvalidInput):
        product_ref(text)

    places = [(each.start, each.end) for each in found]
    assert places == sorted(places)
    assert all(0 <= start < end <= len(text) for start, end in places)


FOLDER = str(Path(str(reading.__file__)).parent)
KINDS = [kind for kind in PageKind if kind is not PageKind.SHORT_LINK]


def work(text: str, kind: PageKind) -> int:
    """Lines of the reader that run for a text, and the characters of addresses it asks about."""
    done = 0

    def kind_of(address: str) -> PageKind:
        nonlocal done
        done += len(address)
        return kind

    def line(frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        nonlocal done
        if not frame.f_code.co_filename.startswith(FOLDER):
            return None
        done += event == "line"
        return line

    before = sys.gettrace()
    sys.settrace(line)
    try:
        words(text, kind_of)
    finally:
        sys.settrace(before)
    return done


@given(
    st.lists(st.sampled_from([*HOSTILE, *PIECES]), min_size=1, max_size=4).map("".join),
    st.sampled_from(KINDS),
)
@settings(max_examples=80)
def test_twice_the_text_is_twice_the_work(piece: str, kind: PageKind) -> None:
    once, twice = (work(piece * (length // len(piece)), kind) for length in (2_000, 4_000))

    assert twice <= 2.4 * once + 500
