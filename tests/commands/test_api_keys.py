from collections.abc import Callable

import pytest

from domain.api_keys import PATTERN, is_mistyped
from tests.commands.conftest import Command


def cells(printed: str, row: int = 0) -> list[str]:
    """The cells of a row under the head."""
    return [cell.strip() for cell in printed.splitlines()[row + 1].split("  ") if cell.strip()]


@pytest.mark.usefixtures("first_start")
def test_the_new_key_alone_is_printed_to_standard_output(command: Command) -> None:
    done = command("key", "create", "my shop", "read", "SYNC", "--days", "30")

    key = done.out.removesuffix("\n")
    assert done.code == 0
    assert PATTERN.fullmatch(key)
    assert not is_mistyped(key)
    assert key not in done.err
    assert "READ, SYNC" in done.err


def test_keys_are_listed_without_their_texts(command: Command) -> None:
    key = command("key", "create", "shop", "READ").out.strip()

    done = command("key", "list")

    assert key not in done.out
    assert cells(done.out)[1:] == [
        "shop",
        f"aff_test_...{key[-4:]}",
        "READ",
        "ACTIVE",
        "never",
        "never",
        "no limit",
    ]


def test_a_key_can_have_a_number_of_marketplace_calls_a_day(command: Command) -> None:
    command("key", "create", "widget", "READ", "--marketplace-calls-per-day", "1000")
    [id, *_] = cells(command("key", "list").out)

    command("key", "rotate", id)

    listed = command("key", "list").out
    assert [cells(listed, row)[-1] for row in (0, 1)] == ["0 of 1,000"] * 2


@pytest.mark.parametrize("calls", ["-1", "many", "2147483648"])
def test_an_unusable_number_of_calls_is_refused(command: Command, calls: str) -> None:
    done = command("key", "create", "widget", "READ", "--marketplace-calls-per-day", calls)

    assert done.code == 2
    assert "--marketplace-calls-per-day" in done.err
    assert command("key", "list").out.count("\n") == 1


def test_an_empty_list_has_its_head(command: Command) -> None:
    assert command("key", "list").out.split()[:2] == ["ID", "NAME"]


def test_long_lists_are_read_to_their_end(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commands.api_keys.PAGE", 2)
    for number in range(5):
        command("key", "create", f"key-{number}", "READ")

    done = command("key", "list")

    assert [cells(done.out, row)[1] for row in range(5)] == [f"key-{4 - row}" for row in range(5)]


def test_a_revoked_key_is_listed_as_such(command: Command) -> None:
    command("key", "create", "shop", "READ")
    [id, *_] = cells(command("key", "list").out)

    done = command("key", "revoke", id)

    assert (done.code, "shop" in done.out) == (0, True)
    assert "REVOKED" in command("key", "list").out


def test_a_rotated_key_is_replaced(command: Command) -> None:
    old = command("key", "create", "shop", "READ").out.strip()
    [id, *_] = cells(command("key", "list").out)

    done = command("key", "rotate", id, "--overlap", "0")

    assert PATTERN.fullmatch(done.out.strip())
    assert done.out.strip() != old
    listed = command("key", "list").out
    assert [cells(listed, row)[4] for row in (0, 1)] == ["ACTIVE", "EXPIRED"]


@pytest.mark.parametrize(
    "place",
    [lambda words: ("--workspace", "b", *words), lambda words: (*words, "--workspace", "b")],
)
def test_keys_belong_to_the_workspace_that_is_named(
    command: Command, place: Callable[[tuple[str, ...]], tuple[str, ...]]
) -> None:
    command("workspace", "create", "b")
    command(*place(("key", "create", "theirs", "ADMIN")))

    assert "theirs" not in command("key", "list").out
    assert "theirs" in command(*place(("key", "list"))).out


def test_a_reading_key_of_web_pages_is_told_of_and_narrowed(command: Command) -> None:
    made = command("key", "create", "box", "READ", "--origin", "https://shop.example.com")
    [id, *_] = cells(command("key", "list").out)

    narrowed = command("key", "narrow", id, "--marketplace-calls-per-day", "5")

    assert f"key narrow {id}" in made.err
    assert "narrowApiKey" not in made.err
    assert narrowed.out == "Narrowed: box has PUBLIC now.\n"
    listed = command("key", "list")
    assert cells(listed.out)[-1] == "0 of 5"
    assert "narrow" not in listed.err


def test_a_key_is_not_widened(command: Command) -> None:
    command("key", "create", "box", "READ")
    [id, *_] = cells(command("key", "list").out)

    done = command("key", "narrow", id, "ADMIN")

    assert done.code == 2
    assert "ADMIN" in done.err
