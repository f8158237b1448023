"""Who may call the sandbox: demo accounts as data, none of them worth a secret."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

_T = TypeVar("_T")

# The group "standard" comes with every application; the rest is granted method by method.
STANDARD_METHODS = frozenset(
    {
        "link.generate",
        "productdetail.get",
        "product.query",
        "category.get",
        "featuredpromo.get",
        "featuredpromo.products.get",
        "order.get",
        "order.list",
        "order.listbyindex",
    }
)
GRANTED_METHODS = frozenset(
    {
        "hotproduct.query",
        "hotproduct.download",
        "product.smartmatch",
        "product.shipping.get",
        "product.sku.detail.get",
        "promotion.info.get",
    }
)
DEMO_GRANTS = frozenset({"hotproduct.query", "product.shipping.get", "product.sku.detail.get"})
VERSIONS = frozenset({"2.1", "2.2", "2.3", "3.1", "3.2", "3.3"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AliExpressAccount:
    """One application and the publisher behind it.

    `grants`: methods beyond the standard group. `is_registered` False: the publisher has not joined
    the program (401). `ip_allowed` False: the application's list of addresses shuts the caller out.
    """

    app_key: str
    app_secret: str
    tracking_ids: frozenset[str]
    grants: frozenset[str] = DEMO_GRANTS
    is_registered: bool = True
    ip_allowed: bool = True

    def may_call(self, method: str) -> bool:
        """Whether the method (its short name) is granted to the application."""
        return method in STANDARD_METHODS or method in self.grants


@dataclass(frozen=True, slots=True, kw_only=True)
class AmazonAccount:
    """One Associate: a Creators API credential, the old access key, and the partner tags.

    `versions`: the credential versions that id and secret are good for. A tag works on the sites of
    the region that its ending stands for: -20 NA, -21 EU, -22 FE. `sees_reviews`: approved for
    `customerReviews`.
    """

    credential_id: str
    credential_secret: str
    partner_tags: frozenset[str]
    access_key: str = ""
    secret_key: str = ""
    versions: frozenset[str] = VERSIONS
    is_eligible: bool = True
    sees_reviews: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Every account that the sandbox knows."""

    aliexpress: tuple[AliExpressAccount, ...] = ()
    amazon: tuple[AmazonAccount, ...] = ()

    def __add__(self, other: "Accounts") -> "Accounts":
        return Accounts(
            aliexpress=self.aliexpress + other.aliexpress, amazon=self.amazon + other.amazon
        )

    def by_app_key(self, app_key: str) -> AliExpressAccount | None:
        """The application of that key."""
        return _first(one for one in self.aliexpress if one.app_key == app_key)

    def by_credential(self, credential_id: str) -> AmazonAccount | None:
        """The Associate of that Creators API credential."""
        return _first(one for one in self.amazon if one.credential_id == credential_id)

    def by_access_key(self, access_key: str) -> AmazonAccount | None:
        """The Associate of that PA-API access key."""
        return _first(one for one in self.amazon if one.access_key and one.access_key == access_key)


def _first(found: Iterable[_T]) -> _T | None:
    return next(iter(found), None)


DEMO_ALIEXPRESS = AliExpressAccount(
    app_key="500100",
    app_secret="sandbox-app-secret",
    tracking_ids=frozenset({"sandbox_blog", "sandbox_shop", "default"}),
)
DEMO_AMAZON = AmazonAccount(
    credential_id="sandbox-credential-id",
    credential_secret="sandbox-credential-secret",
    partner_tags=frozenset({"sandbox-20", "sandbox-21", "sandbox-22"}),
    access_key="AKIASANDBOX00000DEMO",
    secret_key="sandbox-secret-key",
)
DEMO_ACCOUNTS = Accounts(aliexpress=(DEMO_ALIEXPRESS,), amazon=(DEMO_AMAZON,))


def numbered_accounts(n: int) -> Accounts:
    """`n` separate account sets, numbered from 1, each with its own keys, tracking ids and tags.

    Set 7 has app key 500107, secret sandbox-app-secret-7, tracking id sandbox_blog_7, credential id
    sandbox-credential-id-7 and tags sandbox7-20, sandbox7-21, sandbox7-22.
    """
    numbers = range(1, n + 1)
    return Accounts(
        aliexpress=tuple(_numbered_aliexpress(number) for number in numbers),
        amazon=tuple(_numbered_amazon(number) for number in numbers),
    )


def _numbered_aliexpress(number: int) -> AliExpressAccount:
    return AliExpressAccount(
        app_key=str(500100 + number),
        app_secret=f"sandbox-app-secret-{number}",
        tracking_ids=frozenset({f"sandbox_blog_{number}", f"sandbox_shop_{number}"}),
    )


def _numbered_amazon(number: int) -> AmazonAccount:
    return AmazonAccount(
        credential_id=f"sandbox-credential-id-{number}",
        credential_secret=f"sandbox-credential-secret-{number}",
        partner_tags=frozenset(f"sandbox{number}-{ending}" for ending in (20, 21, 22)),
        access_key=f"AKIASANDBOX{number:09d}",
        secret_key=f"sandbox-secret-key-{number}",
    )
