"""Parsers of settings: from the text of a variable to its value. No refusal repeats the text."""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from domain.api_keys import is_mistyped
from domain.credentials import Secret
from domain.exceptions import InvalidInput
from domain.money import Money, parse_amount, parse_currency
from domain.settings import BadValue, Parser

ON_OR_OFF = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
SHORTEST_API_KEY = 24
LONGEST_API_KEY = 1000
KEY_BYTES = 32
MAKE_KEY = (
    'python3 -c "import secrets,base64;'
    'print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())"'
)


def any_text(expects: str, make: Callable[[str], object] = str) -> Parser:
    """Whatever is written; `make` turns it into the value."""
    return Parser(expects, make)


def one_of(words: Iterable[str], written: Callable[[str], str] = str) -> Parser:
    """One of these words; `written` brings the text into their form."""
    known = tuple(words)

    def read(text: str) -> str:
        return known[known.index(written(text))]

    return Parser(either(known), read)


def whole(least: int, most: int) -> Parser:
    """A whole number; underscores may group its digits."""

    def read(text: str) -> int:
        digits = text.replace("_", "")
        if not re.fullmatch(r"[0-9]{1,12}", digits) or not least <= int(digits) <= most:
            raise ValueError
        return int(digits)

    return Parser(f"a whole number from {least} to {most}", read)


def number(least: float, most: float, make: Callable[[Decimal], object] = Decimal) -> Parser:
    """A whole or decimal number; `make` turns it into the value."""

    def read(text: str) -> object:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,3})?", text):
            raise ValueError
        if not least <= float(text) <= most:
            raise ValueError
        return make(Decimal(text))

    return Parser(f"a number from {least:g} to {most:g}", read)


def amounts() -> Parser:
    """Amounts of money, each behind the code of its currency."""

    def read(text: str) -> tuple[Money, ...]:
        pairs = (part.split(":") for part in text.split(",") if part.strip())
        try:
            found = [
                Money(parse_amount(amount.strip()), parse_currency(code)) for code, amount in pairs
            ]
        except InvalidInput:
            raise ValueError from None
        if any(money.amount < 0 for money in found):
            raise ValueError
        return tuple(found)

    return Parser("amounts by currency, such as USD:0.50,JPY:80", read)


def web_address(*, plain_http: bool) -> Parser:
    """https://host..., or http where that is harmless (this machine) or allowed."""

    def read(text: str) -> str:
        parts = split_address(text)
        if parts is None or parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError
        _refuse_if(
            {
                "must not hold a user name or a password.": "@" in parts.netloc,
                "must end with its path, without ? or #.": bool(parts.query or parts.fragment),
                "must begin with https://, except for a server on this machine.": (
                    parts.scheme == "http" and not plain_http and not is_loopback(parts.hostname)
                ),
            }
        )
        return text

    return Parser("a web address, such as https://example.com/path", read)


def comma_separated(text: str) -> list[str]:
    """The words of a list with commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def split_address(text: str) -> SplitResult | None:
    """The parts of an address, None for what is none (a port that is no number)."""
    if re.search(r"[\s\x00-\x1f\x7f]", text):
        return None
    try:
        parts = urlsplit(text)
        if parts.scheme != "sqlite":  # sqlite://:memory: is no host with a port
            _ = parts.port
    except ValueError:
        return None
    return parts


def is_address(host: str) -> bool:
    """Whether it is an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=256)  # answers name the same few hosts again and again
def is_loopback(host: str) -> bool:
    """Whether it is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def own_address(host: str, port: int) -> str:
    """By which address a server that listens there is called on its own machine."""
    if is_address(host) and ip_address(host).is_unspecified:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def allowed_hosts(
    names: frozenset[str], public_url: str, *, is_open: bool
) -> frozenset[str] | None:
    """The names by which requests may call the server; None for any.

    `is_open`: others can reach it, and nobody said by which name.
    """
    if "*" in names or (is_open and not names):
        return None
    parts = split_address(public_url)
    return names | {str(parts.hostname if parts else "")}


def either(words: Iterable[str]) -> str:
    """The words in a row: "on, true or 1"."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _refuse_if(problems: Mapping[str, bool]) -> None:
    """Raises BadValue with every sentence that is true."""
    sentences = [sentence for sentence, is_so in problems.items() if is_so]
    if sentences:
        raise BadValue(*sentences)


def _host(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9.-]+", text) or is_address(text):
        return text
    raise ValueError


def _database_url(text: str) -> str:
    parts = split_address(text)
    if parts is None or parts.scheme not in DATABASE_SCHEMES:
        raise ValueError
    if not (parts.netloc + parts.path if parts.scheme == "sqlite" else parts.path[1:]):
        what = "file" if parts.scheme == "sqlite" else "database"
        raise BadValue(f"names no {what}: it belongs after the last slash.")
    return text


def _encryption_keys(text: str) -> tuple[Secret, ...]:
    keys = [key.strip() for key in re.split(r"[,\r\n]", text) if key.strip()]
    problems = [
        f": key {place} is not {KEY_BYTES} bytes in base64url. This makes a good one: {MAKE_KEY}"
        for place, key in enumerate(keys, start=1)
        if not _is_encryption_key(key)
    ]
    if len({key.rstrip("=") for key in keys}) < len(keys):
        problems.append("holds the same key twice.")
    if problems:
        raise BadValue(*problems)
    return tuple(map(Secret, keys))


def _is_encryption_key(text: str) -> bool:
    body = text.rstrip("=")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", body):
        return False
    try:
        return len(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))) == KEY_BYTES
    except binascii.Error:
        return False


def admin_api_key(text: str) -> Secret:
    """The operator's own key, as every request could send it. Raises BadValue."""
    _refuse_if(
        {
            f"must have at least {SHORTEST_API_KEY} characters.": len(text) < SHORTEST_API_KEY,
            f"may have at most {LONGEST_API_KEY} characters.": len(text) > LONGEST_API_KEY,
            "may hold only letters, digits and signs of ASCII.": not re.fullmatch(r"[!-~]+", text),
            "begins as the API keys that this server makes (aff_) and is none of them: each "
            "request with it would be refused as mistyped.": is_mistyped(text),
        }
    )
    return Secret(text)


def _redis_url(text: str) -> Secret:
    parts = split_address(text)
    if parts is None or parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise ValueError
    return Secret(text)


def _host_names(text: str) -> frozenset[str]:
    names = [name.lower() for name in comma_separated(text)]
    if "*" in names:
        return frozenset("*")
    return _every(names, _is_host_name, ": name {} is no host name. No http://, no port.")


def _is_host_name(name: str) -> bool:
    return bool(re.fullmatch(r"[a-z0-9.-]+", name)) or is_address(name.strip("[]"))


def _origins(text: str) -> frozenset[str]:
    origins = [origin.lower().rstrip("/") for origin in comma_separated(text)]
    refusal = (
        ": entry {} is no origin. Write https://shop.example, without a path; * is not possible."
    )
    return _every(origins, _is_origin, refusal)


def _is_origin(text: str) -> bool:
    parts = split_address(text)
    return parts is not None and f"{parts.scheme}://{parts.netloc}" == text and bool(parts.hostname)


def _header_names(text: str) -> tuple[str, ...]:
    names = comma_separated(text)
    refusal = ": entry {} is no name of a header field that a page may send."
    _every(names, _may_be_sent, refusal)
    return tuple(names)


def _may_be_sent(name: str) -> bool:
    """With the header of our own page, a foreign one could use the cookie of a browser."""
    return bool(re.fullmatch(r"[A-Za-z0-9-]+", name)) and name.lower() != "graphql-preflight"


def _every(words: list[str], is_right: Callable[[str], bool], refusal: str) -> frozenset[str]:
    """The words, if each is right; else a refusal for each that is not, with its place."""
    wrong = [place for place, word in enumerate(words, start=1) if not is_right(word)]
    if wrong:
        raise BadValue(*(refusal.format(place) for place in wrong))
    return frozenset(words)


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise BadValue(f"names {text}, which is not a folder.")
    return Path(text).absolute()


def _switch(text: str) -> bool:
    if text.lower() not in ON_OR_OFF:
        raise ValueError
    return ON_OR_OFF[text.lower()]


FOLDER = Parser("a folder", _folder)
SWITCH = Parser(either(ON_OR_OFF), _switch)
HOST = Parser("an address or a host name, such as 127.0.0.1", _host)
DATABASE_URL = Parser(
    f"an address that begins with {either(f'{each}://' for each in DATABASE_SCHEMES)}",
    _database_url,
)
REDIS_URL = Parser("redis://host:port/number, or rediss:// for TLS", _redis_url)
ENCRYPTION_KEYS = Parser(
    f"keys of {KEY_BYTES} bytes in base64url, separated by commas or new lines", _encryption_keys
)
ADMIN_API_KEY = Parser(
    f"{SHORTEST_API_KEY} to {LONGEST_API_KEY} characters of ASCII", admin_api_key
)
HOST_NAMES = Parser("host names, separated by commas; * for any", _host_names)
ORIGINS = Parser(
    "origins like https://shop.example or chrome-extension://abc, separated by commas", _origins
)
HEADER_NAMES = Parser("names of header fields, separated by commas", _header_names)
