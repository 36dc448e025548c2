"""Constant refusals are delayed; an occasional one is immediate."""

from __future__ import annotations

import pytest

from suhbat.chat.tarpit import A_SECOND, AT_ONCE, WAITING, Tarpit

HERE, THERE = "198.51.100.1", "198.51.100.2"


def test_the_first_are_told_at_once() -> None:
    """And again after a while without refusals."""
    tarpit = Tarpit()
    assert [tarpit.take(HERE, 0.0) for _ in range(AT_ONCE)] == [0.0] * AT_ONCE
    assert tarpit.take(HERE, 0.0) == pytest.approx(1 / A_SECOND)
    assert tarpit.take(HERE, 60.0) == 0.0


def test_those_who_go_on_wait_in_a_line() -> None:
    """Refusals are sent one after another at a fixed rate, and a limited number waits."""
    tarpit = Tarpit()
    waits = [tarpit.take(HERE, 0.0) for _ in range(AT_ONCE + WAITING)]
    assert [round(wait * A_SECOND) for wait in waits[AT_ONCE:] if wait is not None] == list(range(1, WAITING + 1))
    assert tarpit.take(HERE, 0.0) is None
    assert tarpit.take(HERE, 1.0) == pytest.approx(WAITING / A_SECOND - 1 + 1 / A_SECOND)


def test_nobody_waits_for_somebody_elses() -> None:
    """Other addresses and this machine are not delayed."""
    tarpit = Tarpit()
    while tarpit.take(HERE, 0.0) is not None:
        pass
    assert tarpit.take(THERE, 0.0) == 0.0
    assert {tarpit.take("", 0.0) for _ in range(10 * AT_ONCE)} == {0.0}


async def test_who_cannot_wait_is_told_at_once() -> None:
    """If too many wait already, the caller is told so."""
    tarpit = Tarpit()
    assert await tarpit.wait(HERE, 0.0)
    while tarpit.take(HERE, 0.0) is not None:
        pass
    assert not await tarpit.wait(HERE, 0.0)
