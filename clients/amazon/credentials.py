"""The credential fields of Amazon: what they are, and whether they can go together.

Checked on input, because Amazon itself refuses a wrong pair later and with a worse message.
"""

import re
from collections.abc import Mapping

from clients.amazon import links, locales
from clients.amazon.locales import Locale
from clients.base import CredentialField, Visibility
from domain.exceptions import InvalidInput, WrongLocale
from domain.marketplaces import Account

PAAPI_FORM = ("accessKey", "secretKey", "partnerTag", "host", "region")
_OPAQUE = re.compile(r"[!-~]{1,2048}", re.ASCII)

FIELDS = (
    CredentialField(
        name="credentialId",
        label="Credential ID",
        help=(
            "Names your Creators API credentials. In Associates Central open Tools, Creators API "
            "and copy the Credential Id of your application. The Application Id beside it is "
            "another thing and does not work here. Used to ask Amazon for access tokens."
        ),
        visibility=Visibility.MASKED,
    ),
    CredentialField(
        name="credentialSecret",
        label="Credential Secret",
        help=(
            "The password to the Credential ID. Amazon shows it once, when the credentials are "
            "made, and in the file offered for download then; if it is lost, make new ones. "
            "Used to ask Amazon for access tokens."
        ),
        visibility=Visibility.SECRET,
    ),
    CredentialField(
        name="credentialVersion",
        label="Version",
        help=(
            "Stands beside the Credential ID: 3.1 (Americas), 3.2 (Europe, Middle East, India) "
            "or 3.3 (Japan, Australia, Singapore); 2.1 to 2.3 for credentials from before "
            "February 2026. Tells which of Amazon's sign-in addresses is used."
        ),
        visibility=Visibility.PUBLIC,
        options=tuple(locales.TOKEN_ENDPOINTS),
    ),
    CredentialField(
        name="partnerTag",
        label="Partner Tag",
        help=(
            "Your tracking id on this country site, such as mystore-20. In Associates Central it "
            "stands at the top right and under Manage Your Tracking IDs. Part of every link: it "
            "earns the commission. Links need nothing but this."
        ),
        visibility=Visibility.PUBLIC,
    ),
    CredentialField(
        name="accessKey",
        label="Access Key",
        help=(
            "The public half of keys to the Product Advertising API, which Amazon switched off "
            "in May 2026. New connections use the Creators API fields. Names who signs a request."
        ),
        visibility=Visibility.MASKED,
    ),
    CredentialField(
        name="secretKey",
        label="Secret Key",
        help=(
            "The secret half of keys to the retired Product Advertising API, shown once when they "
            "were made. Used to sign requests; it is never sent."
        ),
        visibility=Visibility.SECRET,
    ),
    CredentialField(
        name="host",
        label="Host",
        help=(
            "Where the retired Product Advertising API of the country site was, such as "
            "webservices.amazon.com. Found in Amazon's old list of hosts and regions; filled in "
            "from the Region if left empty. Part of the signature."
        ),
        visibility=Visibility.PUBLIC,
    ),
    CredentialField(
        name="region",
        label="Region",
        help=(
            "The signing region of the retired Product Advertising API: us-east-1, eu-west-1 or "
            "us-west-2. Found beside the Host; filled in from it if left empty. Part of the "
            "signature."
        ),
        visibility=Visibility.PUBLIC,
    ),
)
_OF_VERSION_3 = {
    "credentialId": "amzn1.application-oa2-client.",
    "credentialSecret": "amzn1.oa2-cs.v1.",
}
_REGION_OF_ENDING = {
    "-20": "America",
    "-21": "Europe, the Middle East and India",
    "-22": "Japan, Australia and Singapore",
}
LABELS = {field.name: field.label for field in FIELDS}


def check(locale: str, values: Mapping[str, str]) -> dict[str, str]:
    """The values to store for a country site: trimmed, blank ones left out, derived ones added.

    Raises InvalidInput for a value that cannot be right, WrongLocale for one of another country
    site. A tag with an unusual ending is taken as it is; see `warnings`.
    """
    site = locales.by_marketplace(locale)
    kept = {name: value.strip() for name, value in values.items() if value.strip()}
    for name, value in kept.items():
        _check_text(name, value)
    if "credentialVersion" in kept:
        kept["credentialVersion"] = _version(kept["credentialVersion"], site)
        _check_generation(kept, site)
    if "partnerTag" in kept:
        links.check_tag(kept["partnerTag"], path=("credentials", "partnerTag"))
    return kept | _host_and_region(kept, site)


def warnings(account: Account) -> tuple[str, ...]:
    """What Amazon may refuse later, or credit to nobody: a tag of other countries."""
    stored = account.credentials.get("partnerTag")
    site = locales.by_marketplace(account.key.locale)
    tag = stored.value.reveal() if stored else ""
    for suffix, region in _REGION_OF_ENDING.items():
        if tag.endswith(suffix) and suffix != site.region.tag_suffix:
            return (
                f"The Partner Tag {tag} ends as tags of {region} do; those of {site.marketplace} "
                f"end in {site.region.tag_suffix}. It is used as it is. If it is not a tag of this "
                "country site, it earns nothing there.",
            )
    return ()


def _check_generation(kept: Mapping[str, str], site: Locale) -> None:
    """Credentials of version 3 tell themselves; those of version 2 look like nothing."""
    if kept["credentialVersion"].startswith("3"):
        return
    for name, start in _OF_VERSION_3.items():
        if kept.get(name, "").startswith(start):
            raise InvalidInput(
                f"This {LABELS[name]} is of version 3, not {kept['credentialVersion']}. "
                f"{site.marketplace} needs Version 3.{site.region.digit} with it, as it stands "
                "beside it in Associates Central.",
                path=("credentials", "credentialVersion"),
            )


def _check_text(name: str, value: str) -> None:
    label = LABELS.get(name)
    if label is None:
        raise InvalidInput(
            f"Amazon has no such credential. Its fields are {', '.join(LABELS)}.",
            path=("credentials",),
        )
    if not _OPAQUE.fullmatch(value):
        raise InvalidInput(
            f"{label} is too long, or holds a blank or a character that Amazon does not use. "
            "Copy it again, without anything before or after it.",
            path=("credentials", name),
        )


def _version(written: str, site: Locale) -> str:
    version = written[1:].strip() if written[:1] in ("v", "V") else written
    endpoint = locales.token_endpoint(version)
    generation, _, digit = endpoint.version.partition(".")
    if digit != site.region.digit:
        fitting = f"{generation}.{site.region.digit}"
        raise WrongLocale(
            f"Version {version} is of another region than {site.marketplace}, which needs "
            f"{fitting}. Use credentials made for that region, or choose another country site.",
            path=("credentials", "credentialVersion"),
        )
    return version


def _host_and_region(kept: Mapping[str, str], site: Locale) -> dict[str, str]:
    """Both of them if one is there: each follows from the country site."""
    host, region = kept.get("host", "").lower(), kept.get("region", "").lower()
    if not host and not region:
        return {}
    if host and host not in locales.BY_PAAPI_HOST:
        raise InvalidInput(
            f"This is no host of the Product Advertising API. {site.marketplace} has "
            f"{site.paapi_host}.",
            path=("credentials", "host"),
        )
    if host and host != site.paapi_host:
        raise WrongLocale(
            f"This Host is of another country site. {site.marketplace} has {site.paapi_host}.",
            path=("credentials", "host"),
        )
    if region and region != site.region.aws_region:
        raise WrongLocale(
            f"This Region does not belong to {site.marketplace}, which is signed for "
            f"{site.region.aws_region}.",
            path=("credentials", "region"),
        )
    return {"host": site.paapi_host, "region": site.region.aws_region}
