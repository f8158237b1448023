"""A stored secret is found in no file, no log, no message and no traceback."""

import base64
import copy
import json
import logging
import pickle
import traceback
from pathlib import Path
from urllib.parse import quote

import pytest

from db import credentials, products, statements
from db.connection import open_database, sqlite_path
from db.encryption import KeyRing, check_canary, key_usage, reencrypt
from db.exceptions import EncryptionError
from db.logs import LOGGERS, quiet_logs
from domain.credentials import Secret
from tests.database import migrated_database
from tests.db.records import ALIEXPRESS, NOW, OURS, full_product, keep

pytestmark = pytest.mark.anyio

MARKER = "mark/er+of a=secret&1"
WRONG = KeyRing([b"9" * 32])


def forms(marker: str) -> list[str]:
    """The marker and its disguises; base64 at each of its three alignments."""
    raw = marker.encode()
    shifted = [base64.b64encode(b" " * n + raw).decode()[4:-4] for n in range(3)]
    urlsafe = [text.replace("+", "-").replace("/", "_") for text in shifted]
    return [marker, quote(marker), quote(marker, safe=""), raw.hex(), *shifted, *urlsafe]


def found_in(text: str) -> list[str]:
    return [form for form in forms(MARKER) if form.casefold() in text.casefold()]


def test_forms_find_a_disguised_marker() -> None:
    disguised = base64.b64encode(f"x{MARKER}y".encode()).decode()

    assert found_in(disguised)
    assert found_in(MARKER.encode().hex().upper())
    assert not found_in("harmless")


@pytest.mark.usefixtures("db")
async def test_secret_is_in_no_log_at_debug(
    keyring: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in LOGGERS:
        caplog.set_level(logging.DEBUG, logger=name)

    await credentials.save(ALIEXPRESS, {"app_secret": MARKER}, keyring=keyring, now=NOW)
    await check_canary(keyring)
    await keep([full_product()])
    await products.by_refs(OURS, [full_product().ref])
    assert (await credentials.account(ALIEXPRESS, WRONG)).unreadable == ("app_secret",)

    [row] = await statements.rows("SELECT sealed FROM marketplace_credentials")
    assert "app_secret" in caplog.text
    assert found_in(caplog.text) == []
    assert row["sealed"] not in caplog.text
    assert full_product().title not in caplog.text


@pytest.mark.usefixtures("db")
async def test_secret_is_in_no_row(keyring: KeyRing) -> None:
    await credentials.save(ALIEXPRESS, {"app_secret": MARKER}, keyring=keyring, now=NOW)

    rows = [
        row
        for table in ("marketplace_accounts", "marketplace_credentials", "encryption_canary")
        for row in await statements.rows(f"SELECT * FROM {table}")
    ]

    assert len(rows) == 2
    assert found_in(str(rows)) == []


@pytest.mark.usefixtures("sqlite_only")
async def test_secret_is_in_no_file_and_its_seal_goes_with_it(
    tmp_path: Path, keyring: KeyRing
) -> None:
    async with migrated_database(tmp_path) as url, open_database(url, shared=False):
        values = {f"field_{n}": MARKER for n in range(50)}
        await credentials.save(ALIEXPRESS, values, keyring=keyring, now=NOW)
        sealed = await statements.rows("SELECT sealed FROM marketplace_credentials")
        while_open = files(url)
        await credentials.forget(ALIEXPRESS)
        forgotten = files(url)

    assert found_in(while_open) == []
    assert all(row["sealed"] in while_open for row in sealed)
    assert not any(row["sealed"][12:] in forgotten for row in sealed)


def files(url: str) -> str:
    """All bytes of the database: its file, its journal and its shared memory."""
    path = Path(sqlite_path(url))
    return "".join(
        file.read_bytes().decode("latin-1") for file in path.parent.glob(f"{path.name}*")
    )


class BreakingKeys(KeyRing):
    """Opens so many times, then breaks down."""

    uses = 0

    def key(self, key_id: str) -> bytes | None:
        self.uses -= 1
        if self.uses < 0:
            raise RuntimeError("crash")
        return super().key(key_id)


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(("uses", "place"), [(0, "seal"), (1, "unseal"), (2, "_fingerprint")])
async def test_secret_is_in_no_traceback_with_locals(
    uses: int, place: str, keyring: KeyRing
) -> None:
    keys = BreakingKeys([b"1" * 32])
    keys.uses = uses
    secret = Secret(MARKER)

    with pytest.raises(RuntimeError) as failure:
        await credentials.save(ALIEXPRESS, {"app_secret": secret}, keyring=keys, now=NOW)

    shown = traceback.TracebackException.from_exception(failure.value, capture_locals=True)
    text = "".join(shown.format())
    assert f"in {place}\n" in text
    assert found_in(text) == []
    assert repr(keyring.key(keyring.current_id)) not in text


@pytest.mark.usefixtures("db")
async def test_records_show_no_secret(keyring: KeyRing) -> None:
    saved = await credentials.save(ALIEXPRESS, {"app_secret": MARKER}, keyring=keyring, now=NOW)

    assert found_in(f"{saved} {saved!r} {saved.reveal()} {saved.credentials}") == []
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError):
            attempt(saved.reveal()["app_secret"])


@pytest.mark.usefixtures("db")
async def test_failures_of_keys_show_no_secret(keyring: KeyRing) -> None:
    await credentials.save(ALIEXPRESS, {"app_secret": MARKER}, keyring=keyring, now=NOW)
    told = []

    for attempt in (check_canary, reencrypt):
        with pytest.raises(EncryptionError) as failure:
            await attempt(WRONG)
        told.append("".join(traceback.format_exception(failure.value)))

    assert found_in(" ".join(told)) == []
    assert keyring.current_id in told[0]
    assert list(await key_usage()) == [keyring.current_id]


@pytest.mark.parametrize("name", LOGGERS)
def test_drivers_never_log_at_debug(name: str, caplog: pytest.LogCaptureFixture) -> None:
    quiet_logs()
    caplog.set_level(logging.DEBUG, logger=name)
    caplog.set_level(logging.DEBUG)

    logging.getLogger(name).debug("%s: %s", "INSERT", ["bound value"])
    logging.getLogger(name).warning("shown")

    assert "bound value" not in caplog.text
    assert "shown" in caplog.text
