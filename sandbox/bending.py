"""Faults of the content: rows of an answer are dropped, doubled, reordered, mispriced, poisoned.

Rows are products in wire shape (AliExpress `product_id`, Amazon `asin`); they are copied, never
changed.
"""

import copy
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from sandbox.currencies import rounded
from sandbox.faults import ActiveFaults, Fault, FaultKind

Row = dict[str, Any]
UNKNOWN_CURRENCY = "XQZ"
POISON_LENGTH = 1024 * 1024
POISON = "\x00\ud800" + "x" * POISON_LENGTH


def row_id(row: Row) -> str:
    """The row's product id or ASIN."""
    return str(row["product_id"] if "product_id" in row else row["asin"])


def bend_rows(
    rows: Sequence[Row], active: ActiveFaults, *, foreign: Callable[[], Sequence[Row]], reads: int
) -> list[Row]:
    """The rows as the active faults want them.

    `foreign` makes rows that nobody asked for; `reads` counts calls, so that each sees new prices.
    """
    bent = list(rows)
    drop = active.get(FaultKind.DROP_IDS)
    if drop:
        bent = _without(bent, drop)
    if FaultKind.FOREIGN_IDS in active:
        asked = {row_id(row) for row in rows}
        bent = [row for row in foreign() if row_id(row) not in asked][:2] + bent
    if FaultKind.DUPLICATE_IDS in active:
        bent = [row for row in bent for _ in range(2)]
    if FaultKind.SHUFFLE_IDS in active:
        bent = bent[1:][::-1] + bent[:1]
    return [_bend_row(row, active, first=at == 0, reads=reads) for at, row in enumerate(bent)]


def _without(rows: list[Row], drop: Fault) -> list[Row]:
    if drop.ids:
        return [row for row in rows if row_id(row) not in drop.ids]
    return rows[1:]


def _bend_row(row: Row, active: ActiveFaults, *, first: bool, reads: int) -> Row:
    if FaultKind.PRICE_CHANGE in active:
        row = _reprice(copy.deepcopy(row), reads)
    if FaultKind.UNKNOWN_CURRENCY in active:
        row = _recurrency(row)
    if FaultKind.POISON in active and first:
        row = copy.deepcopy(row)
        if "product_id" in row:
            row["product_title"] = POISON
        else:
            row.setdefault("itemInfo", {})["title"] = {"displayValue": POISON, "label": "Title"}
    return row


def _reprice(row: Row, reads: int) -> Row:
    if "product_id" in row:
        for name in ("sale_price", "target_sale_price", "target_app_sale_price", "app_sale_price"):
            if row.get(name):
                row[name] = str(Decimal(row[name]) + Decimal(reads) / 100)
        return row
    for listing in (row.get("offersV2") or {}).get("listings") or ():
        money = (listing.get("price") or {}).get("money")
        if money:
            step = Decimal(reads) if money["currency"] == "JPY" else Decimal(reads) / 100
            amount = rounded(Decimal(str(money["amount"])) + step, money["currency"])
            money["amount"] = float(amount)
            money.pop("displayAmount", None)
    return row


def _recurrency(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: UNKNOWN_CURRENCY
            if inner and (key == "currency" or key.endswith("_currency"))
            else _recurrency(inner)
            for key, inner in value.items()
        }
    return [_recurrency(one) for one in value] if isinstance(value, list) else value
