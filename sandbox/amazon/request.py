"""One accepted call of Amazon's catalogue, its refusals, and the reading of its members."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.amazon.accounts import AmazonAccount, AmazonWorld
from sandbox.amazon.items import RESOURCES, item_row
from sandbox.amazon.links import item_page
from sandbox.amazon.listings import ROW_FORM, AmazonListing
from sandbox.amazon.sites import TAG_ENDING, Site
from sandbox.answers import Refused, Reply
from sandbox.bending import bend_rows
from sandbox.currencies import RATES
from sandbox.faults import ActiveFaults
from sandbox.listings import Row

ASIN = re.compile(r"B[0-9A-Z]{9}|[0-9]{9}[0-9X]")
LINK_CODES = {"getItems": "ogi", "searchItems": "osi", "getVariations": "ogv"}
MAX_RESOURCES = 100
ID_MEMBERS = ("itemIds", "ItemIds", "asin", "ASIN")


def refusal(status: int, kind: str, reason: str | None, message: str, **more: Any) -> Refused:
    """A whole-call error of the Creators API."""
    body: dict[str, Any] = {"type": kind, "message": message}
    if reason:
        body["reason"] = reason
    return Refused(Reply(status=status, payload=body | more, refusal=reason or kind))


def invalid(name: str, message: str) -> Refused:
    """400: a member of the request cannot be accepted."""
    fields = [{"name": name, "message": message}]
    text = "Request validation failed."
    return refusal(400, "ValidationException", "FieldValidationFailed", text, fieldList=fields)


def unauthorized(reason: str, message: str) -> Refused:
    """401."""
    return refusal(401, "UnauthorizedException", reason, message)


def not_found(kind: str, name: str, message: str) -> Refused:
    """404: nothing of what was asked for exists."""
    what = {"resourceType": kind, "resourceId": name}
    return refusal(404, "ResourceNotFoundException", None, message, **what)


def throttled(_world: AmazonWorld, seconds: float) -> Reply:
    """429."""
    message = "The request was denied due to request throttling."
    body = {"type": "ThrottleException", "message": message, "retryAfterSeconds": round(seconds)}
    return Reply(status=429, payload=body, refusal="ThrottleException")


def is_partner_tag(tag: object, account: AmazonAccount, site: Site) -> bool:
    """Whether the tag is the account's and was issued for the site's region."""
    name = str(tag)
    return name in account.partner_tags and name.endswith(TAG_ENDING[site.region])


def members_of(body: bytes) -> dict[str, Any] | None:
    """The body's members; None when it is no JSON object."""
    try:
        members = json.loads(body)
    except ValueError:
        return None
    return members if isinstance(members, dict) else None


def ids_of(body: bytes) -> tuple[str, ...]:
    """What a body asks for by name, in the spelling of either API."""
    members = members_of(body) or {}
    ids: Any = next((members[name] for name in ID_MEMBERS if members.get(name)), [])
    return tuple(map(str, ids if isinstance(ids, list) else [ids]))


@dataclass(frozen=True, slots=True)
class Query:
    """An accepted call. `members`: the body, in camel case."""

    world: AmazonWorld
    account: AmazonAccount
    site: Site
    operation: str
    members: dict[str, Any]
    active: ActiveFaults

    @property
    def tag(self) -> str:
        """The partner tag, already checked."""
        return str(self.members["partnerTag"])

    @property
    def resources(self) -> Sequence[str]:
        """What of the rows is asked for."""
        return self.members.get("resources") or ()

    @property
    def currency(self) -> str:
        """The currency of the answer."""
        return str(self.members.get("currencyOfPreference") or self.site.currency)

    def listings(self) -> list[AmazonListing]:
        """Every item that the site sells."""
        return self.world.catalog.listings(self.site.host)

    def listing(self, asin: str) -> AmazonListing | None:
        """The item, where the site sells it."""
        return self.world.catalog.listing(asin, self.site.host)

    def check_common(self) -> None:
        """Refuse what no operation accepts: resources, language, currency, condition."""
        resources = self.texts("resources", most=MAX_RESOURCES, least=0)
        for name in resources:
            if name not in RESOURCES[self.operation]:
                raise invalid("resources", f"{name} is not a resource of {self.operation}.")
        for language in self.texts("languagesOfPreference", most=1, least=0):
            if language not in self.site.languages:
                raise invalid("languagesOfPreference", f"{language} is not known here.")
        if self.members.get("condition") not in (None, "Any", "New"):
            raise invalid("condition", "Any or New.")
        currency = self.members.get("currencyOfPreference")
        is_free = self.site.currency == "USD" and str(currency) in RATES
        if currency not in (None, self.site.currency) and not is_free:
            raise invalid("currencyOfPreference", "Not a currency of this marketplace.")

    def texts(self, name: str, *, most: int, least: int = 1) -> list[str]:
        """A list of texts with so many entries."""
        value = self.members.get(name)
        if value is None and least == 0:
            return []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise invalid(name, "A list of texts is needed.")
        if not least <= len(value) <= most:
            raise invalid(name, f"From {least} to {most} entries.")
        return value

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        """A whole number within bounds."""
        value = self.members.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise invalid(name, f"A whole number from {least} to {most}.")
        return value

    def asins(self, name: str, values: Sequence[str]) -> list[str]:
        """Well-formed ids, each once."""
        for value in values:
            if not ASIN.fullmatch(value):
                raise invalid(name, f"{value} is not an ASIN.")
        return list(dict.fromkeys(values))

    def rows(self, items: Sequence[Row]) -> list[Row]:
        """The items as rows of the answer, with their addresses, bent by the active faults."""

        def foreign() -> list[Row]:
            return [self.row(one.fields) for one in self.listings()[-60:]]

        rows = [self.row(item) for item in items]
        return bend_rows(rows, self.active, ROW_FORM, foreign=foreign, reads=self.world.number())

    def row(self, item: Row) -> Row:
        """One item with what was asked for."""
        row = item_row(
            item,
            self.resources,
            site=self.site,
            currency=self.currency,
            only_new=self.members.get("condition") == "New",
            sees_reviews=self.account.sees_reviews,
        )
        code = LINK_CODES[self.operation]
        row["detailPageURL"] = item_page(self.site.host, item["asin"], self.tag, code)
        if self.operation == "getVariations":
            row["variationAttributes"] = item.get("variationAttributes") or []
        return row
