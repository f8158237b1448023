"""Amazon: 22 country sites, the Creators API, and the retired Product Advertising API 5.0."""

from clients.amazon import catalog, creators, credentials, parse, policy, search, urls
from clients.amazon.connect import connect
from clients.amazon.locales import BY_MARKETPLACE, LOCALE_NAMES, LOCALES
from clients.base import CredentialForm, Marketplace

MARKETPLACE = Marketplace(
    code=urls.MARKETPLACE_CODE,
    name="Amazon",
    summary=(
        "Amazon, through the Creators API; one credential set for each country site. Its product "
        "ids are ASINs."
    ),
    locales=tuple(locale.marketplace for locale in LOCALES),
    locale_names=LOCALE_NAMES,
    fields=credentials.FIELDS,
    forms=(
        CredentialForm(name="creators", label="Creators API", required=creators.FORM),
        CredentialForm(
            name="paapi5",
            label="Product Advertising API (retired)",
            required=credentials.PAAPI_FORM,
            is_retired=True,
        ),
    ),
    tracking_field="partnerTag",
    batch_size=catalog.BATCH_SIZE,
    link_batch_size=250,
    search_page_size=catalog.PAGE_SIZE,
    search_last_page=parse.LAST_PAGE,
    search_sorts=search.OWN_SORTS,
    search_filters=search.FILTERS,
    search_currencies=lambda site: BY_MARKETPLACE[site].currencies,
    country=lambda site: BY_MARKETPLACE[site].country,
    quota=catalog.QUOTA,
    policy=policy.POLICY,
    prefers_answered_link=True,
    rel=policy.REL,
    disclosure=policy.disclosure,
    read_page=urls.read_page,
    parse_id=urls.parse_id,
    read_bare_id=urls.read_bare_id,
    product_url=urls.product_url,
    shortener_hosts=urls.SHORTENER_HOSTS,
    domains=urls.DOMAINS,
    check_credentials=credentials.check,
    capabilities=policy.capabilities,
    cures=policy.CURES,
    warnings=credentials.warnings,
    quota_account=catalog.quota_account,
    connect=connect,
    gateways={
        "AMAZON_CREATORS_URL": "Another Creators API in Amazon's place.",
        "AMAZON_TOKEN_URL": "Another token endpoint, for every credential version.",
        "AMAZON_PAAPI_URL": "Another PA-API 5.0 in Amazon's place.",
    },
    locale_setting="AMAZON_MARKETPLACE",
    owns_prefix=False,  # AMAZON_LINUX and the like are of other programs
)

__all__ = ["MARKETPLACE"]
