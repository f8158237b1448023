"""The GraphiQL page, served by us and working with the network off.

Protects against: another site's script in the page (a strict Content-Security-Policy, no inline
script, everything passed in is escaped), being framed, and being kept by a cache, since a
development start fills in the API key: for a browser on this machine whose session is the
operator's, and for nobody else.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from domain.credentials import Secret
from web import assets
from web.accept import media_ranges, preference
from web.access import Access
from web.assets import routes
from web.security import DEFAULT_HEADERS, is_local_request

__all__ = ["CONTENT_SECURITY_POLICY", "GraphiQL", "page", "routes", "wants_page"]

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # CodeMirror sets sizes in style attributes
        "connect-src 'self'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
HEADERS = DEFAULT_HEADERS | {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
SIGN_IN = (
    ". To have the API key filled in, open the link to sign in that the server printed, then come "
    "back; or sign in on the web page; or put a key into the headers below."
)
JSON_TYPES = ("application/json", "application/graphql-response+json")


@dataclass(frozen=True, kw_only=True)
class GraphiQL:
    """The page as this start shows it; see `page`. `key` None: no page ever holds a key."""

    access: Access
    examples: Sequence[tuple[str, str]]
    notice: str
    key: Secret | None = field(repr=False)

    async def show(self, request: Request) -> Response:
        """The page. The key is filled in only for a browser on this machine that signed in as the
        operator: a proxy that strangers come through may look like such a browser, but has no
        session."""
        client = request.client.host if request.client else None
        is_local = self.key is not None and is_local_request(request.headers, client)
        if self.key is None or not is_local or not await self.access.is_operator(request):
            return page("", self.examples, self.notice + (SIGN_IN if is_local else ""))
        return page(self.key.reveal(), self.examples, self.notice)


def wants_page(accept: str, has_query: bool) -> bool:
    """Whether a GET of the endpoint asks for the page: no query, and HTML preferred over JSON.

    On a tie the type that is named wins over one met by a wildcard, so a browser gets the page and
    curl (`*/*`) does not.
    """
    if has_query:
        return False
    ranges = media_ranges(accept)
    html = preference("text/html", ranges)
    return html[0] > 0 and html > max(preference(kind, ranges) for kind in JSON_TYPES)


def page(api_key: str, examples: Sequence[tuple[str, str]], notice: str) -> Response:
    """GraphiQL with a tab for each example (title, query); the title becomes its first line.

    `api_key`: sent with every query, "" for none. `notice`: one line above the editor, "" for none.
    Where GraphiQL is not installed the page says what to do.
    """
    try:
        addresses = {name: assets.address(name) for name in assets.FILES}
    except OSError:
        return HTMLResponse(_template("missing.html").substitute(), headers=HEADERS)
    tabs = [f"# {title}\n{query}" if title else query for title, query in examples]
    html = _template("index.html").substitute(
        api_key=escape(api_key),
        examples=escape(json.dumps(tabs)),
        notice=escape(notice),
        notice_hidden="" if notice else "hidden",
        **{name.replace("-", "_").replace(".", "_"): url for name, url in addresses.items()},
    )
    return HTMLResponse(html, headers=HEADERS)


def _template(name: str) -> Template:
    return Template((assets.FOLDER / "graphiql" / name).read_text(encoding="utf-8"))
