"""A program that goes on after a restart: it gets what came meanwhile, and its state is the present one."""

from __future__ import annotations

from typing import Any

import pytest

from suhbat.client import Missed, Resume
from suhbat.client.replay import REPLAYED
from suhbat.client.state import State
from suhbat.protocol.objects import ConversationState
from suhbat.protocol.replies import CaughtUp, Reset, Snapshot
from suhbat.protocol.types import ME

from .parts import added, conversation, delivered, message, removed, seqs, snapshot, synced, welcome


def stopped(epoch: str = "e1", uid: str | None = "ua", **cursors: int) -> Resume:
    return Resume(epoch=epoch, uid=uid, cursors={ME if log == "me" else log: at for log, at in cursors.items()})


def begun(resume: Resume, **heads: int) -> tuple[State, list[Any], list[dict[str, int]]]:
    """An opening; gives what the program is told, and the cursors of each `sync`."""
    state = State(resume)
    state.hello("token", 0)
    state.receive(welcome(), 0)
    told = delivered(state.receive(snapshot(**heads), 0))
    return state, told, synced(state.receive(CaughtUp(), 0))


def test_what_came_meanwhile() -> None:
    """After the snapshot the events above the old cursors are asked for. They are delivered, and the state, which contains
    them, does not count them again; later ones do."""
    state, told, asked = begun(stopped(me=3, lobby=5), me=3, lobby=7)
    assert told == [stopped(me=3, lobby=5)] and asked == [{"lobby": 5}]
    before = state.conversations["lobby"]
    assert [seqs(state.receive(message(seq), 0)) for seq in (6, 7)] == [[6], [7]]
    assert state.conversations["lobby"] == before and state.cursors["lobby"] == 7
    assert seqs(state.receive(message(8), 0)) == [8]
    assert state.conversations["lobby"].head == 8 and state.conversations["lobby"].unread == 1


def test_a_live_event_waits_for_those_before_it() -> None:
    """An event that comes live before the missing ones is not applied; it is not asked for twice."""
    state = State(stopped(me=0, lobby=5))
    state.hello("token", 0)
    state.receive(welcome(), 0)
    state.receive(snapshot(lobby=7), 0)
    assert synced(state.receive(message(8), 0)) == [{"lobby": 5}]
    assert synced(state.receive(CaughtUp(), 0)) == []
    assert [seqs(state.receive(message(seq), 0)) for seq in (6, 7, 8)] == [[6], [7], [8]]


@pytest.mark.parametrize("resume", [Resume(epoch=""), stopped("e0", lobby=1), stopped(uid="other", lobby=1)])
def test_nothing_to_go_on_from(resume: Resume) -> None:
    """On a first run, with cursors of another life of the store or of another user, everything begins now."""
    _, told, asked = begun(resume, me=3, lobby=7)
    assert told == [stopped(me=3, lobby=7)] and asked == []


def test_conversations_that_are_new() -> None:
    """A conversation that the user joined meanwhile begins where they joined; an older cursor, from an earlier membership, is
    not used. The events of the own log that added and removed it are told, and change nothing."""
    state = State(stopped(me=0, lobby=7, c2=3))
    state.hello("token", 0)
    state.receive(welcome(), 0)
    frame = snapshot(me=2, lobby=7)
    states = (conversation("c1", 4), conversation("c2", 9, since=6))
    state.receive(
        frame.model_copy(
            update={"conversations": (*frame.conversations, *states), "cursors": frame.cursors | {"c1": 4, "c2": 9}}
        ),
        0,
    )
    assert synced(state.receive(CaughtUp(), 0)) == [{ME: 0, "c1": 0, "c2": 6}]
    assert seqs(state.receive(removed(1, "c2"), 0)) == [1] and seqs(state.receive(added(2, "c2", 6), 0)) == [2]
    assert state.conversations["c2"].head == 9
    assert seqs(state.receive(message(1, "c1"), 0)) == [1] and seqs(state.receive(message(7, "c2"), 0)) == [7]


def test_too_far_behind() -> None:
    """The last thousand events of a log are replayed; those before them are named."""
    _, told, asked = begun(stopped(me=0, lobby=5), me=0, lobby=3_000)
    missed = Missed(conversation="lobby", after=5, up_to=3_000 - REPLAYED)
    assert told == [stopped(me=0, lobby=5), missed] and asked == [{"lobby": 2_000}]


def reset_of(state: ConversationState, reason: Any) -> Reset:
    return Reset(conversation=state.conversation, state=state, reason=reason)


@pytest.mark.parametrize(
    ("reason", "since", "missed", "cursor"),
    [
        ("too_far", 0, (5, 1_000), 1_000),
        ("too_far", 1_500, None, 1_500),
        ("interrupted", 1_900, None, 1_900),
        ("retention", 0, (5, 2_000), 2_000),
    ],
)
def test_resets(reason: str, since: int, missed: tuple[int, int] | None, cursor: int) -> None:
    """After a reset the program goes on where it was, as far as it can; what is missing is asked for after a while."""
    state, _, _ = begun(stopped(me=0, lobby=5), lobby=5)
    told = delivered(state.receive(reset_of(conversation("lobby", 2_000, since=since), reason), 0))
    want = [] if missed is None else [Missed(conversation="lobby", after=missed[0], up_to=missed[1])]
    assert told[1:] == want and state.cursors["lobby"] == cursor
    assert synced(state.tick(3)) == ([{"lobby": cursor}] if cursor < 2_000 else [])


def test_a_reset_above_the_head() -> None:
    """If the store went back, so does the program: nothing is missing."""
    state, _, _ = begun(stopped(me=0, lobby=5), lobby=5)
    assert len(delivered(state.receive(reset_of(conversation("lobby", 3), "ahead"), 0))) == 1
    assert state.cursors["lobby"] == 3 and synced(state.tick(3)) == []


def test_a_snapshot_in_between() -> None:
    """If a connection cannot be resumed, its snapshot is followed by what the program has not got; after another epoch by
    nothing."""
    state, _, _ = begun(stopped(me=0, lobby=5), lobby=5)
    state.receive(message(6), 0)
    for epoch, began in (("e1", 6), ("e2", 9)):
        state.hello("token", 1)
        state.receive(welcome(epoch=epoch), 1)
        told = delivered(state.receive(snapshot(lobby=9), 1))
        assert isinstance(told[0], Snapshot) and told[1] == stopped(epoch, me=0, lobby=began)
        assert synced(state.receive(CaughtUp(), 1)) == ([{"lobby": 6}] if epoch == "e1" else [])


def test_without_resume_nothing_changes() -> None:
    """A program that gives no `resume` gets neither `Resume` nor `Missed`."""
    state = State()
    state.hello("token", 0)
    state.receive(welcome(), 0)
    assert list(state.receive(snapshot(lobby=9), 0)) == []
    assert [type(one) for one in delivered(state.receive(reset_of(conversation("lobby", 3_000), "too_far"), 0))] == [
        Reset
    ]
