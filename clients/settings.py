"""What the operator can set about a marketplace, made from its description."""

import re

from clients.base import CredentialField, Marketplace
from clients.sites import site_of
from domain.credentials import Secret
from domain.parsers import any_text, either, number, web_address, whole
from domain.settings import MarketplaceSettings, Parser, Setting


def of(market: Marketplace) -> MarketplaceSettings:
    """Every name but that of the country site follows: the code in capitals begins it."""
    prefix, group = market.code.upper(), market.name
    return MarketplaceSettings(
        code=market.code,
        gateways=tuple(
            Setting(
                name=name,
                parser=web_address(plain_http=False),
                help=help,
                group=group,
                unset=f"that of {market.name}",
            )
            for name, help in market.gateways.items()
        ),
        calls_per_second=Setting(
            name=f"{prefix}_CALLS_PER_SECOND",
            parser=number(0.01, 1000),
            help="Calls a second for an account.",
            group=group,
            default=market.quota.calls_per_second,
        ),
        calls_per_day=Setting(
            name=f"{prefix}_CALLS_PER_DAY",
            parser=whole(1, 10**9),
            help="Calls a day for an account.",
            group=group,
            default=market.quota.calls_per_day,
            unset="" if market.quota.calls_per_day else f"no limit: {market.name} publishes none",
        ),
        locale=_locale(market),
        credentials={each.name: _credential(market, each) for each in market.fields},
        owns_prefix=market.owns_prefix,
    )


def _locale(market: Marketplace) -> Setting | None:
    if not market.locale_setting:
        return None
    return Setting(
        name=market.locale_setting,
        parser=_site_of(market),
        help="Country site that the credentials below belong to.",
        group=market.name,
        default=market.locales[0],
        secret=True,
    )


def _site_of(market: Marketplace) -> Parser:
    def read(text: str) -> str:
        site = site_of(market, text)
        if site is None:
            raise ValueError
        return site

    return Parser(f"{either(market.locales)}, or the country of one of them", read)


def _credential(market: Marketplace, credential: CredentialField) -> Setting:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", credential.name).upper()
    first_sentence = credential.help.split(". ")[0].removesuffix(".")
    return Setting(
        name=f"{market.code.upper()}_{words}",
        parser=any_text("as the marketplace gives it", Secret),
        help=f"{credential.label}. {first_sentence}.",
        group=market.name,
        secret=True,
    )
