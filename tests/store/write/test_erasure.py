"""An erased person leaves no name and, if they wish, no messages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from suhbat.chat.model import Actor
from suhbat.chat.ports import Store
from suhbat.protocol import commands
from suhbat.protocol.events import MessageDeleted
from suhbat.protocol.types import LOBBY
from suhbat.store.write import erasure
from suhbat.store.write.erasure import NOBODY
from tests.commands import execute
from tests.store.parts import ALI, VALI, Listener, direct, everything, guest, opened, values

Make = Callable[..., Store]
GONE = Actor("u-gone", "sarvinoz", lobby_from=0)
SECRET = "meningsirim"


async def live(store: Store, listener: Listener) -> tuple[str, str]:
    """A life that leaves traces everywhere; gives a room and a direct."""
    await store.save_guest(guest(GONE))
    for number in range(3):
        await listener.send(store, GONE, f"{SECRET} {number}", client_id=f"sarvinoz-{number}")
    room = (await execute(store, commands.Create, ALI, 1, title="Choyxona")).conversation
    await execute(store, commands.Admit, ALI, 1, conversation=room, person=GONE, role="moderator", exempt=True)
    await execute(store, commands.Admit, ALI, 1, conversation=room, person=VALI, role="member", exempt=True)
    seq = (await listener.send(store, VALI, "salom", conversation=room)).seq
    await listener.send(store, GONE, SECRET, conversation=room)
    await execute(store, commands.React, GONE, 1, conversation=room, seq=seq, emoji="👍", on=True)
    await execute(store, commands.Draft, GONE, 1, conversation=room, text=SECRET)
    theirs = await direct(store, GONE, VALI, 1)
    await listener.send(store, GONE, SECRET, conversation=theirs)
    return room, theirs


async def finish(store: Store) -> None:
    while await store.erase_more(2):
        pass


def words(place: Path) -> str:
    """The values of all tables as one text."""
    return " ".join(value.decode("utf-8", "replace") for _, value in values(place))


@pytest.mark.parametrize("with_messages", [False, True])
async def test_nothing_is_left(make: Make, tmp_path: Path, listener: Listener, with_messages: bool) -> None:
    """After an erasure no table has the name, nor the texts if they were to be erased too."""
    store = make(tmp_path / "data")
    async with opened(store, listener):
        await live(store, listener)
        await store.erase(GONE, 2, with_messages=with_messages)
        await finish(store)
    found = words(tmp_path / "data")
    assert "sarvinoz" not in found
    assert (SECRET in found) is not with_messages


async def test_what_others_see(make: Make, tmp_path: Path, listener: Listener) -> None:
    """The messages stay under a name that belongs to nobody, in directs too; the room has one member less."""
    store = make(tmp_path / "data")
    async with opened(store, listener):
        room, theirs = await live(store, listener)
        await store.erase(GONE, 2, with_messages=False)
        await finish(store)
        page = await store.history(ALI, LOBBY)
        assert {(message.sender, message.text[: len(SECRET)]) for message in page.messages} == {(NOBODY, SECRET)}
        states = {state.conversation: state for state in (await everything(store, VALI)).states}
        assert states[theirs].title == NOBODY
        assert states[room].member_count == 2
        replayed = await store.events(f"@me:{VALI.uid}", 0, 10)
        assert replayed
        assert "sarvinoz" not in " ".join(entry.event.model_dump_json() for entry in replayed)


async def test_messages_go_as_deleted_ones_do(make: Make, tmp_path: Path, listener: Listener) -> None:
    """With the messages erased, each becomes a tombstone with a `message.deleted`, so that clients delete their copies."""
    store = make(tmp_path / "data")
    async with opened(store, listener):
        await live(store, listener)
        await store.erase(GONE, 2, with_messages=True)
        await finish(store)
        page = await store.history(ALI, LOBBY)
        assert all(message.deleted and not message.text for message in page.messages)
        deleted = [entry.event for entry in listener.entries if isinstance(entry.event, MessageDeleted)]
        assert [event.target for event in deleted if event.conversation == LOBBY] == [1, 2, 3]


async def test_killed_in_between(
    make: Make, tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An erasure that a restart interrupted continues where it was."""
    monkeypatch.setattr(erasure, "CHUNK", 2)
    place = tmp_path / "data"
    async with opened(make(place), listener) as store:
        await live(store, listener)
        await store.erase(GONE, 2, with_messages=True)
        assert await store.erase_more(2)
    async with opened(make(place), listener) as store:
        await finish(store)
        assert not await store.erase_more(2)
    assert "sarvinoz" not in words(place)
    assert SECRET not in words(place)


@pytest.mark.parametrize("scanned", [1, 3, 1_000])
async def test_a_step_looks_through_so_many_events(
    make: Make, tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch, scanned: int
) -> None:
    """A step scans at most SCANNED events and remembers its position, even if it found none of theirs."""
    monkeypatch.setattr(erasure, "SCANNED", scanned)
    async with opened(make(tmp_path / "data"), listener) as store:
        for _ in range(5):
            await listener.send(store, ALI)
        await listener.send(store, GONE, SECRET)
        await listener.send(store, ALI)
        await store.erase(GONE, 2, with_messages=False)
        steps = 0
        while await store.erase_more(2):
            steps += 1
        assert steps == 7 // scanned + 1
        senders = [message.sender for message in (await store.history(ALI, LOBBY)).messages]
        assert senders == ["ali"] * 5 + [NOBODY, "ali"]


async def test_counts_stay_right(make: Make, tmp_path: Path, listener: Listener) -> None:
    """Erased messages are no longer unread and erased reactions no longer counted; members get events of both."""
    async with opened(make(tmp_path / "data"), listener) as store:
        room, _ = await live(store, listener)
        await store.erase(GONE, 2, with_messages=True)
        heard = len(listener.entries)
        await finish(store)
        state = next(one for one in (await everything(store, ALI)).states if one.conversation == room)
        assert state.unread == 1  # VALI's
        assert all(message.reactions == () for message in (await store.history(VALI, room)).messages)
        told = [event for log, event in listener.entries[heard:] if log == room]
        assert {event.type for event in told} == {"message.deleted", "reaction.removed"}
        deleted = next(event for event in told if isinstance(event, MessageDeleted))
        assert (deleted.ordinal, deleted.sender_uid) == (2, GONE.uid)
