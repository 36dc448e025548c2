"""The client's state: every event is applied exactly once and in order, whatever the network does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.client.effects import Dead, Deliver, Effect, Live
from suhbat.client.frames import OtherEvent
from suhbat.client.state import RESUME_BYTES, State
from suhbat.protocol.commands import Sync
from suhbat.protocol.events import DraftChanged, Mentioned, ReadMarked, UserUpdated
from suhbat.protocol.notices import PresenceNotice, TypingNotice, UsersNotice
from suhbat.protocol.objects import Person, Presence
from suhbat.protocol.replies import CaughtUp, Error, Removed, Reset, Snapshot
from suhbat.protocol.types import MAX_CURSORS, MAX_FRAME, ME

from .parts import (
    ANNA,
    added,
    conversation,
    delivered,
    message,
    opened,
    pong,
    removed,
    reset,
    said,
    seqs,
    snapshot,
    synced,
    welcome,
)


def test_the_rule() -> None:
    """The event at cursor + 1 is applied, those at or below the cursor are dropped, and higher ones cause one `sync`."""
    state = opened(lobby=5)
    assert seqs(state.receive(message(6), 0)) == [6]
    assert list(state.receive(message(6), 0)) == list(state.receive(message(2), 0)) == []
    assert synced(state.receive(message(9), 0)) == [{"lobby": 6}]
    assert list(state.receive(message(10), 0)) == []
    assert [seqs(state.receive(message(seq), 0)) for seq in (7, 8, 9, 10, 11)] == [[7], [8], [9], [10], [11]]
    assert state.cursors["lobby"] == 11


def test_the_first_snapshot_is_not_news_and_a_later_one_is() -> None:
    """The first snapshot is not delivered. A later one, after another epoch, voids everything and is delivered."""
    state = opened(lobby=5)
    state.hello("token", 1)
    assert list(state.receive(welcome(epoch="e2"), 1)) == []
    assert state.cursors == {}
    [told] = delivered(state.receive(snapshot(lobby=2, d1=7), 1))
    assert isinstance(told, Snapshot)
    assert state.cursors == {ME: 0, "lobby": 2, "d1": 7} and set(state.conversations) == {"lobby", "d1"}


def test_hello_resumes_from_what_was_applied() -> None:
    """Hello carries epoch, uid and all cursors, the user's own log included; on the first connection nothing."""
    state = State()
    assert state.hello("t", 0).resume is None
    state = opened(lobby=5)
    state.receive(message(6), 0)
    resume = state.hello("t", 0).resume
    assert resume is not None
    assert (resume.epoch, resume.uid, resume.cursors) == ("e1", "ua", {ME: 0, "lobby": 6})


def test_cursors_of_another_epoch_are_never_sent() -> None:
    """If the connection breaks between a `welcome` that did not resume and its snapshot, the old cursors are void."""
    state = opened(lobby=5)
    state.hello("t", 0)
    state.receive(welcome(epoch="e2"), 0)
    assert state.hello("t", 0).resume is None


def test_hello_fits_into_a_frame() -> None:
    """With more conversations than fit into a frame, the cursor of the user's own log is still sent."""
    many = {f"d{number:060d}": 2**53 - 1 for number in range(3000)}
    hello = opened(**many).hello("t" * 4096, 0)
    assert hello.resume is not None and hello.resume.cursors[ME] == 0
    assert 500 < len(hello.resume.cursors) < 1000
    assert len(hello.model_dump_json()) < 65_536 and RESUME_BYTES < 65_536


def test_what_is_missing_everywhere_is_asked_for_in_frames_that_fit() -> None:
    """After a pong that is ahead in thousands of conversations, no `sync` is larger than a frame, which would end the
    chat (1009), or has too many cursors. The rest is asked for too, even if the first get no reply."""
    behind = {f"d{number:021d}": 1 for number in range(6_000)}
    state = opened(**behind)
    state.receive(pong(**dict.fromkeys(behind, 2)), 0)
    asked: set[str] = set()
    for second in range(2, 40, 2):
        for command in said(state.tick(second)):
            if isinstance(command, Sync):
                assert len(command.model_dump_json()) <= MAX_FRAME and len(command.cursors) <= MAX_CURSORS
                asked |= set(command.cursors)
    assert asked == set(behind)


def test_a_new_conversation_begins_at_its_head() -> None:
    """`conversation.added` sets the cursor to its head; later events come live."""
    state = opened()
    assert seqs(state.receive(added(1, "d1", head=3), 0)) == [1]
    assert seqs(state.receive(message(4, "d1"), 0)) == [4]
    assert state.conversations["d1"].head == 4


def test_events_that_overtake_the_news_of_their_conversation_are_asked_for() -> None:
    """Only a log has an order, so the message of a new direct may come before `conversation.added`. It is not lost."""
    state = opened()
    assert list(state.receive(message(1, "d1"), 0)) == []
    state.receive(added(1, "d1"), 0)
    assert synced(state.tick(2)) == [{"d1": 0}]
    assert seqs(state.receive(message(1, "d1"), 2)) == [1]


def test_a_removed_conversation_is_forgotten() -> None:
    """A conversation is dropped by the event in the user's own log or by the reply to a cursor. Both are delivered."""
    for frame in (removed(1, "d1"), Removed(conversation="d1", removed="d1")):
        state = opened(d1=3)
        assert delivered(state.receive(frame, 0)) == [frame]
        assert "d1" not in state.conversations and "d1" not in state.cursors


@pytest.mark.parametrize("comes_back", [True, False])
def test_old_news_after_a_reset(comes_back: bool) -> None:
    """If a conversation was removed and added again meanwhile, the reset is newer than the replayed events about that, on a new
    connection and after `sync`. What happens after `caught_up` is newer."""
    state = opened(d1=3)
    if comes_back:
        state.hello("t", 0)
        state.receive(welcome(resumed=True), 0)
    for frame in (reset("d1", 12), removed(1, "d1"), added(2, "d1", head=9), CaughtUp()):
        state.receive(frame, 0)
    if not comes_back:
        again = opened(d1=3)
        for frame in (reset("d1", 12), CaughtUp(), removed(1, "d1"), added(2, "d1", head=14)):
            again.receive(frame, 0)
        assert again.cursors["d1"] == 14
    assert state.cursors["d1"] == 12 and state.conversations["d1"].head == 12
    assert seqs(state.receive(message(13, "d1"), 0)) == [13]


def test_reset_sets_the_cursor_and_is_told() -> None:
    """A reset sets the cursor, also backwards, ends the pending gap, and is delivered."""
    state = opened(lobby=5)
    state.receive(message(9), 0)
    [told] = delivered(state.receive(reset("lobby", 9), 0))
    assert isinstance(told, Reset) and state.cursors["lobby"] == 9
    assert synced(state.tick(60)) == []
    state.receive(reset("lobby", 2), 0)
    assert seqs(state.receive(message(3), 0)) == [3]


def test_pong_heads() -> None:
    """A conversation whose cursor stays below the head for 2 s is synced, not earlier. One that moves is not."""
    state = opened(lobby=5, d1=0)
    state.receive(pong(lobby=7, d1=1, unknown=3), 10)
    assert synced(state.tick(11.9)) == []
    state.receive(message(1, "d1"), 11)
    assert synced(state.tick(12)) == [{"lobby": 5}]
    assert synced(state.tick(13)) == []
    state.receive(message(6), 13.5)
    assert synced(state.tick(15)) == []
    assert synced(state.tick(15.5)) == [{"lobby": 6}]


def test_heartbeat() -> None:
    """The client pings each heartbeat. Without pong or welcome within 10 s the connection is dead."""
    state = opened()
    assert said(state.tick(24.9)) == []
    assert [command.type for command in said(state.tick(25))] == ["ping"]
    assert state.tick(34.9) == [] and state.tick(35) == [Dead()]
    state.hello("t", 100)
    assert state.tick(109) == [] and state.tick(110) == [Dead()]


def test_time_in_which_nothing_was_read_is_nobodys_fault() -> None:
    """A program that did not read for a minute has not missed a pong and need not sync."""
    state = opened(lobby=5)
    state.tick(25)
    state.receive(pong(lobby=6), 25)
    state.tick(50)
    state.excuse(110)
    assert state.tick(111.9) == []


def test_a_ping_refused_for_haste_is_said_again() -> None:
    """`rate_limited` is a sign of life, and the ping is repeated after the wait."""
    state = opened()
    state.tick(25)
    state.receive(Error(code="rate_limited", message="", retry_after=3), 26)
    assert state.tick(28) == []
    assert [command.type for command in said(state.tick(29))] == ["ping"]


def test_presence_is_whole_in_an_opening_and_changes_later() -> None:
    """Users missing from a whole presence notice are offline."""
    here = Presence(user_id="anna", uid="ua", state="online")
    gone = Presence(user_id="bobur", uid="ub", state="offline", last_seen=5)
    state = opened()
    state.receive(PresenceNotice(users=(here,)), 0)
    state.receive(PresenceNotice(users=(gone,)), 0)
    assert state.presence == {"ua": here, "ub": gone}
    state.hello("t", 0)
    state.receive(welcome(resumed=True), 0)
    state.receive(PresenceNotice(users=(here,), whole=True), 0)
    assert state.presence == {"ua": here}


def test_the_names_of_known_users_follow() -> None:
    """A snapshot brings display names, and a notice new ones; people who are not known are not remembered."""
    state = opened()
    assert state.users["ua"] == ANNA
    anna = Person(uid="ua", user_id="anna", kind="account", display_name="Anna B.")
    notice = UsersNotice(users=(anna, anna.model_copy(update={"uid": "u9"})))
    assert list(state.receive(notice, 0)) == [Deliver(notice)]
    assert state.users == {"ua": anna}


def test_caught_up_counts_once_an_opening() -> None:
    """A `caught_up` after a `sync` is not an opening."""
    state = opened()
    assert list(state.receive(CaughtUp(), 0)) == []
    state.hello("t", 0)
    state.receive(welcome(resumed=True), 0)
    assert list(state.receive(CaughtUp(), 0)) == [Live()]


def test_own_log() -> None:
    """Read marks of another device and the user's own profile follow."""
    state = opened(lobby=5)
    common: dict[str, Any] = {"conversation": ME, "at": 0, "actor": "anna", "actor_uid": "ua"}
    state.receive(ReadMarked(seq=1, target="lobby", ordinal=4, last_ordinal=5, unread=2, **common), 0)
    assert (state.conversations["lobby"].read_ordinal, state.conversations["lobby"].unread) == (4, 2)
    state.receive(UserUpdated(seq=2, user=ANNA.model_copy(update={"user_id": "anvar"}), **common), 0)
    assert state.user is not None and state.user.user_id == "anvar"


def test_unknown_events_have_their_place() -> None:
    """An event of a later version moves the cursor like any other and is delivered."""
    state = opened(lobby=5)
    event = OtherEvent(type="poll.opened", conversation="lobby", seq=6)
    assert delivered(state.receive(event, 0)) == [event]
    assert seqs(state.receive(message(7), 0)) == [7]


def test_full() -> None:
    """While the program can take no more, events are left for a later sync and notices are dropped."""
    state = opened(lobby=5)
    assert list(state.receive(message(6), 0, full=True)) == []
    assert list(state.receive(TypingNotice(conversation="lobby", user_id="b", uid="ub"), 0, full=True)) == []
    assert synced(state.receive(message(7), 0)) == [{"lobby": 5}]


LOGS = ("lobby", "d1", ME)
SEQ = st.integers(1, 12)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("frame"), st.sampled_from(LOGS), SEQ, st.booleans()),
        st.tuples(st.just("write"), st.sampled_from(LOGS), SEQ, st.booleans()),
        st.tuples(st.just("answer"), st.sampled_from(LOGS), SEQ, st.booleans()),
        st.tuples(st.just("cut"), st.sampled_from(LOGS), SEQ, st.booleans()),
        st.tuples(st.just("reset"), st.sampled_from(LOGS[:2]), SEQ, st.booleans()),
        st.tuples(st.just("pong"), st.sampled_from(LOGS), SEQ, st.booleans()),
    ),
    max_size=60,
)


class Application:
    """Knows the next seq of each log, and accepts nothing else."""

    def __init__(self) -> None:
        self.applied = dict.fromkeys(LOGS, 0)

    def take(self, effects: Iterable[Effect]) -> list[dict[str, int]]:
        """The syncs that were asked for."""
        effects = list(effects)
        for happening in delivered(effects):
            log = happening.conversation
            if isinstance(happening, Reset):
                self.applied[log] = happening.state.head
            else:
                assert happening.seq == self.applied[log] + 1
                self.applied[log] = happening.seq
        return synced(effects)


class Log:
    """The truth: how many events each log has."""

    def __init__(self) -> None:
        self.heads = dict.fromkeys(LOGS, 0)

    def event(self, log: str, seq: int) -> OtherEvent:
        return OtherEvent(type="something", conversation=log, seq=seq)

    def above(self, cursors: dict[str, int]) -> list[OtherEvent]:
        return [self.event(log, seq) for log in cursors for seq in range(cursors[log] + 1, self.heads[log] + 1)]


@given(STEPS)
def test_exactly_once_in_order_whatever_happens(steps: list[tuple[str, str, int, bool]]) -> None:
    """With replays, duplicates, gaps, cuts, resets and a full buffer in any order, each event comes once, in order, and
    in the end all of them."""
    log, application = Log(), Application()
    state, asked, now = opened(d1=0), list[dict[str, int]](), 0.0
    for kind, name, number, flag in steps:
        now += 0.7
        match kind:
            case "write":
                # The event is committed; it may be sent live or lost on the way.
                log.heads[name] += 1
                if flag:
                    asked += application.take(state.receive(log.event(name, log.heads[name]), now))
            case "frame" if number <= log.heads[name]:
                asked += application.take(state.receive(log.event(name, number), now, full=flag))
            case "answer" if asked:
                for event in log.above(asked.pop(number % len(asked))):
                    asked += application.take(state.receive(event, now))
            case "reset":
                asked += application.take(state.receive(reset(name, log.heads[name]), now))
            case "pong":
                state.receive(pong(**log.heads), now)
            case "cut":
                asked.clear()
                resume = state.hello("t", now).resume
                assert resume is not None and resume.cursors == application.applied
                state.receive(welcome(resumed=True), now)
                # The new connection may break again before the whole replay has come.
                replay = log.above(resume.cursors)[: number if flag else None]
                for event in replay:
                    application.take(state.receive(event, now))
        asked += application.take(state.tick(now))
    state.receive(pong(**log.heads), now)
    for _ in range(20):
        now += 2
        for cursors in application.take(state.tick(now)):
            for event in log.above(cursors):
                application.take(state.receive(event, now))
    assert application.applied == log.heads == state.cursors


def test_conversations_and_events_make_the_same_state() -> None:
    """The old state plus its events equals the state fetched afresh."""
    state = opened()
    for event in (message(1), message(2, by=ANNA), message(3)):
        state.receive(event, 0)
    afresh = conversation("lobby", 3, last_ordinal=3, unread=2, last_message=message(3).message)
    assert state.conversations == {"lobby": afresh}
    assert state.snapshot().cursors == {ME: 0, "lobby": 3} and state.snapshot().conversations == (afresh,)


def test_what_came_too_early_is_remembered_over_a_removal() -> None:
    """In a replay of added, removed, added again, an event above came first and is asked for at the end."""
    state = opened()
    state.receive(message(7, "d1"), 0)
    for frame in (added(1, "d1", head=1), removed(2, "d1"), added(3, "d1", head=6)):
        state.receive(frame, 0)
    assert synced(state.tick(2)) == [{"d1": 6}]
    assert seqs(state.receive(message(7, "d1"), 2)) == [7]


def test_what_came_before_a_removal_is_remembered() -> None:
    """A conversation is removed and added again by an event that comes late: the user hid it, and somebody wrote. The message
    came first, and went with the old state, so it is asked for."""
    state = opened(d1=1)
    for frame in (message(2, "d1"), removed(1, "d1"), added(2, "d1", head=1)):
        state.receive(frame, 0)
    assert synced(state.tick(2)) == [{"d1": 1}]
    assert seqs(state.receive(message(2, "d1"), 2)) == [2]


def read(seq: int, ordinal: int, last_ordinal: int, unread: int, mentions: int = 0, head: int = 0) -> ReadMarked:
    return ReadMarked(
        conversation=ME, seq=seq, at=0, actor="anna", actor_uid="ua", target="lobby", ordinal=ordinal,
        last_ordinal=last_ordinal, unread=unread, mentions=mentions, head=head,
    )  # fmt: skip


def test_a_mark_and_messages_in_any_order() -> None:
    """A read mark counts up to a message. The count is right whether messages come before or after the mark's event."""
    frames: list[Any] = [message(seq) for seq in range(1, 6)]
    for place in range(6):
        state = opened()
        for frame in [*frames[:place], read(1, ordinal=2, last_ordinal=3, unread=1), *frames[place:]]:
            state.receive(frame, 0)
        assert state.conversations["lobby"].unread == 3, place


def test_an_old_mark_does_not_undo_a_newer_state() -> None:
    """In a replay of the user's own log come marks that a reset already contains. Mentions are counted there only."""
    state = opened(lobby=5)
    fresh = conversation("lobby", 9, last_ordinal=9, read_ordinal=8, unread=1)
    state.receive(Reset(conversation="lobby", state=fresh, reason="too_far"), 0)
    state.receive(read(1, ordinal=3, last_ordinal=5, unread=2, mentions=4), 0)
    assert state.conversations["lobby"] == fresh.model_copy(update={"mentions": 4})


@pytest.mark.parametrize(("head", "ordinal"), [(8, 3), (8, 9), (9, 8)])
def test_a_newer_state_contains_the_mark(head: int, ordinal: int) -> None:
    """A mark whose `head` is below that of the state changes nothing, whether it is lower or higher; nor does the same mark."""
    state = opened(lobby=5)
    fresh = conversation("lobby", 9, last_ordinal=9, read_ordinal=8, unread=1)
    state.receive(Reset(conversation="lobby", state=fresh, reason="too_far"), 0)
    state.receive(read(1, ordinal=ordinal, last_ordinal=9, unread=6, head=head), 0)
    assert state.conversations["lobby"] == fresh


def test_a_mark_that_goes_back_and_messages_in_any_order() -> None:
    """What is above the mark is unread again, once, whichever log tells of it first."""
    for place in range(3):
        state = opened()
        frames: list[Any] = [message(seq) for seq in range(1, 4)] + [read(1, 3, 3, 0, head=3)]
        later: list[Any] = [message(4), message(5)]
        later.insert(place, read(2, ordinal=1, last_ordinal=4, unread=3, mentions=2, head=4))
        for frame in (*frames, *later):
            state.receive(frame, 0)
        after = state.conversations["lobby"]
        assert (after.read_ordinal, after.unread, after.mentions) == (1, 4, 2), place


def test_drafts_and_mentions() -> None:
    """Drafts and mentions follow the user's own log, whatever the conversation's log says."""
    state = opened(lobby=5)
    common: dict[str, Any] = {"conversation": ME, "at": 0, "actor": "anna", "actor_uid": "ua", "target": "lobby"}
    state.receive(Mentioned(seq=1, message=5, mentions=2, **common), 0)
    state.receive(DraftChanged(seq=2, text="salom", **common), 0)
    state.receive(DraftChanged(seq=3, text="x", **common | {"target": "d404"}), 0)
    assert (state.conversations["lobby"].mentions, state.conversations["lobby"].draft) == (2, "salom")
