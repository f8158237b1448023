"""Pictures of made products: what the title names, on a colour of the id, marked SANDBOX."""

import re
import zlib
from html import escape

from starlette.requests import Request
from starlette.responses import Response

from sandbox.catalog import Catalogs
from sandbox.drawings import drawing

NAME = re.compile(r"(\w{1,40})-([0-9]{1,2})\.svg", re.ASCII)
HEADERS = {
    "cache-control": "public, max-age=86400",
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
}
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def svg(product: str, number: int, title: str) -> str:
    """A square picture. It names no font, style or script, so any page may show it."""
    hue = (zlib.crc32(product.encode()) + number * 40) % 360
    title = NOT_XML.sub("", title)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 500 500" width="500" height="500">'
        f'<rect width="500" height="500" fill="hsl({hue}, 36%, 88%)"/>'
        f'<ellipse cx="250" cy="424" rx="170" ry="18" fill="hsl({hue}, 24%, 74%)"/>'
        f"{drawing(title)}"
        '<text x="250" y="480" font-family="sans-serif" font-size="30" letter-spacing="8"'
        ' text-anchor="middle" fill="#3d4a48">SANDBOX</text>'
        f"<title>{escape(title)}</title></svg>"
    )


def picture(catalogs: Catalogs, request: Request) -> Response:
    """The answer to GET /pictures/<id>-<number>.svg."""
    name = NAME.fullmatch(request.path_params["name"])
    title = catalogs.title(name[1]) if name else None
    if name is None or title is None:
        return Response("No such picture.", status_code=404, media_type="text/plain")
    return Response(svg(name[1], int(name[2]), title), media_type="image/svg+xml", headers=HEADERS)
