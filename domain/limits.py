"""How much one caller may ask for. Each number is a setting; its metadata words the setting."""

from dataclasses import dataclass
from typing import Any

from domain.parsers import whole
from domain.settings import setting, settings_of

GROUP = "Limits"


def _limit(default: int, name: str, *, least: int, most: int, help: str, unit: str = "") -> Any:
    """A whole number that the operator can set between `least` and `most`."""
    return setting(name, default, whole(least, most), GROUP, help, unit=unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is looked at before an operation runs, while it runs, and from one to the next.

    Sizes are bytes, times are seconds, costs are points (schema/cost.py says what has which).
    """

    body: int = _limit(
        1_048_576,
        "LIMIT_BODY",
        least=10_000,
        most=100_000_000,
        help="Largest request body.",
        unit="bytes",
    )
    document: int = _limit(
        262_144,
        "LIMIT_DOCUMENT",
        least=1_000,
        most=10_000_000,
        help="Longest GraphQL document.",
        unit="bytes",
    )
    tokens: int = _limit(
        5_000,
        "LIMIT_TOKENS",
        least=100,
        most=100_000,
        help="Most words and signs of a document. 250 rows written into it are 3,500.",
    )
    selections: int = _limit(
        500,
        "LIMIT_SELECTIONS",
        least=50,
        most=5_000,
        help="Most fields, fragments and variables of a document; fragments count at each use.",
    )
    depth: int = _limit(
        12,
        "LIMIT_DEPTH",
        least=3,
        most=50,
        help="Deepest nesting of fields. Questions about the schema are exempt.",
    )
    aliases: int = _limit(
        50, "LIMIT_ALIASES", least=0, most=5_000, help="Most aliases of a document."
    )
    root_fields: int = _limit(
        50, "LIMIT_ROOT_FIELDS", least=1, most=1_000, help="Most fields directly under the root."
    )
    directives: int = _limit(
        50, "LIMIT_DIRECTIVES", least=0, most=1_000, help="Most directives of a document."
    )
    cost: int = _limit(
        25_000,
        "LIMIT_COST",
        least=100,
        most=10_000_000,
        help="Most points that one operation may cost.",
    )
    marketplace_query_seconds: int = _limit(
        10,
        "LIMIT_MARKETPLACE_QUERY_SECONDS",
        least=1,
        most=300,
        help="Longest wait of a query for marketplaces.",
    )
    marketplace_mutation_seconds: int = _limit(
        60,
        "LIMIT_MARKETPLACE_MUTATION_SECONDS",
        least=1,
        most=200,
        help="Longest wait of a mutation for marketplaces. 25 calls at one a second take 25.",
    )
    query_seconds: int = _limit(
        30, "LIMIT_QUERY_SECONDS", least=1, most=600, help="Longest time of a query."
    )
    mutation_seconds: int = _limit(
        120,
        "LIMIT_MUTATION_SECONDS",
        least=1,
        most=240,  # an idempotency key is held for five minutes
        help="Longest time of a mutation. 250 rows in batches of ten take 25 calls.",
    )
    streams: int = _limit(
        20,
        "LIMIT_STREAMS",
        least=0,
        most=10_000,
        help="Most subscriptions that an API key may have open at once at one process.",
    )
    all_streams: int = _limit(
        500,
        "LIMIT_ALL_STREAMS",
        least=0,
        most=100_000,
        help="Most subscriptions that may be open at once at one process.",
    )
    capacity: int = _limit(
        100_000,
        "BUCKET_CAPACITY",
        least=100,
        most=1_000_000_000,
        help="Points that an API key can spend at once. At least LIMIT_COST.",
    )
    restore: int = _limit(
        30_000,
        "BUCKET_RESTORE",
        least=1,
        most=100_000_000,
        help="Points that an API key gets back each second.",
    )

    @classmethod
    def setting(cls, name: str) -> str:
        """The setting that holds the limit of that name."""
        return settings_of(cls)[name].name
