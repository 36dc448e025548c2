"""One running server of each kind for all tests of this folder. Each test uses names of its own."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from suhbat.config import Settings
from suhbat.runtime.app import ServerApp
from tests.servers import COMMANDS, Server, running

_numbers = itertools.count(1)


@pytest.fixture(scope="session", params=list(COMMANDS))
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Every contract test runs on every way to serve the application."""
    kind: str = request.param
    with running(kind, tmp_path_factory.mktemp("server") / kind) as running_server:
        yield running_server


@pytest.fixture
def name() -> Callable[[str], str]:
    """A name that no other test has: `name("anna")` is anna-17."""
    number = next(_numbers)
    return lambda base: f"{base}-{number}"


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[ServerApp]:
    """The parts of a server without its sockets."""
    app = ServerApp(Settings(data=tmp_path / "data"))
    await app.node.store.open(app.node.hub.committed)
    await app.node.people.load()
    await app.node.hub.open()
    yield app
    app.node.hub.close()
    await app.node.tasks.close()
    await app.node.store.close()
    app.node.passwords.close()
