"""A reader who may not see a message gets no event about it, and misses no `seq`."""

from __future__ import annotations

from typing import Any

from suhbat.chat.model import Places
from suhbat.hub.views import Views
from suhbat.protocol.event_marks import veil
from suhbat.protocol.events import Event, MessageDeleted, MessageEdited, ReactionAdded
from suhbat.protocol.objects import Message

from .parts import Log, RecordingWire, connect, running, settle

ROOM = "r1"
COMMON: dict[str, Any] = {"conversation": ROOM, "at": 0, "actor": "ua", "actor_uid": "ua"}


def told(log: Log, target: int, kind: str = "deleted") -> Event:
    """The next event of the room, about the message `target`, with its veil."""
    seq = len(log.entries.get(ROOM, [])) + 1
    event: Event
    if kind == "edited":
        message = Message(
            conversation=ROOM, seq=target, ordinal=target, sender="ua", sender_uid="ua", text="sir", sent_at=0
        )
        event = MessageEdited(seq=seq, message=message, **COMMON)
    elif kind == "added":
        event = ReactionAdded(seq=seq, target=target, emoji="👍", **COMMON)
    else:
        event = MessageDeleted(seq=seq, target=target, **COMMON)
    veil(event)
    log._append(ROOM, event)
    return event


def got(wire: RecordingWire) -> list[tuple[int, str]]:
    return [(frame["seq"], frame["type"]) for frame in wire.frames if frame.get("conversation") == ROOM]


async def test_each_reader_gets_its_view() -> None:
    """Live: three readers with three floors, one loop turn, all in order and dense."""
    log, wires = Log(), []
    async with running(log) as hub:
        for floor in (0, 1, 2):
            _, wire = connect(hub, f"u{floor}")
            hub.apply([log.add_direct(f"u{floor}", ROOM, since=floor)])
            wires.append(wire)
        hub.apply([log.write(ROOM), log.write(ROOM)])
        told(log, 1, "edited"), told(log, 2, "added"), told(log, 1)
        hub.apply(log.entries[ROOM])
        await settle()
    created = [(1, "message.created"), (2, "message.created")]
    assert got(wires[0]) == [*created, (3, "message.edited"), (4, "reaction.added"), (5, "message.deleted")]
    assert got(wires[1]) == [*created, (3, "event.hidden"), (4, "reaction.added"), (5, "event.hidden")]
    assert got(wires[2]) == [*created, (3, "event.hidden"), (4, "event.hidden"), (5, "event.hidden")]
    frame = wires[2].frames[-3]
    assert frame == {"type": "event.hidden", "conversation": ROOM, "seq": 3, "at": "1970-01-01T00:00:00.000Z"}


async def test_a_fed_reader_gets_the_same_view() -> None:
    """A reader that resumes or was slow is fed pages; the same events are hidden there."""
    log, seen = Log(), []
    async with running(log) as hub:
        log.write(ROOM), told(log, 1, "edited"), log.write(ROOM), told(log, 3)
        for floor in (0, 1):
            connection, wire = connect(hub, f"u{floor}", live=False)
            hub.follow(connection, {ROOM: 0}, Places({ROOM: 4}, floors={ROOM: floor}))
            hub.catch_up(connection, None)
            await settle()
            seen.append(got(wire))
    assert seen[0] == [(1, "message.created"), (2, "message.edited"), (3, "message.created"), (4, "message.deleted")]
    assert seen[1] == [(1, "message.created"), (2, "event.hidden"), (3, "message.created"), (4, "message.deleted")]


async def test_a_returning_member_has_a_new_floor() -> None:
    """The floor is dropped with the membership."""
    log = Log()
    async with running(log) as hub:
        connection, _ = connect(hub, "ub")
        hub.apply([log.add_direct("ub", ROOM, since=7)])
        assert connection.floors == {ROOM: 7}
        hub.apply([log.leave("ub", ROOM)[0]])
        assert connection.floors == {}
        hub.apply([log.add_direct("ub", ROOM)])
        assert ROOM in connection.logs and connection.floors == {}


def test_equal_views_are_encoded_once() -> None:
    """Readers without a relevant floor share the same bytes; a view only encodes its hidden events."""
    log = Log()
    events = [log.write(ROOM).event, told(log, 1), log.write(ROOM).event]
    views = Views(events)
    assert views.above(0) is views.whole
    hidden = views.above(1)
    assert hidden is views.above(5), "nothing else is about an older message"
    assert [a is b for a, b in zip(hidden.payloads, views.whole.payloads, strict=True)] == [True, False, True]
    plain = Views(events[:1])
    assert plain.above(10) is plain.whole
