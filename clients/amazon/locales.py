"""Amazon's country sites ("locales") and where their tokens come from.

Every host that this folder sends to or links to comes from these tables, never from a text field.
Source: the locale tables of Amazon's documentation, as gathered in the reference material.
"""

from dataclasses import dataclass

from domain.exceptions import InvalidInput, WrongLocale


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """What the sites of one credential region share.

    `digit` is the last digit of the credential versions of the region: 2.1 and 3.1 are NA.
    `aws_region` is the signing region of the retired PA-API; `tag_suffix` the usual ending of
    tracking ids, a hint and never a reason to refuse one.
    """

    name: str
    digit: str
    aws_region: str
    tag_suffix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Locale:
    """One country site. `currencies` and `languages` are what it accepts, the default first.

    `marketplace` ("www.amazon.de") is the value of x-marketplace and the host of product pages.
    """

    marketplace: str
    country: str  # ISO 3166: GB, not UK
    name: str
    currency: str
    currencies: tuple[str, ...]
    languages: tuple[str, ...]
    region: Region

    @property
    def domain(self) -> str:
        return self.marketplace.removeprefix("www.")

    @property
    def paapi_host(self) -> str:
        return f"webservices.{self.domain}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEndpoint:
    """Where credentials of one version get their token, and how."""

    version: str
    url: str
    scope: str
    as_json: bool  # else a form

    def authorization(self, token: str) -> str:
        """Value of the Authorization header of an API call."""
        return f"Bearer {token}" if self.as_json else f"Bearer {token}, Version {self.version}"


NORTH_AMERICA = Region(name="NA", digit="1", aws_region="us-east-1", tag_suffix="-20")
EUROPE = Region(name="EU", digit="2", aws_region="eu-west-1", tag_suffix="-21")
FAR_EAST = Region(name="FE", digit="3", aws_region="us-west-2", tag_suffix="-22")

# The US store converts its prices into these; every other site has its own currency alone.
US_CURRENCIES = (
    "USD AED AMD ARS AUD AWG AZN BGN BND BOB BRL BSD BZD CAD CLP CNY COP CRC DOP EGP EUR GBP "
    "GHS GTQ HKD HNL HUF IDR ILS INR JMD JPY KES KHR KRW KYD KZT LBP MAD MNT MOP MUR MXN MYR "
    "NAD NGN NOK NZD PAB PEN PHP PYG QAR RUB SAR SGD THB TRY TTD TWD TZS UYU VND XCD ZAR"
)


def _site(
    marketplace: str,
    country: str,
    name: str,
    currencies: str,
    languages: str,
    region: Region,
) -> Locale:
    accepted = tuple(currencies.split())
    return Locale(
        marketplace=marketplace,
        country=country,
        name=name,
        currency=accepted[0],
        currencies=accepted,
        languages=tuple(languages.split()),
        region=region,
    )


_US_LANGUAGES = "en_US de_DE es_US ko_KR pt_BR zh_CN zh_TW"
_GERMAN_SITE_LANGUAGES = "de_DE cs_CZ en_GB nl_NL pl_PL tr_TR"
_INDIAN_LANGUAGES = "en_IN hi_IN kn_IN ml_IN ta_IN te_IN"
_GULF_LANGUAGES = "en_AE ar_AE"  # Egypt and Saudi Arabia too: their codes carry AE

LOCALES = (
    _site("www.amazon.com", "US", "United States", US_CURRENCIES, _US_LANGUAGES, NORTH_AMERICA),
    _site("www.amazon.com.au", "AU", "Australia", "AUD", "en_AU", FAR_EAST),
    _site("www.amazon.com.be", "BE", "Belgium", "EUR", "fr_BE nl_BE en_GB", EUROPE),
    _site("www.amazon.com.br", "BR", "Brazil", "BRL", "pt_BR", NORTH_AMERICA),
    _site("www.amazon.ca", "CA", "Canada", "CAD", "en_CA fr_CA", NORTH_AMERICA),
    _site("www.amazon.eg", "EG", "Egypt", "EGP", _GULF_LANGUAGES, EUROPE),
    _site("www.amazon.fr", "FR", "France", "EUR", "fr_FR", EUROPE),
    _site("www.amazon.de", "DE", "Germany", "EUR", _GERMAN_SITE_LANGUAGES, EUROPE),
    _site("www.amazon.in", "IN", "India", "INR", _INDIAN_LANGUAGES, EUROPE),
    _site("www.amazon.ie", "IE", "Ireland", "EUR", "en_IE", EUROPE),
    _site("www.amazon.it", "IT", "Italy", "EUR", "it_IT", EUROPE),
    _site("www.amazon.co.jp", "JP", "Japan", "JPY", "ja_JP en_US zh_CN", FAR_EAST),
    _site("www.amazon.com.mx", "MX", "Mexico", "MXN", "es_MX", NORTH_AMERICA),
    _site("www.amazon.nl", "NL", "Netherlands", "EUR", "nl_NL", EUROPE),
    _site("www.amazon.pl", "PL", "Poland", "PLN", "pl_PL", EUROPE),
    _site("www.amazon.sg", "SG", "Singapore", "SGD", "en_SG", FAR_EAST),
    _site("www.amazon.sa", "SA", "Saudi Arabia", "SAR", _GULF_LANGUAGES, EUROPE),
    _site("www.amazon.es", "ES", "Spain", "EUR", "es_ES", EUROPE),
    _site("www.amazon.se", "SE", "Sweden", "SEK", "sv_SE", EUROPE),
    _site("www.amazon.com.tr", "TR", "Turkey", "TRY", "tr_TR", EUROPE),
    _site("www.amazon.ae", "AE", "United Arab Emirates", "AED", _GULF_LANGUAGES, EUROPE),
    _site("www.amazon.co.uk", "GB", "United Kingdom", "GBP", "en_GB", EUROPE),
)
BY_MARKETPLACE = {locale.marketplace: locale for locale in LOCALES}
BY_DOMAIN = {locale.domain: locale for locale in LOCALES}
# Hosts of shops that are another site's.
SHOP_ALIASES = {"amazon.jp": BY_DOMAIN["amazon.co.jp"]}
# What people write for a site: its host without "www.", the ending of it, its country.
LOCALE_NAMES = {
    **{locale.domain.removeprefix("amazon."): locale.marketplace for locale in LOCALES},
    **{domain: locale.marketplace for domain, locale in (BY_DOMAIN | SHOP_ALIASES).items()},
    **{locale.country.lower(): locale.marketplace for locale in LOCALES},
    "uk": "www.amazon.co.uk",
}
BY_PAAPI_HOST = {locale.paapi_host: locale for locale in LOCALES}

_LWA_SCOPE = "creatorsapi::default"  # Login with Amazon: issued since February 2026
_COGNITO_SCOPE = "creatorsapi/default"  # issued before that


def _lwa(version: str, host: str) -> TokenEndpoint:
    url = f"https://{host}/auth/o2/token"
    return TokenEndpoint(version=version, url=url, scope=_LWA_SCOPE, as_json=True)


def _cognito(version: str, aws_region: str) -> TokenEndpoint:
    url = f"https://creatorsapi.auth.{aws_region}.amazoncognito.com/oauth2/token"
    return TokenEndpoint(version=version, url=url, scope=_COGNITO_SCOPE, as_json=False)


TOKEN_ENDPOINTS = {
    endpoint.version: endpoint
    for endpoint in (
        _cognito("2.1", "us-east-1"),
        _cognito("2.2", "eu-south-2"),
        _cognito("2.3", "us-west-2"),
        _lwa("3.1", "api.amazon.com"),
        _lwa("3.2", "api.amazon.co.uk"),
        _lwa("3.3", "api.amazon.co.jp"),
    )
}

SHORT_LINK_HOSTS = (
    "amzn.to",
    "a.co",
    "amzn.eu",
    "amzn.asia",
    "amzn.in",
    "amzn.com",
)
CODES_LIKE_IDS = "link.amazon"  # a shortener whose codes look like ids, and are none
DOMAINS_WITHOUT_API = ("amazon.cn", "amazon.co.za")


def by_marketplace(marketplace: str) -> Locale:
    """The country site of that name. Raises WrongLocale for any other text."""
    locale = BY_MARKETPLACE.get(marketplace)
    if locale is None:
        raise WrongLocale(
            'Amazon has one catalogue a country: name its site, such as "www.amazon.com" or '
            '"www.amazon.de".',
            path=("locale",),
        )
    return locale


def token_endpoint(version: str) -> TokenEndpoint:
    """The endpoint of a credential version. Raises InvalidInput for one that is not issued."""
    endpoint = TOKEN_ENDPOINTS.get(version)
    if endpoint is None:
        raise InvalidInput(
            "The Version of Amazon's credentials is one of "
            f"{', '.join(TOKEN_ENDPOINTS)}. It stands beside the Credential ID.",
            path=("credentials", "credentialVersion"),
        )
    return endpoint
