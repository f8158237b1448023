"""The source of mails: what stands in base64 is read, where it stands, at the cost of its size."""

from email.message import EmailMessage

import pytest

from clients.registry import read_text
from domain.exceptions import ShortLink
from domain.products import ProductRef
from reading import mails

GERMAN = ProductRef("amazon", "B0LAMP0001", "www.amazon.de")
CHINESE = ProductRef("aliexpress", "1005006338829917", "")
PLAIN = "Grüße! https://www.amazon.de/dp/B0LAMP0001?th=1&psc=1, und\nhttps://a.co/d/0aBcDeF\n"
HTML = "<p>‪<a href='https://de.aliexpress.com/item/1005006338829917.html?a=1&amp;b=2'>ü</a></p>"


def mail(*, charset: str = "utf-8") -> EmailMessage:
    """With a plain part, one of HTML and a picture, each in base64."""
    message = EmailMessage()
    message["Subject"] = "Lamps"
    message.set_content(PLAIN, charset=charset, cte="base64")
    message.add_alternative(HTML, subtype="html", cte="base64")
    message.add_attachment(b"B0LAMP0009\n" * 99, maintype="image", subtype="png")
    return message


def named(text: str) -> list[object]:
    products = (each.product for each in read_text(text))
    return [each.address if isinstance(each, ShortLink) else each for each in products]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "utf-16"])
def test_parts_in_base64_are_read_in_order(end: str, charset: str) -> None:
    source = mail(charset=charset).as_string().replace("\n", end)

    assert named(source) == [GERMAN, "https://a.co/d/0aBcDeF", CHINESE]


def test_a_part_is_enough_with_its_head() -> None:
    source = mail().as_string()

    _, part, *_ = source[source.index("Content-Type: text/plain") :].split("\n\n", 2)
    head = "content-transfer-encoding:\tBASE64\nContent-Type: text/plain; charset=nobodys\n\n"

    assert named(f"Fwd:\n\n{head}{part}") == [GERMAN, "https://a.co/d/0aBcDeF"]
    assert named(f"{head}{part[:-40]}")[:1] == [GERMAN]  # cut off
    assert named(part) == []


def test_places_are_those_of_the_source() -> None:
    source = mail().as_string()
    plain, html = source.index("Content-Type: text/plain"), source.index("Content-Type: text/html")

    first, second, third = [(each.start, each.end) for each in read_text(source)]

    assert plain < first[0] < first[1] <= second[0] < second[1] < html < third[0] < third[1]


@pytest.mark.parametrize(
    ("text", "is_source"),
    [
        (mail().as_string(), True),
        ("Return-Path: <a@b.example>\r\n", True),
        ("From: a\nReceived: by b;\n\tat noon\nX-Y: z\n", True),
        ("Note: see below\nhttps://amzn.to/x\nReceived: 3\n", False),
        ("url: x\n", False),
        ("", False),
    ],
)
def test_a_source_is_known_by_what_it_begins_with(text: str, is_source: bool) -> None:
    assert mails.is_source(text) is is_source


HEAD = "Content-Transfer-Encoding: base64\n"


@pytest.mark.parametrize(
    "text", [HEAD, f"{HEAD}\n", f"{HEAD}\nQUJD", f"{HEAD}\n====", f"--\n{HEAD}\n\n\n--", "a: b\n"]
)
def test_no_source_is_too_strange(text: str) -> None:
    strange = text * 50

    pieces = list(mails.decoded(strange))

    places = [place for start, end, _ in pieces for place in (start, end)]
    assert places == sorted(places)
    assert all(place <= len(strange) for place in places)
