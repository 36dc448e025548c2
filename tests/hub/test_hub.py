"""The hub: order, gaps, coalescing, slow readers, and the hand-over from replay to live."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.chat.model import Actor
from suhbat.chat.presence import CROWD, PresenceTracker
from suhbat.hub import connections, feed, gap_reader, reconciliation
from suhbat.hub.connection import FrameFormat, Target
from suhbat.hub.presence import PresenceBroadcast
from suhbat.protocol import simple
from suhbat.protocol.closes import Close
from suhbat.protocol.logged_events import LoggedEvent
from suhbat.protocol.notices import PresenceNotice
from suhbat.tasks import Tasks
from tests.fakes import FakePresenceListener

from .parts import Log, connect, hub_over, reconciling, running, settle


async def test_events_reach_everybody_in_one_write() -> None:
    """All events of one loop turn go to each connection in a single write, in order, in its dialect."""
    log = Log()
    async with running(log) as hub:
        _, new = connect(hub, "ua")
        _, old = connect(hub, "ub", FrameFormat.SIMPLE)
        hub.apply([log.write(), log.write()])
        hub.apply([log.write()])
        assert new.frames == old.frames == []
        await settle()
        assert new.seqs() == old.seqs() == [1, 2, 3]
        assert new.writes == old.writes == 1
        assert set(new.types()) == {"message.created"} and set(old.types()) == {"message"}


async def test_events_at_or_below_the_head_are_dropped() -> None:
    """The same event from the store, the bus and this node is delivered once."""
    log = Log()
    async with running(log) as hub:
        _, wire = connect(hub, "ua")
        entry = log.write()
        hub.apply([entry, entry])
        await settle()
        hub.apply([entry])
        await settle()
        assert wire.seqs() == [1]
        assert not hub.channels.by_log["lobby"].held, "nothing old is kept"


async def test_a_gap_waits_and_then_reads_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event above head + 1 is held. If its predecessors do not arrive, they are read from the store; none is
    skipped."""
    monkeypatch.setattr(gap_reader, "GAP_SECONDS", 0.0)
    log = Log()
    async with running(log) as hub:
        _, wire = connect(hub, "ua")
        log.write(), log.write()
        hub.apply([log.write()])
        assert wire.seqs() == []
        await asyncio.sleep(0.001)
        await settle()
        assert wire.seqs() == [1, 2, 3]


async def test_a_gap_that_closes_itself_reads_nothing() -> None:
    """Events that arrive out of order within the wait are put in order without a read."""
    log = Log()
    async with running(log) as hub:
        _, wire = connect(hub, "ua")
        first, second = log.write(), log.write()
        hub.apply([second])
        hub.apply([first])
        await settle()
        assert wire.seqs() == [1, 2]
        assert log.reads == 0


async def test_many_early_events_cause_one_read() -> None:
    """After an outage of the bus thousands of events arrive above a gap. The gap is read once, not once for each event."""
    log = Log()
    async with running(log) as hub:
        _, wire = connect(hub, "ua")
        log.gate.clear()  # the store takes its time
        events = [log.write() for _ in range(300)]
        for event in events[1:]:
            hub.apply([event])
        await asyncio.sleep(2 * gap_reader.GAP_SECONDS)
        log.gate.set()
        await settle()
        assert wire.seqs() == list(range(1, 301))
        assert log.reads <= 3


async def test_heads_are_compared_with_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub finds an event that it was not given, by comparing heads (G6)."""
    monkeypatch.setattr(reconciliation, "RECONCILE_SECONDS", 0.0)
    log = Log()
    async with running(log) as hub, reconciling(hub, log):
        _, wire = connect(hub, "ua")
        log.write()
        await settle()
        assert wire.seqs() == [1]


async def test_a_slow_reader_is_fed_from_the_log() -> None:
    """A congested connection gets no live frames and takes no memory. When it drains, it gets every event once, in
    order."""
    log = Log()
    async with running(log) as hub:
        slow, wire = connect(hub, "ua")
        _, other = connect(hub, "ub")
        hub.apply([log.write()])
        await settle()
        wire.congested = True
        for _ in range(250):
            hub.apply([log.write()])
            await settle()
        assert wire.seqs() == [1] and not slow.live
        assert other.seqs() == list(range(1, 252))
        wire.drain()
        await settle()
        await settle()
        hub.apply([log.write()])
        await settle()
        assert wire.seqs() == list(range(1, 253)) and slow.live


async def test_replies_reach_a_connection_that_is_behind() -> None:
    """Replies are never dropped; notices are."""
    log = Log()
    async with running(log) as hub:
        slow, wire = connect(hub, "ua")
        wire.congested = True
        hub.apply([log.write()])
        await settle()
        hub.notices.deliver("lobby", b'{"type":"typing"}')
        slow.reply(b'{"type":"ok"}')
        assert wire.types() == ["ok"]


async def test_presence_is_full_after_being_behind() -> None:
    """A connection that missed a notice gets a full presence notice before it goes live again."""
    log = Log()
    async with running(log) as hub:
        _, wire = connect(hub, "ua")
        wire.congested = True
        hub.apply([log.write()])
        await settle()
        hub.notices.deliver("lobby", b'{"type":"presence","part":1}')
        wire.drain()
        await settle()
        assert wire.types() == ["message.created", "presence"]


async def test_announcements_are_kept_for_connections_behind() -> None:
    """`joined` and `left` are in order with the messages. A slow reader gets them once, when it has drained."""
    log = Log()
    async with running(log) as hub:
        _, wire = connect(hub, "ua", FrameFormat.SIMPLE)
        hub.apply([log.write()])
        hub.announcements.announce(simple.joined("c", "uc", 0))
        hub.apply([log.write()])
        await settle()
        assert wire.types() == ["message", "joined", "message"]
        wire.congested = True
        hub.apply([log.write()])
        hub.announcements.announce(simple.left("c", "uc", 0))
        await settle()
        hub.announcements.announce(simple.joined("d", "ud", 0))
        await settle()
        wire.drain()
        await settle()
        assert wire.types()[3:] == ["message", "left", "joined"]


@pytest.mark.parametrize("late", [0, 1, 5, 150])
async def test_replay_and_live_have_no_seam(late: int) -> None:
    """Events committed during a replay come after it, once. `caught_up` follows the first head."""
    log = Log()
    for _ in range(130):
        log.write()
    async with running(log) as hub:
        connection, wire = connect(hub, "ua", live=False)
        hub.follow(connection, {"lobby": 30})
        hub.catch_up(connection, Target({"lobby": 130}, presence=False))
        for _ in range(late):
            hub.apply([log.write()])
            await asyncio.sleep(0)
        await settle()
        await settle()
        hub.apply([log.write()])
        await settle()
        assert wire.seqs() == list(range(31, 132 + late))
        assert wire.types().count("caught_up") == 1
        assert wire.types().index("caught_up") >= 100


async def test_going_live_takes_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that is applied in the same turn in which its page arrives is written once."""
    log = Log()
    async with running(log) as hub:
        connection, wire = connect(hub, "ua", FrameFormat.SIMPLE, live=False)
        entries = [log.write(), log.write()]
        read = log.events

        async def read_and_hear(key: str, after: int, limit: int) -> list[LoggedEvent]:
            page = await read(key, after, limit)
            hub.apply(entries)
            return page

        monkeypatch.setattr(log, "events", read_and_hear)
        hub.apply(entries[:1])
        hub.follow(connection, {"lobby": 0})
        hub.catch_up(connection, None)
        await settle()
        assert wire.seqs() == [1, 2] and connection.live


async def test_attaching_takes_nothing_of_this_turn_twice() -> None:
    """A connection that attaches at the head does not get the events applied earlier in the same turn."""
    log = Log()
    async with running(log) as hub:
        _, old = connect(hub, "ua")
        hub.apply([log.write()])
        _, new = connect(hub, "ub")
        hub.apply([log.write()])
        await settle()
        assert old.seqs() == [1, 2] and new.seqs() == [2]


async def test_leaving_while_a_page_is_read() -> None:
    """If a connection leaves a conversation while its page is read, the page is not written. Its other logs go on."""
    log = Log()
    log.write("d1")
    async with running(log) as hub:
        connection, wire = connect(hub, "ua")
        hub.apply([log.add_direct("ua", "d1")])
        hub.apply([log.entries["d1"][0]])
        await settle()
        hub.sync(connection, {"d1": 0})
        log.gate.clear()
        wire.frames.clear()
        hub.catch_up(connection, None)
        await settle()
        hub.leave(connection, "d1")
        log.gate.set()
        hub.apply([log.write()])
        await settle()
        assert wire.seqs("d1") == [] and wire.seqs() == [1] and connection.live


async def test_interest_is_registered_before_the_head_is_read() -> None:
    """An event that is committed while the head of a new room is read is not lost, whether the read includes it or not."""
    log = Log()
    log.write("d1")
    async with running(log) as hub:
        connection, wire = connect(hub, "ua", live=False)
        log.gate.clear()
        hub.follow(connection, {"d1": 0})
        hub.catch_up(connection, None)
        await settle()
        hub.apply([log.write("d1")])
        log.gate.set()
        await settle()
        hub.apply([log.write("d1")])
        await settle()
        assert wire.seqs("d1") == [1, 2, 3]


async def test_a_new_direct_is_followed_from_its_first_message() -> None:
    """conversation.added attaches every connection of its user, so that the message committed with it is delivered."""
    log = Log()
    async with running(log) as hub:
        _, mine = connect(hub, "ua")
        _, simple_of_b = connect(hub, "ub", FrameFormat.SIMPLE)
        _, others = connect(hub, "uc")
        batch = [log.add_direct("ua", "d1"), log.add_direct("ub", "d1"), log.write("d1"), log.write("d1", actor="ub")]
        hub.apply(batch)
        await settle()
        assert mine.types() == ["conversation.added", "message.created", "message.created"]
        assert simple_of_b.seqs("d1") == [1]
        assert others.frames == []


async def test_a_shorter_log_is_not_skipped_silently() -> None:
    """If the store no longer has the events that a connection misses, it is closed with 4008 and resumes."""
    log = Log()
    for _ in range(3):
        log.write()
    async with running(log) as hub:
        log.entries["lobby"] = []
        connection, wire = connect(hub, "ua", live=False)
        hub.follow(connection, {"lobby": 1})
        hub.catch_up(connection, None)
        await settle()
        assert wire.code is Close.TOO_SLOW


async def test_a_peer_that_takes_nothing_is_told_4008(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection whose peer takes no bytes is closed with the code that says so (PROTOCOL, section 3)."""
    monkeypatch.setattr(feed, "STALL_SECONDS", 0.01)
    async with running(Log()) as hub:
        connection, wire = connect(hub, "ua")
        wire.congested = True
        await feed.drained(connection)
        assert wire.code is Close.TOO_SLOW


async def test_who_is_banned_is_told_before_the_close() -> None:
    """An error frame, which Postman shows, goes before the close of a banned user's connections; others see nothing."""
    async with running(Log()) as hub:
        _, wire = connect(hub, "ua")
        _, other = connect(hub, "ub")
        hub.connections.close_banned("ua")
        assert wire.code is Close.FORBIDDEN and other.code is None and not other.frames
        (error,) = wire.frames
        assert (error["type"], error["code"]) == ("error", "forbidden") and "banned" in error["message"]


async def test_pong_has_the_heads_that_advanced() -> None:
    """The heads of the conversations that advanced since the previous pong, and no others."""
    log = Log()
    async with running(log) as hub:
        connection, _ = connect(hub, "ua")
        hub.apply([log.write()])
        assert hub.heads_for(connection) == {"lobby": 1}
        assert hub.heads_for(connection) == {}


async def test_a_failed_feed_closes_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed that fails closes its connection, so that the client reconnects."""
    log = Log()
    async with running(log) as hub:
        _, wire = connect(hub, "ua")

        async def dies(*_: object) -> None:
            raise RuntimeError("on purpose")

        monkeypatch.setattr(log, "events", dies)
        wire.congested = True
        hub.apply([log.write()])
        await settle()
        wire.drain()
        await settle()
        assert wire.code is Close.TOO_SLOW


@pytest.mark.parametrize("way", ["here", "elsewhere", "outside", "gone"])
async def test_a_guest_becomes_an_account(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """If the account was made on this node, the guest's connections get its session. If it was made on another node,
    the session is unknown here, and the connections are closed a moment later. A connection that started as an account
    is not affected."""
    monkeypatch.setattr(connections, "MOVE_SECONDS", 0.0)
    async with running(Log()) as hub:
        connection, wire = connect(hub, "ua")
        _, others = connect(hub, "ub")
        account = Actor("ua", "ua", "account", 0)
        connection.actor = account if way == "outside" else connection.actor
        hub.connections.change_actor(account)
        assert connection.actor == account and wire.code is None
        if way == "here":
            hub.connections.change_actor(account, "s1")
        if way == "gone":
            hub.connections.end_user("ua")
        await asyncio.sleep(0.001)
        assert wire.code is {"elsewhere": Close.RESTART, "gone": Close.SESSION_REVOKED}.get(way)
        assert others.code is None and connection.session == ("s1" if way == "here" else None)


async def test_channels_without_listeners_are_closed() -> None:
    """When the last listener leaves, nothing of a channel stays in memory. The lobby's channel always stays."""
    log = Log()
    async with running(log) as hub:
        connection, _ = connect(hub, "ua")
        hub.apply([log.add_direct("ua", "d1")])
        await settle()
        assert set(hub.channels.by_log) == {"lobby", "@me:ua", "d1"}
        hub.remove(connection)
        assert set(hub.channels.by_log) == {"lobby"}


steps = st.lists(st.sampled_from(["write", "hidden", "congest", "drain", "turn", "sync"]), max_size=40)


@given(steps)
def test_any_order_of_operations(sequence: list[str]) -> None:
    """In any order of writes, lost events, congestion, drains and syncs: with the client's rule every event is applied
    exactly once, and a client that waits misses none."""

    async def scenario() -> None:
        log = Log()
        async with running(log) as hub:
            connection, wire = connect(hub, "ua")
            for step in sequence:
                if step == "write":
                    hub.apply([log.write()])
                elif step == "hidden":
                    log.write()
                elif step == "congest":
                    wire.congested = True
                elif step == "drain":
                    wire.drain()
                elif step == "turn":
                    await settle()
                else:
                    hub.sync(connection, {"lobby": max([0, *wire.seqs()])})
                    hub.catch_up(connection, None)
            wire.drain()
            hub.apply([log.write()])
            await settle()
            await hub.gaps.read(hub.channels.by_log["lobby"])
            await settle()
            await settle()
            cursor = 0
            for seq in wire.seqs():
                assert seq <= cursor + 1, "a seq was skipped"
                cursor = max(cursor, seq)
            assert cursor == len(log.entries["lobby"])

    asyncio.run(scenario())


async def test_a_new_connection_gets_no_old_announcements() -> None:
    """A connection gets no announcements from before it connected, even if it is fed first."""
    log = Log()
    async with running(log) as hub:
        _, old = connect(hub, "ua", FrameFormat.SIMPLE)
        hub.announcements.announce(simple.joined("c", "uc", 0))
        await settle()
        newcomer, wire = connect(hub, "ub", FrameFormat.SIMPLE, live=False)
        hub.follow(newcomer, {"lobby": 0})
        hub.catch_up(newcomer, None)
        await settle()
        assert newcomer.live and wire.frames == [] and old.types() == ["joined"]


async def test_an_announcement_is_not_repeated() -> None:
    """Whoever falls behind in a direct has got the lobby's announcements until then. They get the later ones once."""
    log = Log()
    async with running(log) as hub:
        _, wire = connect(hub, "ua", FrameFormat.SIMPLE)
        hub.apply([log.add_direct("ua", "d1")])
        hub.announcements.announce(simple.joined("c", "uc", 0))
        await settle()
        wire.congested = True
        hub.apply([log.write("d1", actor="ub")])
        hub.announcements.announce(simple.joined("d", "ud", 0))
        await settle()
        wire.drain()
        await settle()
        assert [frame.get("user_id") for frame in wire.frames if frame["type"] == "joined"] == ["c", "d"]


async def test_a_full_presence_notice_says_so() -> None:
    """A full presence notice leaves out users who left while the reader was behind, and says that it is full."""
    log, here = Log(), PresenceTracker(1_000, FakePresenceListener())
    async with running(log) as hub:
        connection, _ = connect(hub, "ua")
        _, _ = connect(hub, "ub")
        here.enter(connection.actor)
        notice = json.loads(PresenceBroadcast(hub.channels, hub.notices, here).full_notice(connection))
        assert notice["whole"] is True
        assert [user["user_id"] for user in notice["users"] if user["state"] == "online"] == ["ua"]


@pytest.mark.parametrize("people", [1, 3, CROWD + 5])
async def test_a_full_presence_notice_has_shared_parts(people: int) -> None:
    """It equals the encoded snapshot of the tracker: in a crowd and in a small group, for a user who came after the last
    changes, for one beside whom an offline user listens, and above the announce limit."""
    log, here = Log(), PresenceTracker(CROWD + 8, FakePresenceListener())
    async with running(log) as hub:
        broadcast = PresenceBroadcast(hub.channels, hub.notices, here)
        connections = [connect(hub, f"u{number}")[0] for number in range(people + 12)]
        hub.follow(connections[0], {"d1": 0})
        hub.follow(connections[1], {"d1": 0})
        for number, connection in enumerate(connections):
            here.enter(connection.actor)
            if number == people:
                here.take_changes()
                here.leave(connections[1].actor, 5)
            for one in (connection, connections[0]):
                around = [one.actor, connections[1].actor] if one is connections[0] else [one.actor]
                expected = PresenceNotice(users=here.snapshot(around), whole=True)
                found = PresenceNotice.model_validate_json(broadcast.full_notice(one))
                assert found.whole and sorted(found.users, key=str) == sorted(expected.users, key=str)
                assert broadcast.full_notice(one) == broadcast.full_notice(one)


async def test_a_complete_connection_is_live_at_once() -> None:
    """Without a task, and `caught_up` comes in the same step. A congested connection, one that misses an event and one whose
    channel has no head yet are fed by a task."""
    log = Log()
    tasks = Tasks()
    hub = hub_over(log, tasks)
    await hub.open()
    hub.apply([log.write(), log.write()])
    before = len(tasks)
    complete, wire = connect(hub, "ua", live=False)
    hub.follow(complete, {"lobby": 2})
    hub.catch_up(complete, Target({"lobby": 2}, presence=True))
    assert complete.live and wire.types() == ["presence", "caught_up"] and len(tasks) == before
    hub.apply([log.write()])
    await settle()
    assert wire.seqs() == [3]

    congested, slow = connect(hub, "ub", live=False)
    behind, _ = connect(hub, "uc", live=False)
    unknown, _ = connect(hub, "ud", live=False)
    slow.congested = True
    for connection in (congested, behind, unknown):
        hub.follow(connection, {"lobby": 2 if connection is behind else 3})
        if connection is unknown:
            hub.follow(connection, {"d1": 0})
        hub.catch_up(connection, None)
        assert not connection.live and connection.feeding
    assert len(tasks) == before + 3
    slow.drain()
    await settle()
    assert congested.live and behind.live and unknown.live
    await tasks.close()


async def test_caught_up_waits_for_an_event_that_only_the_store_has() -> None:
    """Also if an earlier feed has made the connection live between `sync` and `catch_up`: the heads of the target come from the
    store, and the channel learns of an event a moment later."""
    log = Log()
    async with running(log) as hub:
        hub.apply([log.write()])
        connection, wire = connect(hub, "ua", live=False)
        hub.follow(connection, {"lobby": 0})
        hub.catch_up(connection, None)
        hub.sync(connection, {"lobby": 0})
        await settle()
        assert connection.live and wire.seqs() == [1]
        late = log.write()
        hub.catch_up(connection, Target({"lobby": 2}, presence=False))
        await settle()
        hub.apply([late, log.write()])
        await settle()
        assert [frame.get("seq", frame["type"]) for frame in wire.frames] == [1, 2, "caught_up", 3]
