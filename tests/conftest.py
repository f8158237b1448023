"""Fixtures of every test."""

import gc
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from engine import worker
from schema import execution
from tests.database import drop_template, migrated_database
from tests.figures import Figures
from tests.graph import Graph, running_graph
from tests.networks import FakeNetwork, taken
from tests.redis_server import own_redis
from tests.run import RUN

ROOT = Path(__file__).resolve().parent.parent
# The same examples in every run, and no file of earlier ones.
settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")
REFERENCE = Path(os.environ.get("REFERENCE_DIR", ROOT.parent / "shared"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="volumes as large as they should be")
    parser.addoption("--figures", type=Path, help="write what the slow tests measured to this file")


def pytest_configure(config: pytest.Config) -> None:
    if page := config.getoption("--figures"):
        config.pluginmanager.register(Figures(page))
    if hasattr(config, "workerinput"):  # a worker of pytest-xdist
        RUN.join(config.workerinput["run"])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["run"] = str(RUN.folder)


def pytest_collection_finish() -> None:
    """What is there before the first test stays until the last: the collector looks past it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        drop_template()


@pytest.fixture(scope="session")
def whole(pytestconfig: pytest.Config) -> bool:
    """Whether a slow test has the time to use its whole volume."""
    return bool(pytestconfig.getoption("--whole"))


@pytest.fixture(scope="session", autouse=True)
def _plans() -> Iterator[None]:
    """Every query runs by its plan, also at its first use; with PLAN=off none does."""
    before = execution.PLANNED_FROM_USE
    execution.PLANNED_FROM_USE = sys.maxsize if os.environ.get("PLAN") == "off" else 1
    yield
    execution.PLANNED_FROM_USE = before


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of reference material; outsiders have none, continuous integration must."""
    if REFERENCE.is_dir():
        return REFERENCE
    message = f"No reference material at {REFERENCE}: these tests prove nothing here."
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session", name="migrated_database")
async def one_migrated_database(
    tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> AsyncIterator[str]:
    """The URL of a database with all tables and no rows; SQLite, or PostgreSQL's own."""
    async with migrated_database(tmp_path_factory.mktemp("graph")) as url:
        yield url


@pytest.fixture
async def graph(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """The whole application over the sandbox gateways, with nothing stored."""
    async with running_graph(migrated_database, tmp_path) as running:
        yield running


@pytest.fixture
def receivers() -> FakeNetwork:
    """Whoever webhooks lead to."""
    return FakeNetwork(answer=taken)


@pytest.fixture
async def delivering(
    migrated_database: str, tmp_path: Path, receivers: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Graph]:
    """The application with a worker inside, which looks often, and with receivers of webhooks."""
    monkeypatch.setattr(worker, "POLL", 0.05)
    async with running_graph(
        migrated_database,
        tmp_path,
        environ={"WORKER": "on"},
        overrides={"webhooks": receivers.sender()},
    ) as running:
        yield running


@pytest.fixture
async def redis_url() -> AsyncIterator[str]:
    """A Redis server that holds nothing of ours, for this test alone."""
    async with own_redis() as url:
        yield url
