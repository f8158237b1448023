"""Marketplace: settings card, health, quota and capabilities."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache

import strawberry

from clients.base import CredentialField as FieldRecord
from clients.base import CredentialForm as FormRecord
from clients.base import Visibility
from clients.registry import BY_CODE, MarketplaceCode
from domain.marketplaces import Capability, HealthState, MarketplaceStatus
from domain.products import Mode, ProductRef
from domain.refresh import Plan, RefreshState
from domain.search import ProductSearchSort
from resolvers import marketplaces, refresh
from resolvers.context import Context
from resolvers.marketplaces import ConnectedMarketplace
from schema import ids
from schema.inputs import LOCALE
from schema.node import Info, Node


@strawberry.type(description="What is known about whether the stored credentials work.")
class MarketplaceHealth:
    state: HealthState = strawberry.field(description="What the last real answers say.")
    cure: str | None = strawberry.field(description="What to do about it; null when healthy.")
    warnings: list[str] = strawberry.field(
        description="What is stored and used, but looks wrong, such as a partner tag whose ending "
        "is that of other countries."
    )
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
            warnings=list(connected.warnings),
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
    options: list[str] = strawberry.field(
        description="The only values that there are; empty where it is not chosen from a list."
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
            options=list(field.options),
            is_secret=field.visibility is Visibility.SECRET,
            is_required=is_required,
            is_set=stored is not None,
            hint=connected.hint(field),
            updated_at=stored.updated_at if stored else None,
        )


@strawberry.type(description="Credential fields that together connect a marketplace.")
class CredentialForm:
    name: str = strawberry.field(description="Names it among the forms of the marketplace.")
    label: str = strawberry.field(description="What the settings card calls it.")
    field_names: list[str] = strawberry.field(description="The fields that it requires.")
    is_retired: bool = strawberry.field(
        description="Whether the marketplace switched off the interface behind it."
    )
    is_in_use: bool = strawberry.field(
        description="Whether what is stored belongs to it; the first, while nothing is stored."
    )

    @classmethod
    def of(cls, connected: ConnectedMarketplace, form: FormRecord) -> "CredentialForm":
        return cls(
            name=form.name,
            label=form.label,
            field_names=list(form.required),
            is_retired=form.is_retired,
            is_in_use=form is connected.form_in_use,
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
    description="How many calls a day keep the products of a connection fresh by themselves: those "
    "with a link or a selling price, first those that a look is worth most at."
)
class RefreshPolicy:
    calls_per_day: int | None = strawberry.field(
        description="Calls that may be made on the marketplace's day, each for as many products as "
        "fit in; null: off. A new connection has a tenth of a known limit, else 250."
    )
    state: RefreshState = strawberry.field(description="What it does at the moment.")
    used_today: int = strawberry.field(
        description="Calls that it made on the marketplace's present day."
    )
    next_at: datetime | None = strawberry.field(
        description="When it looks again, at the earliest; null while it is off."
    )

    @classmethod
    def of(cls, plan: Plan, today: date) -> "RefreshPolicy":
        return cls(
            calls_per_day=plan.calls_per_day or None,
            state=plan.state,
            used_today=plan.used_on(today),
            next_at=plan.next_at,
        )


@strawberry.input(description="How much a connection may refresh by itself.")
class SetRefreshPolicyInput:
    marketplace: MarketplaceCode = strawberry.field(description="Which marketplace.")
    locale: str | None = strawberry.field(default=None, description=LOCALE)
    calls_per_day: int | None = strawberry.field(
        default=None, description="Marketplace calls a day; null or 0: off."
    )


@strawberry.type(
    description="A marketplace as this workspace sees it, with its one set of credentials. One "
    "with country sites has a set for each: those with credentials stand in the list, and the "
    "first of its sites always does."
)
class Marketplace(Node):
    record: strawberry.Private[ConnectedMarketplace | None]
    code: MarketplaceCode = strawberry.field(description="Which marketplace.")
    name: str = strawberry.field(description="Its name.")
    locale: str | None = strawberry.field(
        description="The country site, where a marketplace has several, else null."
    )
    mode: Mode = strawberry.field(description="Whose answers come from it.")
    disclosure: str = strawberry.field(
        description="The sentence to publish where affiliate links of this marketplace are used."
    )
    sites: list[str] = strawberry.field(
        description="All its country sites, the default one first; empty where it has only one "
        "catalogue."
    )
    search_sorts: list[ProductSearchSort] = strawberry.field(
        description="The orders that the marketplace puts its search in itself. Another one orders "
        "the rows that were gathered: see ProductSearchConnection.sortedRows."
    )
    search_filters: list[str] = strawberry.field(
        description="Names of the fields of ProductSearchInput that narrow a search here, by the "
        "marketplace or by this server. Another one would end in unsupportedFilters, or be refused."
    )
    search_currencies: list[str] = strawberry.field(
        description="The currencies that its prices can be asked in, its own first; empty where "
        "any can."
    )
    country: str | None = strawberry.field(
        description="Where the country site sells, as ISO code; null for a marketplace that sells "
        "to many countries."
    )
    keeps_price_history: bool = strawberry.field(
        description="Whether its terms let prices be kept: see Product.priceHistory."
    )
    lets_pictures_be_copied: bool = strawberry.field(
        description="Whether its terms let others copy pictures; else exports leave them out."
    )
    prices_shown_for_hours: int | None = strawberry.field(
        description="For so long its terms let a price be shown after it was seen; then it is "
        "withheld until the next sync. Null: for ever, with its date."
    )

    @classmethod
    def of(cls, record: ConnectedMarketplace) -> "Marketplace":
        key = record.account.key
        return replace(cls.of_site(key.marketplace, key.locale, key.mode), record=record)

    @classmethod
    @cache
    def of_site(cls, code: str, locale: str, mode: Mode) -> "Marketplace":
        """What is known without a look at what is stored, which is read when it is asked for."""
        market = BY_CODE[code]
        return cls(
            record=None,
            id=ids.of_marketplace(code, locale),
            code=next(member for member in MarketplaceCode if member.value is market),
            name=market.name,
            locale=locale or None,
            mode=mode,
            disclosure=market.disclosure(locale),
            sites=[locale for locale in market.locales if locale],
            search_sorts=list(market.search_sorts),
            search_filters=list(market.search_filters),
            search_currencies=list(market.search_currencies(locale)),
            country=market.country(locale),
            keeps_price_history=market.policy.keeps_price_history,
            lets_pictures_be_copied=market.policy.lets_pictures_be_copied,
            prices_shown_for_hours=market.policy.shown_for_hours,
        )

    @strawberry.field(
        description="Whether connectMarketplace can connect it to this server's sandbox with "
        "`useSandboxCredentials`."
    )
    def has_sandbox_credentials(self, info: Info) -> bool:
        return self.code.value.code in info.context.upstream.sandbox_credentials

    async def connected(self, info: Info) -> ConnectedMarketplace:
        """With what is stored for it."""
        code = self.code.value.code
        return self.record or await marketplaces.of_product(info.context, code, self.locale or "")

    @strawberry.field(description="CONNECTED the moment all required credentials are filled in.")
    async def status(self, info: Info) -> MarketplaceStatus:
        return (await self.connected(info)).status

    @strawberry.field(
        description="What the stored credentials can do now. Empty while nothing usable is stored."
    )
    async def capabilities(self, info: Info) -> list[Capability]:
        return list((await self.connected(info)).capabilities)

    @strawberry.field(description="Names of required fields not set.")
    async def missing_fields(self, info: Info) -> list[str]:
        return list((await self.connected(info)).missing_fields)

    @strawberry.field(description="Whether the credentials work, and what to do if not.")
    async def health(self, info: Info) -> MarketplaceHealth:
        return MarketplaceHealth.of(await self.connected(info))

    @strawberry.field(description="The fields of the settings card.")
    async def credential_fields(self, info: Info) -> list[CredentialField]:
        connected = await self.connected(info)
        return [
            CredentialField.of(connected, field, is_required=is_required)
            for field, is_required in connected.fields
        ]

    @strawberry.field(
        description="The sets of fields that connect it, the one for new connections first."
    )
    async def credential_forms(self, info: Info) -> list[CredentialForm]:
        connected = await self.connected(info)
        return [CredentialForm.of(connected, form) for form in connected.marketplace.forms]

    @strawberry.field(description="The account's calls of today against its limit.")
    async def quota(self, info: Info) -> Quota:
        connected = await self.connected(info)
        rule = info.context.quota(connected.marketplace)
        used = await marketplaces.calls_today(info.context, connected)
        limit = rule.calls_per_day
        return Quota(
            limit_per_day=limit,
            used_today=used,
            remaining_today=None if limit is None else max(0, limit - used),
            resets_at=rule.resets_at(info.context.now),
            calls_per_second=rule.calls_per_second,
        )

    @strawberry.field(
        description="How its products are kept fresh by themselves; setRefreshPolicy changes it."
    )
    async def refresh_policy(self, info: Info) -> RefreshPolicy:
        context = info.context
        market = self.code.value
        key = context.workspace.account_key(market.code, self.locale or "")
        plan = await refresh.plan_of(key)
        return RefreshPolicy.of(plan, context.quota(market).day(context.now))


def of_site(context: Context, code: str, locale: str) -> Marketplace:
    """The marketplace (by stored code) and country site of a product or link."""
    return Marketplace.of_site(code, locale, context.workspace.mode(code))


def of_product(context: Context, ref: ProductRef) -> Marketplace:
    """The marketplace and country site that a product is from."""
    return of_site(context, ref.marketplace, ref.locale)
