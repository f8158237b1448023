"""Reads a command and its options, runs it, and words what hinders it."""

import asyncio
import sys
from collections.abc import Sequence

from commands.bootstrap import check_bootstrap
from commands.serve import serve
from config import BadSettings, from_environment
from db.exceptions import DatabaseUnavailable, NotReady
from db.migrate import migrate
from sandbox import BadListings
from schema import schema
from web.keys import CannotStart


def main(arguments: Sequence[str]) -> int:
    """Run a command of the operator. Returns the exit code: 2 bad settings, 3 cannot start."""
    command = arguments[0] if arguments else "serve"
    if command not in ("serve", "schema", "migrate") or len(arguments) > 1:
        print("Commands: serve (default), schema, migrate.", file=sys.stderr)
        return 2
    if command == "schema":
        print(schema.as_str())
        return 0
    try:
        settings = from_environment()
        check_bootstrap(settings)
        if command == "migrate":
            done = asyncio.run(migrate(settings.database_url))
            print(f"Migrations applied: {', '.join(done.applied) or 'none were needed'}.")
            return 0
        return serve(settings)
    except BadSettings as bad:
        print("The settings cannot be used:", *bad.problems, sep="\n  ", file=sys.stderr)
        return 2
    except BadListings as bad:
        print(f"SANDBOX_CATALOG cannot be used: {bad}", file=sys.stderr)
        return 2
    except (CannotStart, NotReady, DatabaseUnavailable) as failure:
        print(failure, file=sys.stderr)
        return 3
