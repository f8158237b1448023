"""The main job from Python: search, import, make a tracked link, sync. Typed, with gql.

    pip install "gql[httpx]"
    AFFILIATE_GRAPH_KEY=... python examples/python/main_job.py "phone case"

It runs the documents of ../*.graphql, which gql checks against ../../schema.graphql before it sends
them. Three kinds of failure are told apart:

- UserError: expected, part of the answer, with a code to act on. THROTTLED is tried again at the
  time that the server names.
- TransportQueryError: the request itself was refused; its `extensions.code` says why.
- TransportServerError, TransportConnectionFailed: no answer of GraphQL at all.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from gql import Client, gql
from gql.transport.exceptions import (
    TransportConnectionFailed,
    TransportQueryError,
    TransportServerError,
)
from gql.transport.httpx import HTTPXTransport

EXAMPLES = Path(__file__).resolve().parent.parent
SCHEMA = EXAMPLES.parent / "schema.graphql"
TRIES = 3
LONGEST_PAUSE = 60.0  # seconds; somebody who is asked to wait longer should come back later
UNTOLD_PAUSE = 2.0  # seconds, where the server names no time

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UserError:
    """An expected failure. `retry_at`: when trying again makes sense."""

    code: str
    message: str
    path: tuple[str, ...]
    retry_at: datetime | None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "UserError":
        retry_at = data["retryAt"]
        return cls(
            code=data["code"],
            message=data["message"],
            path=tuple(data["path"]),
            retry_at=datetime.fromisoformat(retry_at) if retry_at else None,
        )


class Failed(Exception):
    """What was asked for could not be done; `errors` tell why."""

    def __init__(self, errors: Sequence[UserError]) -> None:
        super().__init__("; ".join(f"{error.code}: {error.message}" for error in errors))
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class Found:
    """A search's product. `price` and `currency` None: the listing shows none."""

    external_id: str
    title: str
    price: Decimal | None
    currency: str | None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Found":
        price = (data["offer"] or {}).get("price")
        return cls(
            external_id=data["externalId"],
            title=data["title"],
            price=Decimal(price["amount"]) if price else None,
            currency=price["currencyCode"] if price else None,
        )


@dataclass(frozen=True, slots=True)
class Imported:
    """A product of the catalogue."""

    id: str
    external_id: str
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class AffiliateLink:
    """A tracked link; publish `disclosure` beside it, and `rel` in its anchor."""

    url: str
    rel: str
    disclosure: str


class AffiliateGraph:
    """The operations of the main job. Each raises Failed for what the server could not do."""

    def __init__(self, address: str, key: str) -> None:
        transport = HTTPXTransport(
            f"{address}/graphql", headers={"Authorization": f"Bearer {key}"}, timeout=60
        )
        self._client = Client(transport=transport, schema=SCHEMA.read_text("utf-8"))

    def connect_sandbox(self) -> None:
        """Store the sandbox's printed credentials of both marketplaces."""
        for name in ("01-connect-aliexpress", "02-connect-amazon"):
            payload = self._run(name)["connectMarketplace"]
            if payload["errors"]:
                first = payload["errors"][0]
                raise Failed([UserError.of({**first, "retryAt": None})])

    def search(self, keywords: str) -> list[Found]:
        """Products of AliExpress."""
        page = retried(
            lambda: self._run("04-search", {"aliexpress": keywords})["aliexpress"],
            lambda page: page["errors"],
        )
        return [Found.of(node) for node in page["nodes"]]

    def import_product(self, address_or_id: str) -> Imported:
        """Fetch a product and keep it in the catalogue."""
        payload = retried(
            lambda: self._run("06-import", {"url": address_or_id})["importProduct"],
            lambda payload: payload["errors"],
        )
        product = payload["product"]
        return Imported(
            id=product["id"],
            external_id=product["externalId"],
            title=product["title"],
            state=product["state"],
        )

    def generate_link(self, address_or_id: str) -> AffiliateLink:
        """Make and store a tracked link."""
        variables = {"products": [{"url": address_or_id}]}
        payload = retried(
            lambda: self._run("09-generate-links", variables)["generateLinks"],
            lambda payload: (
                payload["errors"]
                or [error for row in payload["results"] for error in row["errors"]]
            ),
        )
        [row] = payload["results"]
        link = row["affiliateLink"]
        return AffiliateLink(url=link["url"], rel=link["rel"], disclosure=link["disclosure"])

    def sync(self, id: str) -> tuple[str, ...]:
        """Fetch a catalogue product anew; the names of the fields that changed."""
        payload = retried(
            lambda: self._run("08-sync", {"id": id})["syncProduct"],
            lambda payload: payload["errors"],
        )
        return tuple(payload["changed"])

    def _run(self, name: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        request = gql((EXAMPLES / f"{name}.graphql").read_text("utf-8"))
        request.variable_values = dict(variables or {})
        with self._client as session:
            data: dict[str, Any] = session.execute(request)
        return data


def retried(ask: Callable[[], T], errors_of: Callable[[T], Sequence[Mapping[str, Any]]]) -> T:
    """The answer without errors. One that is only throttled is asked again, in time.

    Raises Failed, and TransportQueryError for a request that was refused.
    """
    for left in reversed(range(TRIES)):
        try:
            answer = ask()
        except TransportQueryError as refusal:
            errors = [throttled(refusal)]
        else:
            errors = [UserError.of(error) for error in errors_of(answer)]
            if not errors:
                return answer
        pause = max(pause_of(error) for error in errors)
        if any(error.code != "THROTTLED" for error in errors) or pause > LONGEST_PAUSE or not left:
            raise Failed(errors)
        time.sleep(pause)
    raise AssertionError("the last try returns or raises")


def throttled(refusal: TransportQueryError) -> UserError:
    """The refusal of a request for which the key's points do not suffice; others are raised."""
    error = (refusal.errors or [{}])[0]
    told = error.get("extensions", {})
    if told.get("code") != "THROTTLED":
        raise refusal
    retry_at = datetime.now(UTC) + timedelta(seconds=told["retryAfter"])
    return UserError("THROTTLED", error["message"], (), retry_at)


def pause_of(error: UserError) -> float:
    """Seconds until trying again makes sense."""
    if error.retry_at is None:
        return UNTOLD_PAUSE
    return max(0.0, (error.retry_at - datetime.now(UTC)).total_seconds())


def run(graph: AffiliateGraph, keywords: str) -> None:
    """The main job for the first product that is found."""
    found = graph.search(keywords)
    print(f"found {len(found)} products")
    if not found:
        return
    product = found[0]
    print(f"first: {product.title}, {product.price} {product.currency}")
    imported = graph.import_product(product.external_id)
    print(f"imported: {imported.external_id} is {imported.state}")
    link = graph.generate_link(product.external_id)
    print(f"link: {link.url}")
    print(f"publish: {link.disclosure}")
    print(f"changed since the import: {', '.join(graph.sync(imported.id)) or 'nothing'}")


def main(arguments: list[str]) -> int:
    """Words to search for, and --connect-sandbox for a server that has no credentials yet."""
    key = os.environ.get("AFFILIATE_GRAPH_KEY", "")
    if not key:
        print("Set AFFILIATE_GRAPH_KEY to the API key of the server.", file=sys.stderr)
        return 2
    address = os.environ.get("AFFILIATE_GRAPH_URL", "http://127.0.0.1:8000")
    words = [argument for argument in arguments if argument != "--connect-sandbox"]
    graph = AffiliateGraph(address.rstrip("/"), key)
    try:
        if "--connect-sandbox" in arguments:
            graph.connect_sandbox()
        run(graph, " ".join(words) or "phone case")
    except Failed as failure:
        for error in failure.errors:
            place = ".".join(error.path)
            print(
                f"{error.code}{f' at {place}' if place else ''}: {error.message}", file=sys.stderr
            )
        return 1
    except TransportQueryError as refusal:
        for told in refusal.errors or []:
            code = told.get("extensions", {}).get("code", "UNKNOWN")
            print(f"{code}: {told['message']}", file=sys.stderr)
        return 1
    except (TransportServerError, TransportConnectionFailed) as failure:
        print(f"No answer from {address}: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
