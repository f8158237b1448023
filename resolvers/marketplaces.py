"""Marketplaces as this workspace sees them: list, connect, disconnect, verify."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from clients.base import CredentialField, CredentialForm, Marketplace, Visibility
from clients.registry import BY_CODE
from clients.sites import site_of
from db import credentials as stored_credentials
from domain.credentials import Secret
from domain.exceptions import (
    AffiliateGraphError,
    InvalidInput,
    MarketplaceError,
    MarketplaceNotConnected,
    WrongLocale,
)
from domain.marketplaces import (
    Account,
    AccountKey,
    Capability,
    Health,
    HealthState,
    MarketplaceStatus,
)
from domain.refresh import default_calls
from resolvers.context import Context
from resolvers.health import after
from upstream.accounts import skew_in_words
from upstream.contract import Upstream

MAX_CREDENTIAL_LENGTH = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedMarketplace:
    """A marketplace with this workspace's credential set for it (which may be empty).

    `clock_ahead`: by how much this server's clock is ahead of the marketplace's, if it is off.
    """

    marketplace: Marketplace
    account: Account
    clock_ahead: timedelta | None = None

    @property
    def locale(self) -> str:
        """The country site, "" where the marketplace has only one catalogue."""
        return self.account.key.locale

    @property
    def missing_fields(self) -> tuple[str, ...]:
        """Required credential fields that are not stored."""
        return self.marketplace.missing(tuple(self.account.credentials))

    @property
    def status(self) -> MarketplaceStatus:
        """CONNECTED the moment that every required field is filled in."""
        complete = not self.missing_fields
        return MarketplaceStatus.CONNECTED if complete else MarketplaceStatus.NOT_CONFIGURED

    @property
    def health(self) -> Health:
        """The last evidence. Keys of a retired interface are known not to work before any call.

        What was found while a field could still be opened says nothing about a set without it.
        """
        health = self.account.health
        if self.missing_fields:
            return replace(health, state=HealthState.UNVERIFIED)
        if self.form_in_use.is_retired and health.state is HealthState.UNVERIFIED:
            return replace(health, state=HealthState.API_RETIRED)
        return health

    @property
    def form_in_use(self) -> CredentialForm:
        """The set of fields that the stored ones belong to."""
        return self.marketplace.form_in_use(tuple(self.account.credentials))

    @property
    def cure(self) -> str | None:
        """What to do to get it working, None when there is nothing to do."""
        if not self.missing_fields:
            state = self.health.state
            if self.form_in_use.is_retired and state is HealthState.CREDENTIALS_REJECTED:
                state = HealthState.API_RETIRED  # other keys of that interface would not help
            cure = self.marketplace.cures.get(state)
            if cure and state is HealthState.CLOCK_SKEWED and self.clock_ahead:
                off = skew_in_words(self.clock_ahead)
                return f"{cure} It is {off} {self.marketplace.name}'s."
            return cure
        sentences = []
        if unreadable := self.account.unreadable:
            sentences.append(
                f"{self._labels(unreadable)} cannot be opened with the present encryption keys."
                f" Enter {'it' if len(unreadable) == 1 else 'them'} anew."
            )
        if empty := [name for name in self.missing_fields if name not in unreadable]:
            sentences.append(f"Fill in {self._labels(empty)}.")
        return " ".join(sentences)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is stored and used, but looks wrong."""
        return self.marketplace.warnings(self.account)

    @property
    def capabilities(self) -> Sequence[Capability]:
        """What the stored credentials can do now, in the order of the enum."""
        able = self.marketplace.capabilities(self.account)
        return [capability for capability in Capability if capability in able]

    @property
    def fields(self) -> Sequence[tuple[CredentialField, bool]]:
        """The credential fields with whether each is required in the form in use."""
        required = self.form_in_use.required
        return [(field, field.name in required) for field in self.marketplace.fields]

    def _labels(self, names: Sequence[str]) -> str:
        """What the settings card calls the fields: "App key, App secret and Tracking ID"."""
        labels = {field.name: field.label for field in self.marketplace.fields}
        *others, last = [labels.get(name, name) for name in names]
        return f"{', '.join(others)} and {last}" if others else last

    def hint(self, field: CredentialField) -> str | None:
        """What may be shown of a stored value: all of a public one, four characters of a masked."""
        stored = self.account.credentials.get(field.name)
        if stored is None or field.visibility is Visibility.SECRET:
            return None
        text = stored.value.reveal()
        return text if field.visibility is Visibility.PUBLIC else text[-4:]


def locale_of(
    marketplace: Marketplace, locale: str | None, *, path: tuple[str, ...] = ("locale",)
) -> str:
    """The country site to use: the one named by host, address or country, else the first.

    Raises WrongLocale when the marketplace has no such site.
    """
    if locale is None or (locale == "" and marketplace.locales == ("",)):
        return marketplace.locales[0]
    if marketplace.locales == ("",):
        raise WrongLocale(f"{marketplace.name} has no country sites: leave locale out.", path=path)
    site = site_of(marketplace, locale)
    if site is None:
        sites = ", ".join(marketplace.locales)
        raise WrongLocale(f"{marketplace.name} has no such site. Its sites: {sites}.", path=path)
    return site


async def get_all(context: Context) -> list[ConnectedMarketplace]:
    """Each marketplace's first site, and every further site that has credentials."""
    accounts = await stored_credentials.accounts(context.workspace, context.keys)
    by_key = {account.key: account for account in accounts}
    keys = [
        context.workspace.account_key(marketplace.code, locale)
        for marketplace in BY_CODE.values()
        for locale in marketplace.locales
    ]
    firsts = {(market.code, market.locales[0]) for market in BY_CODE.values()}
    return [
        connected(by_key.get(key) or Account(key=key), context.upstream)
        for key in keys
        if key in by_key or (key.marketplace, key.locale) in firsts
    ]


async def get_one(
    context: Context, marketplace: Marketplace, locale: str | None
) -> ConnectedMarketplace:
    """One marketplace, with or without credentials. Raises WrongLocale."""
    return await of_product(context, marketplace.code, locale_of(marketplace, locale))


async def of_product(context: Context, code: str, locale: str) -> ConnectedMarketplace:
    """The marketplace (by code) and country site that a product or link belongs to."""
    account = await context.accounts.get(context.workspace.account_key(code, locale))
    return connected(account, context.upstream)


async def connect(
    context: Context,
    marketplace: Marketplace,
    locale: str | None,
    credentials: Sequence[tuple[str, str]],
) -> ConnectedMarketplace:
    """Store credentials. Fields left out stay as they are, an empty value clears.

    Raises InvalidInput or WrongLocale with the path of the field; then nothing is stored.
    """
    key = context.workspace.account_key(
        marketplace.code, locale_of(marketplace, locale, path=("input", "locale"))
    )
    changes = _changes(marketplace, credentials)
    try:
        account = await _save(context, marketplace, key, changes)
    except InvalidInput as error:
        raise error.at(_input_path(error.path, credentials)) from None
    context.forget_loaded()
    return connected(account, context.upstream)


def sandbox_credentials(
    context: Context, marketplace: Marketplace, locale: str | None, given: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """What the sandbox accepts at that country site. Raises WrongLocale, and InvalidInput where the
    sandbox does not answer and beside credentials that somebody gave."""
    accepted = context.upstream.sandbox_credentials.get(marketplace.code)
    path = ("input", "useSandboxCredentials")
    if accepted is None:
        raise InvalidInput(
            f"The sandbox has no credentials to offer for {marketplace.name} here. Give your own.",
            path=path,
        )
    if given:
        raise InvalidInput("Leave credentials empty, or do not ask for the sandbox's.", path=path)
    return list(accepted(locale_of(marketplace, locale, path=("input", "locale"))).items())


async def disconnect(
    context: Context, marketplace: Marketplace, locale: str | None
) -> ConnectedMarketplace:
    """Erase the stored credentials of one marketplace. Products and links stay."""
    key = context.workspace.account_key(
        marketplace.code, locale_of(marketplace, locale, path=("input", "locale"))
    )
    await stored_credentials.forget(key)
    context.forget_loaded()
    return connected(Account(key=key), context.upstream)


async def verify(
    context: Context, marketplace: Marketplace, locale: str | None
) -> tuple[ConnectedMarketplace, AffiliateGraphError | None]:
    """Make the cheapest real calls and remember what they say.

    Returns the marketplace with its new health and the failure, if there was one. Credentials that
    were stored meanwhile were not tried: their health stays as it is.
    """
    site = locale_of(marketplace, locale, path=("input", "locale"))
    account = await stored_credentials.account(
        context.workspace.account_key(marketplace.code, site), context.keys
    )
    failure: MarketplaceError | None = None
    with context.upstream.accounts.use(marketplace.quota_account(account)) as state:
        state.refusals.reset(account.fingerprint)
    try:
        await marketplace.connect(account, context.upstream, context.budget).verify()
    except MarketplaceNotConnected as error:
        return connected(account, context.upstream), error
    except MarketplaceError as error:
        failure = error
    health = after(account.health, failure, context.now)
    present = await stored_credentials.record_health(account, health, keyring=context.keys)
    context.forget_loaded()
    return connected(present, context.upstream), failure


async def bootstrap(
    context: Context, marketplace: Marketplace, locale: str, values: Mapping[str, Secret]
) -> bool:
    """Store credentials of the environment where nothing is stored yet.

    Returns False when something else is stored already, which stays: what a person saved last
    wins over the environment. Raises InvalidInput or WrongLocale.
    """
    key = context.workspace.account_key(marketplace.code, locale_of(marketplace, locale))
    stored = await stored_credentials.account(key, context.keys)
    if stored.credentials or stored.unreadable:
        known = stored.reveal()
        return all(known.get(name) == value for name, value in values.items())
    await _save(context, marketplace, key, values)
    return True


async def _save(
    context: Context, marketplace: Marketplace, key: AccountKey, changes: Mapping[str, Secret]
) -> Account:
    return await stored_credentials.save(
        key,
        changes,
        check=partial(marketplace.check_credentials, key.locale),
        keyring=context.keys,
        now=context.now,
        refresh_calls=default_calls(context.quota(marketplace)),
    )


async def calls_today(context: Context, connected: ConnectedMarketplace) -> int:
    """Calls booked on the marketplace's present day by all sites that share the credentials."""
    quota_account = connected.marketplace.quota_account(connected.account)
    return await context.dataloaders.calls_today.load(quota_account)


def connected(account: Account, upstream: Upstream | None = None) -> ConnectedMarketplace:
    """The marketplace of a stored credential set. `upstream` knows how far its clock is off."""
    marketplace = BY_CODE[account.key.marketplace]
    state = upstream.accounts.find(marketplace.quota_account(account)) if upstream else None
    return ConnectedMarketplace(
        marketplace=marketplace,
        account=account,
        clock_ahead=state.clock.ahead if state else None,
    )


def _changes(marketplace: Marketplace, credentials: Sequence[tuple[str, str]]) -> dict[str, Secret]:
    known = {field.name for field in marketplace.fields}
    changes: dict[str, Secret] = {}
    for row, (name, value) in enumerate(credentials):
        path = ("input", "credentials", str(row))
        if name not in known:
            names = ", ".join(field.name for field in marketplace.fields)
            raise InvalidInput(
                f"{marketplace.name} has no such credential field. Its fields: {names}.",
                path=(*path, "name"),
            )
        if name in changes:
            raise InvalidInput("This field is named twice.", path=(*path, "name"))
        if len(value) > MAX_CREDENTIAL_LENGTH:
            raise InvalidInput("This value is too long to be a credential.", path=(*path, "value"))
        changes[name] = Secret(value)
    return changes


def _input_path(path: tuple[str, ...], credentials: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """("credentials", "appKey") as the client names it -> where that field stands in the input."""
    rows = {name: str(row) for row, (name, _) in enumerate(credentials)}
    if len(path) == 2 and path[1] in rows:
        return ("input", "credentials", rows[path[1]], "value")
    return ("input", *path)
