"""Changes to a user's conversations in the moment in which they send `hello`."""

from __future__ import annotations

import asyncio
import json

import pytest

from suhbat.chat.model import Actor, Places, States
from suhbat.client.frames import decode
from suhbat.client.state import State
from suhbat.protocol import commands
from suhbat.protocol.commands import Hello, Resume, Sync
from suhbat.protocol.replies import Snapshot
from suhbat.runtime.app import ServerApp
from suhbat.transport import opening
from suhbat.transport.opening import AT_ONCE
from suhbat.transport.upgrade import Upgrade
from suhbat.transport.v1 import V1Dialect
from tests.commands import execute
from tests.hub.parts import RecordingWire
from tests.servers import PATIENCE


@pytest.mark.parametrize("twice", [False, True])
async def test_removed_while_the_opening_is_read(app: ServerApp, monkeypatch: pytest.MonkeyPatch, twice: bool) -> None:
    """No event after the removal reaches the user, although the read says that they are a member; with another
    connection of theirs (`twice`), and without."""
    (ali, _), (vali, token) = await app.node.people.make_guest("ali"), await app.node.people.make_guest("vali")
    room = (await execute(app.node.store, commands.Create, ali, 1, title="Xona")).conversation
    await execute(app.node.store, commands.Admit, ali, 1, conversation=room, person=vali, role="member", exempt=True)
    if twice:
        await hello(app, token)
    read = app.node.store.states

    async def states(actor: Actor, *, after: int | None = None, limit: int = 100) -> States:
        monkeypatch.undo()
        found = await read(actor, after=after, limit=limit)
        await execute(app.node.store, commands.Remove, ali, 1, conversation=room, person=vali)
        return found

    monkeypatch.setattr(app.node.store, "states", states)
    dialect, wire = await hello(app, token)
    seq = await app.node.services.messages.post(ali, text="keyin", conversation=room)
    assert seq.seq == 3
    for _ in range(50):
        await asyncio.sleep(0)
    assert dialect.connection is not None and room not in dialect.connection.logs
    assert "keyin" not in repr(wire.frames)
    [snapshot] = [frame for frame in wire.frames if frame["type"] == "snapshot"]
    assert [state["conversation"] for state in snapshot["conversations"]] == ["lobby"]


@pytest.mark.parametrize("again", [False, True])
async def test_removed_while_a_sync_is_read(app: ServerApp, monkeypatch: pytest.MonkeyPatch, again: bool) -> None:
    """A sync reply that is older than the event does not undo it: neither a reset of a conversation that was taken
    away, nor a removal of one that was added `again`."""
    (ali, _), (vali, token) = await app.node.people.make_guest("ali"), await app.node.people.make_guest("vali")
    room = (await execute(app.node.store, commands.Create, ali, 1, title="Xona")).conversation
    await execute(app.node.store, commands.Admit, ali, 1, conversation=room, person=vali, role="member", exempt=True)
    dialect, wire = await hello(app, token)
    if again:
        await execute(app.node.store, commands.Remove, ali, 1, conversation=room, person=vali)
    read = app.node.store.places

    async def places(actor: Actor) -> Places:
        found = await read(actor)
        if again:
            await execute(
                app.node.store, commands.Admit, ali, 1, conversation=room, person=vali, role="member", exempt=True
            )
        else:
            await execute(app.node.store, commands.Remove, ali, 1, conversation=room, person=vali)
        return found

    monkeypatch.setattr(app.node.store, "places", places)
    await dialect._sync(Sync(type="sync", cursors={room: 999}))

    def about() -> list[str]:
        return [frame["type"] for frame in wire.frames if room in (frame.get("conversation"), frame.get("removed"))]

    async with asyncio.timeout(PATIENCE):
        while "conversation.removed" not in about():
            await asyncio.sleep(0)
    for _ in range(50):
        await asyncio.sleep(0)
    assert "reset" not in about()
    assert about().count("conversation.removed") == 1, "in their own log, once"


async def test_a_fault_while_opening(app: ServerApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected error is sent as `internal` with a `retry_after`, then the close 1011, so that clients do not
    return at full speed."""
    _, token = await app.node.people.make_guest("ali")

    async def states(*asked: object, **more: object) -> States:
        raise ZeroDivisionError

    monkeypatch.setattr(app.node.store, "states", states)
    _, wire = await hello(app, token)
    [error] = wire.frames
    assert (error["type"], error["code"]) == ("error", "internal") and error["retry_after"] >= 30
    assert wire.code == 1011 and not app.node.hub.connections


async def test_a_large_snapshot_waits_for_its_reader(app: ServerApp) -> None:
    """It is sent in frames that together hold each conversation once; events in the meantime follow."""
    ali, token = await app.node.people.make_guest("ali")
    rooms = [
        (await execute(app.node.store, commands.Create, ali, 1, title="Xona", exempt=True)).conversation
        for _ in range(2 * AT_ONCE)
    ]
    dialect, wire = await hello(app, token)
    for _ in range(100):
        await asyncio.sleep(0)
    frames = [frame for frame in wire.frames if frame["type"] == "snapshot"]
    assert [frame.get("more", False) for frame in frames] == [True] * (len(frames) - 1) + [False] and len(frames) >= 2
    seen = [state["conversation"] for frame in frames for state in frame["conversations"]]
    assert seen == ["lobby", *rooms]
    assert len({frame["cursors"]["@me"] for frame in frames}) == 1
    assert dialect.connection is not None and set(rooms) < dialect.connection.logs


async def hello(app: ServerApp, token: str, resume: Resume | None = None) -> tuple[V1Dialect, RecordingWire]:
    wire = RecordingWire()
    dialect = V1Dialect(app.node.services, wire, Upgrade("/api/v1/ws", {}, {}, "127.0.0.1"))
    dialect.open()
    await dialect.hello(Hello(type="hello", token=token, resume=resume))
    return dialect, wire


@pytest.mark.parametrize("fits", [True, False])
async def test_a_large_snapshot_is_resumed(app: ServerApp, monkeypatch: pytest.MonkeyPatch, fits: bool) -> None:
    """A user with more conversations than one page has all of them afterwards, as the SDK reads it, and resumes each
    without another snapshot. Conversations whose cursors find no room in `hello` (`fits`) are reset."""
    monkeypatch.setattr(opening, "AT_ONCE", 5)
    if not fits:
        monkeypatch.setattr("suhbat.client.state.RESUME_BYTES", 400)
    ali, token = await app.node.people.make_guest("ali")
    acted = [await execute(app.node.store, commands.Create, ali, 1, title="Xona", exempt=True) for _ in range(12)]
    rooms = {done.conversation for done in acted}
    state = State()
    state.hello(token, 0)
    dialect, wire = await hello(app, token)
    assert len(await opened(wire, state)) == 3
    assert set(state.conversations) == {"lobby", *rooms} and set(state.cursors) == {"@me", "lobby", *rooms}
    dialect.closed()
    for room in rooms:
        await app.node.services.messages.post(ali, text=f"keyin {room}", conversation=room)
    asked = state.hello(token, 0)
    assert asked.resume is not None and (len(asked.resume.cursors) == len(state.cursors)) == fits
    _, wire = await hello(app, token, asked.resume)
    assert await opened(wire, state) == []
    lasts = {room: state.conversations[room].last_message for room in rooms}
    assert {room: last and last.text for room, last in lasts.items()} == {room: f"keyin {room}" for room in rooms}
    assert {frame["conversation"] for frame in wire.frames if frame["type"] == "reset"} == {
        room for room in rooms if room not in asked.resume.cursors
    } | ({"lobby"} - set(asked.resume.cursors))


async def opened(wire: RecordingWire, state: State) -> list[Snapshot]:
    """Let the SDK read up to `caught_up`; returns the snapshots."""
    async with asyncio.timeout(PATIENCE):
        while wire.frames[-1]["type"] != "caught_up":
            await asyncio.sleep(0)
    frames = [decode(json.dumps(frame).encode()) for frame in wire.frames]
    for frame in frames:
        assert frame is not None
        state.receive(frame, 0)
    return [frame for frame in frames if isinstance(frame, Snapshot)]
