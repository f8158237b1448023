"""Sealed texts open only with their key, unchanged and in their place."""

from dataclasses import replace

import pytest

from db.encryption import KeyRing, Place, seal, unseal
from db.exceptions import EncryptionError, KeyMissing, SealBroken
from domain.credentials import Secret

PLACE = Place(
    "marketplace_credentials",
    "0b9f5a2e-1111-4222-8333-444455556666",
    "app_secret",
    ("ours", "amazon", "www.amazon.de", "LIVE"),
)
VALUE = Secret("marker-of-a-secret")
OLD = KeyRing([b"1" * 32])
NEW = KeyRing([b"2" * 32])
BOTH = KeyRing([b"1" * 32, b"2" * 32])


def refused(sealed: str, place: Place = PLACE, keys: KeyRing = OLD) -> EncryptionError:
    with pytest.raises(EncryptionError) as failure:
        unseal(keys, sealed, place)
    assert "marker" not in str(failure.value)
    return failure.value


def opens(sealed: str) -> bool:
    """Whether the seal opens; any failure but a refusal goes on to the test."""
    try:
        unseal(OLD, sealed, PLACE)
    except EncryptionError:
        return False
    return True


def test_opens_what_it_sealed() -> None:
    sealed = seal(OLD, VALUE, PLACE)

    assert unseal(OLD, sealed, PLACE) == VALUE
    assert sealed.startswith(f"v2.{OLD.current_id}.")


@pytest.mark.parametrize("text", ["", "ключ 🔑", "x" * 10_000, "a\x00b"])
def test_any_text_comes_back(text: str) -> None:
    assert unseal(OLD, seal(OLD, Secret(text), PLACE), PLACE) == Secret(text)


def test_two_seals_of_one_value_differ() -> None:
    assert seal(OLD, VALUE, PLACE) != seal(OLD, VALUE, PLACE)


@pytest.mark.parametrize(
    ("_case", "place"),
    [
        ("another row", replace(PLACE, row_id=PLACE.row_id.replace("0b", "0c"))),
        ("another field", replace(PLACE, field="app_key")),
        ("another table", replace(PLACE, table="encryption_canary")),
        ("another workspace", replace(PLACE, account=("theirs", *PLACE.account[1:]))),
        ("another country site", replace(PLACE, account=(*PLACE.account[:2], "com", "LIVE"))),
        ("nobody's", replace(PLACE, account=())),
        ("shifted border", replace(PLACE, row_id=PLACE.row_id + "a", field=PLACE.field[1:])),
    ],
)
def test_moved_seal_is_refused_and_names_the_place(_case: str, place: Place) -> None:
    problem = refused(seal(OLD, VALUE, PLACE), place)

    assert isinstance(problem, SealBroken)
    assert str(place) in str(problem)


def test_every_flipped_bit_is_refused() -> None:
    sealed = seal(OLD, VALUE, PLACE)
    damaged = [
        sealed[:position] + chr(ord(character) ^ (1 << bit)) + sealed[position + 1 :]
        for position, character in enumerate(sealed)
        for bit in range(7)
    ]

    assert [text for text in damaged if opens(text)] == []
    assert len(damaged) == 7 * len(sealed)
    assert opens(sealed)


def test_every_cut_and_extension_is_refused() -> None:
    sealed = seal(OLD, VALUE, PLACE)
    cuts = [
        part for length in range(len(sealed)) for part in (sealed[:length], sealed[length + 1 :])
    ]
    extended = [
        longer
        for extension in ("A", "=", "AAAA", ".", "\n", " ")
        for longer in (sealed + extension, extension + sealed)
    ]

    assert [text for text in cuts + extended if opens(text)] == []
    assert opens(sealed)


def test_unknown_version_and_replaced_key_id_are_refused() -> None:
    sealed = seal(OLD, VALUE, PLACE)

    assert "version" in str(refused(sealed.replace("v2.", "v1.")))
    replaced = sealed.replace(OLD.current_id, NEW.current_id)
    assert isinstance(refused(replaced, keys=BOTH), SealBroken)


def test_missing_key_is_named_with_the_loaded_ones() -> None:
    problem = refused(seal(OLD, VALUE, PLACE), keys=NEW)

    assert isinstance(problem, KeyMissing)
    assert OLD.current_id in str(problem)
    assert NEW.current_id in str(problem)
    assert PLACE.row_id in str(problem)


def test_last_key_seals_and_all_open() -> None:
    by_old = seal(OLD, VALUE, PLACE)
    by_both = seal(BOTH, VALUE, PLACE)

    assert unseal(BOTH, by_old, PLACE) == VALUE
    assert unseal(NEW, by_both, PLACE) == VALUE
