"""Retention deletes old messages, and resets clients whose cursor is older than the log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from suhbat.chat.ports import Store
from suhbat.protocol import commands
from suhbat.protocol.types import LOBBY
from suhbat.store.write import retention
from tests.commands import execute
from tests.fakes import FakeClock
from tests.store.parts import ALI, VALI, Listener, direct, everything, opened

DAY = 24 * 3600


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(make: Callable[..., Store], tmp_path: Path, clock: FakeClock) -> Store:
    return make(tmp_path / "data", clock=clock)


async def write(store: Store, listener: Listener, clock: FakeClock, count: int, **fields: object) -> None:
    for number in range(count):
        await listener.send(store, ALI, f"text {number}", at=clock.wall(), **fields)


async def test_the_old_goes_and_the_new_stays(store: Store, clock: FakeClock, listener: Listener) -> None:
    """Events older than `days` are deleted; `seq` and `ordinal` continue."""
    async with opened(store, listener):
        await write(store, listener, clock, 3)
        clock.advance(10 * DAY)
        await write(store, listener, clock, 2)
        assert await store.expire(0) == set()
        assert await store.expire(9) == {LOBBY}
        page = await store.history(ALI, LOBBY)
        assert [message.seq for message in page.messages] == [4, 5]
        assert not page.has_before
        assert (await everything(store, ALI)).places.oldest[LOBBY] == 3
        assert (await listener.send(store, ALI, "next", at=clock.wall())).ordinal == 6
        assert await store.expire(9) == set()


async def test_more_than_fits_in_a_transaction(
    store: Store, clock: FakeClock, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long log is shortened in several transactions."""
    monkeypatch.setattr(retention, "CHUNK", 4)
    async with opened(store, listener):
        await write(store, listener, clock, 30)
        clock.advance(2 * DAY)
        assert await store.expire(1) == {LOBBY}
        assert (await store.history(ALI, LOBBY)).messages == ()
        assert (await everything(store, ALI)).places.oldest[LOBBY] == 30


async def test_a_room_has_its_own(store: Store, clock: FakeClock, listener: Listener) -> None:
    """The retention of a room replaces the server's, whether it is shorter or longer."""
    async with opened(store, listener):
        made = [
            (await execute(store, commands.Create, ALI, clock.wall(), title=title)).conversation
            for title in ("short", "long")
        ]
        for room, days in zip(made, (1, 100), strict=True):
            await execute(store, commands.Update, ALI, clock.wall(), conversation=room, retention=days)
            await write(store, listener, clock, 2, conversation=room)
        clock.advance(5 * DAY)
        assert await store.expire(3) == {made[0]}
        assert len((await store.history(ALI, made[1])).messages) == 2


async def test_what_hangs_on_a_message_goes_too(store: Store, clock: FakeClock, listener: Listener) -> None:
    """The reactions and pins of a deleted message are deleted with it, and it is no longer unread."""
    async with opened(store, listener):
        theirs = await direct(store, ALI, VALI, clock.wall())
        sent = await listener.send(store, ALI, "salom", conversation=theirs, at=clock.wall())
        place = {"actor": VALI, "at": clock.wall(), "conversation": theirs, "seq": sent.seq}
        await execute(store, commands.React, **place, emoji="👍", on=True)
        await execute(store, commands.Pin, **place, on=True)
        clock.advance(2 * DAY)
        assert theirs in await store.expire(1)
        assert await store.pins(ALI, theirs) == ()
        (state,) = [state for state in (await everything(store, VALI)).states if state.conversation == theirs]
        assert state.last_message is None
        assert (state.last_ordinal, state.unread) == (1, 0)
