"""Messages that grow: the use case and what readers are told, on two nodes over one store, with a clock that is moved."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from suhbat.bus.memory import MemoryBus, MemoryExchange
from suhbat.chat.growing import MOST_CHARACTERS
from suhbat.chat.growing_chores import (
    GONE_SECONDS,
    IDLE_SECONDS,
    ROUND_SECONDS,
    SAVE_SECONDS,
    TOGETHER,
    GrowingChores,
)
from suhbat.chat.growing_messages import APPENDS_AT_ONCE, MOST_HERE, GrowingMessages
from suhbat.chat.messages import Messages
from suhbat.chat.model import Actor, Post, PostResult
from suhbat.chat.ports import Directory, Store
from suhbat.chat.presence import PresenceTracker
from suhbat.chat.rate import NAMES, Gcra
from suhbat.cluster.bus_listener import NodeBusListener
from suhbat.errors import BadRequest, Busy, Finished, Forbidden, NotFound, RateLimited, TooManyStreams, WrongOffset
from suhbat.hub.connection import Connection, FrameFormat
from suhbat.hub.frames import Frames
from suhbat.hub.growth import STEP
from suhbat.hub.growth_notices import AT_ONCE, REST
from suhbat.hub.hub import Hub
from suhbat.protocol.commands import Admit, Append, Create, Delete, Finish, Mute
from suhbat.protocol.events import MessageFinished
from suhbat.protocol.extras import Extra
from suhbat.protocol.logged_events import LoggedEvent
from suhbat.protocol.types import LOBBY, MAX_TEXT
from suhbat.store.write.committer import Committer
from suhbat.tasks import Tasks
from tests.commands import execute
from tests.fakes import FakeClock, FakePresenceListener
from tests.hub.parts import RecordingWire, connect, settle
from tests.store.parts import Listener, logged, sqlite

BOT = Actor("u-bot", "bot", lobby_from=0)
ALI = Actor("u-ali", "ali", lobby_from=0)
OWNER = Actor("u-owner", "owner", "account", 0, role="owner")


class Nobody:
    """A directory without anybody; see chat.ports.Directory."""

    def holder(self, user_id: str) -> Actor | None:
        return None


class Node:
    """A node over a store that several nodes of this process share."""

    def __init__(self, store: Store, exchange: MemoryExchange, clock: FakeClock) -> None:
        self.bus, self.tasks = MemoryBus(exchange), Tasks()
        self.presence = PresenceTracker(1_000, FakePresenceListener())
        self.hub = Hub(store, self.bus, self.presence, self.tasks, lambda: False, lambda file: file.url)
        directory = cast(Directory, Nobody())
        self.growing = GrowingMessages(store, store, self.hub.growing, directory, clock, shared=True)
        self.chores = GrowingChores(self.growing, store, self.hub.growing, self.presence, clock)
        self.messages = Messages(store, directory, clock, self.growing)

    async def open(self) -> None:
        await self.bus.open(NodeBusListener(self.hub, *(cast(Any, None) for _ in range(3))))
        await self.hub.open()

    async def close(self) -> None:
        await self.bus.close()
        await self.tasks.close()

    def reader(self, uid: str = "u-reader") -> tuple[Connection, RecordingWire]:
        return connect(self.hub, uid)

    def come(self, wire: RecordingWire) -> Connection:
        """A reader with this wire."""
        connection = Connection(wire, FrameFormat.V1, Actor("u-reader", "reader"), "en")
        self.hub.add(connection)
        self.hub.start_live(connection)
        return connection

    async def begin(self, text: str = "", actor: Actor = BOT, conversation: str = LOBBY, **fields: Any) -> int:
        return (
            await self.messages.post(actor, text=text, conversation=conversation, extra=Extra(streaming=True), **fields)
        ).seq

    async def begin_in_direct(self, text: str, peer: Actor) -> PostResult:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.messages.send(BOT, text=text, peer=peer, extra=Extra(streaming=True), done=answer.set_result)
        outcome = await answer
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, PostResult)
        return outcome

    async def append(
        self, seq: int, offset: int, text: str, actor: Actor = BOT, conversation: str = LOBBY, source: str | None = None
    ) -> int:
        command = Append(type="append", conversation=conversation, seq=seq, offset=offset, text=text)
        now = self.growing.append_now(actor, command, source)
        return await self.growing.append(actor, command, source) if now is None else now

    async def finish(self, seq: int, actor: Actor = BOT, **fields: Any) -> int:
        return (await self.growing.finish(actor, Finish(type="finish", conversation=LOBBY, seq=seq, **fields))).seq

    async def told(self) -> None:
        """Wait until everything that was added has been told."""
        while self.hub.growing.notices.is_telling:
            await asyncio.sleep(0.01)


class FullWire(RecordingWire):
    """Is congested when it has got so many bytes. `written`: the frames as they are shared."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.size = most, 0
        self.written: list[Frames] = []

    def write(self, frames: Frames) -> None:
        super().write(frames)
        self.written.append(frames)
        self.size += frames.size
        self.congested = self.congested or self.size > self.most

    def drain(self) -> None:
        self.size = 0
        super().drain()


class SlowWire(RecordingWire):
    """Blocks for some seconds when a notice is written. `written_at`: when the last one was."""

    written_at = 0.0

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def write(self, frames: Frames) -> None:
        if b"message.append" in frames.payloads[0]:
            time.sleep(self._seconds)
            self.written_at = time.monotonic()


class Town:
    def __init__(self, store: Store, nodes: list[Node], clock: FakeClock, listener: Listener) -> None:
        self.store, self.nodes, self.clock, self.listener = store, nodes, clock, listener

    async def finished(self) -> list[MessageFinished]:
        events = [event for _, event in await logged(self.store, LOBBY, 0, 100)]
        return [event for event in events if isinstance(event, MessageFinished)]

    async def round(self, seconds: float) -> None:
        """Let time pass, and each node look after its messages."""
        self.clock.advance(seconds)
        for node in self.nodes:
            await node.chores.look_after()
        await settle()


@asynccontextmanager
async def town_at(place: Path, nodes: int = 2) -> AsyncIterator[Town]:
    clock, exchange, listener = FakeClock(), MemoryExchange(), Listener()
    store = sqlite(place, clock=clock)
    made = [Node(store, exchange, clock) for _ in range(nodes)]

    def committed(entries: list[LoggedEvent]) -> Callable[[], None]:
        listener.committed(entries)
        return made[0].hub.committed(entries)

    await store.open(committed)
    for node in made:
        await node.open()
    try:
        yield Town(store, made, clock, listener)
    finally:
        for node in made:
            await node.close()
        await store.close()


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with town_at(tmp_path / "data") as town:
        nodes = list(town.nodes)
        yield town
        for texts in (node.hub.growing for node in nodes):
            for name, growths in texts.by_log.items():
                assert texts.characters(name) == sum(len(one.text) for one in growths.values() if not one.over)
            assert texts._characters.keys() <= texts.by_log.keys()


def text_of(wire: RecordingWire, seq: int) -> str:
    """The text of a message as a client has it that follows the rule of the notice."""
    text: str | None = None
    for frame in wire.frames:
        if frame["type"] == "message.created" and frame["seq"] == seq:
            text = frame["message"]["text"]
        elif frame["type"] == "message.append" and frame["seq"] == seq and text is not None:
            if frame["offset"] <= len(text):
                text = text[: frame["offset"]] + frame["text"]
        elif frame["type"] == "message.finished" and frame["message"]["seq"] == seq:
            text = frame["message"]["text"]
    assert text is not None
    return text


def notices(wire: RecordingWire) -> list[tuple[int, str]]:
    return [(frame["offset"], frame["text"]) for frame in wire.frames if frame["type"] == "message.append"]


async def first_turn(wires: list[RecordingWire]) -> None:
    """Wait until some of these have been told."""
    while not notices(wires[0]):
        await asyncio.sleep(0)


class TestReaders:
    async def test_what_comes_together_is_one_notice(self, town: Town) -> None:
        """On every node; and all that grows in a conversation is one write for each connection."""
        here, there = town.nodes
        wires = [node.reader()[1] for node in town.nodes]
        first, second = await here.begin(), await here.begin()
        await settle()
        before = [wire.writes for wire in wires]
        for offset, letter in enumerate("salom"):
            await here.append(first, offset, letter)
            await here.append(second, offset, letter)
        await here.told()
        await there.told()
        for wire, written in zip(wires, before, strict=True):
            assert notices(wire) == [(0, "salom"), (0, "salom")]
            assert wire.writes == written + 1
        await here.append(first, 5, " dunyo")
        await here.told()
        await there.told()
        assert [notices(wire)[-1] for wire in wires] == [(5, " dunyo")] * 2

    async def test_the_connection_of_the_sender(self, town: Town) -> None:
        """It is not told what it said itself; the sender's other connections are."""
        node = town.nodes[0]
        connection, wire = node.reader(BOT.uid)
        _, other = node.reader(BOT.uid)
        seq = await node.begin()
        await node.append(seq, 0, "salom", source=connection.id)
        await node.told()
        assert (notices(wire), notices(other)) == ([], [(0, "salom")])

    async def test_who_missed_something(self, town: Town) -> None:
        """Gets the whole text: a connection that comes later, and one whose socket was full."""
        node = town.nodes[0]
        connection, wire = node.reader()
        seq = await node.begin("Osh")
        wire.congested = True
        await node.append(seq, 3, " damlash")
        await node.told()
        assert notices(wire) == [] and connection.missed_growth
        wire.drain()
        await node.append(seq, 11, " uchun")
        await node.told()
        assert notices(wire) == [(0, "Osh damlash"), (11, " uchun")]
        _, late = node.reader("u-late")
        assert notices(late) == [(0, "Osh damlash uchun")]
        await node.append(seq, 17, " guruch")
        await node.told()
        assert notices(late)[-1] == notices(wire)[-1] == (17, " guruch")

    async def test_a_floor(self, town: Town) -> None:
        """Who may not read the message is not told of it."""
        node = town.nodes[0]
        connection, wire = node.reader()
        seq = await node.begin()
        connection.floors[LOBBY] = seq
        await node.append(seq, 0, "sir")
        await node.told()
        node.hub.growing.notices.catch_up(connection)
        assert notices(wire) == []

    async def test_many_readers(self, town: Town) -> None:
        """They are written to in several turns of the loop, so that other frames go out between."""
        node = town.nodes[0]
        wires = [node.reader(f"u{number}")[1] for number in range(200)]
        seq = await node.begin()
        await node.append(seq, 0, "salom")
        await first_turn(wires)
        assert {len(notices(wire)) for wire in wires} == {0, 1}
        await node.told()
        assert all(notices(wire) == [(0, "salom")] for wire in wires)

    async def test_the_end_between_two_turns(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        """A reader who is told of the end first is not told of what was added before it."""
        node = town.nodes[0]
        wires = [node.reader(f"u{number}")[1] for number in range(AT_ONCE + 1)]
        ends, grows = await node.begin(), await node.begin()
        for seq in (ends, grows):
            await node.append(seq, 0, "salom")
        telling = node.hub.growing.notices
        with monkeypatch.context() as held:
            held.setattr(telling, "_write_on", lambda: None)
            await first_turn(wires)
            await node.finish(ends)
            await settle()
        telling._write_on()
        await node.told()
        last = next(wire for wire in wires if len(notices(wire)) == 1)
        assert [frame["type"] for frame in last.frames[-2:]] == ["message.finished", "message.append"]
        assert last.frames[-1]["seq"] == grows
        assert all(text_of(wire, seq) == "salom" for wire in wires for seq in (ends, grows))

    async def test_a_lost_message_of_the_bus(self, town: Town) -> None:
        """A node that finds a gap asks for the whole text."""
        here, there = town.nodes
        _, wire = there.reader()
        seq = await here.begin()
        await settle()
        exchange = here.bus._exchange.nodes
        exchange.remove(there.bus)
        await here.append(seq, 0, "salom ")
        await here.told()
        exchange.append(there.bus)
        await here.append(seq, 6, "dunyo")
        await here.told()
        await there.told()
        assert text_of(wire, seq) == "salom dunyo"

    async def test_the_simple_dialect(self, town: Town) -> None:
        """It is told of no message before it is finished; nor when it comes."""
        node = town.nodes[0]
        seq = await node.begin("Osh")
        _, wire = connect(node.hub, "u-old", FrameFormat.SIMPLE)
        await node.append(seq, 3, " damlash")
        await node.told()
        assert wire.frames == []

    async def test_a_socket_that_fills(self, town: Town) -> None:
        """Who comes gets as much as the socket takes, and the rest when it has been taken: each text once."""
        node = town.nodes[0]
        text = "🍚" * MAX_TEXT
        seqs = {await node.begin(text) for _ in range(8)}
        wire = FullWire(20_000)
        connection = node.come(wire)
        assert not connection.live and wire.size < 20_000 + 5 * MAX_TEXT
        for _ in range(20):
            wire.drain()
            await settle()
        assert connection.live and connection.missed_growth is None
        assert sorted(frame["seq"] for frame in wire.frames) == sorted(seqs)
        assert all(frame["text"] == text for frame in wire.frames)

    async def test_a_live_connection_that_falls_behind(self, town: Town) -> None:
        """It gets what it lacks as soon as its socket is empty, also if nothing is added any more; not what it has."""
        node = town.nodes[0]
        wire = FullWire(1_000_000)
        connection = node.come(wire)
        seq = await node.begin("a" * 3_000)
        wire.congested = True
        await node.append(seq, 3_000, "b" * 500)
        await node.told()
        assert notices(wire) == [] and not connection.live
        wire.drain()
        await settle()
        begin = 3_000 - 3_000 % STEP
        assert notices(wire) == [(begin, "a" * (3_000 - begin) + "b" * 500)]
        assert connection.live

    async def test_frames_are_shared(self, town: Town) -> None:
        """Those who come get the same bytes, and so do those who are told, whatever their floors hide of older messages."""
        node = town.nodes[0]
        seq = await node.begin("Osh")
        wires = [FullWire(1_000_000) for _ in range(3)]
        connections = [node.come(wire) for wire in wires]
        assert wires[0].written[-1] is wires[1].written[-1] is wires[2].written[-1]
        connections[1].floors[LOBBY] = seq - 1
        await node.append(seq, 3, " damlash")
        await node.told()
        assert wires[0].written[-1] is wires[1].written[-1] is wires[2].written[-1]
        assert notices(wires[1]) == [(0, "Osh"), (3, " damlash")]

    @pytest.mark.parametrize("history", ["all", "joined"])
    async def test_who_joins_meanwhile(self, town: Town, history: str) -> None:
        """Is told of what grows if the room shows its past, on every node."""
        made = await execute(
            town.store, Create, OWNER, 1_000, title="Choyxona", topic="", visibility="private", history=history
        )
        room = made.conversation
        await execute(town.store, Admit, OWNER, 1_000, conversation=room, person=BOT, role="member", exempt=True)
        node = town.nodes[0]
        seq = await node.begin("Osh", conversation=room)
        await execute(town.store, Admit, OWNER, 1_000, conversation=room, person=ALI, role="member", exempt=True)
        places = await town.store.places(ALI)
        assert places.floors[room] >= seq
        wires = []
        for one in town.nodes:
            connection, wire = connect(one.hub, ALI.uid, live=False)
            one.hub.follow(connection, {room: places.heads[room]}, places)
            one.hub.catch_up(connection, None)
            wires.append(wire)
        await settle()
        await node.append(seq, 3, " damlash", conversation=room)
        for one in town.nodes:
            await one.told()
        if history == "all":
            assert [notices(wire)[-1] for wire in wires] == [(3, " damlash"), (0, "Osh damlash")]
        else:
            assert [notices(wire) for wire in wires] == [[], []]

    async def test_a_rest_after_costly_writes(self, town: Town) -> None:
        """What is added after them is collected for several times as long as they took, whenever it comes."""
        node = town.nodes[0]
        wire = SlowWire(0.05)
        node.come(wire)
        seq = await node.begin()
        times = []
        for number in range(2):
            await node.append(seq, number, "a")
            await node.told()
            times.append(wire.written_at)
        assert times[1] - times[0] >= REST * 0.05

    async def test_a_rest_between_turns(self, town: Town) -> None:
        """After writes to some readers the loop is left to others for several times as long, before the next ones are told."""
        node = town.nodes[0]
        wires = [SlowWire(0.0002) for _ in range(AT_ONCE + 1)]
        for wire in wires:
            node.come(wire)
        await node.append(await node.begin(), 0, "a")
        await node.told()
        assert wires[-1].written_at - wires[-2].written_at >= REST * AT_ONCE * 0.0002

    async def test_nothing_was_added(self, town: Town) -> None:
        """An empty append is told to nobody, and does not keep the message growing."""
        node = town.nodes[0]
        _, wire = node.reader()
        seq = await node.begin("Osh")
        assert await node.append(seq, 3, "") == 3
        await node.told()
        assert notices(wire) == []
        for _ in range(int(IDLE_SECONDS / 5) + 1):
            assert await node.append(seq, 3, "") == 3
            await town.round(5)
            if await town.finished():
                break
        assert len(await town.finished()) == 1

    async def test_a_sender_who_has_gone_to_another_node(self, town: Town) -> None:
        """Their first connection is then told like others."""
        here, there = town.nodes
        connection, wire = here.reader(BOT.uid)
        seq = await here.begin()
        await settle()
        await here.append(seq, 0, "Osh", source=connection.id)
        await here.told()
        await there.append(seq, 3, " damlash")
        await there.told()
        await here.told()
        assert text_of(wire, seq) == "Osh damlash"


class TestAppending:
    async def test_all_that_grows_in_a_conversation(self, town: Town) -> None:
        """Its texts have so many characters in all, those that begin with a text included."""
        node = town.nodes[0]
        seqs = [await node.begin("🍚" * MAX_TEXT) for _ in range(MOST_CHARACTERS // MAX_TEXT)]
        with pytest.raises(TooManyStreams):
            await node.begin("a")
        seq = await node.begin()
        with pytest.raises(TooManyStreams):
            await node.append(seq, 0, "a")
        await node.finish(seqs[0])
        assert await node.append(seq, 0, "a" * MAX_TEXT) == MAX_TEXT
        with pytest.raises(TooManyStreams):
            await node.append(await node.begin(), 0, "a")

    async def test_all_that_grows_before_it_is_stored(self, town: Town) -> None:
        """What a node has not stored yet counts, too, when a message begins with a text, also in a direct that
        is addressed by name. Somebody who may not write there learns only that they may not."""
        node = town.nodes[0]
        made = await node.begin_in_direct("", ALI)
        for conversation in (LOBBY, made.conversation):
            for number in range(MOST_CHARACTERS // MAX_TEXT):
                first = made.seq if conversation != LOBBY and number == 0 else None
                seq = await node.begin(conversation=conversation) if first is None else first
                await node.append(seq, 0, "a" * MAX_TEXT, conversation=conversation)
            with pytest.raises(TooManyStreams):
                await node.begin("a", conversation=conversation)
            if conversation == LOBBY:
                for growing in list(node.hub.growing.by_log[LOBBY]):
                    await node.finish(growing)
        with pytest.raises(TooManyStreams):
            await node.begin_in_direct("a", ALI)
        with pytest.raises(NotFound):
            await node.begin("a", actor=OWNER, conversation=made.conversation)

    async def test_while_the_right_is_checked(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        """Appends wait for it in their order; what happens meanwhile is checked again."""
        node = town.nodes[0]
        seq = await node.begin("Osh")
        growth = node.hub.growing.find(LOBBY, seq)
        assert growth is not None
        growth.in_doubt = 1
        gate, saves = asyncio.Event(), 0

        async def save(taken: object) -> None:
            nonlocal saves
            saves += 1
            await gate.wait()

        monkeypatch.setattr(node.growing, "save", save)
        tasks = [asyncio.create_task(node.append(seq, 3, " bir"))]
        await settle()
        assert growth.in_doubt
        tasks.append(asyncio.create_task(node.append(seq, 7, " ikki")))
        await settle()
        growth.in_doubt += 1
        gate.set()
        assert [await task for task in tasks] == [7, 12]
        assert (saves, growth.in_doubt, node.growing._opening) == (2, 0, {})

    async def test_names_cost_at_the_end(self, town: Town) -> None:
        """Also if the text is not said again. Too many at once are refused, and it grows on."""
        node = town.nodes[0]
        names = "@kimsa " * (2 * NAMES)
        seq = await node.begin()
        await node.append(seq, 0, names)
        finish = Finish(type="finish", conversation=LOBBY, seq=seq)
        meter = Gcra(1, 2)
        with pytest.raises(RateLimited):
            for _ in range(2):
                meter.take(town.clock.steady())
            await node.growing.finish(BOT, finish, cast(Any, meter))
        assert await node.append(seq, len(names), "!") == len(names) + 1
        await node.growing.finish(BOT, finish, cast(Any, Gcra(1, 2)))

    async def test_a_wrong_offset(self, town: Town) -> None:
        """The error says where to continue. Offsets count code points."""
        node = town.nodes[0]
        seq = await node.begin("👩‍🍳")
        with pytest.raises(WrongOffset) as wrong:
            await node.append(seq, 1, "x")
        assert wrong.value.offset == 3
        assert await node.append(seq, 3, "!") == 4

    async def test_too_long(self, town: Town) -> None:
        """4,000 characters in all."""
        node = town.nodes[0]
        seq = await node.begin("a" * (MAX_TEXT - 1))
        with pytest.raises(BadRequest):
            await node.append(seq, MAX_TEXT - 1, "bc")
        assert await node.append(seq, MAX_TEXT - 1, "b") == MAX_TEXT

    async def test_too_fast(self, town: Town) -> None:
        """So many at once for one sender, over all their messages; then so many a second."""
        node = town.nodes[0]
        seqs = [await node.begin(), await node.begin()]
        lengths = [0, 0]
        with pytest.raises(RateLimited):
            for number in range(int(APPENDS_AT_ONCE) + 1):
                lengths[number % 2] = await node.append(seqs[number % 2], lengths[number % 2], "a")
        assert sum(lengths) >= APPENDS_AT_ONCE - 1  # the clock of the test is not exact
        town.clock.advance(1)
        assert await node.append(seqs[0], lengths[0], "a")

    async def test_too_many_on_a_node(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        """A node takes so many messages; further ones are to be tried again."""
        monkeypatch.setattr("suhbat.chat.growing_messages.MOST_HERE", 1)
        assert MOST_HERE >= 1_000
        node = town.nodes[0]
        await node.begin()
        with pytest.raises(Busy):
            await node.begin()

    async def test_somebody_elses(self, town: Town) -> None:
        """It is refused, and grows on; what does not exist is not found."""
        node = town.nodes[0]
        seq = await node.begin("Osh")
        with pytest.raises(Forbidden):
            await node.append(seq, 3, "!", actor=ALI)
        with pytest.raises(NotFound):
            await node.append(99, 0, "!", actor=ALI)
        assert await node.append(seq, 3, "!") == 4

    async def test_after_the_end(self, town: Town) -> None:
        """Finished by its sender or stopped by who asked, it does not grow; deleted, it is not found."""
        node = town.nodes[0]
        asked = await node.messages.post(ALI, text="qanday?", conversation=LOBBY)
        for actor in (BOT, ALI):
            seq = await node.begin("Mana", reply_to=asked.seq)
            await node.finish(seq, actor)
            with pytest.raises(Finished):
                await node.append(seq, 4, "!")
        assert [(one.message.text, one.message.cut) for one in await town.finished()] == [
            ("Mana", False),
            ("Mana", True),
        ]
        seq = await node.begin("Mana")
        await execute(town.store, Delete, BOT, 1_000, conversation=LOBBY, seq=seq)
        await settle()
        with pytest.raises(NotFound):
            await node.append(seq, 4, "!")
        assert len(node.growing) == 0 and node.hub.growing.by_log == {}

    async def test_a_muted_sender(self, town: Town) -> None:
        """From the mute on nothing is added, and the message is cut."""
        node = town.nodes[0]
        made = await execute(
            town.store, Create, OWNER, 1_000, title="Choyxona", topic="", visibility="private", history="all"
        )
        room = made.conversation
        await execute(town.store, Admit, OWNER, 1_000, conversation=room, person=BOT, role="member", exempt=True)
        seq = await node.begin("Mana", conversation=room)
        await execute(town.store, Mute, OWNER, 1_000, conversation=room, person=BOT, on=True, until=None, reason="")
        await settle()
        with pytest.raises(Forbidden):
            await node.append(seq, 4, " bu", conversation=room)
        events = [event for _, event in await logged(town.store, room, 0, 100)]
        assert isinstance(events[-1], MessageFinished) and events[-1].message.cut


class TestStoring:
    async def test_every_few_seconds(self, town: Town) -> None:
        """What is stored is at most some seconds old, and never more than was appended."""
        node = town.nodes[0]
        seq = await node.begin()
        text = ""
        for number in range(10):
            await node.append(seq, len(text), f"{number} ")
            text += f"{number} "
            await town.round(1)
            stored = await town.store.growing_text(LOBBY, seq)
            assert stored is not None and text.startswith(stored)
            assert len(text) - len(stored) <= 2 * (SAVE_SECONDS + 1)

    async def test_in_few_transactions(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        """Texts are stored together, at most once a second, however much later one began than another: each transaction is
        flushed, and messages wait for it. So many at once that none is long. Each text is stored in time, and not again before
        it has grown."""
        node = town.nodes[0]
        batches: list[int] = []
        write = Committer.write

        def written(committer: Committer, items: Sequence[Any]) -> Any:
            if not any(isinstance(item, Post) for item in items):
                batches.append(len(items))
            return write(committer, items)

        async def go_on(rounds: int) -> None:
            for _ in range(rounds):
                before = len(batches)
                town.clock.advance(ROUND_SECONDS)
                await node.chores.look_after()
                assert len(batches) - before <= 1 + (len(node.growing) > TOGETHER)

        monkeypatch.setattr(Committer, "write", written)
        seqs = []
        for number in range(TOGETHER + 1):
            actor = replace(BOT, uid=f"u-bot{number}")
            seqs.append(await node.begin(actor=actor))
            await node.append(seqs[-1], 0, "Osh", actor)
            if number % 10 == 9:
                await go_on(1)
        await go_on(round(SAVE_SECONDS / ROUND_SECONDS))
        assert sum(batches) == len(seqs) and max(batches) <= TOGETHER
        assert [await town.store.growing_text(LOBBY, seq) for seq in seqs] == ["Osh"] * len(seqs)

    async def test_an_orderly_end(self, town: Town) -> None:
        """Everything is stored when the server stops."""
        node = town.nodes[0]
        seq = await node.begin()
        await node.append(seq, 0, "hammasi")
        await node.growing.close()
        assert await town.store.growing_text(LOBBY, seq) == "hammasi"

    async def test_nothing_for_a_minute(self, town: Town) -> None:
        """The server finishes it, with all of its text."""
        node = town.nodes[0]
        seq = await node.begin()
        await node.append(seq, 0, "Osh")
        for _ in range(int(IDLE_SECONDS / 5)):
            assert await town.finished() == []
            await town.round(5)
        [event] = await town.finished()
        assert (event.message.seq, event.message.text, event.message.cut) == (seq, "Osh", True)
        await town.round(5)
        assert len(await town.finished()) == 1

    async def test_a_sender_without_a_connection(self, town: Town) -> None:
        """Gone for ten seconds, if it was sent over a connection; back in time, it goes on."""
        node = town.nodes[0]
        node.presence.enter(BOT)
        seq = await node.begin()
        await node.append(seq, 0, "Osh", source="n1")
        node.presence.leave(BOT, 0)
        await town.round(1)
        await town.round(GONE_SECONDS - 2)
        node.presence.enter(BOT)
        await town.round(3)
        await node.append(seq, 3, " bor", source="n2")
        assert await town.finished() == []
        node.presence.leave(BOT, 0)
        await town.round(1)
        await town.round(GONE_SECONDS)
        [event] = await town.finished()
        assert (event.message.text, event.message.cut) == ("Osh bor", True)

    async def test_a_node_that_is_gone(self, town: Town) -> None:
        """Another node finishes its messages, with what it has heard. A node that lives loses none."""
        here, there = town.nodes
        there.reader()
        seq = await here.begin()
        await settle()
        await here.append(seq, 0, "Osh")
        await here.told()
        for _ in range(5):
            await town.round(5)
        assert await town.finished() == []
        town.nodes.remove(here)
        for _ in range(6):
            await town.round(GONE_SECONDS / 3)
        [event] = await town.finished()
        assert (event.message.text, event.message.cut) == ("Osh", True)


class TestTwoNodes:
    async def test_the_sender_goes_to_another_node(self, town: Town) -> None:
        """It goes on there, with all that was added here; the first node then no longer writes the text."""
        here, there = town.nodes
        _, wire = here.reader()
        seq = await here.begin()
        await settle()
        await here.append(seq, 0, "Osh")
        assert await there.append(seq, 3, " damlash") == 11
        assert len(there.growing) == 1
        await there.told()
        await here.told()
        assert text_of(wire, seq) == "Osh damlash"
        await town.round(SAVE_SECONDS + 1)
        assert len(here.growing) == 0
        await there.finish(seq)
        assert [one.message.text for one in await town.finished()] == ["Osh damlash"]

    async def test_after_a_crash(self, town: Town) -> None:
        """The sender learns from the error where to go on, and goes on."""
        here, there = town.nodes
        seq = await here.begin()
        await here.append(seq, 0, "Osh")
        await town.round(SAVE_SECONDS + 1)
        await here.append(seq, 3, " damlash")
        here.hub.growing.notices._dirty.clear()
        await here.close()
        town.nodes.remove(here)
        with pytest.raises(WrongOffset) as wrong:
            await there.append(seq, 11, " uchun")
        assert wrong.value.offset == 3
        await there.append(seq, 3, " damlash uchun")
        await there.finish(seq)
        assert [one.message.text for one in await town.finished()] == ["Osh damlash uchun"]

    async def test_it_is_finished_or_stopped_elsewhere(self, town: Town) -> None:
        """With all that was added; the node that takes the appends hears of it."""
        here, there = town.nodes
        asked = await here.messages.post(ALI, text="qanday?", conversation=LOBBY)
        for actor in (BOT, ALI):
            seq = await here.begin(reply_to=asked.seq)
            await here.append(seq, 0, "Mana bunday")
            await there.finish(seq, actor)
            with pytest.raises(Finished):
                await here.append(seq, 11, "!")
        assert [one.message.text for one in await town.finished()] == ["Mana bunday"] * 2
