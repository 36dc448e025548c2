"""When what was gathered is written: once a turn, and later only if more is coming and a round costs something."""

from __future__ import annotations

import asyncio

import pytest

from suhbat.hub.coalescing import Coalescing


class Round:
    """A round of writes that takes `seconds` of a clock that only it moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float = 0.0) -> None:
        self.times = 0
        self.seconds = seconds
        self.now = 100.0
        self.coming = False
        self.coalescing = Coalescing(self._write, lambda: self.coming)
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: self.now, raising=False)

    def _write(self) -> None:
        self.times += 1
        self.now += self.seconds


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_once_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is asked within a turn."""
    round_ = Round(monkeypatch)
    for _ in range(5):
        round_.coalescing.schedule()
    assert round_.times == 0
    await turns()
    assert round_.times == 1


async def test_a_lone_message_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing on its way an expensive round is not put off."""
    round_ = Round(monkeypatch, seconds=0.01)
    for _ in range(3):
        round_.coalescing.schedule()
        await turns()
    assert round_.times == 3


async def test_a_cheap_round_is_not_put_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a small room there is nothing to be saved by waiting."""
    round_ = Round(monkeypatch, seconds=0.0001)
    round_.coming = True
    for _ in range(3):
        round_.coalescing.schedule()
        await turns()
    assert round_.times == 3


async def test_an_expensive_round_waits_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """While more is coming, and written at once when that has come."""
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


async def test_it_waits_no_longer_than_a_round_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that never ends is written all the same."""
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
    assert round_.coalescing._timer is patience, "asked again, the deadline stays"
    round_.now += 0.011
    await asyncio.get_running_loop().run_in_executor(None, lambda: None)  # a turn in which the timer can run
    await turns()
    assert round_.times == 2


async def test_writing_now_takes_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked before an immediate round is in it: there is no second one for it."""
    round_ = Round(monkeypatch)
    round_.coalescing.schedule()
    round_.coalescing.flush()
    await turns()
    assert round_.times == 1
