"""What an export tells of a catalogue product, before it is put into the words of a file format."""

from dataclasses import dataclass

from domain.products import CatalogProduct, Image, SourceProduct


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedProduct:
    """A catalogue product with what goes beside it into a file.

    `source`: the marketplace's data as far as its terms let them be shown now. `images`: the
    pictures that its terms let others copy. `affiliate_url`: the link made last, else the one that
    came with the last answer, "" where there is none.
    """

    entry: CatalogProduct
    source: SourceProduct
    marketplace_name: str
    images: tuple[Image, ...]
    affiliate_url: str
    disclosure: str
