import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from commands.exports import PAGE
from sandbox import Sandbox
from schema import schema
from tests.commands.conftest import Command


@pytest.fixture
def filled(connected: Command) -> tuple[Command, set[str]]:
    """A catalogue of six products, and their ids."""
    box = Sandbox(public_url="http://127.0.0.1:8000", now=lambda: datetime.now(UTC))
    ids = {str(row.fields["product_id"]) for row in box.catalog.aliexpress_listings()[:6]}
    assert connected("import", "-", typed="\n".join(ids)).code == 0
    return connected, ids


def test_the_query_fits_the_schema() -> None:
    assert validate(build_schema(schema.as_str()), parse(PAGE)) == []


def test_an_array_holds_every_product(
    filled: tuple[Command, set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    command, ids = filled
    monkeypatch.setattr("commands.exports.PAGE", PAGE.replace("first: 250", "first: 2"))

    done = command("export")

    products = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert {product["externalId"] for product in products} == ids
    assert len(products) == 6
    assert products[0]["offer"]["price"]["amount"]


def test_lines_are_objects_of_their_own(filled: tuple[Command, set[str]]) -> None:
    command, ids = filled

    done = command("export", "--format", "jsonl")

    assert {json.loads(line)["externalId"] for line in done.out.splitlines()} == ids


def test_an_empty_catalogue_is_an_empty_array(command: Command) -> None:
    assert json.loads(command("export").out) == []
    assert command("export", "--format", "jsonl").out == ""


def test_a_file_is_replaced_when_all_is_written(
    filled: tuple[Command, set[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, _ = filled
    file = tmp_path / "catalog.json"
    file.write_text("the old one")
    monkeypatch.setattr("commands.exports.PAGE", "{ nonsense }")

    failed = command("export", "--output", str(file))
    kept = file.read_text()
    monkeypatch.undo()

    assert failed.code == 1
    assert kept == "the old one"
    assert list(tmp_path.glob("*.part")) == []


def test_a_file_gets_what_standard_output_would(
    filled: tuple[Command, set[str]], tmp_path: Path
) -> None:
    command, _ = filled
    file = tmp_path / "catalog.json"

    done = command("export", "--output", str(file))

    assert (done.code, done.out) == (0, "")
    assert file.read_text() == command("export").out


def test_another_workspace_exports_nothing_of_it(filled: tuple[Command, set[str]]) -> None:
    command, _ = filled
    command("workspace", "create", "b")

    assert json.loads(command("export", "--workspace", "b").out) == []
