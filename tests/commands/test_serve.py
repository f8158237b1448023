"""serve: the socket that it listens on, and how a signal ends it."""

import importlib.util
import logging
import signal
import socket

import pytest
import uvicorn
from starlette.applications import Starlette

from clients.registry import SETTINGS
from commands.serve import Server, http_parser, listen
from config import read_settings
from domain.starting import CannotStart
from web.health import Shutdown

pytestmark = pytest.mark.anyio


def test_small_answers_are_sent_at_once() -> None:
    # asyncio sets TCP_NODELAY only where the listener names its protocol; without it every answer
    # on a kept connection waits 40 ms for an acknowledgement.
    with listen(read_settings({"PORT": "0"}, SETTINGS)) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_a_taken_port_is_told_with_what_to_do() -> None:
    with listen(read_settings({"PORT": "0"}, SETTINGS)) as taken:
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(CannotStart, match=f"port {port}.*set PORT to another one"):
            listen(read_settings({"PORT": str(port)}, SETTINGS))


def test_without_the_quick_parser_there_is_pythons_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = http_parser()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

    assert with_it == "commands.quick_http:BoundedHeaders"
    assert http_parser() == "h11"


@pytest.fixture
def shutdown() -> Shutdown:
    return Shutdown()


@pytest.fixture
def server(shutdown: Shutdown) -> Server:
    """A server that nothing was connected to, with half a minute to turn elsewhere."""
    server = Server(uvicorn.Config(Starlette(), log_config=None), shutdown, drain=30)
    server.config.load()
    server.server_state.default_headers = []
    return server


async def test_a_terminated_server_says_so_before_it_shuts_the_door(
    server: Server, shutdown: Shutdown, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="affiliate_graph")
    assert not await server.on_tick(1)

    server.handle_exit(signal.SIGTERM, None)
    is_shut = [await server.on_tick(tick) for tick in (2, 3)]

    assert shutdown.is_requested
    assert is_shut == [False, False]
    assert [(line.message, vars(line)["signal"]) for line in caplog.records] == [
        ("stopping", "SIGTERM")
    ]


@pytest.mark.parametrize(
    "signals", [[signal.SIGINT], [signal.SIGTERM, signal.SIGTERM]], ids=["keyboard", "second"]
)
async def test_the_keyboard_and_a_second_signal_end_it_at_once(
    server: Server, shutdown: Shutdown, signals: list[signal.Signals]
) -> None:
    for each in signals:
        server.handle_exit(each, None)

    assert await server.on_tick(1)
    assert shutdown.is_requested
