"""The Bot API without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from suhbat.chat.model import NumberedEvent
from suhbat.http.telegram import updates
from suhbat.programs.telegram.pollers import Poll
from tests.fakes import FakeClock


async def test_a_poll_that_is_woken_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It pauses after a look that found nothing, however much happens of which the bot is not told."""
    clock, poll, looks = FakeClock(), Poll(), 0

    async def sleep(seconds: float) -> None:
        clock.advance(seconds)

    async def numbered_events(*_: object) -> list[object]:
        nonlocal looks
        looks += 1
        clock.advance(0.001)
        poll.wake()
        return []

    def returning(value: object) -> Callable[..., Any]:
        async def answer(*_: object) -> object:
            return value

        return answer

    monkeypatch.setattr(updates, "asyncio", SimpleNamespace(**vars(asyncio) | {"sleep": sleep}))
    store = SimpleNamespace(
        numbered_events=numbered_events,
        number_events=returning(False),
        is_polling=returning(True),
        places=returning(SimpleNamespace(heads={})),
    )
    hub = SimpleNamespace(**dict.fromkeys(("add", "follow", "catch_up", "remove"), lambda *_: None))
    services = SimpleNamespace(store=store, clock=clock, hub=hub)
    call: Any = SimpleNamespace(
        services=services, actor=SimpleNamespace(uid="u-bot"), login=SimpleNamespace(session=None)
    )
    assert await updates._Listening(call, poll, (), 100).updates(2.0) == []
    assert 3 <= looks <= 2.0 / updates.PAUSE_SECONDS + 3


async def test_others_go_on() -> None:
    """Between two updates the event loop gives way, because a long text takes milliseconds."""
    number = 20
    pages = [[NumberedEvent(n, None) for n in range(number)], []]
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    async def numbered_events(*_: object) -> list[NumberedEvent]:
        return pages.pop(0)

    async def nothing(*_: object) -> bool:
        return False

    store = SimpleNamespace(numbered_events=numbered_events, number_events=nothing, confirm_updates=nothing)
    call: Any = SimpleNamespace(services=SimpleNamespace(store=store), actor=SimpleNamespace(uid="u-bot"))
    other = asyncio.ensure_future(tick())
    try:
        assert await updates._Listening(call, Poll(), (), 100)._next() == []
    finally:
        other.cancel()
    assert ticks >= number
