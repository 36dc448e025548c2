"""Who is looking: a connection is active for a minute after it says so, or until it ends."""

from __future__ import annotations

from suhbat.chat.active import ACTIVE_SECONDS, ActiveConnections
from tests.fakes import FakeClock


def test_until_it_says_no_or_ends() -> None:
    """A user is active while one of their connections is."""
    active = ActiveConnections(FakeClock().steady)
    assert not active.is_active("u1")
    active.say("u1", "n1", on=True)
    active.say("u1", "n2", on=True)
    active.say("u1", "n1", on=False)
    assert active.is_active("u1") and not active.is_active("u2")
    active.end("u1", "n2")
    active.end("u1", "n2")
    active.end("u2", "n3")
    assert not active.is_active("u1") and not active._until


def test_for_a_minute() -> None:
    """A client that is gone without a close is not active for ever. Saying it again prolongs it."""
    clock = FakeClock()
    active = ActiveConnections(clock.steady)
    active.say("u1", "n1", on=True)
    clock.advance(ACTIVE_SECONDS - 1)
    assert active.is_active("u1")
    active.say("u1", "n1", on=True)
    clock.advance(ACTIVE_SECONDS - 1)
    assert active.is_active("u1")
    clock.advance(1)
    assert not active.is_active("u1")


def test_what_the_other_nodes_are_told() -> None:
    """The users for whom something changed, with the time that is left; again, if it did not arrive."""
    clock = FakeClock()
    active = ActiveConnections(clock.steady)
    active.say("u1", "n1", on=True)
    active.say("u2", "n2", on=True)
    clock.advance(10)
    active.end("u2", "n2")
    active.say("u3", "n3", on=False)
    changes = active.take_changes()
    assert changes == {"u1": ACTIVE_SECONDS - 10, "u2": 0.0} and active.take_changes() == {}
    clock.advance(10)
    active.put_back(changes)
    assert active.take_changes() == {"u1": ACTIVE_SECONDS - 20, "u2": 0.0}
    active.put_all_back()
    assert active.take_changes() == {"u1": ACTIVE_SECONDS - 20}
