"""Faults of the content: rows of an answer are dropped, doubled, reordered, mispriced, poisoned.

Rows are products in the wire shape of their marketplace; they are copied, never changed.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.faults import ActiveFaults, FaultKind
from sandbox.listings import Row

UNKNOWN_CURRENCY = "XQZ"
POISON_LENGTH = 1024 * 1024
POISON = "\x00\ud800" + "x" * POISON_LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class RowForm:
    """Where a marketplace's rows have what is bent. Both functions change the row that they get.

    `reprice` adds so many hundredths to its prices; `retitle` gives it that title.
    """

    id_field: str
    reprice: Callable[[Row, int], None]
    retitle: Callable[[Row, str], None]


def bend_rows(
    rows: Sequence[Row],
    active: ActiveFaults,
    form: RowForm,
    *,
    foreign: Callable[[], Sequence[Row]],
    reads: int,
) -> list[Row]:
    """The rows as the active faults want them.

    `foreign` makes rows that nobody asked for; `reads` counts calls, so that each sees new prices.
    """
    bent = list(rows)
    drop = active.get(FaultKind.DROP_IDS)
    if drop and drop.ids:
        bent = [row for row in bent if str(row[form.id_field]) not in drop.ids]
    elif drop:
        bent = bent[1:]
    if FaultKind.FOREIGN_IDS in active:
        ids = {row[form.id_field] for row in rows}
        bent = [row for row in foreign() if row[form.id_field] not in ids][:2] + bent
    if FaultKind.DUPLICATE_IDS in active:
        bent = [row for row in bent for _ in range(2)]
    if FaultKind.SHUFFLE_IDS in active:
        bent = bent[1:][::-1] + bent[:1]
    return [
        _bend_row(row, active, form, is_first=at == 0, reads=reads) for at, row in enumerate(bent)
    ]


def _bend_row(row: Row, active: ActiveFaults, form: RowForm, *, is_first: bool, reads: int) -> Row:
    if FaultKind.PRICE_CHANGE in active:
        row = copy.deepcopy(row)
        form.reprice(row, reads)
    if FaultKind.UNKNOWN_CURRENCY in active:
        row = _recurrency(row)
    if FaultKind.POISON in active and is_first:
        row = copy.deepcopy(row)
        form.retitle(row, POISON)
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
