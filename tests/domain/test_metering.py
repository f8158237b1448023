"""Several meters take the same notes."""

from collections.abc import Iterator
from contextlib import contextmanager

from domain.marketplaces import AccountKey
from domain.metering import Meters, NoMeter, OperationNote
from domain.products import Mode

ALI = AccountKey("shop", "aliexpress", "", Mode.LIVE)


class Book:
    """A meter that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    @contextmanager
    def operation(self, note: OperationNote) -> Iterator[None]:
        self.told.append("begins")
        yield
        self.told.append(note.name)

    def called(self, account: AccountKey, operation: str, outcome: str, seconds: float) -> None:
        self.told.append((account, operation, outcome, seconds))

    def batch(self, account: AccountKey, operation: str, size: int) -> None:
        self.told.append((account, operation, size))

    def cache(self, account: AccountKey, operation: str, *, hits: int, misses: int) -> None:
        self.told.append((account, operation, hits, misses))


def test_everybody_is_told_everything() -> None:
    books = [Book(), Book()]
    meters = Meters([*books, NoMeter()])
    note = OperationNote()

    with meters.operation(note):
        meters.called(ALI, "token", "ok", 0.1)
        meters.batch(ALI, "products", 7)
        meters.cache(ALI, "products", hits=1, misses=2)
        note.name = "Search"

    assert books[0].told == books[1].told
    assert books[0].told == [
        "begins",
        (ALI, "token", "ok", 0.1),
        (ALI, "products", 7),
        (ALI, "products", 1, 2),
        "Search",
    ]
