"""Marking messages as unread again, over every store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from suhbat.chat import marks
from suhbat.chat.mentions import EVERYBODY
from suhbat.chat.model import Actor
from suhbat.chat.ports import Store
from suhbat.errors import BadRequest, NotFound
from suhbat.protocol import commands
from suhbat.protocol.event_marks import is_receipt
from suhbat.protocol.events import ReadMarked
from suhbat.protocol.types import LOBBY
from tests.fakes import FakeClock
from tests.store.house import LOLA, LORD, SOLI, House
from tests.store.parts import ALI, BARE, VALI, Listener, direct, guest, opened

DAY = 24 * 3600
Counts = tuple[int, int, int]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def house(
    make: Callable[..., Store], tmp_path: Path, listener: Listener, clock: FakeClock
) -> AsyncIterator[House]:
    """With a clock that a test can advance."""
    async with opened(make(tmp_path / "data", clock=clock), listener) as store:
        house = House(store, listener)
        house.at = clock.wall()
        yield house


async def counts(house: House, actor: Actor, conversation: str) -> Counts:
    """The read mark, the unread messages and the unread mentions."""
    state = await house.state(actor, conversation)
    return state.read_ordinal, state.unread, state.mentions


async def read_all(house: House, actor: Actor, conversation: str) -> None:
    last = (await house.state(actor, conversation)).last_ordinal
    await house.do(commands.Read, actor, conversation, ordinal=last)


async def shown_mark(house: House, viewer: Actor, member: Actor, room: str) -> int | None:
    """How far a member has read, as another one sees it."""
    page = await house.store.members(viewer, room, limit=1_000)
    return next(one.read_ordinal for one in page.members if one.user.uid == member.uid)


async def test_a_message_becomes_the_first_unread_one(house: House) -> None:
    """It and what others wrote after it is unread. The user's devices get `read` with the lower ordinal, others nothing."""
    room = await house.room(ALI, VALI)
    for _ in range(5):
        await house.write(ALI, room)
    await read_all(house, VALI, room)
    result = await house.do(commands.MarkUnread, VALI, room, ordinal=3)
    assert result.unread == 3 and await counts(house, VALI, room) == (2, 3, 0)
    await read_all(house, VALI, room)
    [event] = await house.told(commands.MarkUnread, VALI, room, ordinal=5)
    assert isinstance(event, ReadMarked) and (event.target, event.ordinal, event.unread) == (room, 4, 1)
    assert await counts(house, ALI, room) == (0, 0, 0)
    await read_all(house, VALI, room)
    assert await counts(house, VALI, room) == (5, 0, 0)


async def test_what_is_unread_already(house: House) -> None:
    """Nothing changes, and the answer has the count."""
    room = await house.room(ALI, VALI)
    for _ in range(3):
        await house.write(ALI, room)
    await house.do(commands.Read, VALI, room, ordinal=1)
    for ordinal in (2, 3):
        assert (await house.quiet(commands.MarkUnread, VALI, room, ordinal=ordinal)).unread == 2


async def test_own_and_deleted_messages_do_not_count(house: House) -> None:
    """The user's own messages are not unread, nor are deleted ones; either may be the first."""
    room = await house.room(ALI, VALI)
    await house.write(VALI, room)
    gone = await house.write(ALI, room)
    await house.write(VALI, room)
    await house.write(ALI, room)
    await house.do(commands.Delete, ALI, room, seq=gone)
    await read_all(house, VALI, room)
    for ordinal, unread in ((4, 1), (3, 1), (2, 1), (1, 1)):
        assert (await house.do(commands.MarkUnread, VALI, room, ordinal=ordinal)).unread == unread
    assert await counts(house, VALI, room) == (0, 1, 0)
    await house.write(ALI, room)
    await house.write(VALI, room)
    assert await counts(house, VALI, room) == (0, 2, 0)


async def test_mentions_count_again(house: House) -> None:
    """By name and of everybody, from there on; what an edit or a deletion took back does not, and threads have their own."""
    room = await house.room(ALI, VALI, SOLI)
    await house.write(ALI, room, named=(VALI.uid,))
    root = await house.write(ALI, room, named=(VALI.uid, SOLI.uid))
    everybody = await house.write(ALI, room, named=(EVERYBODY,))
    edited = await house.write(ALI, room, named=(VALI.uid,))
    deleted = await house.write(ALI, room, named=(VALI.uid,))
    await house.write(ALI, room, named=(VALI.uid,), thread=root)
    await read_all(house, VALI, room)
    await house.do(commands.Edit, ALI, room, seq=edited, text="boshqa", named=())
    await house.do(commands.Delete, ALI, room, seq=deleted)
    assert await counts(house, VALI, room) == (5, 0, 0)
    [event] = await house.told(commands.MarkUnread, VALI, room, ordinal=2)
    assert isinstance(event, ReadMarked) and event.mentions == 2
    assert await counts(house, VALI, room) == (1, 3, 2)
    await house.do(commands.MarkUnread, VALI, room, ordinal=1)
    assert await counts(house, VALI, room) == (0, 4, 3)
    await house.do(commands.Delete, ALI, room, seq=everybody)
    await house.do(commands.Read, VALI, room, ordinal=1)
    assert await counts(house, VALI, room) == (1, 2, 1)
    assert (await house.state(SOLI, room)).mentions == 1


async def test_receipts_never_go_back(house: House) -> None:
    """Others see how far somebody has ever read, and are told only when that is exceeded."""
    room = await house.room(ALI, VALI)
    for _ in range(4):
        await house.write(ALI, room)
    receipts: list[int] = []
    for kind, ordinal in (("read", 3), ("unread", 1), ("read", 2), ("unread", 2), ("read", 3), ("read", 4)):
        command = commands.Read if kind == "read" else commands.MarkUnread
        [event] = await house.told(command, VALI, room, ordinal=ordinal)
        assert isinstance(event, ReadMarked)
        if is_receipt(event):
            receipts.append(event.ordinal)
        assert await shown_mark(house, ALI, VALI, room) == max(receipts)
    assert receipts == [3, 4]


async def test_what_does_not_exist(house: House, clock: FakeClock) -> None:
    """No message, one that was not written yet, one from before the user joined, one that expired, a room of others."""
    room = await house.room(ALI, history="joined")
    await house.write(ALI, room)
    await house.admit(ALI, room, VALI)
    for _ in range(2):
        await house.write(ALI, room)
    await read_all(house, VALI, room)
    for ordinal in (1, 4, 2**53 - 1):
        await house.refused(NotFound, "not_found.message", commands.MarkUnread, VALI, room, ordinal=ordinal)
    assert (await house.do(commands.MarkUnread, VALI, room, ordinal=2)).unread == 2
    await read_all(house, VALI, room)
    for who in (LOLA, LORD, BARE):
        await house.refused(NotFound, None, commands.MarkUnread, who, room, ordinal=2)
    await house.do(commands.Update, ALI, room, retention=1)
    clock.advance(2 * DAY)
    await house.store.expire(0)
    await house.refused(NotFound, "not_found.message", commands.MarkUnread, VALI, room, ordinal=2)


async def test_in_the_lobby_and_in_directs(house: House) -> None:
    """It works in every kind of conversation; for a bare guest there is nothing to mark."""
    await house.store.save_guest(guest(VALI))
    of_two = await direct(house.store, ALI, VALI, house.at)
    for place in (LOBBY, of_two):
        await house.write(ALI, place)
        await house.write(ALI, place)
        await read_all(house, VALI, place)
        before = await counts(house, VALI, place)
        await house.do(commands.MarkUnread, VALI, place, ordinal=before[0])
        assert await counts(house, VALI, place) == (before[0] - 1, 1, 0)
    await house.refused(NotFound, "not_found.message", commands.MarkUnread, BARE, LOBBY, ordinal=1)


async def test_only_among_the_latest(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The own messages above the mark are counted while the writer waits, so their number has a limit."""
    monkeypatch.setattr(marks, "MAX_MARKED_UNREAD", 3)
    room = await house.room(ALI, VALI)
    for _ in range(5):
        await house.write(ALI, room)
    await read_all(house, VALI, room)
    refusal = await house.refused(BadRequest, None, commands.MarkUnread, VALI, room, ordinal=2)
    assert "5,000" in refusal.message("en")
    assert (await house.do(commands.MarkUnread, VALI, room, ordinal=3)).unread == 3
