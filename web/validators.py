"""Answers that callers may keep: of queries that are trusted documents, asked for by GET.

They are kept by the caller alone, each under its own key, and at most until something in them has
expired. Whoever asks again by the answer's tag is told in a few bytes that nothing has changed.
"""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

# What a caller changes by a mutation it sees by a kept answer after so many seconds at the latest.
LONGEST = 60
VARY = "Authorization, X-Api-Key, Cookie, Accept"


def matches(if_none_match: str, tag: str) -> bool:
    """Whether a caller has the answer with that tag, which stands there in quotes."""
    tags = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return "*" in tags or f'"{tag}"' in tags


def kept(
    request: Request, response: Response, tag: str, valid_until: datetime | None, now: datetime
) -> Response:
    """The response as it may be kept, or 304 for a caller who has its data already.

    `tag`: of its data alone, since what it cost stands in the answer as well, which differs.
    `valid_until`: the earliest moment at which something in it expires, None where nothing does:
    then it may be kept, but not be used without asking.
    """
    if matches(request.headers.get("if-none-match", ""), tag):
        own = {name: value for name, value in response.headers.items() if name in TOLD_AGAIN}
        response = Response(status_code=304, headers=own)
    response.headers["ETag"] = f'W/"{tag}"'
    response.headers["Cache-Control"] = f"private, {_use(valid_until, now)}"
    response.headers.add_vary_header(VARY)
    return response


TOLD_AGAIN = ("ratelimit", "ratelimit-policy")


def _use(valid_until: datetime | None, now: datetime) -> str:
    if valid_until is None:
        return "no-cache"
    return f"max-age={min(LONGEST, max(0, int((valid_until - now).total_seconds())))}"
