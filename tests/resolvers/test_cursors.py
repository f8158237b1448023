"""Cursors belong to one list; everything else is refused, however it looks."""

import base64
import json
import random

import pytest

from domain.exceptions import InvalidInput
from resolvers import cursors
from resolvers.cursors import CursorPart

LIST = cursors.fingerprint("catalog", "IMPORTED_DESC")


def forged(content: object) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


@pytest.mark.parametrize(
    "position",
    [
        (),
        ("2026-05-01T12:00:00+00:00", "5f0c"),
        (0, 20, 3),
        (-(2**63) + 1, 2**63 - 1),
        (None,),
        ("",),
        ("ключ 🔑 \n \" ' \\",),
    ],
)
def test_a_position_survives_its_cursor(position: tuple[CursorPart, ...]) -> None:
    cursor = cursors.encode(LIST, position)

    assert cursors.decode(LIST, cursor, path=("after",)) == position
    assert cursor.isascii()


def test_no_cursor_is_the_beginning() -> None:
    assert cursors.decode(LIST, None, path=("after",)) == ()


def test_lists_are_told_apart_by_everything_that_makes_them() -> None:
    prints = {
        cursors.fingerprint("catalog", "A"),
        cursors.fingerprint("catalog", "B"),
        cursors.fingerprint("links", "A"),
        cursors.fingerprint("catalog", "A", None),
    }

    assert len(prints) == 4
    assert cursors.fingerprint("catalog", "A") in prints


def test_a_cursor_of_another_list_is_refused() -> None:
    other = cursors.encode(cursors.fingerprint("links"), ("a", 1))

    with pytest.raises(InvalidInput, match="another list") as refusal:
        cursors.decode(LIST, other, path=("after",))

    assert refusal.value.path == ("after",)


@pytest.mark.parametrize(
    ("_case", "cursor"),
    [
        ("empty", ""),
        ("blank", " "),
        ("words", "next page"),
        ("not of the alphabet", "WyJ+/10="),
        ("one character", "W"),
        ("other script", "курсор"),
        ("half character", "\ud800"),
        ("NUL", "\x00"),
        ("no JSON", forged(b"[")),
        ("no UTF-8", forged(b"\xff\xfe\xfd")),
        ("an object", forged({"a": 1})),
        ("text", forged(LIST)),
        ("an empty list", forged([])),
        ("a list inside", forged([LIST, []])),
        ("a boolean", forged([LIST, True])),
        ("a fraction", forged([LIST, 1.5])),
        ("not a number", forged([LIST, float("nan")])),
        ("deeply nested", forged(b"[" * 50_000 + b"]" * 50_000)),
        ("more than 64 bits", forged([LIST, 2**63])),
        ("thousands of digits", forged(b'["' + LIST.encode() + b'",' + b"9" * 4_300 + b"]")),
        ("too many digits for Python", forged(b'["' + LIST.encode() + b'",' + b"9" * 9_000 + b"]")),
    ],
)
def test_what_was_never_given_out_is_refused(_case: str, cursor: str) -> None:
    with pytest.raises(InvalidInput, match="not a cursor") as refusal:
        cursors.decode(LIST, cursor, path=("after",))

    assert refusal.value.path == ("after",)


def test_random_texts_are_refused_or_of_this_list() -> None:
    chance = random.Random(20_260_501)
    alphabet = 'abcXYZ019-_=+/ \x00é🔑[]{}"'
    whole = cursors.encode(LIST, (0, 20, 3))

    def mangled() -> str:
        if chance.random() < 0.5:
            return "".join(chance.choices(alphabet, k=chance.randrange(40)))
        at = chance.randrange(len(whole))
        return whole[:at] + chance.choice(alphabet) + whole[at + chance.randrange(3) :]

    for _ in range(2_000):
        cursor = mangled()
        try:
            position = cursors.decode(LIST, cursor, path=())
        except InvalidInput:
            continue
        assert all(part is None or isinstance(part, (str, int)) for part in position)


@pytest.mark.parametrize(("first", "size"), [(None, 20), (1, 1), (250, 250)])
def test_a_page_has_1_to_250_rows(first: int | None, size: int) -> None:
    assert cursors.page_size(first) == size


@pytest.mark.parametrize("first", [0, -1, 251, 10_000, -(2**31)])
def test_other_page_sizes_are_refused_with_their_number(first: int) -> None:
    with pytest.raises(InvalidInput, match=f"1 to 250 rows; {first} were asked") as refusal:
        cursors.page_size(first)

    assert refusal.value.path == ("first",)


def test_a_list_may_have_its_own_default() -> None:
    assert cursors.page_size(None, default=100) == 100
