"""What a publisher says of products: the inputs, and the records that resolvers take."""

import re
from collections.abc import Sequence

import strawberry
from strawberry import UNSET

from domain import tags
from domain.catalog import PublisherFields, Unchanged
from domain.exceptions import InvalidInput
from schema.inputs import IDEMPOTENCY, MoneyInput
from schema.naming import Path

MAX_NOTES_LENGTH = 10_000
# Control characters but tab, line feed and carriage return; half characters.
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@strawberry.input(description="What to change. Fields left out stay; null clears.")
class UpdateProductInput:
    id: strawberry.ID = strawberry.field(description="The product.")
    selling_price: MoneyInput | None = strawberry.field(
        default=UNSET, description="What you plan to sell at."
    )
    notes: str | None = strawberry.field(
        default=UNSET, description="Your own words, at most 10,000 characters."
    )
    add_tags: list[str] | None = strawberry.field(
        default=None,
        description=f"Tags to add to those that it has: at most {tags.LONGEST} characters each, "
        f"without commas, and at most {tags.MOST} on a product. One that it has, in whatever case "
        "of letters, stays as it is.",
    )
    remove_tags: list[str] | None = strawberry.field(
        default=None,
        description="Tags to take off first, in any case of letters; those that it does not have "
        "do not matter.",
    )


@strawberry.input(description="What to change, product by product.")
class UpdateProductsInput:
    products: list[UpdateProductInput] = strawberry.field(
        description="The products with their new values, at most 250. Of several changes of one "
        "product the last one counts, but for tags, where all do."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY)


def publisher_fields(input: UpdateProductInput, path: Path) -> PublisherFields:
    """The record of an input that stands at `path`. Raises InvalidInput."""
    unchanged = Unchanged.UNCHANGED
    price = input.selling_price
    selling = price.record((*path, "sellingPrice")) if price else None
    return PublisherFields(
        selling_price=unchanged if price is UNSET else selling,
        notes=unchanged if input.notes is UNSET else _notes(input.notes, (*path, "notes")),
        add_tags=_tags(input.add_tags, (*path, "addTags")),
        remove_tags=_tags(input.remove_tags, (*path, "removeTags")),
    )


def _tags(given: Sequence[str] | None, at: Path) -> tuple[str, ...]:
    return tags.checked(given or (), at)


def _notes(text: str | None, at: Path) -> str | None:
    if text is not None and len(text) > MAX_NOTES_LENGTH:
        raise InvalidInput(f"Notes hold at most {MAX_NOTES_LENGTH} characters.", path=at)
    if text is not None and UNSTORABLE.search(text):
        raise InvalidInput(
            "Notes hold no control characters but tabs and line breaks. Take them out.", path=at
        )
    return text
