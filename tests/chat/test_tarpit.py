"""Constant refusals are delayed; an occasional one is immediate."""

from __future__ import annotations

import pytest

from suhbat.chat.tarpit import A_SECOND, AT_ONCE, WAITING, Tarpit

HERE, THERE = "198.51.100.1", "198.51.100.2"


def test_the_first_are_told_at_once() -> None:
    """And again after a while without any."""
    tarpit = Tarpit()
    assert [tarpit.take(HERE, 0.0) for _ in range(AT_ONCE)] == [0.0] * AT_ONCE
    assert tarpit.take(HERE, 0.0) == pytest.approx(1 / A_SECOND)
    assert tarpit.take(HERE, 60.0) == 0.0


def test_those_who_go_on_wait_in_a_line() -> None:
    """Each behind the one before, so that there are so many a second; and no more than so many wait."""
    tarpit = Tarpit()
    waits = [tarpit.take(HERE, 0.0) for _ in range(AT_ONCE + WAITING)]
    assert [round(wait * A_SECOND) for wait in waits[AT_ONCE:] if wait is not None] == list(range(1, WAITING + 1))
    assert tarpit.take(HERE, 0.0) is None
    assert tarpit.take(HERE, 1.0) == pytest.approx(WAITING / A_SECOND - 1 + 1 / A_SECOND)


def test_nobody_waits_for_somebody_elses() -> None:
    """Nor does this machine itself."""
    tarpit = Tarpit()
    while tarpit.take(HERE, 0.0) is not None:
        pass
    assert tarpit.take(THERE, 0.0) == 0.0
    assert {tarpit.take("", 0.0) for _ in range(10 * AT_ONCE)} == {0.0}


async def test_who_cannot_wait_is_told_at_once() -> None:
    """The one that asked for it learns so."""
    tarpit = Tarpit()
    assert await tarpit.wait(HERE, 0.0)
    while tarpit.take(HERE, 0.0) is not None:
        pass
    assert not await tarpit.wait(HERE, 0.0)
