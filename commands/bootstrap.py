"""Credentials of the environment: checked before the start, stored where none are stored."""

import logging

from clients.base import Marketplace
from clients.registry import BY_CODE, SETTINGS
from config import Settings
from db.connection import DEFAULT_WORKSPACE
from db.keys import KeyRing
from domain.credentials import BootstrapCredentials
from domain.exceptions import InvalidInput
from domain.marketplaces import Workspace
from domain.settings import BadSettings
from resolvers.context import Context
from resolvers.marketplaces import bootstrap
from upstream.contract import Upstream

log = logging.getLogger("affiliate_graph.server")


def check_bootstrap(settings: Settings) -> None:
    """Raises BadSettings with every credential of the environment that cannot be used."""
    problems = [problem for each in settings.bootstrap for problem in _problems(each)]
    if problems:
        raise BadSettings(problems)


def _problems(credentials: BootstrapCredentials) -> list[str]:
    """What is wrong with each value, else what is wrong with them together."""
    marketplace = BY_CODE[credentials.marketplace]
    [settings] = [each.credentials for each in SETTINGS if each.code == credentials.marketplace]
    texts = {name: value.reveal() for name, value in credentials.values.items()}
    alone = {
        settings[name].name: _problem(marketplace, credentials.locale, {name: text})
        for name, text in texts.items()
    }
    if not any(alone.values()):
        alone = {" and ".join(alone): _problem(marketplace, credentials.locale, texts)}
    return [f"{setting}: {problem}" for setting, problem in alone.items() if problem]


def _problem(marketplace: Marketplace, locale: str, values: dict[str, str]) -> str | None:
    try:
        marketplace.check_credentials(locale, values)
    except InvalidInput as error:
        return error.message
    return None


async def store_bootstrap(settings: Settings, upstream: Upstream, keys: KeyRing) -> None:
    """Store the environment's credentials where none are stored."""
    context = Context(
        workspace=Workspace(DEFAULT_WORKSPACE, upstream.modes), upstream=upstream, keys=keys
    )
    for each in settings.bootstrap:
        marketplace = BY_CODE[each.marketplace]
        if not await bootstrap(context, marketplace, each.locale, each.values):
            log.warning(
                "%s: other credentials are stored than the environment has; the stored ones are "
                "used. Disconnect the marketplace to take the environment's.",
                marketplace.name,
            )
