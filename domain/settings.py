"""What a setting is: one description, from which it is read, refused, and put into the docs.

A description is the metadata of a dataclass field (`setting`), or stands alone where a marketplace
says what can be set about it. Parsers are pure: config.py reads the environment and the files.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypedDict


class BadValue(ValueError):
    """A text that its setting cannot have. Each sentence follows the setting's name, and never
    repeats the text: it may be a secret."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(*sentences)
        self.sentences = sentences


class BadSettings(Exception):
    """Settings that cannot be used; `problems` holds one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Parser:
    """`expects` says what may be written. `read` raises ValueError for anything else, BadValue
    where more can be said about it."""

    expects: str
    read: Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One variable of the environment. `default`: its value where it is not set; `unset`: how the
    page words that where the value alone does not tell. `secret`: also read from the file that
    NAME_FILE names."""

    name: str
    parser: Parser
    help: str
    group: str
    default: object = None
    unset: str = ""
    unit: str = ""
    secret: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The variables that set it."""
        return (self.name, f"{self.name}_FILE") if self.secret else (self.name,)

    @property
    def example(self) -> str:
        """The default as somebody would type it, "" where there is nothing to type."""
        value = self.default
        if isinstance(value, bool):
            return "on" if value else "off"
        if isinstance(value, timedelta):
            value = value.total_seconds()
        if isinstance(value, float):
            return f"{value:g}"
        return str(value) if value or value == 0 else ""

    def parse(self, text: str) -> object:
        """The value that a text stands for. Raises BadValue."""
        try:
            return self.parser.read(text)
        except BadValue:
            raise
        except ValueError:
            raise BadValue(f"must be {self.parser.expects}.") from None


def setting(name: str, default: object, parser: Parser, group: str, help: str, **more: Any) -> Any:
    """A dataclass field that is a setting; `more` are the other fields of `Setting`, and `repr`."""
    repr = more.pop("repr", True)
    described = Setting(name=name, default=default, parser=parser, group=group, help=help, **more)
    return field(default=default, metadata={"setting": described}, repr=repr)


def settings_of(described: type) -> dict[str, Setting]:
    """The settings of a dataclass, by the name of their field."""
    return {
        each.name: each.metadata["setting"]
        for each in fields(described)
        if "setting" in each.metadata
    }


def record_of(described: type, value: Callable[[Setting], object]) -> Any:
    """The record of a dataclass all of whose fields are settings."""
    return described(**{name: value(each) for name, each in settings_of(described).items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketplaceSettings:
    """What can be set about one marketplace; clients/settings.py makes it from the description.

    `gateways`: addresses in the place of its own. `locale`: the country site of the credentials,
    None where there is only one catalogue. `credentials` are by the graph's names of the fields.
    `owns_prefix`: no other program has variables that begin with its code.
    """

    code: str
    gateways: tuple[Setting, ...]
    calls_per_second: Setting
    calls_per_day: Setting
    locale: Setting | None
    credentials: Mapping[str, Setting]
    owns_prefix: bool

    @property
    def every(self) -> tuple[Setting, ...]:
        """All of them, in the order of the docs."""
        locale = (self.locale,) if self.locale else ()
        paces = (self.calls_per_second, self.calls_per_day)
        return (*paces, *self.gateways, *locale, *self.credentials.values())


class Pace(TypedDict, total=False):
    """Limits of a marketplace: those that are set, else its usual ones."""

    calls_per_day: int | None
    calls_per_second: Decimal


def mistyped(
    variables: Iterable[str], known: frozenset[str], *, owned: tuple[str, ...]
) -> list[str]:
    """A problem for each variable that looks like a setting and is none. Those that begin with one
    of `owned` are certainly meant for us."""
    return [
        f"{name} is not a setting. Did you mean {nearest}?"
        for name in sorted(frozenset(variables) - known)
        if (nearest := _nearest(name, known, is_ours=name.startswith(owned)))
    ]


def _nearest(name: str, known: frozenset[str], *, is_ours: bool) -> str | None:
    """The setting that somebody may have meant, None for another program's variable.

    PG_DATABASE_URL and the like are other programs'; HOST and PORT are too short to guess by.
    """
    if not is_ours and any(name.endswith(f"_{each}") for each in known):
        return None
    candidates = sorted(each for each in known if len(each) > len("PORT"))
    cutoff = 0.0 if is_ours else 0.85
    return next(iter(difflib.get_close_matches(name, candidates, n=1, cutoff=cutoff)), None)
