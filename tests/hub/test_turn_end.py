"""The end of a loop turn: what was gathered is written in one go, and for a batch of the writer without a further turn."""

from __future__ import annotations

import asyncio

import pytest

from suhbat.hub.turn_end import TurnEnd

from .parts import Log, connect, running, settle


async def test_calls_are_made_once_and_in_order() -> None:
    """At the end of the turn, whatever their number. A call that is added by a call follows in the next turn."""
    made: list[str] = []
    turn_end = TurnEnd()

    def first() -> None:
        made.append("first")
        turn_end.add(lambda: made.append("later"))

    turn_end.add(first)
    turn_end.add(lambda: made.append("second"))
    assert made == []
    await asyncio.sleep(0)
    assert made == ["first", "second"]
    await asyncio.sleep(0)
    assert made == ["first", "second", "later"]
    await asyncio.sleep(0)
    assert len(made) == 3


async def test_a_batch_needs_no_further_turn() -> None:
    """After `hold`, the calls wait for `run`, which makes them in this turn; nothing is left for the next one."""
    made: list[int] = []
    turn_end = TurnEnd()
    turn_end.hold()
    turn_end.add(lambda: made.append(1))
    await asyncio.sleep(0)
    assert made == []
    turn_end.run()
    assert made == [1]
    turn_end.add(lambda: made.append(2))
    await asyncio.sleep(0)
    assert made == [1, 2], "after `run` nothing is held any more"


async def test_a_call_that_raises_harms_nobody() -> None:
    """The other calls of its turn are made."""
    made: list[int] = []
    turn_end = TurnEnd()
    turn_end.add(lambda: 1 / 0)
    turn_end.add(lambda: made.append(1))
    await asyncio.sleep(0)
    assert made == [1]


async def test_the_hub_writes_a_batch_after_its_replies() -> None:
    """`committed` writes nothing; it returns the call that writes the events, so that the replies can go before them."""
    log = Log()
    async with running(log) as hub:
        _, wire = connect(hub, "ub")
        afterwards = hub.committed([log.write(), log.write()])
        await settle()
        assert wire.frames == []
        afterwards()
        assert (wire.writes, wire.seqs()) == (1, [1, 2])
        hub.apply([log.write()])
        await settle()
        assert wire.seqs() == [1, 2, 3], "without a batch they are written at the end of the turn"


async def test_a_bus_that_fails_holds_nothing_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """If an event cannot be published, the own connections get it all the same, and later ones too."""
    log = Log()
    async with running(log) as hub:
        _, wire = connect(hub, "ub")

        def broken(entries: object) -> None:
            raise RuntimeError("publish")

        monkeypatch.setattr(hub._bus, "publish", broken)
        with pytest.raises(RuntimeError):
            hub.committed([log.write()])
        assert wire.seqs() == [1]
        hub.apply([log.write()])
        await settle()
        assert wire.seqs() == [1, 2]
