"""Presence counts users, not connections."""

from __future__ import annotations

from suhbat.chat.model import Actor
from suhbat.chat.presence import CROWD, PresenceTracker
from tests.fakes import FakePresenceListener

ANNA, BOB = Actor(uid="ua", user_id="anna"), Actor(uid="ub", user_id="bob")


def tracker(announce_limit: int) -> PresenceTracker:
    return PresenceTracker(announce_limit, FakePresenceListener())


def test_once_per_user_not_per_connection() -> None:
    """A user arrives with the first connection and leaves with the last one."""
    presence = tracker(1_000)
    assert presence.enter(ANNA) and not presence.enter(ANNA)
    assert not presence.leave(ANNA, 1) and presence.is_online("ua")
    assert presence.leave(ANNA, 2) and not presence.is_online("ua")


def test_changes_are_collected() -> None:
    """Between two calls each user appears once, with the latest state and the time when they were last seen."""
    presence = tracker(1_000)
    presence.enter(ANNA), presence.enter(BOB), presence.leave(ANNA, 77, ["lobby", "d1"])
    changes = {user.uid: (user.state, user.last_seen, logs) for user, logs in presence.take_changes()}
    assert changes == {"ua": ("offline", 77, ("lobby", "d1")), "ub": ("online", None, ())}
    assert presence.take_changes() == ()


def test_the_announce_limit() -> None:
    """Above announce_limit connections nothing is announced one by one; 0 never announces."""
    presence = tracker(1)
    presence.enter(ANNA)
    assert presence.announcing
    presence.enter(BOB)
    assert not presence.announcing
    never = tracker(0)
    never.enter(ANNA)
    assert not never.announcing


def test_a_snapshot_has_all_users_up_to_the_limit() -> None:
    """Up to the limit a snapshot has all users who are online; above it only those asked for, offline users included."""
    presence = tracker(2)
    presence.enter(ANNA), presence.enter(BOB)
    assert {user.user_id for user in presence.snapshot([])} == {"anna", "bob"}
    presence.enter(Actor(uid="uc", user_id="carl"))
    gone = Actor(uid="ud", user_id="dora")
    assert {user.user_id: user.state for user in presence.snapshot([BOB, gone])} == {"bob": "online", "dora": "offline"}


def test_everybody_is_the_same_object_until_somebody_comes_or_goes() -> None:
    """So its encoding can be shared. A second connection of a user changes nothing."""
    presence = tracker(1_000)
    presence.enter(ANNA)
    before = presence.everybody()
    presence.enter(ANNA)
    presence.take_changes()
    once = presence.everybody()
    assert presence.everybody() is once and once == before
    presence.enter(BOB)
    assert set(presence.everybody()) == {"ua", "ub"}
    presence.leave(BOB, 5)
    assert set(presence.everybody()) == {"ua"}
    presence.update_node("n2", [Actor(uid="ub", user_id="bob")], [], 6)
    assert set(presence.everybody()) == {"ua", "ub"}
    presence.update_node("n2", [Actor(uid="ub", user_id="bobby")], [], 7)
    assert presence.everybody()["ub"].user_id == "bobby"


def test_a_crowd_has_one_snapshot_between_changes() -> None:
    """In a crowd a snapshot is as old as the last call of `take_changes`; the next changes contain what it lacks."""
    presence = tracker(1_000)
    for number in range(CROWD + 1):
        presence.enter(Actor(uid=f"u{number}", user_id=f"n{number}"))
    assert len(presence.snapshot(())) == CROWD + 1
    presence.enter(Actor(uid="late", user_id="late"))
    assert "late" not in {user.uid for user in presence.snapshot(())}
    assert "late" in {user.uid for user, _ in presence.take_changes()}
    assert "late" in {user.uid for user in presence.snapshot(())}
