"""Refusals without end are told slowly; one now and then at once."""

from __future__ import annotations

import pytest

from suhbat.chat.slower import A_SECOND, AT_ONCE, WAITING, Slower

HERE, THERE = "198.51.100.1", "198.51.100.2"


def test_the_first_are_told_at_once() -> None:
    """And again after a while without any."""
    slower = Slower()
    assert [slower.take(HERE, 0.0) for _ in range(AT_ONCE)] == [0.0] * AT_ONCE
    assert slower.take(HERE, 0.0) == pytest.approx(1 / A_SECOND)
    assert slower.take(HERE, 60.0) == 0.0


def test_those_who_go_on_wait_in_a_line() -> None:
    """Each behind the one before, so that there are so many a second; and no more than so many wait."""
    slower = Slower()
    waits = [slower.take(HERE, 0.0) for _ in range(AT_ONCE + WAITING)]
    assert [round(wait * A_SECOND) for wait in waits[AT_ONCE:] if wait is not None] == list(range(1, WAITING + 1))
    assert slower.take(HERE, 0.0) is None
    assert slower.take(HERE, 1.0) == pytest.approx(WAITING / A_SECOND - 1 + 1 / A_SECOND)


def test_nobody_waits_for_somebody_elses() -> None:
    """Nor does this machine itself."""
    slower = Slower()
    while slower.take(HERE, 0.0) is not None:
        pass
    assert slower.take(THERE, 0.0) == 0.0
    assert {slower.take("", 0.0) for _ in range(10 * AT_ONCE)} == {0.0}


async def test_who_cannot_wait_is_told_at_once() -> None:
    """The one that asked for it learns so."""
    slower = Slower()
    assert await slower.wait(HERE, 0.0)
    while slower.take(HERE, 0.0) is not None:
        pass
    assert not await slower.wait(HERE, 0.0)
