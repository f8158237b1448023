"""What a cell of a file may hold."""

from dataclasses import replace

import pytest

from domain.products import (
    Category,
)
from tests.db.records import full_product, usd
from tests.exports.files import exported, table
from tests.exports.spreadsheet import is_run

pytestmark = pytest.mark.anyio


EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", ' =HYPERLINK("x")', "\n=1"]


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("name", ["csv", "woocommerce"])
async def test_no_cell_begins_like_a_formula(name: str, evil: str) -> None:
    source = replace(
        full_product(),
        title=evil,
        brand=evil,
        features=(evil,),
        categories=(Category(external_id="1", name=evil),),
    )
    product = exported(source, notes=evil, selling=usd("9"))

    rows = await table(name, product)

    cells = [cell for row in rows for cell in row.values()]
    assert cells
    assert not [cell for cell in cells if is_run(cell)]


async def test_text_that_cannot_be_written_breaks_no_file() -> None:
    source = replace(full_product(), title="a\ud800\x00b")

    [row] = await table("csv", exported(source))

    assert row["title"] == "a?b"
