"""Chats get a sentence in their own JSON, which calls nobody and is no markup."""

import json

import pytest

from clients import chats
from domain.exceptions import InvalidInput
from domain.webhooks import WebhookKind

TELEGRAM = "https://api.telegram.org/bot1:x/sendMessage?chat_id=-42"
DISCORD = "https://discord.com/api/webhooks/1/x"
SLACK = "https://hooks.slack.com/services/T/B/x"


@pytest.mark.parametrize(
    ("url", "kind", "to", "body"),
    [
        (
            TELEGRAM,
            WebhookKind.TELEGRAM,
            "https://api.telegram.org/bot1:x/sendMessage",
            {"chat_id": "-42", "text": "<!here> & @everyone"},
        ),
        (
            DISCORD,
            WebhookKind.DISCORD,
            DISCORD,
            {"content": "<!here> & @everyone", "allowed_mentions": {"parse": []}},
        ),
        (SLACK, WebhookKind.SLACK, SLACK, {"text": "&lt;!here&gt; &amp; @everyone"}),
    ],
)
def test_a_message_has_the_form_of_its_chat(
    url: str, kind: WebhookKind, to: str, body: object
) -> None:
    chats.check(url)

    address, written = chats.message(url, "<!here> & @everyone")

    assert chats.kind_of(url) is kind
    assert (address, json.loads(written)) == (to, body)


@pytest.mark.parametrize(
    "url",
    [
        TELEGRAM.partition("?")[0],
        "https://api.telegram.org/bot1:x/getUpdates?chat_id=1",
        "https://discord.com/channels/1",
        "https://hooks.slack.com/",
    ],
)
def test_an_address_that_takes_no_messages_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="such as"):
        chats.check(url)


@pytest.mark.parametrize(
    "url",
    [
        DISCORD.replace("//", "//ptb."),
        DISCORD.replace("//", "//canary."),
        DISCORD.replace(".com", ".com."),
        DISCORD.replace("discord.com", "DISCORD.COM:443"),
    ],
)
def test_a_chat_is_known_by_each_of_its_hosts(url: str) -> None:
    assert chats.kind_of(url) is WebhookKind.DISCORD


def test_other_addresses_get_standard_webhooks() -> None:
    assert chats.kind_of("https://discord.com.example/api/webhooks/1") is WebhookKind.STANDARD
