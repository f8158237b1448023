"""E-mails in their source, as people save and paste them: parts in base64 are read.

What stands in base64 and is no text, such as a picture, is left out. Any part of a source will do,
if the head of the part is there. The work grows linearly with the text.
"""

import re
from collections.abc import Iterator
from email import message_from_string, policy

HEAD_OF_BASE64 = re.compile(
    r"^content-transfer-encoding:[ \t]*base64[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)
# An empty line, or the one that separates parts.
BEFORE_HEAD = re.compile(r"(?:\A|(?<=\n))(?:[ \t]*|--.*)\r?\n")
BEHIND_HEAD = re.compile(r"\n(?:[ \t]*\r?\n)+")
BODY = re.compile(r"(?:[A-Za-z0-9+/]++={0,2}[ \t]*(?:\r?\n|\Z))++")
WORD = re.compile(r"\S+\s*|\s+")
# Among the lines that a source begins with is one of these.
SOURCE = re.compile(
    r"(?:[!-9;-~]+:[ \t].*\r?\n(?:[ \t].*\r?\n)*)*?"
    r"(?:mime-version|content-transfer-encoding|message-id|return-path|received):",
    re.IGNORECASE,
)


Piece = tuple[int, int, str]  # where it stands, begin and end, and what is read there


def is_source(text: str) -> bool:
    """Whether the text begins as the source of a mail does."""
    return SOURCE.match(text) is not None


def decoded(text: str) -> Iterator[Piece]:
    """What stands in base64, word by word, in order."""
    at = 0
    while head := HEAD_OF_BASE64.search(text, at):
        begin = max((gap.end() for gap in BEFORE_HEAD.finditer(text, at, head.start())), default=at)
        gap = BEHIND_HEAD.search(text, head.end() - 1)
        body = BODY.match(text, gap.end()) if gap else None
        if body is None:
            at = gap.end() if gap else len(text)
            continue
        is_torn = len("".join(body[0].split())) % 4 == 1  # one sign more than can be read
        content = _content(text[begin : body.end()].rstrip()[: -1 if is_torn else None])
        yield from _pieces(body.start(), body.end(), content)
        at = body.end()


def _content(part: str) -> str:
    """The words of a part; nothing of what is no text."""
    message = message_from_string(part, policy=policy.default)
    if message.get_content_maintype() != "text":
        return ""
    payload = message.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    try:
        return content.decode(message.get_content_charset("utf-8"), "replace")
    except LookupError:  # a code page that nobody knows
        return content.decode("utf-8", "replace")


def _pieces(start: int, end: int, content: str) -> Iterator[Piece]:
    """The words, each with about the place where it stands in the body."""
    length = max(len(content), 1)
    reach = start
    for word in WORD.finditer(content):
        place = start + (end - start) * word.end() // length
        yield reach, place, word[0]
        reach = place
    if reach < end:
        yield reach, end, ""
