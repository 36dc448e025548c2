"""How fast somebody may talk."""

from __future__ import annotations

from suhbat.chat.rate import BURST_SECONDS, PATIENCE_SECONDS, UNLIMITED, Rates


def test_a_burst_passes_and_then_the_rate() -> None:
    """Five seconds' worth at once; then exactly the rate, for who waits as told."""
    meter = Rates(10).meter("u1")
    assert [meter.take(0.0) for _ in range(int(10 * BURST_SECONDS))] == [0.0] * 50
    wait = meter.take(0.0)
    assert 0 < wait <= 0.1
    assert meter.take(wait) == 0.0


def test_patience_ends() -> None:
    """Refused frames are answered for ten seconds' worth; a flood that goes on is to be closed."""
    meter = Rates(10).meter("u1")
    answers = [meter.patience(0.0) for _ in range(int(10 * PATIENCE_SECONDS) + 1)]
    assert all(answers[:-1]) and not answers[-1]


def test_one_meter_per_user() -> None:
    """Reconnecting, or a second connection, does not reset anybody's meter; others have their own."""
    rates = Rates(1)
    assert rates.meter("u1") is rates.meter("u1")
    assert rates.meter("u1") is not rates.meter("u2")


def test_zero_means_no_limit() -> None:
    """send_rate 0: everything passes."""
    assert Rates(0).meter("u1") is UNLIMITED
    assert UNLIMITED.take(0.0) == 0.0 and UNLIMITED.patience(0.0)


def test_an_address_is_shared() -> None:
    """All users of one address together have its rate; what it refuses does not count against the user."""
    rates = Rates(100, address=1)
    one, two = rates.meter("u1", "192.0.2.1"), rates.meter("u2", "192.0.2.1")
    assert [one.take(0.0) for _ in range(4)] == [0.0] * 4
    assert two.take(0.0) == 0.0
    assert one.take(0.0) > 0 and two.take(0.0) > 0
    assert rates.meter("u1", "192.0.2.2").take(0.0) == 0.0
    assert rates.meter("u2").take(0.0) == 0.0  # on the machine itself
    taken = sum(rates.meter("u1").take(0.0) == 0.0 for _ in range(1_000))
    assert taken == 500 - 5  # the five that passed, and none of those that were refused


def test_a_flood_from_an_address_ends() -> None:
    """Patience is the user's: others behind the same address keep theirs."""
    rates = Rates(10, address=1)
    one, two = rates.meter("u1", "192.0.2.1"), rates.meter("u2", "192.0.2.1")
    assert not all(one.patience(0.0) for _ in range(200))
    assert two.patience(0.0)


def test_a_conversation_has_its_own() -> None:
    """`room_rate` counts whoever writes; other conversations have theirs; 0 is none."""
    rates = Rates(0, room=2)
    assert [rates.room("c1", 0.0) for _ in range(10)] == [0.0] * 10
    assert 0 < rates.room("c1", 0.0) <= 0.5
    assert rates.room("c2", 0.0) == 0.0 and rates.room("c1", 0.5) == 0.0
    assert Rates(0).room("c1", 0.0) == 0.0


def test_memory_is_bounded() -> None:
    """Meters of those who talked longest ago are forgotten."""
    rates = Rates(1, keep=2)
    first = rates.meter("u1")
    rates.meter("u2"), rates.meter("u3")
    assert rates.meter("u1") is not first
