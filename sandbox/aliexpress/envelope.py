"""The AliExpress gateway's forms of answers. Nearly everything has HTTP status 200."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.aliexpress.accounts import AliExpressAccount, AliExpressWorld
from sandbox.aliexpress.listings import AliExpressListing
from sandbox.answers import Payload, Refused, Reply
from sandbox.faults import ActiveFaults

# Faults of this gateway alone.
AE_ERROR = "ae_error"  # code, sub_code, error_type
STRING_CODE = "string_code"  # resp_code "200"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One accepted call: `method` is its short name, `now` the gateway's own clock (UTC)."""

    world: AliExpressWorld
    account: AliExpressAccount
    method: str
    params: Mapping[str, str]
    active: ActiveFaults
    now: datetime

    def listings(self) -> list[AliExpressListing]:
        """Every product of the catalogue."""
        return self.world.catalog.listings()

    def listing(self, product_id: str) -> AliExpressListing | None:
        """The product of that id."""
        return self.world.catalog.listing(product_id)

    def text(self, name: str, default: str = "") -> str:
        """A parameter without the blanks around it."""
        return self.params.get(name, default).strip() or default

    def number(self, name: str, default: int) -> int:
        """A whole number from 0. Refuses anything else."""
        raw = self.text(name)
        if not raw:
            return default
        if not (raw.isascii() and raw.isdecimal() and len(raw) < 19):
            raise Refused(self.invalid(name))
        return int(raw)

    def values(self, name: str) -> list[str]:
        """A comma-joined list, without empty entries."""
        return [part.strip() for part in self.text(name).split(",") if part.strip()]

    def tracking_id(self) -> str | None:
        """The tracking id when the account has it."""
        tracking_id = self.text("tracking_id")
        return tracking_id if tracking_id in self.account.tracking_ids else None

    def invalid(self, name: str) -> Reply:
        """The refusal of a parameter's value."""
        return error(self.world, "InvalidParameter", f"The specified parameter “{name}” is invalid")

    def envelope(self, inner: Payload) -> Payload:
        """Below the outer key that is named after the method."""
        name = f"aliexpress.affiliate.{self.method}".replace(".", "_") + "_response"
        return {name: inner | {"request_id": request_id(self.world)}}

    def ok(self, result: Payload, message: str | None = None) -> Reply:
        """Code 200. The message is often left out."""
        answer: Payload = {"result": result, "resp_code": self._code(200)}
        if message:
            answer["resp_msg"] = message
        return Reply(payload=self.envelope({"resp_result": answer}))

    def refused(self, code: int, message: str) -> Reply:
        """A business code other than 200: no result at all."""
        answer = {"resp_code": self._code(code), "resp_msg": message}
        refusal = None if code == 405 else str(code)
        return Reply(payload=self.envelope({"resp_result": answer}), refusal=refusal)

    def empty(self) -> Reply:
        """Nothing was found."""
        return self.refused(405, "The result is empty")

    def _code(self, code: int) -> int | str:
        return str(code) if STRING_CODE in self.active else code


# The parameters that a method must have, and its work.
Methods = dict[str, tuple[tuple[str, ...], Callable[[Ask], Reply]]]


def error(
    world: AliExpressWorld,
    code: str,
    message: str,
    *,
    error_type: str = "ISV",
    sub_code: str | None = None,
) -> Reply:
    """A platform error."""
    body: dict[str, Any] = {"type": error_type, "code": code, "msg": message}
    if sub_code:
        body |= {"sub_code": sub_code, "sub_msg": message}
    body["request_id"] = request_id(world)
    return Reply(payload={"error_response": body}, refusal=code)


def missing(world: AliExpressWorld, name: str) -> Reply:
    """The refusal of a call without a mandatory parameter."""
    text = f"The input parameter “{name}” that is mandatory for processing this request"
    return error(world, "MissingParameter", f"{text} is not supplied")


def banned(world: AliExpressWorld, seconds: float) -> Reply:
    """Throttled, with status 200."""
    message = f"Api access frequency exceeds the limit. this ban will last {round(seconds)} seconds"
    return error(world, "ApiCallLimit", message)


def error_on_command(world: AliExpressWorld, active: ActiveFaults) -> Reply | None:
    """The platform error that was injected."""
    fault = active.get(AE_ERROR)
    if fault is None:
        return None
    code, text = str(fault.code or "ServiceUnavailable"), "An error on command"
    return error(world, code, text, error_type=fault.error_type, sub_code=fault.sub_code)


def request_id(world: AliExpressWorld) -> str:
    """An id for support."""
    return f"5a4d{world.number():020d}"
