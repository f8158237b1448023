"""The browser files we serve: ours, and GraphiQL's as npm installs them (web/package-lock.json).

A fixed table, so no path of a request ever reaches the file system. Addresses carry the file's
version (`?v=`): such an answer may be kept for ever, any other is asked for again each time.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from web.validators import matches

FOLDER = Path(__file__).resolve().parent
PREFIX = "/assets/graphiql/"

FILES = {
    "react.js": "node_modules/react/umd/react.production.min.js",
    "react-dom.js": "node_modules/react-dom/umd/react-dom.production.min.js",
    "graphiql.js": "node_modules/graphiql/graphiql.min.js",
    "graphiql.css": "node_modules/graphiql/graphiql.min.css",
    "boot.js": "graphiql/boot.js",
    "style.css": "graphiql/style.css",
}
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file's bytes, with the version that its address and its ETag carry."""

    content: bytes
    media_type: str
    version: str


def are_installed() -> bool:
    """Whether every file is there; npm's are not before `make setup`."""
    return all((FOLDER / path).is_file() for path in FILES.values())


@lru_cache(maxsize=len(FILES))
def load(name: str) -> Asset:
    """The file of that public name. Raises KeyError (no such name), OSError (not installed)."""
    path = FOLDER / FILES[name]
    content = path.read_bytes()
    return Asset(content, MEDIA_TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:16])


def address(name: str) -> str:
    """Where the page at /graphql finds the file, from there. Raises as `load` does."""
    return f"{PREFIX.removeprefix('/')}{name}?v={load(name).version}"


def serve(request: Request) -> Response:
    """The file, or 304 where the browser has it, or 404."""
    try:
        asset = load(request.path_params["name"])
    except (KeyError, OSError):
        return PlainTextResponse("There is no such file.", status_code=404)
    versioned = request.query_params.get("v") == asset.version
    headers = {
        "ETag": f'"{asset.version}"',
        "Cache-Control": "public, max-age=31536000, immutable" if versioned else "no-cache",
    }
    if matches(request.headers.get("if-none-match", ""), asset.version):
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)


def routes() -> list[Route]:
    """To be put into the application's own routes."""
    return [Route(PREFIX + "{name}", serve, name="graphiql-asset")]
