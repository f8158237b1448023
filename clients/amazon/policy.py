"""What an account can be used for, how Amazon's data may be shown, and what cures a refusal."""

from datetime import timedelta

from clients.amazon import creators, credentials, errors
from domain.marketplaces import Account, Capability, HealthState, OfferPolicy

# Associates Program Policies: prices an hour, with their time a day; no price history.
POLICY = OfferPolicy(
    fresh_for=timedelta(hours=1),
    withheld_after=timedelta(hours=24),
    keeps_price_history=False,
    lets_pictures_be_copied=False,
    disclaimer=(
        "Prices and availability are accurate as of the date and time shown and can change. "
        "What Amazon shows at the time of purchase applies."
    ),
)
REL = "sponsored nofollow noopener"

_DISCLOSURE = "As an Amazon Associate I earn from qualifying purchases."
_DISCLOSURES = {"www.amazon.de": "Als Amazon-Partner verdiene ich an qualifizierten Verkäufen."}

_LINKS_ONLY = frozenset({Capability.GENERATE_LINK})
_EVERYTHING = _LINKS_ONLY | {
    Capability.SEARCH,
    Capability.IMPORT,
    Capability.SYNC,
    Capability.VARIANTS,
}
_NO_DATA = {
    HealthState.CREDENTIALS_REJECTED,
    HealthState.NOT_ELIGIBLE,
    HealthState.PENDING_APPROVAL,
    HealthState.API_RETIRED,
    HealthState.PERMISSION_MISSING,
}

CURES = {
    HealthState.UNVERIFIED: (
        "Not tried yet. Run the connection test: it asks Amazon for one title."
    ),
    HealthState.THROTTLED: (
        "Wait a little. Amazon allows a new account one call a second; more sales through your "
        "links raise it."
    ),
    HealthState.QUOTA_EXHAUSTED: (
        "Wait for the next day (UTC), or sync less often. Amazon allows a new account 8,640 "
        "calls a day; more sales through your links raise it. Links keep working."
    ),
    HealthState.CREDENTIALS_REJECTED: (
        "Check Credential ID, Credential Secret and Version in Associates Central (Tools, "
        "Creators API). The Application Id is not the Credential ID. Links keep working."
    ),
    HealthState.TRACKING_ID_REJECTED: (
        "Use a tracking id of the store on this country site that the credentials are linked to: "
        "Associates Central, Manage Your Tracking IDs."
    ),
    HealthState.NOT_ELIGIBLE: errors.NOT_ELIGIBLE,
    HealthState.PENDING_APPROVAL: (
        "Wait until Amazon has accepted your Associates account on this country site. Links keep "
        "working."
    ),
    HealthState.PERMISSION_MISSING: (
        "Check in Associates Central that the credentials are active and belong to the primary "
        "account owner of the store. Links keep working."
    ),
    HealthState.API_RETIRED: errors.RETIRED,
    HealthState.CLOCK_SKEWED: errors.CLOCK,
    HealthState.UNREACHABLE: (
        "Amazon could not be reached. Check this server's way to the internet, or wait: the next "
        "call tries again."
    ),
}


def disclosure(locale: str) -> str:
    """The sentence that Amazon asks publishers to show on their site."""
    return _DISCLOSURES.get(locale, _DISCLOSURE)


def capabilities(account: Account) -> frozenset[Capability]:
    """What the stored fields allow, less what the last real answers forbid.

    Keys of the retired PA-API count for more than links only while it really answers.
    """
    stored = account.credentials.keys()
    state = account.health.state
    if "partnerTag" not in stored or state is HealthState.TRACKING_ID_REJECTED:
        return frozenset()
    if state in _NO_DATA:
        return _LINKS_ONLY
    if stored >= set(creators.FORM):
        return _EVERYTHING
    works = stored >= set(credentials.PAAPI_FORM) and state is HealthState.HEALTHY
    return _EVERYTHING if works else _LINKS_ONLY
