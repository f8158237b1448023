"""Chats that take messages by an address: what is sent to each is a text in its own JSON.

A text may hold titles that strangers wrote: it can call nobody's name, and is no markup.
"""

import json
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from domain.exceptions import InvalidInput
from domain.webhooks import WebhookKind

HOSTS: Mapping[str, WebhookKind] = {
    "api.telegram.org": WebhookKind.TELEGRAM,
    "discord.com": WebhookKind.DISCORD,
    "ptb.discord.com": WebhookKind.DISCORD,  # of its test releases, as they are copied there
    "canary.discord.com": WebhookKind.DISCORD,
    "discordapp.com": WebhookKind.DISCORD,
    "hooks.slack.com": WebhookKind.SLACK,
}
PATHS = {
    WebhookKind.TELEGRAM: ("/bot", "/sendMessage"),
    WebhookKind.DISCORD: ("/api/webhooks/", ""),
    WebhookKind.SLACK: ("/services/", ""),
}
EXAMPLES = {
    WebhookKind.TELEGRAM: "https://api.telegram.org/bot<token>/sendMessage?chat_id=<id>",
    WebhookKind.DISCORD: "https://discord.com/api/webhooks/<id>/<token>",
    WebhookKind.SLACK: "https://hooks.slack.com/services/<...>",
}
LONGEST = 1_900  # characters; the shortest limit of them is 2,000


def kind_of(url: str) -> WebhookKind:
    """What is behind that address."""
    return HOSTS.get((urlsplit(url).hostname or "").rstrip("."), WebhookKind.STANDARD)


def check(url: str) -> None:
    """Raises InvalidInput for a chat's address at which it takes no messages."""
    kind, parts = kind_of(url), urlsplit(url)
    if kind is WebhookKind.STANDARD:
        return
    begin, end = PATHS[kind]
    is_complete = kind is not WebhookKind.TELEGRAM or bool(_chat(url))
    if not (parts.path.startswith(begin) and parts.path.endswith(end) and is_complete):
        raise InvalidInput(
            f"Messages are taken at an address such as {EXAMPLES[kind]}.", path=("input", "url")
        )


def message(url: str, text: str) -> tuple[str, bytes]:
    """Where to send, and what, so that the text is read in the chat."""
    kind, text = kind_of(url), text[:LONGEST]
    if kind is WebhookKind.TELEGRAM:
        return url.partition("?")[0], _json({"chat_id": _chat(url), "text": text})
    if kind is WebhookKind.DISCORD:
        return url, _json({"content": text, "allowed_mentions": {"parse": []}})
    for character, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, written)
    return url, _json({"text": text})


def _chat(url: str) -> str:
    return parse_qs(urlsplit(url).query).get("chat_id", [""])[0]


def _json(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
