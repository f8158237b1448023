"""The sandbox's catalogues: made products or a folder of real ones, and the hand that moves them.

Listings are never changed in place: a control puts a new one where the old one was.
"""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic

from sandbox.listings import L, ListingFormats, Row, marketplace_of, read_folder

Place = tuple[str, str]  # site and id


class Catalog(Generic[L]):
    """The products of one marketplace, the first of each site and id."""

    def __init__(self, listings: Iterable[L], *, default_site: str, is_made: bool) -> None:
        self.is_made = is_made  # nothing is made up about real listings
        self._default_site = default_site
        self._first: dict[Place, L] = {}
        for listing in listings:
            self._first.setdefault((listing.site, listing.id), listing)
        self.reset()

    def reset(self) -> None:
        """Everything as it was at the start."""
        self._listings = dict(self._first)
        self._removed: set[Place] = set()

    def listing(self, id: str, site: str | None = None) -> L | None:
        """The product as sold on the site, unless it is unknown there or removed."""
        place = self._place(id, site)
        return None if place in self._removed else self._listings.get(place)

    def listings(self, site: str | None = None) -> list[L]:
        """Every product of the site that is not removed."""
        site = self._default_site if site is None else site
        return [
            listing
            for place, listing in self._listings.items()
            if place[0] == site and place not in self._removed
        ]

    def is_removed(self, id: str, site: str | None = None) -> bool:
        """Whether it was sold on the site and is not any more."""
        return self._place(id, site) in self._removed

    def title(self, id: str) -> str | None:
        """The title of a product on any site, of a removed one too."""
        return next((one.title for one in self._listings.values() if one.id == id), None)

    def add(self, listing: L) -> None:
        """Put a product into the catalogue, or in another's place."""
        self._listings[listing.site, listing.id] = listing

    def set_price(self, id: str, price: Decimal, site: str | None = None) -> None:
        """Give a product a new price. Raises KeyError where the site does not have it."""
        self.add(self._listings[self._place(id, site)].repriced(price))

    def remove(self, id: str, site: str | None = None) -> None:
        """Take a product out, on every site unless one is named. Raises KeyError."""
        self._removed |= self._places(id, site)

    def restore(self, id: str, site: str | None = None) -> None:
        """Put a removed product back. Raises KeyError."""
        self._removed -= self._places(id, site)

    def _place(self, id: str, site: str | None) -> Place:
        return (self._default_site if site is None else site), id

    def _places(self, id: str, site: str | None) -> set[Place]:
        places = {one for one in self._listings if one[1] == id and site in (None, one[0])}
        if not places:
            raise KeyError(id)
        return places


class Catalogs:
    """The catalogues of one sandbox, by marketplace."""

    def __init__(self, formats: ListingFormats, *, pictures: str, folder: Path | None) -> None:
        """`pictures`: address of the folder of pictures. Raises BadListings for a bad folder."""
        self._formats = formats
        listings = read_folder(folder, formats) if folder else {}
        self._catalogs: dict[str, Catalog[Any]] = {
            code: Catalog(
                listings[code] if folder else format.made(pictures),
                default_site=format.default_site,
                is_made=folder is None,
            )
            for code, format in formats.items()
        }

    def __getitem__(self, marketplace: str) -> Catalog[Any]:
        return self._catalogs[marketplace]

    def title(self, product: str) -> str | None:
        """The title of a product of any marketplace, of a removed one too."""
        titles = (catalog.title(product) for catalog in self._catalogs.values())
        return next((title for title in titles if title is not None), None)

    def set_price(self, product: str, amount: Decimal | str, *, site: str | None = None) -> None:
        """Give a product a new price, in the currency that it is priced in. `site` None: the
        marketplace's default one. Raises KeyError for an unknown id."""
        self._holding(product).set_price(product, Decimal(amount), site)

    def remove(self, product: str, *, site: str | None = None) -> None:
        """Take a product out, on every site unless one is named. Raises KeyError."""
        self._holding(product).remove(product, site)

    def restore(self, product: str, *, site: str | None = None) -> None:
        """Put a removed product back. Raises KeyError."""
        self._holding(product).restore(product, site)

    def add(self, row: Row) -> None:
        """Add a new product, in its marketplace's own shape (see listings.py)."""
        marketplace = marketplace_of(row, self._formats)
        self._catalogs[marketplace].add(self._formats[marketplace].read(row))

    def reset(self) -> None:
        """Everything as it was at the start."""
        for catalog in self._catalogs.values():
            catalog.reset()

    def _holding(self, product: str) -> Catalog[Any]:
        for catalog in self._catalogs.values():
            if catalog.title(product) is not None:
                return catalog
        raise KeyError(product)
