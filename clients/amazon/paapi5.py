"""Amazon's Product Advertising API 5.0, retired on 2026-05-15: kept for stored credentials.

The real service answers every call with 403 "deprecated", which becomes APIRetired. To remove it,
delete this file and clients/signing/sigv4.py, and take PaapiClient out of
clients/amazon/connect.py.
"""

import json
from collections.abc import Mapping

import httpx

from clients.amazon import answers
from clients.amazon.answers import Operation, Reading
from clients.amazon.catalog import CatalogClient
from clients.signing import sigv4
from upstream.contract import Answer

_SPELLED = {"asin": "ASIN"}


class PaapiClient(CatalogClient):
    """An account with an access key and a secret key."""

    async def _call(self, operation: Operation, members: Mapping[str, object]) -> Reading:
        def build() -> httpx.Request:
            return self._request(operation, members)

        def classify(answer: Answer) -> Reading:
            return answers.read(answer, operation)

        return await self._send(build, classify, operation=_pascal(operation.name))

    def _request(self, operation: Operation, members: Mapping[str, object]) -> httpx.Request:
        """Signed anew each time. The Host header is the signed one, whatever address is dialled."""
        host = self._locale.paapi_host
        path = f"/paapi5/{operation.name.lower()}"
        body = self._body(members)
        headers = sigv4.sign(
            at=self._upstream.now(),
            access_key=self._credentials["accessKey"].reveal(),
            secret_key=self._credentials["secretKey"].reveal(),
            region=self._locale.region.aws_region,
            host=host,
            path=path,
            operation=_pascal(operation.name),
            body=body,
        )
        base = self._upstream.addresses.get("AMAZON_PAAPI_URL", f"https://{host}").rstrip("/")
        return httpx.Request("POST", base + path, headers=headers, content=body)

    def _body(self, members: Mapping[str, object]) -> bytes:
        """The bytes that are signed and sent: members and resource names in Pascal case."""
        spelled = {_SPELLED.get(name, _pascal(name)): value for name, value in members.items()}
        resources = spelled.get("Resources")
        if isinstance(resources, list):
            spelled["Resources"] = [_pascal(name) for name in resources]
        spelled |= {
            "PartnerTag": self._site.partner_tag,
            "PartnerType": "Associates",
            "Marketplace": self._locale.marketplace,
        }
        return json.dumps(spelled, ensure_ascii=False, separators=(",", ":")).encode()


def _pascal(name: str) -> str:
    """`itemInfo.title` -> `ItemInfo.Title`."""
    return ".".join(part[:1].upper() + part[1:] for part in name.split("."))
