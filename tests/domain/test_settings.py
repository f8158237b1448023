"""What a description of a setting says, and which variables are near misses."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from domain.parsers import any_text, number, one_of, web_address, whole
from domain.settings import BadValue, Parser, Setting, mistyped, setting, settings_of

TEXT = any_text("any text")


def described(parser: Parser = TEXT, *, default: object = None, secret: bool = False) -> Setting:
    return Setting(
        name="LAMPS", parser=parser, help="Lamps.", group="Room", default=default, secret=secret
    )


@pytest.mark.parametrize(
    ("default", "typed"),
    [
        (True, "on"),
        (False, "off"),
        (0, "0"),
        (1.0, "1"),
        (timedelta(minutes=5), "300"),
        (None, ""),
        ((), ""),
        (frozenset(), ""),
    ],
)
def test_a_default_is_shown_as_it_would_be_typed(default: object, typed: str) -> None:
    assert described(default=default).example == typed


def test_only_a_secret_is_read_from_a_file() -> None:
    assert described().names == ("LAMPS",)
    assert described(secret=True).names == ("LAMPS", "LAMPS_FILE")


@pytest.mark.parametrize(
    ("parser", "text", "sentences"),
    [
        (whole(1, 3), "4", ("must be a whole number from 1 to 3.",)),
        (number(0.5, 2), "0.4", ("must be a number from 0.5 to 2.",)),
        (one_of(["red", "blue"]), "green", ("must be red or blue.",)),
        (
            web_address(plain_http=False),
            "http://user@example.com/?a",
            (
                "must not hold a user name or a password.",
                "must end with its path, without ? or #.",
                "must begin with https://, except for a server on this machine.",
            ),
        ),
    ],
)
def test_a_refusal_says_what_is_expected(
    parser: Parser, text: str, sentences: tuple[str, ...]
) -> None:
    with pytest.raises(BadValue) as refusal:
        described(parser).parse(text)

    assert refusal.value.sentences == sentences


def test_settings_are_fields_of_a_dataclass() -> None:
    @dataclass
    class Room:
        lamps: int = setting("LAMPS", 2, whole(1, 3), "Room", "Lamps.", unit="pieces")
        doors: int = 1

    assert list(settings_of(Room)) == ["lamps"]
    assert settings_of(Room)["lamps"].unit == "pieces"
    assert Room().lamps == 2


@pytest.mark.parametrize(
    ("_case", "variable", "is_told"),
    [
        ("near", "LAMP_COLOR", True),
        ("of another program", "OTHER_LAMP_COLOUR", False),
        ("far", "LAMP_HEIGHT", False),
        ("far, but certainly ours", "ROOM_HEIGHT", True),
    ],
)
def test_near_misses_are_told(_case: str, variable: str, is_told: bool) -> None:
    known = frozenset({"LAMP_COLOUR", "ROOM_WIDTH"})

    assert bool(mistyped([variable], known, owned=("ROOM_",))) == is_told
