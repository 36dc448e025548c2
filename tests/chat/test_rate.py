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


def test_memory_is_bounded() -> None:
    """Meters of those who talked longest ago are forgotten."""
    rates = Rates(1, keep=2)
    first = rates.meter("u1")
    rates.meter("u2"), rates.meter("u3")
    assert rates.meter("u1") is not first
