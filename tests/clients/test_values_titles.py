"""Texts for people, as they are meant."""

import pytest

from clients import values
from clients.values import Digits


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Salt &amp; pepper", "Salt & pepper"),
        ("5&quot; pipe &#39;L&#x27; &lt;new&gt;", "5\" pipe 'L' <new>"),
        ("&amp;amp;", "&amp;"),
        ("R&D&notes &copy 2", "R&D&notes &copy 2"),
        ("&unheardof; &#99999999;", "&unheardof; &#99999999;"),
        ("a\u202egnp.exe\u2069 \u200eb\u061c", "agnp.exe b"),
        ("\ufeffone\u200btwo\x00\x07\x9f", "onetwo"),
        ("two\nlines\tand\u2028more", "two lines and more"),
        ("&#x202e;turned&#10;", "turned"),
        (
            "\U0001f469\u200d\U0001f4bb \u0645\u06cc\u200c\u062e",
            "\U0001f469\u200d\U0001f4bb می\u200cخ",
        ),
        ("-50% =x @y +1", "-50% =x @y +1"),
        (" \u200e ", ""),
    ],
)
def test_what_is_shown(written: str, shown: str) -> None:
    assert values.shown(written) == shown


@pytest.mark.parametrize(
    ("value", "is_intact"),
    [
        ("Lamp", True),
        ("123", True),
        (Digits("123"), False),
        ("", False),
        (" \u200e\x00", False),
        ("Lamp \ud83d", False),
        (None, False),
        (True, False),
        (["Lamp"], False),
        ({"en": "Lamp"}, False),
    ],
)
def test_what_is_a_title(value: object, is_intact: bool) -> None:
    assert values.is_intact(value) is is_intact
