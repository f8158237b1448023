"""Credential sets with what they ask for: products of their own, and ones that all ask for."""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from benchmarks.application import product_id
from sandbox.amazon.made import asin_of

OWN_PRODUCTS = 8  # of each marketplace, for each set
SHARED_PRODUCTS = 30
KEYWORDS = ("case", "lamp", "bag", "cable")
SHOWN = "externalId affiliateLink { url trackingId }"
PRODUCT = f"product {{ id {SHOWN} }} errors {{ code }}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of Query or Mutation with one variable, named $v, of this type."""

    root: str
    type: str
    text: str


# What is asked stands in variables, so that a request is made of a few documents as programs do.
FIELDS = {
    "link": Field(
        root="mutation",
        type="GenerateLinkInput!",
        text="generateLink(input: $v) { affiliateLink { url trackingId } errors { code } }",
    ),
    "import": Field(
        root="mutation",
        type="ImportProductInput!",
        text=f"importProduct(input: $v) {{ {PRODUCT} }}",
    ),
    "sync": Field(
        root="mutation", type="SyncProductInput!", text=f"syncProduct(input: $v) {{ {PRODUCT} }}"
    ),
    "product": Field(root="query", type="ProductLookup!", text=f"product(by: $v) {{ {SHOWN} }}"),
    **{
        marketplace: Field(
            root="query",
            type="ProductSearchInput!",
            text=f"searchProducts(marketplace: {marketplace}, search: $v, first: 3)"
            f" {{ nodes {{ {SHOWN} }} errors {{ code }} }}",
        )
        for marketplace in ("ALIEXPRESS", "AMAZON")
    },
}


@dataclass(frozen=True, slots=True)
class Operation:
    """A field with its variable; `wanted`: the product that must come back, None for others."""

    field: str
    given: Mapping[str, object]
    wanted: str | None = None

    @property
    def root(self) -> str:
        """query or mutation."""
        return FIELDS[self.field].root


@dataclass(frozen=True)
class CredentialSet:
    """Set number `number`, from 1, with the products that only it asks for."""

    number: int

    @cached_property
    def workspace(self) -> str:
        return f"set-{self.number}"

    @cached_property
    def app_key(self) -> str:
        return str(500100 + self.number)

    @cached_property
    def aliexpress(self) -> Mapping[str, str]:
        return {
            "appKey": self.app_key,
            "appSecret": f"sandbox-app-secret-{self.number}",
            "trackingId": f"sandbox_blog_{self.number}",
        }

    @cached_property
    def amazon(self) -> Mapping[str, str]:
        return {
            "credentialId": f"sandbox-credential-id-{self.number}",
            "credentialSecret": f"sandbox-credential-secret-{self.number}",
            "credentialVersion": "3.1",
            "partnerTag": f"sandbox{self.number}-20",
        }

    @cached_property
    def own_ids(self) -> Sequence[str]:
        first = 5000 + self.number * OWN_PRODUCTS
        return [product_id(first + number) for number in range(OWN_PRODUCTS)]

    @cached_property
    def own_asins(self) -> Sequence[str]:
        return [f"B0S{self.number:03}P{number:03}" for number in range(OWN_PRODUCTS)]

    def operation(self, chance: random.Random, imported: Collection[str]) -> Operation:
        """Something to do. `imported`: ids of products that can be synced."""
        kind = chance.choice(("search", "product", "product", "link", "import", "sync"))
        if kind == "search":
            marketplace = chance.choice(("ALIEXPRESS", "AMAZON"))
            return Operation(marketplace, {"keywords": chance.choice(KEYWORDS)})
        if kind == "sync" and imported:
            return Operation("sync", {"id": chance.choice(sorted(imported))})
        marketplace, wanted = self._product(chance)
        lookup = {"ref": {"marketplace": marketplace, "externalId": wanted}}
        if kind == "product":
            return Operation("product", lookup, wanted)
        if kind == "link":
            sub_id = f"s{chance.randrange(3)}" if marketplace == "ALIEXPRESS" else None
            return Operation("link", {"product": lookup, "subId": sub_id})
        return Operation("import", {"product": lookup}, wanted)

    def _product(self, chance: random.Random) -> tuple[str, str]:
        is_own, number = chance.random() < 0.4, chance.randrange(SHARED_PRODUCTS)
        if chance.random() < 0.6:
            return "ALIEXPRESS", chance.choice(self.own_ids) if is_own else product_id(number)
        return "AMAZON", chance.choice(self.own_asins) if is_own else asin_of(number)
