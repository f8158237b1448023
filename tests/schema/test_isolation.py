"""Two workspaces on one database: no field of the graph leads a key of one to the other's."""

import itertools
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from schema import documents
from tests.database import migrated_database
from tests.graph import Graph, running_graph
from tests.schema.filling import MARK, WIDE, fill, rows_of
from tests.schema.walking import RootField, most, root_fields

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, kw_only=True)
class Filled:
    """An application in which the workspace "default" has everything; nothing may change in it.

    `ids`: of its rows, by kind. `minute`: when they were made. `names`: of workspaces to be made.
    """

    graph: Graph
    ids: dict[str, str]
    minute: str
    names: Iterator[str]


@pytest.fixture(scope="module")
async def filled(
    tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> AsyncIterator[Filled]:
    folder = tmp_path_factory.mktemp("filled")
    with pytest.MonkeyPatch.context() as patched:
        # Each document is sent with every id, and read once.
        patched.setattr(documents, "LONGEST_KEPT", 1_000_000)
        async with (
            migrated_database(folder) as url,
            running_graph(url, folder, environ=WIDE) as graph,
        ):
            ids = await fill(graph)
            minute = graph.clock().strftime("%Y-%m-%dT%H:%M")
            graph.clock.advance(hours=1)
            names = (f"other-{number}" for number in itertools.count())
            yield Filled(graph=graph, ids=ids, minute=minute, names=names)


@pytest.mark.parametrize("is_connected", [False, True])
@pytest.mark.parametrize("root", root_fields(), ids=lambda root: root.name)
async def test_no_field_leads_into_another_workspace(
    filled: Filled, root: RootField, is_connected: bool
) -> None:
    graph = filled.graph
    key = await graph.make_workspace(next(filled.names))
    if is_connected:
        await graph.connect_both(key=key)
    before = await rows_of("default")

    document = most(root)
    asked = [{"id": id} for id in filled.ids.values()] if "$id" in document else [{}]

    told = json.dumps([await graph.post(document, each, key=key) for each in asked])

    assert "VALIDATION_FAILED" not in told, told
    assert "TOO_COMPLEX" not in told, told
    assert "INTERNAL_SERVER_ERROR" not in told, told
    assert MARK not in told
    assert filled.minute not in told
    assert await rows_of("default") == before
