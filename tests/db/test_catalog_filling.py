"""Products that an older release stored are found like all others."""

from decimal import Decimal

import pytest

from db import catalog_filling, links, products, statements
from domain.catalog import PublisherFields
from tests.db.records import OURS, full_product, keep, link, product, ref, titles, usd

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]


async def as_of_an_older_release() -> None:
    """Two products with all that can be known, as they were stored before there were searches."""
    await keep([full_product(), product(2)])
    fields = PublisherFields(selling_price=usd("39.80"), notes="Mine")
    await products.change(OURS, [(ref(1), fields)])
    await links.keep("default", [link(1)])
    for table in ("product_texts", "product_categories"):
        await statements.rows(f"DELETE FROM {table} RETURNING 1")
    await statements.rows("UPDATE products SET margin_key = NULL, has_link = FALSE RETURNING 1")


async def test_what_searches_look_at_is_filled_in() -> None:
    await as_of_an_older_release()

    await catalog_filling.fill()

    title = full_product().title
    assert await titles(text="mine") == await titles(category_id="2") == [title]
    assert await titles(has_link=True) == [title]
    assert await titles(min_margin_percent=Decimal(50)) == [title]
    assert await titles(text="lamp 2") == ["Lamp 2"]


async def test_what_was_broken_off_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    await as_of_an_older_release()
    monkeypatch.setattr(catalog_filling, "NEXT", catalog_filling.NEXT.replace("1000", "1"))

    async def ends(workspace_id: str, products: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as broken:
        broken.setattr("db.catalog_filling.keep_categories", ends)
        with pytest.raises(RuntimeError):
            await catalog_filling.fill()
    await catalog_filling.fill()

    assert len(await titles(text="l")) == 2
    assert await titles(category_id="1") == [full_product().title]
