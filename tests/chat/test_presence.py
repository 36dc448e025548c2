"""Who is here: once per user."""

from __future__ import annotations

from suhbat.chat.model import Actor
from suhbat.chat.presence import CROWD, Here
from tests.fakes import FakePresenceListener

ANNA, BOB = Actor(uid="ua", user_id="anna"), Actor(uid="ub", user_id="bob")


def test_once_per_user_not_per_connection() -> None:
    """The first connection of a user is their coming, the last one their going; those between are neither."""
    here = Here(1000, FakePresenceListener())
    assert here.enter(ANNA) and not here.enter(ANNA)
    assert not here.leave(ANNA, 1) and here.is_online("ua")
    assert here.leave(ANNA, 2) and not here.is_online("ua")


def test_changes_are_gathered() -> None:
    """Between two askings each user appears once, as they are now, with when they were last seen."""
    here = Here(1000, FakePresenceListener())
    here.enter(ANNA), here.enter(BOB), here.leave(ANNA, 77, ["lobby", "d1"])
    changes = {presence.uid: (presence.state, presence.last_seen, logs) for presence, logs in here.changes()}
    assert changes == {"ua": ("offline", 77, ("lobby", "d1")), "ub": ("online", None, ())}
    assert here.changes() == ()


def test_the_limit_of_announcing() -> None:
    """Above announce_limit connections nothing is announced one by one; 0 announces never."""
    here = Here(1, FakePresenceListener())
    here.enter(ANNA)
    assert here.announcing
    here.enter(BOB)
    assert not here.announcing
    never = Here(0, FakePresenceListener())
    never.enter(ANNA)
    assert not never.announcing


def test_whole_is_everybody_or_in_a_crowd_those_who_matter() -> None:
    """Up to the limit all who are here; above it only the people asked for, those who left included."""
    here = Here(2, FakePresenceListener())
    here.enter(ANNA), here.enter(BOB)
    assert {presence.user_id for presence in here.whole([])} == {"anna", "bob"}
    here.enter(Actor(uid="uc", user_id="carl"))
    gone = Actor(uid="ud", user_id="dora")
    assert {presence.user_id: presence.state for presence in here.whole([BOB, gone])} == {
        "bob": "online",
        "dora": "offline",
    }


def test_a_crowd_is_pictured_once_between_changes() -> None:
    """Who comes into a crowd sees everybody who was here when changes were last asked for; the next changes tell the rest."""
    here = Here(1_000, FakePresenceListener())
    for number in range(CROWD + 1):
        here.enter(Actor(uid=f"u{number}", user_id=f"n{number}"))
    assert len(here.whole(())) == CROWD + 1
    here.enter(Actor(uid="late", user_id="late"))
    assert "late" not in {presence.uid for presence in here.whole(())}
    assert "late" in {presence.uid for presence, _ in here.changes()}
    assert "late" in {presence.uid for presence in here.whole(())}
