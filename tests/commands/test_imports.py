"""import: what is read, what is skipped, what is told, and that a stopped run goes on."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commands.imports import Line, read_lines
from commands.progress import CLEAR_LINE, Progress
from sandbox import Sandbox
from tests.commands.conftest import ALIEXPRESS, Command


@pytest.fixture(scope="module")
def ids() -> list[str]:
    """Ids of the sandbox's AliExpress products that its programme offers."""
    box = Sandbox(public_url="http://127.0.0.1:8000", now=lambda: datetime.now(UTC))
    return [str(row.fields["product_id"]) for row in box.catalog["aliexpress"].listings()[:10]]


def products(command: Command) -> int:
    [row] = [
        line.split() for line in command("workspace", "list").out.splitlines() if "default" in line
    ]
    return int(row[2])


def test_addresses_and_ids_are_imported(connected: Command, ids: list[str], tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text(f"# mine\nhttps://www.aliexpress.com/item/{ids[0]}.html\n\n {ids[1]} \n")

    done = connected("import", str(file))

    assert (done.code, done.out) == (0, "")
    assert "2 imported, 0 skipped" in done.err
    assert products(connected) == 2


def test_a_line_may_name_several_products(connected: Command, ids: list[str]) -> None:
    text = f"1) https://aliexpress.com/item/{ids[0]}.html 2) aliexpress.com/i/{ids[1]}.html\n"

    done = connected("import", "-", typed=text)

    assert (done.code, done.out) == (0, "")
    assert "2 imported, 0 skipped" in done.err


def test_bad_lines_are_told_by_their_number_and_spoil_no_other(
    connected: Command, ids: list[str]
) -> None:
    text = f"{ids[0]}\nhttps://shop.example/item\n1005999999999999\n\nnonsense\n{ids[1]}\n"

    done = connected("import", "-", typed=text)

    assert done.code == 1
    assert [line.split(": ")[:2] for line in done.out.splitlines()] == [
        ["line 2", "UNKNOWN_HOST"],
        ["line 3", "NOT_FOUND"],
        ["line 5", "INVALID_URL"],
    ]
    assert "2 imported, 0 skipped" in done.err
    assert "3 failed" in done.err


def test_what_is_there_already_is_skipped(connected: Command, ids: list[str]) -> None:
    connected("import", "-", typed=f"{ids[0]}\n")

    done = connected("import", "-", typed=f"{ids[0]}\n{ids[1]}\n{ids[1]}\n")

    assert done.code == 0
    assert "1 imported, 2 skipped" in done.err


def test_short_links_are_opened_where_the_operator_allows_it(
    connected: Command, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = f"https://www.aliexpress.com/item/{ids[0]}.html"
    monkeypatch.setattr(Sandbox, "target_of", lambda _box, _link: page)
    link = "https://s.click.aliexpress.sandbox.invalid/e/_a\n"

    refused = connected("import", "-", typed=link)
    monkeypatch.setenv("SHORT_LINKS", "on")
    opened = connected("import", "-", typed=f"{link}{ids[0]}\n")

    assert refused.out.startswith("line 1: SHORT_LINK: ")
    assert (opened.code, opened.out) == (0, "")
    assert "1 imported, 1 skipped" in opened.err


def test_again_fetches_what_is_there(connected: Command, ids: list[str]) -> None:
    connected("import", "-", typed=f"{ids[0]}\n")

    done = connected("import", "--again", "-", typed=f"{ids[0]}\n{ids[0]}\n")

    assert "1 imported, 1 skipped" in done.err


def test_a_run_that_cannot_go_on_stops_and_goes_on_later(
    command: Command, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commands.imports.BATCH", 3)
    text = "\n".join(ids)

    stopped = command("import", "-", typed=text)
    command("connect", "aliexpress", typed=ALIEXPRESS)
    resumed = command("import", "-", typed=text)

    assert stopped.code == 1
    assert len(stopped.out.splitlines()) == 3
    assert "Stopped, 7 lines left" in stopped.err
    assert "connect" in stopped.err
    assert resumed.code == 0
    assert "10 imported" in resumed.err


def test_ids_of_a_marketplace_can_be_given_bare(connected: Command, ids: list[str]) -> None:
    done = connected("import", "--marketplace", "aliexpress", "-", typed=f"{ids[0]}\nB00EXAMPLE\n")

    assert done.out.startswith("line 2: INVALID_INPUT: B00EXAMPLE: ")
    assert "1 imported" in done.err


def test_without_a_terminal_progress_is_plain_lines(
    connected: Command, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commands.imports.BATCH", 4)

    done = connected("import", "-", typed="\n".join(ids))

    assert done.err.splitlines()[:3] == [
        "4 of 10, 0 failed",
        "8 of 10, 0 failed",
        "10 of 10, 0 failed",
    ]


@pytest.mark.parametrize(
    ("_case", "content", "expected"),
    [
        ("a head", "name,url\nLamp,https://a.example\n", [(2, "https://a.example")]),
        ("no head", "https://a.example,Lamp\n\nhttps://b.example\n", [(1, "a"), (3, "b")]),
        ("semicolons", "Product_ID;Name\n1;Lamp\n", [(2, "1")]),
        ("quotes", 'url\n"https://a.example/x,y"\n', [(2, "https://a.example/x,y")]),
        ("a short row", "name,url\nLamp\nCup,2\n", [(3, "2")]),
        ("nothing", "", []),
    ],
)
def test_csv_files_are_read_by_their_column(
    _case: str, content: str, expected: list[tuple[int, str]]
) -> None:
    found = list(read_lines(content, is_csv=True))

    full = {"a": "https://a.example", "b": "https://b.example"}
    assert found == [Line(number=n, text=full.get(text, text)) for n, text in expected]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x80abc"])
def test_a_file_that_is_no_text_is_refused(
    command: Command, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "list.bin"
    file.write_bytes(content)

    done = command("import", str(file))

    assert done.code == 2
    assert "UTF-8" in done.err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_at_a_terminal_the_bar_fills_and_lines_stand_above_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal = Terminal()

    with Progress(terminal, total=4) as progress:
        progress.show(1, "0 failed")
        progress.tell("line 1: bad")
        progress.show(4, "1 failed")

    drawn = terminal.getvalue().split(CLEAR_LINE)
    assert capsys.readouterr().out == "line 1: bad\n"
    assert drawn[1].count("#") == 7
    assert drawn[2] == ""  # cleared for the line
    assert drawn[-1] == f"[{'#' * 30}] 4/4, 1 failed\n"
