import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.exceptions import DatabaseUnavailable
from domain.exports import ExportedProduct, Options
from exports import formats
from resolvers import exports
from sandbox import Sandbox
from tests.commands.conftest import Command, Done
from tests.exports import spreadsheet

Filled = tuple[Command, set[str]]


def told(done: Done) -> str:
    """What stands on standard error behind the line that tells whose data it is."""
    return done.err.partition("\n")[2]


@pytest.fixture
def filled(connected: Command) -> Filled:
    """A catalogue of six products, and their ids."""
    box = Sandbox(public_url="http://127.0.0.1:8000", now=lambda: datetime.now(UTC))
    ids = {str(row.fields["product_id"]) for row in box.catalog["aliexpress"].listings()[:6]}
    assert connected("import", "-", typed="\n".join(ids)).code == 0
    return connected, ids


def test_an_array_holds_every_product(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    command, ids = filled
    monkeypatch.setattr(exports, "PAGE", 2)

    done = command("export")

    products = json.loads(done.out)
    assert (done.code, told(done)) == (0, "")
    assert {product["source_id"] for product in products} == ids
    assert len(products) == 6


def test_a_table_has_a_row_for_every_product(filled: Filled) -> None:
    command, _ = filled

    done = command("export", "--format", "csv")

    assert done.code == 0
    assert len(list(csv.reader(io.StringIO(done.out)))) == 1 + 6


@pytest.mark.parametrize("name", formats.NAMES)
def test_every_format_of_the_server_can_be_written(filled: Filled, name: str) -> None:
    command, _ = filled

    done = command("export", "--format", name, "--link", "https://shop.example/p/{handle}")

    assert done.code == 0
    head = formats.by_name(name, Options()).head
    assert done.out.startswith(head)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--format", "merchant"), "own shop"),
        (("--format", "merchant", "--link", "https://www.amazon.com/{handle}"), "own shop"),
        (("--format", "shopify", "--currency", "dollars"), "iso 4217"),
    ],
)
def test_options_that_cannot_be_used_are_told(
    command: Command, arguments: tuple[str, ...], word: str
) -> None:
    done = command("export", *arguments)

    assert (done.code, done.out) == (2, "")
    assert word in done.err.lower()


def test_what_a_file_lacks_is_told_beside_it(filled: Filled) -> None:
    command, _ = filled

    done = command("export", "--format", "merchant", "--link", "https://shop.example/{handle}")

    assert (done.code, done.out.count("\n")) == (0, 1)
    assert told(done) == "6 products are left out: 6 without a selling price of yours.\n"


def test_ids_of_a_table_that_a_spreadsheet_saved_are_imported_again(filled: Filled) -> None:
    command, ids = filled
    saved = spreadsheet.saved(command("export", "--format", "csv").out)
    cells = [row["source_id"] for row in csv.DictReader(io.StringIO(saved))]

    done = command("import", "-", typed="\n".join(cells))

    assert done.code == 0
    assert {cell.removeprefix("'") for cell in cells} == ids
    assert len(json.loads(command("export").out)) == len(ids)


def test_a_shop_is_refreshed_without_a_column_of_the_status(filled: Filled) -> None:
    command, _ = filled

    done = command("export", "--format=woocommerce", "--published=keep", "--pictures=first")

    [first, *_] = csv.DictReader(io.StringIO(done.out))
    assert (done.code, told(done)) == (0, "")
    assert "Published" not in first
    assert first["Images"].count("://") == 1


def test_an_empty_catalogue_is_an_empty_array(command: Command) -> None:
    assert json.loads(command("export").out) == []


def test_a_file_is_replaced_when_all_is_written(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "catalog.json"
    file.write_text("the old one")

    async def broken(*_: object) -> AsyncIterator[list[ExportedProduct]]:
        yield []
        raise DatabaseUnavailable("The database does not answer.", retryable=True)

    monkeypatch.setattr(exports, "pages", broken)

    failed = command("export", "--output", str(file))

    assert failed.code == 3
    assert file.read_text() == "the old one"
    assert list(tmp_path.glob("*.part")) == []


def test_a_file_gets_what_standard_output_would(filled: Filled, tmp_path: Path) -> None:
    command, _ = filled
    file = tmp_path / "catalog.json"

    done = command("export", "--output", str(file))

    assert (done.code, done.out) == (0, "")
    assert file.read_text() == command("export").out


def test_another_workspace_exports_nothing_of_it(filled: Filled) -> None:
    command, _ = filled
    command("workspace", "create", "b")

    assert json.loads(command("export", "--workspace", "b").out) == []
