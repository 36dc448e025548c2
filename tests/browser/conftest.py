"""Fixtures: a real server and a real browser. A violation of the page's content policy or an uncaught error fails any
test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.chromium import launched
from tests.servers import Server, running

from .cut import Cut
from .person import PATIENCE, Person
from .slow import DELAY

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """This fixture does not last for the whole session, because its running event loop would keep other tests from
    having one."""
    with launched() as browser:
        yield browser


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running("suhbat", tmp_path / "data", lobby_history="all", send_rate="0") as server:
        yield server


@pytest.fixture
def cut(server: Server) -> Iterator[Cut]:
    """The network between the browsers and the server. A test can cut it."""
    with Cut(server.port, delay=DELAY) as cut:
        yield cut


@pytest.fixture
def person(chromium: Browser, server: Server) -> Iterator[Callable[..., Person]]:
    """Makes users, each with their own browser profile. At the end it checks that their pages had no errors."""
    people: list[Person] = []
    ends = ExitStack()
    near = ends.enter_context(Cut(server.port, delay=DELAY)).port if DELAY else server.port

    def make(name: str, *, port: int | None = None, **profile: Any) -> Person:
        people.append(Person(chromium, name, f"http://localhost:{port or near}/", **profile))
        return people[-1]

    yield make
    wrong = [f"{one.name}: {what}" for one in people for what in one.wrong]
    for one in people:
        one.context.close()
    ends.close()
    assert not wrong, wrong
