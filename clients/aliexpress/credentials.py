"""What connects an AliExpress account: its three fields, their checks, what they allow, and what
to do about each state of health."""

import re
from collections.abc import Mapping

from clients.base import CredentialField, CredentialForm, Visibility
from domain.exceptions import InvalidInput, MarketplaceNotConnected, WrongLocale
from domain.marketplaces import Account, Capability, HealthState

APP_KEY, APP_SECRET, TRACKING_ID = "appKey", "appSecret", "trackingId"

FIELDS = (
    CredentialField(
        name=APP_KEY,
        label="App key",
        help=(
            "The number of your application. Sign in to the AliExpress open platform with the "
            "account that joined the affiliate programme, open the App Console and choose your "
            "application: the App Key stands in its overview. It names you in every call."
        ),
        visibility=Visibility.MASKED,
    ),
    CredentialField(
        name=APP_SECRET,
        label="App secret",
        help=(
            "The password of your application. It stands beside the App Key in the App Console of "
            "the AliExpress open platform. It signs every call and is never sent or shown."
        ),
        visibility=Visibility.SECRET,
    ),
    CredentialField(
        name=TRACKING_ID,
        label="Tracking ID",
        help=(
            "The short name that your commissions are booked under. Find or create it in the "
            "AliExpress affiliate portal under Account, Tracking ID; an account usually has one "
            'called "default". It goes into every tracked link.'
        ),
        visibility=Visibility.PUBLIC,
    ),
)
FORM = CredentialForm(name="app", label="Application", required=(APP_KEY, APP_SECRET, TRACKING_ID))

PRODUCT_CAPABILITIES = frozenset(
    {
        Capability.SEARCH,
        Capability.IMPORT,
        Capability.SYNC,
        Capability.GENERATE_LINK,
        Capability.VARIANTS,
    }
)
# A refused tracking id still reads products; a search with it would silently find nothing.
FORBIDDEN = {
    HealthState.CREDENTIALS_REJECTED: PRODUCT_CAPABILITIES,
    HealthState.PENDING_APPROVAL: PRODUCT_CAPABILITIES,
    HealthState.NOT_ELIGIBLE: PRODUCT_CAPABILITIES,
    HealthState.TRACKING_ID_REJECTED: frozenset({Capability.GENERATE_LINK, Capability.SEARCH}),
}

CURES = {
    HealthState.UNVERIFIED: "Verify the connection to see whether AliExpress accepts it.",
    HealthState.THROTTLED: "Wait a moment: AliExpress found the application too fast.",
    HealthState.QUOTA_EXHAUSTED: (
        "Wait until nextTryAt, or midnight in Beijing, when AliExpress counts anew."
    ),
    HealthState.CREDENTIALS_REJECTED: (
        "Copy app key and app secret anew from the open platform's App Console and store both. "
        "The application must be of the affiliate family."
    ),
    HealthState.TRACKING_ID_REJECTED: (
        "Copy an existing tracking ID from the affiliate portal, letter by letter, and store it."
    ),
    HealthState.NOT_ELIGIBLE: (
        "Sign in to the affiliate portal and finish what it asks for, such as the migration of "
        "the account."
    ),
    HealthState.PENDING_APPROVAL: (
        "Join the AliExpress affiliate programme with the account that owns the application, and "
        "wait for its approval."
    ),
    HealthState.PERMISSION_MISSING: (
        "Ask for the missing API group in the open platform's App Console, and see that this "
        "server's address is on the application's IP list there, or that the list is empty."
    ),
    HealthState.API_RETIRED: (
        "Leave ALIEXPRESS_GATEWAY_URL unset: the address that was asked is of the old platform, "
        "which is switched off. If it is unset, this server is too old: update it."
    ),
    HealthState.CLOCK_SKEWED: "Set this server's clock, best by NTP.",
    HealthState.UNREACHABLE: "Try again later; if it stays so, check this server's way out.",
}

APP_KEY_SHAPE = re.compile(r"[0-9A-Za-z]{3,32}")
LONGEST = {APP_SECRET: 256, TRACKING_ID: 64}
UNUSABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def check_credentials(locale: str, values: Mapping[str, str]) -> dict[str, str]:
    """The values to store, trimmed, blank ones left out; `values` may lack some fields.

    Raises InvalidInput with the path ("credentials", field), WrongLocale for any locale but "".
    """
    if locale:
        raise WrongLocale("AliExpress has no country sites. Leave the locale out.")
    trimmed = {name: value.strip() for name, value in values.items()}
    for name, value in trimmed.items():
        _check(name, value)
    return {name: value for name, value in trimmed.items() if value}


def capabilities(account: Account) -> frozenset[Capability]:
    """What the account can be used for: nothing until all three fields are stored, and not what
    its health rules out."""
    if not set(FORM.required) <= set(account.credentials):
        return frozenset()
    return PRODUCT_CAPABILITIES - FORBIDDEN.get(account.health.state, frozenset())


def _check(name: str, value: str) -> None:
    if name not in FORM.required:
        known = ", ".join(FORM.required)
        raise _wrong(name, f"AliExpress has no credential of this name. It has {known}.")
    if UNUSABLE.search(value):
        raise _wrong(name, "This value has control characters. Copy it anew, in one line.")
    if name == APP_KEY and value and not APP_KEY_SHAPE.fullmatch(value):
        raise _wrong(
            name,
            "An AliExpress app key is a short number, like 512345. Copy it from the overview of "
            "your application in the App Console; it is not an e-mail address or the secret.",
        )
    if len(value) > LONGEST.get(name, 32):
        raise _wrong(name, f"This value is longer than {LONGEST.get(name, 32)} characters.")


def _wrong(name: str, message: str) -> InvalidInput:
    return InvalidInput(message, path=("credentials", name))


def not_connected() -> MarketplaceNotConnected:
    """What a call without credentials raises."""
    return MarketplaceNotConnected(
        "AliExpress is not connected. Add the app key, app secret and tracking ID in "
        "connectMarketplace."
    )
