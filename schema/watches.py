"""Watches: what somebody waits for of products."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry
from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from clients.registry import BY_CODE, MarketplaceCode
from domain.api_keys import Scope
from domain.catalog import CatalogFilter as FilterRecord
from domain.exceptions import InvalidInput
from domain.packing import pack_fields
from domain.products import ProductRef
from domain.watches import Watch as WatchRecord
from domain.watches import WatchKind
from resolvers import watches
from resolvers.cursors import ConnectionArgs
from resolvers.products import Listing
from schema import ids
from schema.access import Needs
from schema.connections import Connection, Paged, StoredPage
from schema.failures import mutation, payload
from schema.inputs import CatalogFilter, MoneyInput
from schema.naming import ref_of, row_id
from schema.node import Info, Node
from schema.products import Product
from schema.values import Money, money

What = strawberry.argument(description="What to do.")


@strawberry.type(
    description="Something that is waited for. It is told once for each product, as the event "
    "WATCH_FIRED, until rearmWatch."
)
class Watch(Node):
    record: strawberry.Private[WatchRecord]
    kind: WatchKind = strawberry.field(description="What is waited for.")
    price: Money | None = strawberry.field(description="Of BELOW_PRICE: below which price.")
    percent: int | None = strawberry.field(
        description="Of DROP_PERCENT: by how much, against the price of `armedAt`."
    )
    days: int | None = strawberry.field(description="Of LOWEST_IN_DAYS: of how many days.")
    product_ids: list[strawberry.ID] | None = strawberry.field(
        description="Of which products; null: of those that the filter finds."
    )
    conditions: list[str] | None = strawberry.field(
        description="The filter's conditions, each as name=value; null: products are named."
    )
    armed_at: datetime = strawberry.field(description="Since when it has been waited for.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @strawberry.field(
        description="Where one product alone is named: it, as the catalogue has it now; null when "
        "it was deleted."
    )
    async def product(self, info: Info) -> Product | None:
        refs = self.record.products or ()
        if len(refs) != 1:
            return None
        entry = await info.context.dataloaders.catalog_product.load(refs[0])
        return Product.of(Listing.of(entry)) if entry else None

    @strawberry.field(description="Of how many products it was told since it was armed.")
    async def fired_count(self, info: Info) -> int:
        return await watches.fired(info.context, self.record)

    @classmethod
    def of(cls, record: WatchRecord) -> "Watch":
        refs, filter = record.products, record.filter
        return cls(
            record=record,
            id=ids.of_watch(record.id),
            kind=record.kind,
            price=money(record.price),
            percent=record.percent,
            days=record.days,
            product_ids=None if refs is None else [ids.of_product(ref) for ref in refs],
            conditions=None if filter is None else _conditions(filter),
            armed_at=record.armed_at,
            created_at=record.created_at,
        )


@strawberry.input(description="What to wait for: one of these.", one_of=True)
class WatchCondition:
    drop_percent: int | None = strawberry.field(
        default=UNSET,
        description="A price that is so many percent, 1 to 99, below the one when it was armed.",
    )
    below_price: MoneyInput | None = strawberry.field(
        default=UNSET, description="A price below this one, of its currency."
    )
    back_in_stock: bool | None = strawberry.field(
        default=UNSET, description="That it can be bought again; true."
    )
    lowest_in_days: int | None = strawberry.field(
        default=UNSET,
        description="The lowest price of so many days, 1 to 365, as far as it was observed.",
    )

    @property
    def kind(self) -> WatchKind:
        """Which of them is sent. Raises InvalidInput."""
        if self.below_price:
            return WatchKind.BELOW_PRICE
        if self.drop_percent is not UNSET:
            return WatchKind.DROP_PERCENT
        if self.lowest_in_days is not UNSET:
            return WatchKind.LOWEST_IN_DAYS
        if self.back_in_stock:
            return WatchKind.BACK_IN_STOCK
        path = ("input", "condition", "backInStock")
        raise InvalidInput("backInStock is true, or another condition is sent.", path=path)


@strawberry.input(description="What to wait for, and of which products.")
class CreateWatchInput:
    condition: WatchCondition = strawberry.field(description="What to wait for.")
    product_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Of these products of the catalogue, at most 250; or `filter`."
    )
    filter: CatalogFilter | None = strawberry.field(
        default=None, description="Of products that it lets through then."
    )


@strawberry.input(description="Which watch.")
class WatchInput:
    id: strawberry.ID = strawberry.field(description="The watch.")


@payload("Answer of createWatch and rearmWatch.")
class WatchPayload:
    watch: Watch | None = strawberry.field(description="As it stands now.")


@payload("Answer of deleteWatch.")
class DeleteWatchPayload:
    deleted_id: strawberry.ID | None = strawberry.field(description="Of what is forgotten.")


@strawberry.type
class WatchQueries:
    """The fields of Query about watches."""

    @strawberry.field(
        description="The workspace's watches, newest first.",
        extensions=[Needs(Scope.READ), Paged()],
    )
    async def watches(
        self,
        info: Info,
        args: ConnectionArgs,
    ) -> Connection[Watch]:
        page = StoredPage(*await watches.page(info.context, args))
        counted = partial(watches.count, info.context)
        return Connection(page=page, shown=Watch.of, counted=counted)


@strawberry.type
class WatchMutations:
    """The fields of Mutation about watches."""

    @mutation(
        Scope.IMPORT,
        description="Be told, by the event WATCH_FIRED, when products are cheap enough or back in "
        "stock. TRACKING_FORBIDDEN where a marketplace's terms forbid to track prices.",
    )
    async def create_watch(
        self, info: Info, input: Annotated[CreateWatchInput, What]
    ) -> WatchPayload:
        condition = input.condition
        watch = await watches.create(
            info.context,
            condition.kind,
            price=condition.below_price.record(("input", "condition", "belowPrice"))
            if condition.below_price
            else None,
            percent=_given(condition.drop_percent),
            days=_given(condition.lowest_in_days),
            products=_refs(input.product_ids),
            filter=input.filter.record() if input.filter else None,
        )
        return WatchPayload(watch=Watch.of(watch))

    @mutation(
        Scope.IMPORT,
        description="Let a watch be told again of each of its products; a drop counts from the "
        "price of now.",
    )
    async def rearm_watch(self, info: Info, input: Annotated[WatchInput, What]) -> WatchPayload:
        watch = await watches.rearm(info.context, row_id(ids.watch, input.id))
        return WatchPayload(watch=Watch.of(watch))

    @mutation(Scope.IMPORT, description="Wait for something no more.")
    async def delete_watch(
        self, info: Info, input: Annotated[WatchInput, What]
    ) -> DeleteWatchPayload:
        await watches.delete(info.context, row_id(ids.watch, input.id))
        return DeleteWatchPayload(deleted_id=input.id)


def _conditions(filter: FilterRecord) -> list[str]:
    packed = pack_fields(filter, without=["looks_into_notes"])
    if filter.marketplace is not None:
        packed["marketplace"] = MarketplaceCode(BY_CODE[filter.marketplace]).name
    told = {True: "true", False: "false"}
    return [
        f"{to_camel_case(name)}={told[value] if isinstance(value, bool) else value}"
        for name, value in packed.items()
    ]


def _given(value: int | None) -> int | None:
    return None if value is UNSET else value


def _refs(product_ids: Sequence[str] | None) -> list[ProductRef] | None:
    if product_ids is None:
        return None
    return [ref_of(id, ("input", "productIds", str(n))) for n, id in enumerate(product_ids)]
