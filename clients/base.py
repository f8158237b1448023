"""What a marketplace is to us. Read this first when adding one.

A marketplace is a folder here that offers one `Marketplace` description; `registry.py` lists them.
Everything that differs between marketplaces is data or a function of that description, so the
graph, the storage and the loaders never ask which one it is.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from domain.exceptions import MarketplaceError
from domain.links import LinkKey
from domain.marketplaces import (
    Account,
    AccountKey,
    Capability,
    HealthState,
    OfferPolicy,
    QuotaRule,
)
from domain.products import ProductRef, SourceProduct, VariantList
from domain.search import ProductSearch, ProductSearchSort, SearchPage, SearchPlan
from reading.text import PageKind
from upstream.budget import Budget
from upstream.contract import Upstream


class Visibility(Enum):
    """How much of a stored credential may be shown again."""

    SECRET = "SECRET"  # nothing, ever
    MASKED = "MASKED"  # the last four characters
    PUBLIC = "PUBLIC"  # all of it: it stands in every link anyway


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialField:
    """One field of the settings card. `help`: what it is, where to find it, what it is used for.

    `options`: the only values that there are; none where there are too many to choose from.
    """

    name: str
    label: str
    help: str
    visibility: Visibility
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialForm:
    """A set of fields that together connect the marketplace.

    `is_retired`: the interface behind it was switched off; kept for credentials that are stored.
    """

    name: str
    label: str
    required: tuple[str, ...]
    is_retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReading:
    """A pasted text, read without opening anything.

    `ref` is there for PRODUCT only. `raw_id` is the id as written where it differs from the
    canonical one; `variant_id` the variant that the address names. `why` it is NOT_A_PRODUCT, where
    more is known than that it is none.
    """

    kind: PageKind
    ref: ProductRef | None = None
    raw_id: str | None = None
    variant_id: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BareID:
    """A canonical id that stood alone, without an address.

    `is_checked`: by a check digit, so that it wins over what is any number to another marketplace.
    """

    external_id: str
    is_checked: bool = False


class MarketplaceClient(Protocol):
    """One account's way into one marketplace. A method is one call, unless it says otherwise.

    A failure of one id is a value in the mapping; a failure of the call is raised as a
    MarketplaceError. Answers are matched by content, never by position. With credentials missing a
    method raises MarketplaceNotConnected.
    """

    async def get_products(
        self, ids: Sequence[str]
    ) -> Mapping[str, SourceProduct | MarketplaceError]:
        """At most `batch_size` distinct canonical ids. Every id asked has its entry."""
        ...

    def plan_search(self, search: ProductSearch) -> SearchPlan:
        """How the search will be carried out. Raises InvalidInput with the path of the field."""
        ...

    async def search_products(self, plan: SearchPlan, *, page: int) -> SearchPage:
        """Page `page` (from 1) of the grid of `search_page_size`. No hits: an empty last page."""
        ...

    async def generate_links(
        self, keys: Sequence[LinkKey]
    ) -> Mapping[LinkKey, str | MarketplaceError]:
        """At most `link_batch_size` keys of one tracking id. Every key asked has its entry."""
        ...

    async def get_variants(self, external_id: str) -> VariantList:
        """The buyable forms of one product; empty where it has none."""
        ...

    async def verify(self) -> None:
        """The cheapest real calls that prove key, secret and tracking id. Raises what is wrong."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Marketplace:
    """A marketplace, described. Functions that take text raise InvalidInput."""

    code: str  # stored in rows, never renamed
    name: str  # shown to people
    summary: str  # what it is, in a sentence for somebody in GraphiQL
    locales: tuple[str, ...]  # country sites, the default first; ("",) where there is only one
    locale_names: Mapping[str, str] = field(default_factory=dict)  # other name, small -> locale
    fields: tuple[CredentialField, ...]
    forms: tuple[CredentialForm, ...]  # the one for new connections first
    tracking_field: str  # the credential field that a link's tracking id comes from by default
    batch_size: int
    link_batch_size: int
    search_page_size: int
    search_last_page: int
    search_sorts: tuple[ProductSearchSort, ...]  # those that it puts its search in itself
    # Fields of the search, as GraphQL spells them, that narrow it here; others nobody can apply.
    search_filters: tuple[str, ...] = ()
    # Country site -> currencies that its prices can be asked in, its own first; () for any.
    search_currencies: Callable[[str], tuple[str, ...]] = lambda _: ()
    country: Callable[[str], str | None] = lambda _: None  # site -> ISO code, None: the world
    quota: QuotaRule
    policy: OfferPolicy
    # The tracked address that comes with a product is the link to publish (some count sales
    # through it towards API access); else it is only good enough to show.
    prefers_answered_link: bool = False
    rel: str  # for the anchor of a published link
    disclosure: Callable[[str], str]  # locale -> sentence to publish
    read_page: Callable[[str], PageReading]  # pasted text -> what it stands for
    parse_id: Callable[[str], str]  # an id as typed -> canonical id
    # A word that stands alone in a text -> the id that it can only be, None for another word.
    # Raises InvalidURL for what it knows, but can make no id of.
    read_bare_id: Callable[[str], BareID | None] = lambda _: None
    # Whether a canonical id looks like those that it gives, and not like any long number.
    is_usual_id: Callable[[str], bool] = lambda _: True
    product_url: Callable[[ProductRef], str]  # the plain product page, no tracking
    shortener_hosts: tuple[str, ...] = ()  # where its short links begin that may be opened
    domains: tuple[str, ...] = ()  # its own, subdomains included: where a short link may lead
    check_credentials: Callable[[str, Mapping[str, str]], dict[str, str]]
    # (locale, all values) -> values to store, derived ones filled in; raises InvalidInput
    capabilities: Callable[[Account], frozenset[Capability]]
    cures: Mapping[HealthState, str]
    # What is stored and used, but looks wrong: a sentence each.
    warnings: Callable[[Account], tuple[str, ...]] = lambda _: ()
    # Whose calls are counted: accounts with the same key share the marketplace's limits.
    quota_account: Callable[[Account], AccountKey] = operator.attrgetter("key")
    connect: Callable[[Account, Upstream, Budget], MarketplaceClient]
    # What the operator can set; clients/settings.py makes the rest from the fields above.
    gateways: Mapping[str, str] = field(default_factory=dict)  # setting of an address -> its help
    locale_setting: str = ""  # that of the country site, where there are several
    owns_prefix: bool = True  # no other program's variables begin with the code in capitals

    def form_in_use(self, names: Sequence[str]) -> CredentialForm:
        """The first complete form, else the one that most of the stored fields belong to."""
        have = set(names)
        for form in self.forms:
            if have.issuperset(form.required):
                return form
        return max(self.forms, key=lambda form: len(have & self._own(form)))

    def missing(self, names: Sequence[str]) -> tuple[str, ...]:
        """Required fields of the form in use that are not among `names`."""
        have = set(names)
        return tuple(name for name in self.form_in_use(names).required if name not in have)

    def _own(self, form: CredentialForm) -> set[str]:
        others = {name for other in self.forms if other is not form for name in other.required}
        return set(form.required) - others
