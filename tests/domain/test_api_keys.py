from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.api_keys import (
    ALPHABET,
    NOBODY,
    APIKey,
    APIKeyStatus,
    Caller,
    Scope,
    checksum,
    is_mistyped,
)
from domain.exceptions import Forbidden

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BODY = "aff_live_" + "0aZ" * 12 + "7"
GOOD = BODY + checksum(BODY)


def make_key(**changes: datetime | None) -> APIKey:
    key = APIKey(
        id="1",
        workspace="default",
        name="shop",
        prefix="aff_live_",
        last_four="abcd",
        scopes=frozenset({Scope.READ}),
        created_at=NOW,
    )
    return replace(key, **changes)  # type: ignore[arg-type]


def test_checksum_is_the_crc32_in_base_62() -> None:
    digits = [ALPHABET.index(digit) for digit in checksum("123456789")]

    number = sum(digit * 62**place for place, digit in enumerate(reversed(digits)))
    assert number == 0xCBF43926  # the check value of CRC-32


def test_a_whole_key_is_not_mistyped() -> None:
    assert not is_mistyped(GOOD)


@pytest.mark.parametrize(
    ("_case", "text"),
    [
        ("a character changed", GOOD[:20] + ("x" if GOOD[20] != "x" else "y") + GOOD[21:]),
        ("the other prefix", GOOD.replace("_live_", "_test_")),
        ("an unknown prefix", GOOD.replace("_live_", "_prod_")),
        ("the end cut off", GOOD[:-1]),
        ("one character more", GOOD + "0"),
        ("a sign inside", GOOD[:20] + "-" + GOOD[21:]),
        ("nothing behind the prefix", "aff_live_"),
    ],
)
def test_a_mistyped_key_is_known_without_asking_anybody(_case: str, text: str) -> None:
    assert is_mistyped(text)


@pytest.mark.parametrize("text", ["aff_admin_0123456789", "a-key-of-the-operator", ""])
def test_other_keys_have_no_checksum(text: str) -> None:
    assert not is_mistyped(text)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, APIKeyStatus.ACTIVE),
        ({"expires_at": NOW + timedelta(seconds=1)}, APIKeyStatus.ACTIVE),
        ({"expires_at": NOW}, APIKeyStatus.EXPIRED),
        ({"revoked_at": NOW, "expires_at": NOW}, APIKeyStatus.REVOKED),
    ],
)
def test_status_follows_the_clock(
    changes: dict[str, datetime | None], status: APIKeyStatus
) -> None:
    assert make_key(**changes).status(NOW) is status


def test_admin_may_do_everything() -> None:
    admin = Caller(workspace="default", name="boss", scopes=frozenset({Scope.ADMIN}))

    assert all(admin.may(scope) for scope in Scope)


@pytest.mark.parametrize("scope", Scope)
def test_a_scope_allows_itself_and_what_it_includes(scope: Scope) -> None:
    caller = Caller(workspace="default", name="shop", scopes=frozenset({scope}))

    assert [other for other in Scope if caller.may(other)] == (
        {Scope.ADMIN: list(Scope), Scope.READ: [Scope.PUBLIC, Scope.READ]}.get(scope, [scope])
    )


def test_nobody_may_do_nothing() -> None:
    assert not any(NOBODY.may(scope) for scope in Scope)


def test_a_refusal_names_what_was_asked_the_scope_and_what_the_key_has() -> None:
    caller = Caller(workspace="w", name="shop", scopes=frozenset({Scope.SYNC, Scope.READ}))

    with pytest.raises(Forbidden, match=r"importProduct needs the scope IMPORT.*has READ, SYNC"):
        caller.require(Scope.IMPORT, "importProduct")
