"""What the inputs of mutations name, and where in the input it stands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypedDict

from clients.registry import MarketplaceCode
from domain.exceptions import AffiliateGraphError, InvalidInput
from domain.links import LinkKey
from domain.products import ProductRef
from resolvers import lookups, pasted
from resolvers.lookups import MAX_ROWS, RefOrError, beside
from resolvers.rows import Row
from schema import ids
from schema.inputs import ProductLookup

Path = tuple[str, ...]
ID, IDS, PRODUCTS, TEXT = (("input", name) for name in ("id", "ids", "products", "text"))


@dataclass(frozen=True, slots=True)
class Named:
    """The products of a bulk mutation. `path`: the list or text that names them."""

    refs: Sequence[RefOrError]
    path: Path
    places: Sequence[tuple[int, int]] | None = None

    def placed(self, rows: Sequence[Row]) -> list[Row]:
        """The rows with the places of their products in the text."""
        if self.places is None:
            return list(rows)
        return [replace(row, place=at) for row, at in zip(rows, self.places, strict=True)]


class Place(TypedDict, total=False):
    """Fields of a result; none without a text."""

    start: int
    end: int
    words: str


class NamesProducts(Protocol):
    """An input that names products, by a list or in a text."""

    products: list[ProductLookup] | None
    text: str | None
    marketplace: MarketplaceCode | None
    locale: str | None


async def named_by(input: NamesProducts, *, most: int = MAX_ROWS) -> Named:
    """The products of a mutation for at most so many of them. Raises InvalidInput."""
    characters = len(input.text or "") + sum(len(each.url or "") for each in input.products or ())
    return await beside(characters, lambda: _named_by(input, most))


def _named_by(input: NamesProducts, most: int) -> Named:
    if isinstance(input.products, list) == isinstance(input.text, str):
        raise InvalidInput("Send either products or text.", path=("input",))
    owner = input.marketplace.value if input.marketplace else None
    if isinstance(input.text, str):
        found = pasted.rows(input.text, owner, input.locale, path=("input",), most=most)
        places = [(each.start, each.end) for each in found]
        return Named([each.product for each in found], TEXT, places)
    if owner or input.locale:
        raise InvalidInput("marketplace and locale go with text.", path=("input",))
    products = input.products or []
    refs = map(ref_of_lookup, products, row_paths("products", products, most=most))
    return Named(list(refs), PRODUCTS)


def place_of(row: Row, input: NamesProducts) -> Place:
    """Where in the text the row's product was found."""
    if row.place is None or not isinstance(input.text, str):
        return {}
    start, end = row.place
    return {"start": start, "end": end, "words": input.text[start:end]}


def row_paths(field: str, rows: Sequence[object], *, most: int = MAX_ROWS) -> list[Path]:
    """Where the rows of a bulk mutation stand. Raises InvalidInput for too many of them."""
    lookups.limit_rows(len(rows), path=("input", field), most=most)
    return [("input", field, str(number)) for number in range(len(rows))]


def ref_of_lookup(lookup: ProductLookup, path: Path) -> RefOrError:
    """The product that a lookup names, or why it names none."""
    try:
        return lookups.find(lookup.record(), path=path)
    except AffiliateGraphError as error:
        return error


def ref_of_id(id: str, path: Path) -> RefOrError:
    """The product of an id, or why it is none."""
    try:
        return ref_of(id, path)
    except InvalidInput as error:
        return error


def ref_of(id: str, path: Path) -> ProductRef:
    """The product of an id. Raises InvalidInput."""
    try:
        return lookups.checked(ids.product_ref(id))
    except InvalidInput as error:
        raise error.at(path) from error


def row_id(read: Callable[[str], str], id: str) -> str:
    """What `read` reads of the id that `input.id` is. Raises InvalidInput."""
    try:
        return read(id)
    except InvalidInput as error:
        raise error.at(ID) from error


def link_key(id: str, path: Path) -> LinkKey | AffiliateGraphError:
    """The link of an id, or why it is none."""
    try:
        key = ids.link_key(id)
        lookups.checked(key.ref)
    except InvalidInput as error:
        return error.at(path)
    return key
