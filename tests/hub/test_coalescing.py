"""Coalescing: frames are written once in a turn, and later only if more events are coming and a round is expensive."""

from __future__ import annotations

import asyncio

import pytest

from suhbat.hub.coalescing import Coalescing
from suhbat.hub.turn_end import TurnEnd


class Round:
    """A round of writes that takes `seconds` of a clock that nothing else moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float = 0.0) -> None:
        self.times = 0
        self.seconds = seconds
        self.now = 100.0
        self.coming = False
        self.coalescing = Coalescing(self._write, lambda: self.coming, TurnEnd())
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: self.now, raising=False)

    def _write(self) -> None:
        self.times += 1
        self.now += self.seconds


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_once_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is scheduled in a turn."""
    round_ = Round(monkeypatch)
    for _ in range(5):
        round_.coalescing.schedule()
    assert round_.times == 0
    await turns()
    assert round_.times == 1


async def test_a_single_message_is_not_delayed(monkeypatch: pytest.MonkeyPatch) -> None:
    """While no other event is coming, even an expensive round is not delayed."""
    round_ = Round(monkeypatch, seconds=0.01)
    for _ in range(3):
        round_.coalescing.schedule()
        await turns()
    assert round_.times == 3


async def test_a_cheap_round_is_not_delayed(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a small room a delay would save nothing."""
    round_ = Round(monkeypatch, seconds=0.0001)
    round_.coming = True
    for _ in range(3):
        round_.coalescing.schedule()
        await turns()
    assert round_.times == 3


async def test_an_expensive_round_waits_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is delayed while more events are coming, and written when they have come."""
    round_ = Round(monkeypatch, seconds=0.01)
    round_.coalescing.schedule()
    await turns()
    round_.coming = True
    round_.coalescing.schedule()
    await turns()
    assert round_.times == 1
    round_.coming = False
    round_.coalescing.schedule()
    await turns()
    assert round_.times == 2
    assert round_.coalescing._timer is None


async def test_a_round_waits_no_longer_than_the_last_one_took(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a stream of events without end the round is still written."""
    round_ = Round(monkeypatch, seconds=0.01)
    round_.coalescing.schedule()
    await turns()
    round_.coming = True
    round_.coalescing.schedule()
    await turns()
    patience = round_.coalescing._timer
    assert patience is not None and patience.when() == pytest.approx(round_.now + 0.01)
    round_.coalescing.schedule()
    await turns()
    assert round_.coalescing._timer is patience, "scheduling again keeps the deadline"
    round_.now += 0.011
    await asyncio.get_running_loop().run_in_executor(None, lambda: None)  # lets the timer run
    await turns()
    assert round_.times == 2


async def test_a_flush_writes_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flush writes everything that was scheduled before it; no second round follows."""
    round_ = Round(monkeypatch)
    round_.coalescing.schedule()
    round_.coalescing.flush()
    await turns()
    assert round_.times == 1
