"""import: what is read, what is skipped, what is told, and that a stopped run goes on."""

import asyncio
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commands.progress import CLEAR_LINE, Progress
from db import jobs as stored_jobs
from domain.exceptions import QuotaExhausted
from domain.jobs import Job, NewJob
from engine.batches import JobBatches
from resolvers import jobs
from resolvers.context import Context
from resolvers.lookups import RefOrError
from resolvers.rows import Row
from sandbox import Sandbox
from tests.commands.conftest import ALIEXPRESS, Command
from tests.workbooks import workbook


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


def test_what_fails_all_rows_is_told_once_and_a_later_run_goes_on(
    command: Command, ids: list[str]
) -> None:
    text = "\n".join(["nonsense", *ids])

    failed = command("import", "-", typed=text)
    command("connect", "aliexpress", typed=ALIEXPRESS)
    resumed = command("import", "-", typed=text)

    assert failed.code == 1
    bad, not_connected = failed.out.splitlines()
    assert bad.startswith("line 1: INVALID_URL: nonsense: ")
    assert not_connected.startswith("line 2 and 9 more: MARKETPLACE_NOT_CONNECTED: ")
    assert "connect" in not_connected
    assert "0 imported, 0 skipped" in failed.err
    assert "10 imported" in resumed.err


def test_a_day_without_calls_left_stops_it_and_says_when_it_goes_on(
    connected: Command, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    async def refused(_context: Context, named: list[RefOrError], **_options: bool) -> list[Row]:
        return [Row(error=QuotaExhausted("No more.", retry_at=tomorrow)) for _ in named]

    with monkeypatch.context() as patched:
        patched.setattr("resolvers.imports.import_products", refused)
        stopped = connected("import", "-", typed="\n".join(ids))

    assert (stopped.code, stopped.out) == (1, "")
    assert f"Stopped, 10 left: the marketplace takes no more calls before {tomorrow:%F %R} UTC" in (
        stopped.err
    )
    assert "0 imported, 0 skipped (in the catalogue already, or twice in the file), 0 failed" in (
        stopped.err
    )


def test_who_stops_it_cancels_the_job(
    connected: Command, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        ended = interrupted(patched)
        stopped = connected("import", "-", typed="\n".join(ids))

    assert stopped.code == 130
    assert stopped.err.endswith("\nStopped.\n")
    assert len(ended) == 1
    assert "10 imported" in connected("import", "-", typed="\n".join(ids)).err


def test_a_run_that_was_killed_is_gone_on_with(
    connected: Command, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[NewJob] = []
    create = stored_jobs.create

    async def noted(new: NewJob) -> Job:
        begun.append(new)
        return await create(new)

    monkeypatch.setattr(stored_jobs, "create", noted)
    with monkeypatch.context() as patched:
        interrupted(patched)
        patched.setattr("resolvers.jobs.cancel", nothing)  # who is killed ends nothing
        connected("import", "-", typed="\n".join(ids))

    done = connected("import", "-", typed="\n".join(ids))

    assert "10 imported, 0 skipped" in done.err
    assert len(begun) == 1


async def nothing(_context: Context, _job_id: str) -> None:
    pass


def interrupted(patched: pytest.MonkeyPatch) -> list[str]:
    """Has the next job interrupted before its first batch. The ids of those that were cancelled."""
    cancelled: list[str] = []
    cancel = jobs.cancel

    async def stopped(_batches: JobBatches, _turn_id: str, _ending: asyncio.Event) -> None:
        raise KeyboardInterrupt

    async def noted(context: Context, job_id: str) -> Job:
        cancelled.append(job_id)
        return await cancel(context, job_id)

    patched.setattr(JobBatches, "handle", stopped)
    patched.setattr(jobs, "cancel", noted)
    return cancelled


def test_ids_of_a_marketplace_can_be_given_bare(connected: Command, ids: list[str]) -> None:
    done = connected("import", "--marketplace", "aliexpress", "-", typed=f"{ids[0]}\nB00EXAMPLE\n")

    assert done.out.startswith("line 2: INVALID_INPUT: B00EXAMPLE: ")
    assert "1 imported" in done.err


def test_without_a_terminal_progress_is_plain_lines(
    connected: Command, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.jobs.BATCH_ROWS", 4)
    monkeypatch.setattr("engine.alone.AT_ONCE", 1)

    done = connected("import", "-", typed="\n".join(ids))

    assert done.err.splitlines()[1:4] == [
        "4 of 10, 0 failed",
        "8 of 10, 0 failed",
        "10 of 10, 0 failed",
    ]


def files_of(ids: list[str]) -> Iterator[tuple[str, bytes]]:
    """Two products in a file of each kind."""
    first, second = (f"https://www.aliexpress.com/item/{each}.html" for each in ids[:2])
    yield "a.csv", f"name,Product URL\nLamp,{first}\nCup,{second}\n".encode()
    yield "b.csv", f"Größe;Link\n5;{first}\n6;{second}\n".encode("cp1252")
    yield "c.tsv", f"ProductId\tName\n{ids[0]}\t\n{ids[1]}\t\n".encode()
    yield "d.txt", f"Name\tPromotion Url\nä\t{first}\nö\t{second}\n".encode("utf-16")
    yield "e.xlsx", workbook([["Name", "id"], ["Lamp", ids[0]], ["Cup", ids[1]]])
    yield "f.md", f"# Mine\n- [Lamp]({first})\n- <{second}>\n".encode()
    yield "g.txt", f"{ids[0]}\n{ids[1]}\n".encode("utf-8-sig")
    yield "h.json", f'[{{"productId": {ids[0]}}}, {{"productId": {ids[1]}}}]'.encode()


@pytest.mark.parametrize("place", range(8))
def test_files_of_each_kind_are_imported(
    connected: Command, ids: list[str], tmp_path: Path, place: int
) -> None:
    name, content = list(files_of(ids))[place]
    file = tmp_path / name
    file.write_bytes(content)

    done = connected("import", str(file))

    assert (done.code, done.out) == (0, "")
    assert "2 imported, 0 skipped" in done.err


def test_our_own_exports_are_known_again(connected: Command, ids: list[str]) -> None:
    connected("import", "-", typed="\n".join(ids[:3]))

    for format in ("json", "csv", "woocommerce", "shopify"):
        exported = connected("export", "--format", format).out
        done = connected("import", "-", typed=exported)

        assert (done.code, done.out) == (0, ""), format
        assert "0 imported" in done.err


def test_a_sheet_is_named_with_the_line(connected: Command, ids: list[str], tmp_path: Path) -> None:
    file = tmp_path / "shop.xlsx"
    file.write_bytes(workbook([["id"], [ids[0]]], more={"Old": [["id"], [1.00501e15]]}))

    done = connected("import", str(file))

    assert done.out.startswith("line 2 of Old: INVALID_URL: 1.00501000000000E+15: A spreadsheet")
    assert "1 imported" in done.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"\x89PNG\r\n\x1a\n\x00", "The file is a picture."),
        (b"Artikel;Preis\nLampe;12\n", "Its columns: Artikel, Preis."),
        (b"name,Product URL\n", "only headings: name, Product URL."),
    ],
)
def test_a_file_without_products_stops_before_anything_is_done(
    connected: Command, tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(content)

    done = connected("import", str(file))

    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_a_file_that_is_not_there_is_told(command: Command, tmp_path: Path) -> None:
    done = command("import", str(tmp_path / "list.csv"))

    assert done.code == 2
    assert "list.csv cannot be read: No such file" in done.err


def test_bare_ids_are_of_the_site_that_is_connected(command: Command) -> None:
    command("connect", "amazon", "--locale", "amazon.de", typed="partnerTag=sandbox-21\n")

    done = command("import", "-", typed="asin\nB0SANDBX01\n")

    assert "line 2: MARKETPLACE_NOT_CONNECTED: Amazon (www.amazon.de) is not" in done.out


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
