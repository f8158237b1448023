"""Marketplace: settings card, health, quota and capabilities."""

from datetime import datetime
from decimal import Decimal

import strawberry

from clients.base import CredentialField as FieldRecord
from clients.base import Visibility
from clients.registry import MarketplaceCode
from domain.marketplaces import Capability, HealthState, MarketplaceStatus
from domain.products import Mode
from resolvers import marketplaces
from resolvers.marketplaces import ConnectedMarketplace
from schema import ids
from schema.node import Info, Node


@strawberry.type(description="What is known about whether the stored credentials work.")
class MarketplaceHealth:
    state: HealthState = strawberry.field(description="What the last real answers say.")
    cure: str | None = strawberry.field(description="What to do about it; null when healthy.")
    upstream_code: str | None = strawberry.field(
        description="The marketplace's own error code of the last failure."
    )
    checked_at: datetime | None = strawberry.field(description="When it was last asked.")
    last_success_at: datetime | None = strawberry.field(description="When it last worked.")
    next_try_at: datetime | None = strawberry.field(description="When asking again makes sense.")

    @classmethod
    def of(cls, connected: ConnectedMarketplace) -> "MarketplaceHealth":
        health = connected.health
        return cls(
            state=health.state,
            cure=connected.cure,
            upstream_code=health.upstream_code,
            checked_at=health.checked_at,
            last_success_at=health.last_success_at,
            next_try_at=health.next_try_at,
        )


@strawberry.type(
    description="One field of a marketplace's settings card. A stored secret never leaves the "
    "server: it can be replaced, not read."
)
class CredentialField:
    name: str = strawberry.field(description="The name to use in connectMarketplace.")
    label: str = strawberry.field(description="What the settings card calls it.")
    help: str = strawberry.field(
        description="What it is, where to find it and what it is used for."
    )
    is_secret: bool = strawberry.field(description="Whether it must be kept like a password.")
    is_required: bool = strawberry.field(
        description="Whether the set of credentials in use needs it."
    )
    is_set: bool = strawberry.field(description="Whether a value is stored.")
    hint: str | None = strawberry.field(
        description="The last four characters of a value that is not secret, the value itself "
        "where it is public; null for secrets."
    )
    updated_at: datetime | None = strawberry.field(description="When the value was last changed.")

    @classmethod
    def of(
        cls, connected: ConnectedMarketplace, field: FieldRecord, *, is_required: bool
    ) -> "CredentialField":
        stored = connected.account.credentials.get(field.name)
        return cls(
            name=field.name,
            label=field.label,
            help=field.help,
            is_secret=field.visibility is Visibility.SECRET,
            is_required=is_required,
            is_set=stored is not None,
            hint=connected.hint(field),
            updated_at=stored.updated_at if stored else None,
        )


@strawberry.type(description="The account's marketplace calls of today against its limit.")
class Quota:
    limit_per_day: int | None = strawberry.field(
        description="Null where the marketplace publishes no limit."
    )
    used_today: int = strawberry.field(description="Calls made on the marketplace's present day.")
    remaining_today: int | None = strawberry.field(description="Null without a known limit.")
    resets_at: datetime = strawberry.field(description="When the marketplace's day ends.")
    calls_per_second: Decimal = strawberry.field(description="The pace that this server keeps.")


@strawberry.type(
    description="A marketplace as this workspace sees it, with its one set of credentials. Amazon "
    "has one for each country site: each that has credentials stands in the list, and "
    "www.amazon.com always does."
)
class Marketplace(Node):
    record: strawberry.Private[ConnectedMarketplace]
    code: MarketplaceCode = strawberry.field(description="Which marketplace.")
    name: str = strawberry.field(description="Its name.")
    locale: str | None = strawberry.field(
        description='The country site, where a marketplace has several: "www.amazon.de". Null for '
        "AliExpress."
    )
    mode: Mode = strawberry.field(description="Whose answers come from it.")
    status: MarketplaceStatus = strawberry.field(
        description="CONNECTED the moment all required credentials are filled in."
    )
    capabilities: list[Capability] = strawberry.field(
        description="What the stored credentials can do now. Empty while nothing usable is stored; "
        "Amazon links need only the partner tag."
    )
    missing_fields: list[str] = strawberry.field(description="Names of required fields not set.")
    disclosure: str = strawberry.field(
        description="The sentence to publish where affiliate links of this marketplace are used."
    )

    @classmethod
    def of(cls, record: ConnectedMarketplace) -> "Marketplace":
        market = record.marketplace
        return cls(
            record=record,
            id=ids.of_marketplace(market.code, record.locale),
            code=next(member for member in MarketplaceCode if member.value is market),
            name=market.name,
            locale=record.locale or None,
            mode=record.account.key.mode,
            status=record.status,
            capabilities=list(record.capabilities),
            missing_fields=list(record.missing_fields),
            disclosure=market.disclosure(record.locale),
        )

    @strawberry.field(description="Whether the credentials work, and what to do if not.")
    def health(self) -> MarketplaceHealth:
        return MarketplaceHealth.of(self.record)

    @strawberry.field(description="The fields of the settings card.")
    def credential_fields(self) -> list[CredentialField]:
        return [
            CredentialField.of(self.record, field, is_required=is_required)
            for field, is_required in self.record.fields
        ]

    @strawberry.field(description="The account's calls of today against its limit.")
    async def quota(self, info: Info) -> Quota:
        rule = info.context.quota(self.record.marketplace)
        used = await marketplaces.calls_today(info.context, self.record)
        limit = rule.calls_per_day
        return Quota(
            limit_per_day=limit,
            used_today=used,
            remaining_today=None if limit is None else max(0, limit - used),
            resets_at=rule.resets_at(info.context.now),
            calls_per_second=rule.calls_per_second,
        )


async def load(info: Info, code: str, locale: str) -> Marketplace:
    """The marketplace (by stored code) and country site of a product or link."""
    return Marketplace.of(await marketplaces.of_product(info.context, code, locale))
