"""The Bot API without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

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
