"""Workspaces as their operator sees them: each has its own products, links, settings and keys."""

import re
from dataclasses import dataclass
from datetime import datetime

from domain.exceptions import InvalidInput

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceSummary:
    """One workspace, with how much it holds. `api_keys`: those that are at their end included."""

    name: str
    created_at: datetime
    products: int
    api_keys: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceContents:
    """How much there is of what is lost with a workspace. `accounts`: of marketplaces."""

    products: int
    links: int
    accounts: int
    api_keys: int
    watches: int
    webhooks: int
    jobs: int


def checked_name(text: str) -> str:
    """The name of a workspace to make. Raises InvalidInput."""
    if NAME.fullmatch(text) is None:
        raise InvalidInput(
            "A workspace's name is 1 to 60 lower-case letters, digits and hyphens, and does not "
            "begin with a hyphen."
        )
    return text
