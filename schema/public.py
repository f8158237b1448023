"""What a key for everybody may read: what the readers of a page are shown, and nothing else.

Protects against whoever takes such a key out of a web page. What is not listed here is refused
before anything is run, fields that are added later included. Keys that have READ are not looked at.
"""

from functools import lru_cache
from typing import Any

from graphql import FieldNode, TypeInfo, TypeInfoVisitor, Visitor, visit

from schema.documents import KEPT_DOCUMENTS, Document

EVERYTHING = None
OPEN: dict[str, frozenset[str] | None] = {
    **dict.fromkeys(
        (
            "Query",  # whose fields say themselves what they need
            "PageInfo",
            "ProductConnection",
            "ProductEdge",
            "ProductSearchConnection",
            "AffiliateLinkConnection",
            "AffiliateLinkEdge",
            "PriceObservation",
            "PriceObservationConnection",
            "PriceObservationEdge",
            "Attribute",
            "Category",
            "Coupon",
            "Deal",
            "Image",
            "Money",
            "Offer",
            "Reviews",
            "Seller",
            "Shipping",
            "UserError",
            "Variant",
        ),
        EVERYTHING,
    ),
    "Node": frozenset(),  # or every id would be open by `... on Node { id }`
    # Its id holds the tracking id and the publisher's own mark.
    "AffiliateLink": frozenset(
        {"mode", "url", "sourceUrl", "rel", "disclosure", "createdAt", "marketplace", "product"}
    ),
    "Product": frozenset(
        {
            "id",
            "externalId",
            "locale",
            "url",
            "title",
            "ordersLast30Days",
            "demand",
            "state",
            "importedAt",
            "syncedAt",
            "marketplace",
            "isStale",
            "features",
            "brand",
            "videoUrl",
            "image",
            "images",
            "categories",
            "seller",
            "offer",
            "availability",
            "reviews",
            "variants",
            "variantsTotalCount",
            "hasMoreVariants",
            "variantsError",
            "affiliateLink",
            "affiliateLinks",
            "priceHistory",
            "lowestPrice",
            "priceAsOf",
        }
    ),
    "Marketplace": frozenset(
        {
            "id",
            "code",
            "name",
            "locale",
            "mode",
            "disclosure",
            "sites",
            "keepsPriceHistory",
            "letsPicturesBeCopied",
            "pricesShownForHours",
        }
    ),
    "Viewer": frozenset({"scopes", "expiresAt"}),
}


@lru_cache(maxsize=KEPT_DOCUMENTS)
def private_field(schema: Any, document: Document) -> str | None:
    """The first field of the document that is not for everybody, as `Product.notes`."""
    types, found = TypeInfo(schema), list[str]()

    class Fields(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            parent = types.get_parent_type()
            if parent is not None and not _is_open(parent.name, node.name.value):
                found.append(f"{parent.name}.{node.name.value}")

    visit(document.node, TypeInfoVisitor(types, Fields()))
    return found[0] if found else None


def _is_open(type_name: str, field: str) -> bool:
    if field.startswith("__") or type_name.startswith("__"):
        return True
    fields = OPEN.get(type_name, frozenset())
    return fields is EVERYTHING or field in fields
