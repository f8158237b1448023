"""What the gateways answer, before it becomes bytes."""

import json
from dataclasses import dataclass, field
from typing import Any

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer. `refusal`: the marketplace's word when it refuses, for the record of calls."""

    payload: Payload
    status: int = 200
    refusal: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """The payload as JSON in UTF-8; escaped where the text is no valid Unicode."""
        try:
            return json.dumps(self.payload, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return json.dumps(self.payload).encode()


class Refused(Exception):
    """Ends the work on a call with a refusal."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.refusal)
        self.reply = reply
