"""The web page at /: a client of our own graph, in plain modules that are served without a build.

Protects against: another site's script in the page (a strict Content-Security-Policy, no inline
script, no eval), and being framed. It holds no key: the browser's session does (see
`web.sessions`). Pictures come from the marketplaces' own hosts, so the browser may load
pictures over https, and nothing else from elsewhere.

All files stand under one address with the version of them all, so that modules find each other by
name and may still be kept for ever. A screen is a folder of `web/page/`.
"""

import gzip
import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from web.security import DEFAULT_HEADERS, path_of

FOLDER = Path(__file__).resolve().parent
PREFIX = "/assets/page"
LIBRARY = "node_modules/htm/preact/standalone.module.js"  # Preact with its hooks, and htm
# Asked for where they are shown alone, which does without them if need be.
EXTRAS = {
    "uplot.js": "node_modules/uplot/dist/uPlot.iife.min.js",
    "uplot.css": "node_modules/uplot/dist/uPlot.min.css",
    "uqr.js": "node_modules/uqr/dist/index.mjs",
}
# uPlot's module has its comments and long names: twice the bytes of its script, which we make one.
AS_MODULE = {"uplot.js": b"\nexport default uPlot;\n"}
MEDIA_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
# Where the operator's key is: a word by which the page finds its sentence.
KEY_FILE = "admin.key"
KEY_SETTING = "ADMIN_API_KEY"
SPREAD = re.compile(r"\.\.\.\s*(?!on\b)(\w+)")
COMMENT = re.compile(rb"^[ \t]*(?://[^\n]*|/\*\*.*?\*/[ \t]*)\n", flags=re.DOTALL | re.MULTILINE)
FRAGMENT = re.compile(r"^fragment (\w+) on .*?^}\n", flags=re.DOTALL | re.MULTILINE)


def content_security_policy(public_url: str) -> str:
    """What the page may load: everything from here, pictures from any https host as well."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            f"img-src 'self' https: data: {public_url.removesuffix(path_of(public_url))}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


@lru_cache(maxsize=1)
def operations() -> dict[str, str]:
    """Every operation of the page by its name, with the fragments that it needs."""
    folder = FOLDER / "operations"
    texts = {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.graphql"))}
    shared = texts.pop("fragments")
    fragments = {match.group(1): match.group() for match in FRAGMENT.finditer(shared)}
    return {name: _with_fragments(text, fragments) for name, text in texts.items()}


def _with_fragments(text: str, fragments: dict[str, str]) -> str:
    needed: dict[str, str] = {}
    todo = SPREAD.findall(text)
    while todo:
        name = todo.pop()
        if name not in needed:
            needed[name] = fragments[name]
            todo += SPREAD.findall(needed[name])
    return "\n".join([text, *needed.values()])


@lru_cache(maxsize=1)
def files() -> dict[str, bytes]:
    """Every file by its public name. Raises OSError where the library is not installed."""
    folder = FOLDER / "page"
    own = {
        path.relative_to(folder).as_posix(): _without_comments(path)
        for path in sorted(folder.rglob("*"))
        if path.suffix in MEDIA_TYPES
    }
    extras = {name: FOLDER / path for name, path in EXTRAS.items()}
    there = {
        name: path.read_bytes() + AS_MODULE.get(name, b"")
        for name, path in extras.items()
        if path.exists()
    }
    return (
        own
        | there
        | {
            "html.js": (FOLDER / LIBRARY).read_bytes(),
            "operations.json": json.dumps(operations()).encode(),
        }
    )


def _without_comments(path: Path) -> bytes:
    """They are a twelfth of what would go over the wire. Lines keep their numbers."""
    content = path.read_bytes()
    if path.suffix != ".js":
        return content
    return COMMENT.sub(lambda found: b"\n" * found.group().count(b"\n"), content)


@lru_cache(maxsize=1)
def version() -> str:
    """Changes with any file. Raises OSError as `files` does."""
    joined = b"".join(name.encode() + content for name, content in sorted(files().items()))
    return hashlib.sha256(joined).hexdigest()[:16]


@lru_cache(maxsize=128)
def _packed(name: str) -> bytes:
    return gzip.compress(files()[name], mtime=0)


class WebPage:
    """The routes. `public_url`: where callers find them, and the sandbox's pictures.
    `has_key_file`: whether the operator's key is in a file of the data folder."""

    def __init__(self, public_url: str, *, has_key_file: bool) -> None:
        self._policy = content_security_policy(public_url)
        self._files = path_of(public_url) + PREFIX
        self._admin_key = KEY_FILE if has_key_file else KEY_SETTING

    def routes(self) -> list[Route]:
        """To be put into the application's own routes."""
        return [
            Route("/", self.show, methods=["GET"]),
            Route(PREFIX + "/{version}/{name:path}", serve, name="page-asset"),
        ]

    def show(self, _request: Request) -> Response:
        """The page, or what to do where its library is not installed."""
        headers = DEFAULT_HEADERS | {"Content-Security-Policy": self._policy}
        try:
            address = f"{self._files}/{version()}"
        except OSError:
            return HTMLResponse((FOLDER / "page/missing.html").read_text("utf-8"), headers=headers)
        index = Template((FOLDER / "page/index.html").read_text("utf-8"))
        return HTMLResponse(
            index.substitute(files=address, admin_key=self._admin_key), headers=headers
        )


def serve(request: Request) -> Response:
    """A file, packed where the browser takes it so, or 304, or 404."""
    name = request.path_params["name"]
    try:
        content, present = files().get(name), version()
    except OSError:
        content, present = None, ""
    if content is None:
        return PlainTextResponse("There is no such file.", status_code=404)
    is_packed = "gzip" in request.headers.get("accept-encoding", "")
    is_present = request.path_params["version"] == present
    headers = {
        "ETag": f'"{present}{"-gzip" if is_packed else ""}"',
        "Cache-Control": "public, max-age=31536000, immutable" if is_present else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if is_packed:
        content, headers["Content-Encoding"] = _packed(name), "gzip"
    return Response(content, media_type=MEDIA_TYPES[Path(name).suffix], headers=headers)
