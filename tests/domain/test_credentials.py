"""A Secret does not leak by accident."""

import copy
import dataclasses
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from domain.credentials import MASK, Secret

HIDDEN = "pssst-1234"


@dataclass(frozen=True)
class Card:
    name: str
    secret: Secret


@pytest.mark.parametrize(
    ("_case", "show"),
    [
        ("repr", repr),
        ("str", str),
        ("format", format),
        ("format with a width", lambda secret: f"{secret:>40}"),
        ("f-string", lambda secret: f"{secret} {secret!r} {secret!s} {secret!a}"),
        ("percent", lambda secret: "%s %r" % (secret, secret)),  # noqa: UP031
        ("in a list", lambda secret: str([secret])),
        ("in a dataclass", lambda secret: repr(Card("key", secret))),
        ("in an exception", lambda secret: repr(ValueError(secret)) + str(ValueError(secret))),
        ("pretty printed", lambda secret: pprint.pformat({"secret": secret})),
        ("as JSON's last resort", lambda secret: json.dumps(secret, default=str)),
    ],
)
def test_it_is_shown_as_a_mask(_case: str, show: Callable[[Secret], str]) -> None:
    shown = show(Secret(HIDDEN))

    assert HIDDEN not in shown
    assert MASK in shown


def test_a_log_line_does_not_show_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("connected with %s and %r", Secret(HIDDEN), Secret(HIDDEN))

    assert HIDDEN not in caplog.text
    assert MASK in caplog.text


@pytest.mark.parametrize(
    ("_case", "carry_away"),
    [
        ("json", json.dumps),
        ("pickle", pickle.dumps),
        ("pickle, oldest form", lambda secret: pickle.dumps(secret, protocol=0)),
        ("copy", copy.copy),
        ("deep copy", copy.deepcopy),
        ("deep copy of what holds it", lambda secret: copy.deepcopy([secret])),
        ("asdict", lambda secret: dataclasses.asdict(Card("key", secret))),
        ("vars", vars),
        ("iteration", list),
        ("length", len),
    ],
)
def test_it_is_not_carried_away(_case: str, carry_away: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError) as refusal:
        carry_away(Secret(HIDDEN))

    assert HIDDEN not in str(refusal.value)


def test_a_traceback_with_locals_does_not_show_it() -> None:
    def use(secret: Secret) -> None:
        held = {"secret": secret, "card": Card("key", secret)}
        raise RuntimeError(f"failed with {held}")

    try:
        use(Secret(HIDDEN))
    except RuntimeError as error:
        told = "".join(
            traceback.TracebackException.from_exception(error, capture_locals=True).format()
        )

    assert "held = " in told
    assert HIDDEN not in told


def test_it_is_revealed_on_purpose() -> None:
    secret = Secret(HIDDEN)

    assert secret.reveal() == HIDDEN


@pytest.mark.parametrize("text", ["", "a", "ключ", "🔑" * 300])
def test_secrets_of_the_same_text_are_equal(text: str) -> None:
    one, other = Secret(text), Secret(text)

    assert one == other
    assert len({one, other}) == 1


def test_a_secret_is_not_equal_to_another_or_to_its_text() -> None:
    secret = Secret(HIDDEN)

    assert secret != Secret(HIDDEN + "x")
    assert secret != HIDDEN


def test_only_an_empty_secret_is_false() -> None:
    assert Secret(" ")
    assert not Secret("")


def test_a_fingerprint_tells_secrets_apart_without_showing_them() -> None:
    prints = {Secret(f"{HIDDEN}{n}").fingerprint() for n in range(100)}

    assert len(prints) == 100
    assert all(len(text) == 16 and HIDDEN not in text for text in prints)
