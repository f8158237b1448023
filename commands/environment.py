"""Settings that come from elsewhere than the environment, which wins over them: those of a file,
as systemd and Docker read it too, and those that a newcomer begins with.
"""

import sys
from pathlib import Path

from clients import registry
from config import from_environment, set_where_unset
from domain.exceptions import InvalidInput
from sandbox import GATEWAYS


def load(file: Path) -> None:
    """Put the file's variables into the environment. What it has already stays, and is told.

    Raises InvalidInput, showing no value.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as failure:
        raise InvalidInput(f"{file} cannot be read: {failure.strerror}.") from None
    except UnicodeError:
        raise InvalidInput(f"{file} is not a text file.") from None
    if other := set_where_unset(variables(text)):
        print(
            f"The environment has other values than {file}, and wins: {', '.join(other)}. "
            f"To take the file's: unset {' '.join(other)}",
            file=sys.stderr,
        )


def begin_demo() -> None:
    """The sandbox, unless SANDBOX says otherwise, with what its gateways can be connected with.

    A marketplace of which the environment has a credential is left alone. Raises BadSettings.
    """
    set_where_unset({"SANDBOX": "on"})
    settings = from_environment(registry.SETTINGS)
    given = {each.marketplace for each in settings.bootstrap}
    for marketplace in registry.SETTINGS:
        gateway = GATEWAYS[marketplace.code]
        if settings.sandbox and marketplace.code not in given and gateway.is_in_demo:
            demo = gateway.demo_credentials("") if gateway.demo_credentials else {}
            set_where_unset({marketplace.credentials[name].name: demo[name] for name in demo})


def variables(text: str) -> dict[str, str]:
    """Of NAME=VALUE lines, in quotes or not; lines that begin with # or ; are skipped.

    Raises InvalidInput.
    """
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        name, sign, value = stripped.removeprefix("export ").partition("=")
        if not sign or not name.strip().isidentifier():
            raise InvalidInput(f"Line {number} is not NAME=VALUE.")
        found[name.strip()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if is_quoted else value
