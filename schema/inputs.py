"""Inputs of queries and mutations, each turned into the record that resolvers take."""

from datetime import datetime
from decimal import Decimal

import strawberry

from clients.registry import MarketplaceCode
from domain import money
from domain.catalog import CatalogFilter as FilterRecord
from domain.catalog import LinkFilter
from domain.exceptions import InvalidInput
from domain.products import ProductState
from domain.search import ProductSearch, ProductSearchSort
from resolvers import lookups
from resolvers.marketplaces import locale_of
from schema import ids

LOCALE = (
    "The country site, where the marketplace has several: its host or country; left out: the first "
    "of its sites."
)
OWNER = "Whose the bare ids of the text are; left out: as they look."
SITE_OF_IDS = (
    "The country site of the text's bare ids; left out: that of an address of the same product in "
    "the text, else the first one connected."
)
IDEMPOTENCY = (
    "Any text of yours, up to 255 characters. Sent again with the same input within a day it gives "
    "the first answer again and does nothing."
)


@strawberry.input(description="An amount of one currency.")
class MoneyInput:
    amount: Decimal = strawberry.field(description='Exact, as text: "19.99".')
    currency_code: str = strawberry.field(description="ISO 4217: USD, EUR, JPY.")

    def record(self, path: tuple[str, ...]) -> money.Money:
        """Raises InvalidInput for an amount that is negative or too fine, a code that is none."""
        if self.amount < 0:
            raise InvalidInput("An amount of money here is not negative.", path=(*path, "amount"))
        currency = money.parse_currency(self.currency_code, path=(*path, "currencyCode"))
        money.check_digits(self.amount, currency, path=(*path, "amount"))
        return money.Money(self.amount, currency)


@strawberry.input(description="The marketplace's own id of a product.")
class ProductRefInput:
    marketplace: MarketplaceCode = strawberry.field(description="Which marketplace.")
    external_id: strawberry.ID = strawberry.field(description="As the marketplace writes it.")
    locale: str | None = strawberry.field(default=None, description=LOCALE)


@strawberry.input(one_of=True, description="Names a product in one of three ways. Exactly one.")
class ProductLookup:
    id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The id that this server gave out."
    )
    url: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="A text with one product in it: its address, also inside a message or a row of "
        "a table, or an id alone that can only be one marketplace's, on the country site that is "
        "connected. It is read, not opened; only short links are, where the operator allows it.",
    )
    ref: ProductRefInput | None = strawberry.field(
        default=strawberry.UNSET, description="The marketplace's own id."
    )

    def record(self) -> lookups.Lookup:
        """The lookup that resolvers take."""
        if self.ref:
            return lookups.Lookup(
                marketplace=self.ref.marketplace.value,
                external_id=self.ref.external_id,
                locale=self.ref.locale,
            )
        if isinstance(self.url, str):
            return lookups.Lookup(url=self.url)
        return lookups.Lookup(decoded_id=ids.product_ref_or_error(self.id or ""))


@strawberry.input(description="What to look for in a marketplace.")
class ProductSearchInput:
    keywords: str | None = strawberry.field(default=None, description="Words of the title.")
    category_id: str | None = strawberry.field(
        default=None, description="The marketplace's own id of the category."
    )
    min_price: Decimal | None = strawberry.field(
        default=None, description="Cheapest price, in currencyCode."
    )
    max_price: Decimal | None = strawberry.field(
        default=None, description="Dearest price, in currencyCode."
    )
    currency_code: str | None = strawberry.field(
        default="USD",
        description="Currency of the prices asked and shown, where the marketplace converts; else "
        "they are in its site's own.",
    )
    ship_to_country: str | None = strawberry.field(
        default=None, description="ISO country code: only what is sold there, at prices for there."
    )
    language: str | None = strawberry.field(
        default="EN", description="Two letters: language of the titles, where offered."
    )
    max_delivery_days: int | None = strawberry.field(
        default=None, description="Delivered within so many days; unknown times stay."
    )
    min_orders: int | None = strawberry.field(
        default=10,
        description="Products with fewer known orders in 30 days are left out; those whose count "
        "is unknown stay. Null or 0 turns it off.",
    )
    min_positive_percent: Decimal | None = strawberry.field(
        default=None,
        description="Least share of positive feedback, in percent; unknown shares stay.",
    )
    min_discount_percent: int | None = strawberry.field(
        default=None, description="Least discount, in percent."
    )
    free_shipping_only: bool | None = strawberry.field(
        default=False,
        description="Leaves out what is known to cost shipping; unknown costs stay, unless the "
        "marketplace itself filters.",
    )
    sort: ProductSearchSort | None = strawberry.field(
        default=ProductSearchSort.RELEVANCE, description="The order of the rows."
    )

    def record(self) -> ProductSearch:
        """The search that resolvers take; null means the default, but for minOrders none."""
        return ProductSearch(
            keywords=(self.keywords or "").strip() or None,
            category_id=(self.category_id or "").strip() or None,
            min_price=self.min_price,
            max_price=self.max_price,
            currency=(self.currency_code or "USD").strip().upper(),
            ship_to_country=(self.ship_to_country or "").strip().upper() or None,
            language=(self.language or "EN").strip().upper(),
            max_delivery_days=self.max_delivery_days,
            min_orders=self.min_orders or 0,
            min_positive_percent=self.min_positive_percent,
            min_discount_percent=self.min_discount_percent,
            free_shipping_only=bool(self.free_shipping_only),
            sort=self.sort or ProductSearchSort.RELEVANCE,
        )


@strawberry.input(description="Which products of the catalogue. Conditions add up.")
class CatalogFilter:
    marketplace: MarketplaceCode | None = strawberry.field(
        default=None, description="Only this marketplace."
    )
    locale: str | None = strawberry.field(
        default=None,
        description="Only of this country site of the marketplace, which is named as well: its "
        "host or country.",
    )
    category_id: str | None = strawberry.field(
        default=None, description="Only in this category, by the marketplace's own id."
    )
    text: str | None = strawberry.field(
        default=None,
        description="Only with this text in the title, the marketplace's own id or your notes: any "
        "part of it, in any case of letters.",
    )
    notes: str | None = strawberry.field(
        default=None, description="Only with this text in your notes, in any case of letters."
    )
    tag: str | None = strawberry.field(
        default=None, description="Only with this tag of yours, in any case of letters."
    )
    state: ProductState | None = strawberry.field(default=None, description="Only in this state.")
    currency_code: str | None = strawberry.field(
        default=None, description="Only with a price in this currency; ISO 4217."
    )
    min_price: Decimal | None = strawberry.field(
        default=None, description="Cheapest price, in currencyCode."
    )
    max_price: Decimal | None = strawberry.field(
        default=None, description="Dearest price, in currencyCode."
    )
    min_discount_percent: int | None = strawberry.field(
        default=None, description="Only with at least this discount."
    )
    min_margin_percent: Decimal | None = strawberry.field(
        default=None,
        description="Only with at least this margin at your selling price, in percent of it; "
        "products of which it is not known are left out.",
    )
    has_selling_price: bool | None = strawberry.field(
        default=None, description="Only with a selling price of yours; false: only without."
    )
    has_link: bool | None = strawberry.field(
        default=None, description="Only with a stored affiliate link; false: only without."
    )
    imported_after: datetime | None = strawberry.field(
        default=None, description="Only what was first imported then or later."
    )
    imported_before: datetime | None = strawberry.field(
        default=None, description="Only what was first imported earlier."
    )
    synced_after: datetime | None = strawberry.field(
        default=None, description="Only what was last synced then or later."
    )
    synced_before: datetime | None = strawberry.field(
        default=None, description="Only what was not synced since then."
    )

    def record(self) -> FilterRecord:
        """The filter that resolvers take. Raises InvalidInput."""
        return FilterRecord(
            marketplace=self.marketplace.value.code if self.marketplace else None,
            locale=self._locale(),
            category_id=self.category_id or None,
            text=self.text or None,
            notes=self.notes or None,
            tag=self.tag or None,
            state=self.state,
            currency=self._currency(),
            min_price=_price(self.min_price, "minPrice"),
            max_price=_price(self.max_price, "maxPrice"),
            min_discount_percent=self.min_discount_percent,
            min_margin_percent=self.min_margin_percent,
            has_selling_price=self.has_selling_price,
            has_link=self.has_link,
            imported_after=self.imported_after,
            imported_before=self.imported_before,
            synced_after=self.synced_after,
            synced_before=self.synced_before,
        )

    def _locale(self) -> str | None:
        if self.locale is None:
            return None
        if self.marketplace is None:
            raise InvalidInput(
                "Name the marketplace of the country site too.", path=("filter", "marketplace")
            )
        try:
            return locale_of(self.marketplace.value, self.locale)
        except InvalidInput as error:
            raise error.at(("filter", "locale")) from error

    def _currency(self) -> str | None:
        if self.currency_code is not None:
            return money.parse_currency(self.currency_code, path=("filter", "currencyCode"))
        if self.min_price is None and self.max_price is None:
            return None
        raise InvalidInput(
            "Name the currency of the prices: amounts of two currencies cannot be compared.",
            path=("filter", "currencyCode"),
        )


def _price(amount: Decimal | None, field: str) -> Decimal | None:
    if amount is not None and not (abs(amount) < 10**16 and amount == round(amount, 8)):
        raise InvalidInput(
            "A price has at most 16 digits before the point and 8 after it.",
            path=("filter", field),
        )
    return amount


@strawberry.input(description="Which stored links. Conditions add up.")
class AffiliateLinkFilter:
    marketplace: MarketplaceCode | None = strawberry.field(
        default=None, description="Only this marketplace."
    )
    product_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only links of this product."
    )
    tracking_id: str | None = strawberry.field(
        default=None, description="Only links that earn for this tracking id or tag."
    )
    sub_id: str | None = strawberry.field(
        default=None, description='Only links with this mark of yours; "": those without one.'
    )

    def record(self) -> LinkFilter:
        """The filter that resolvers take. Raises InvalidInput for a wrong product id."""
        try:
            product = ids.product_ref(self.product_id) if self.product_id else None
        except InvalidInput as error:
            raise error.at(("filter", "productId")) from error
        return LinkFilter(
            marketplace=self.marketplace.value.code if self.marketplace else None,
            product=product,
            tracking_id=self.tracking_id or None,
            sub_id=self.sub_id,
        )


@strawberry.input(description="One field of a settings card.")
class CredentialInput:
    name: str = strawberry.field(description="See Marketplace.credentialFields.")
    value: str = strawberry.field(description="The value; empty clears what is stored.")


@strawberry.input(
    description="Fields that are left out stay as they are; an empty value clears. Saving one "
    "marketplace never touches another."
)
class ConnectMarketplaceInput:
    marketplace: MarketplaceCode = strawberry.field(description="Which marketplace.")
    locale: str | None = strawberry.field(default=None, description=LOCALE)
    credentials: list[CredentialInput] = strawberry.field(description="What to store.")
    use_sandbox_credentials: bool | None = strawberry.field(
        default=False,
        description="In place of `credentials`: what the sandbox accepts, where it answers. See "
        "Marketplace.hasSandboxCredentials.",
    )


@strawberry.input(description="Whose credentials to erase.")
class DisconnectMarketplaceInput:
    marketplace: MarketplaceCode = strawberry.field(description="Which marketplace.")
    locale: str | None = strawberry.field(default=None, description=LOCALE)


@strawberry.input(description="Whose credentials to try.")
class VerifyMarketplaceInput:
    marketplace: MarketplaceCode = strawberry.field(description="Which marketplace.")
    locale: str | None = strawberry.field(default=None, description=LOCALE)


@strawberry.input(description="What to import.")
class ImportProductInput:
    product: ProductLookup = strawberry.field(description="The product.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY)


@strawberry.input(description="What to import.")
class ImportProductsInput:
    products: list[ProductLookup] | None = strawberry.field(
        default=strawberry.UNSET, description="The products, at most 250; or `text`."
    )
    text: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="In their place a text, as productsIn takes it: a row for each thing found.",
    )
    marketplace: MarketplaceCode | None = strawberry.field(default=None, description=OWNER)
    locale: str | None = strawberry.field(default=None, description=SITE_OF_IDS)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY)


@strawberry.input(description="What to take out of the catalogue.")
class DeleteProductInput:
    id: strawberry.ID = strawberry.field(description="The product.")


@strawberry.input(description="What to take out of the catalogue.")
class DeleteProductsInput:
    ids: list[strawberry.ID] = strawberry.field(
        description="Products of the catalogue, at most 250."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY)


@strawberry.input(description="What to put back into the catalogue.")
class RestoreProductsInput:
    ids: list[strawberry.ID] = strawberry.field(description="Deleted products, at most 250.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY)


@strawberry.input(description="Which link to forget.")
class DeleteLinkInput:
    id: strawberry.ID = strawberry.field(description="The stored link.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY)


@strawberry.input(description="What to sync.")
class SyncProductInput:
    id: strawberry.ID = strawberry.field(description="A product of the catalogue.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY)


@strawberry.input(description="What to sync.")
class SyncProductsInput:
    ids: list[strawberry.ID] = strawberry.field(
        description="Products of the catalogue, at most 250."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY)


@strawberry.input(description="Which link to make.")
class GenerateLinkInput:
    product: ProductLookup = strawberry.field(description="The product.")
    tracking_id: str | None = strawberry.field(
        default=None, description="Default: the stored tracking id or tag."
    )
    sub_id: str | None = strawberry.field(
        default=None, description="Your own mark, shown in the reports."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY)


@strawberry.input(description="Which links to make.")
class GenerateLinksInput:
    products: list[ProductLookup] | None = strawberry.field(
        default=strawberry.UNSET, description="The products, at most 250; or `text`."
    )
    text: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="In their place a text, as productsIn takes it: a row for each thing found.",
    )
    marketplace: MarketplaceCode | None = strawberry.field(default=None, description=OWNER)
    locale: str | None = strawberry.field(default=None, description=SITE_OF_IDS)
    tracking_id: str | None = strawberry.field(
        default=None, description="Default: the stored tracking id or tag."
    )
    sub_id: str | None = strawberry.field(
        default=None, description="Your own mark, shown in the reports."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY)
