"""Amazon's country sites, as data of the sandbox's own."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from domain.money import minor_digits

REGION_OF_VERSION = {"1": "NA", "2": "EU", "3": "FE"}  # by the digit after the dot
# The ending of a partner tag tells where it was issued.
TAG_ENDING = {"NA": "-20", "EU": "-21", "FE": "-22"}


@dataclass(frozen=True, slots=True)
class Site:
    """One country site. `pattern` shows a price, `comma` writes 1.234,50 for 1,234.50."""

    host: str
    region: str
    currency: str
    languages: tuple[str, ...]
    pattern: str
    comma: bool = False
    aws_region: str = ""

    @property
    def paapi_host(self) -> str:
        """The site's host of the retired API."""
        return "webservices." + self.host.removeprefix("www.")

    def display(self, amount: Decimal, currency: str) -> str:
        """The amount the way the site writes it, in its own currency or another."""
        number = f"{amount:,.{minor_digits(currency)}f}"
        if self.comma:
            number = number.translate(str.maketrans(",.", ".,"))
        return (self.pattern if currency == self.currency else currency + " {}").format(number)


_AWS_REGION = {"NA": "us-east-1", "EU": "eu-west-1", "FE": "us-west-2"}


# fmt: off
_ROWS: tuple[tuple[str, str, str, str, str, bool], ...] = (
    ("www.amazon.com", "NA", "USD", "en_US de_DE es_US ko_KR pt_BR zh_CN zh_TW", "${}", False),
    ("www.amazon.ca", "NA", "CAD", "en_CA fr_CA", "${}", False),
    ("www.amazon.com.mx", "NA", "MXN", "es_MX", "${}", False),
    ("www.amazon.com.br", "NA", "BRL", "pt_BR", "R$ {}", True),
    ("www.amazon.co.uk", "EU", "GBP", "en_GB", "£{}", False),
    ("www.amazon.de", "EU", "EUR", "de_DE cs_CZ en_GB nl_NL pl_PL tr_TR", "{} €", True),
    ("www.amazon.fr", "EU", "EUR", "fr_FR", "{} €", True),
    ("www.amazon.it", "EU", "EUR", "it_IT", "{} €", True),
    ("www.amazon.es", "EU", "EUR", "es_ES", "{} €", True),
    ("www.amazon.nl", "EU", "EUR", "nl_NL", "€ {}", True),
    ("www.amazon.com.be", "EU", "EUR", "fr_BE nl_BE en_GB", "{} €", True),
    ("www.amazon.ie", "EU", "EUR", "en_IE", "€{}", False),
    ("www.amazon.pl", "EU", "PLN", "pl_PL", "{} zł", True),
    ("www.amazon.se", "EU", "SEK", "sv_SE", "{} kr", True),
    ("www.amazon.com.tr", "EU", "TRY", "tr_TR", "{} TL", True),
    ("www.amazon.ae", "EU", "AED", "en_AE ar_AE", "AED {}", False),
    ("www.amazon.sa", "EU", "SAR", "en_AE ar_AE", "SAR {}", False),
    ("www.amazon.eg", "EU", "EGP", "en_AE ar_AE", "EGP {}", False),
    ("www.amazon.in", "EU", "INR", "en_IN hi_IN kn_IN ml_IN ta_IN te_IN", "₹{}", False),
    ("www.amazon.co.jp", "FE", "JPY", "ja_JP en_US zh_CN", "¥{}", False),
    ("www.amazon.com.au", "FE", "AUD", "en_AU", "${}", False),
    ("www.amazon.sg", "FE", "SGD", "en_SG", "S${}", False),
)
# fmt: on
SITES = {
    host: Site(host, region, unit, tuple(languages.split()), pattern, comma, _AWS_REGION[region])
    for host, region, unit, languages, pattern, comma in _ROWS
}


def money(site: Site, amount: Decimal, currency: str) -> dict[str, Any]:
    """Amount (a number of JSON), currency and the way the site shows them."""
    plain = int(amount) if amount == amount.to_integral_value() else float(amount)
    return {"amount": plain, "currency": currency, "displayAmount": site.display(amount, currency)}
