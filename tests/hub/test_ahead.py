"""The store is ahead of the hub for a moment: an event is committed in the writer's thread and applied on the loop
later."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from suhbat.hub.connection import FrameFormat, Target
from suhbat.hub.hub import Hub

from .parts import Log, connect, running, settle


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
async def hub(log: Log) -> AsyncIterator[Hub]:
    async with running(log) as hub:
        yield hub


@pytest.mark.parametrize("format", list(FrameFormat))
async def test_an_event_that_the_feed_read_first_is_sent_once(hub: Hub, log: Log, format: FrameFormat) -> None:
    """A feed reads a message before the hub has applied it. The connection gets it once."""
    _, wire = connect(hub, "ua", format)
    wire.congested = True
    hub.apply([log.write(), log.write()])
    await settle()
    late = [log.write(), log.write()]
    wire.drain()
    await settle()
    hub.apply(late)
    await settle()
    assert wire.seqs() == [1, 2, 3, 4]


async def test_caught_up_with_a_head_above_the_hubs(hub: Hub, log: Log) -> None:
    """A client resumes at the hub's head while the store is ahead. It gets the rest, then `caught_up`."""
    hub.apply([log.write()])
    await settle()
    late = log.write()
    connection, wire = connect(hub, "ua", live=False)
    hub.follow(connection, {"lobby": 1})
    hub.catch_up(connection, Target({"lobby": 2}, presence=False))
    await settle()
    hub.apply([late])
    await settle()
    assert wire.seqs() == [2]
    assert wire.types() == ["message.created", "caught_up"]


async def test_a_cursor_above_the_hubs_head(hub: Hub, log: Log) -> None:
    """A client that starts at the store's head gets no event at or below it."""
    late = log.write()
    connection, wire = connect(hub, "ua", live=False)
    hub.follow(connection, {"lobby": 1})
    hub.catch_up(connection, Target({"lobby": 1}, presence=False))
    await settle()
    hub.apply([late, log.write()])
    await settle()
    assert wire.seqs() == [2]
