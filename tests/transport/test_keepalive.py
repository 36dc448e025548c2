"""The keepalive pings silent peers and aborts those that do not answer. No socket, no waiting."""

from __future__ import annotations

import asyncio
from collections import Counter

from suhbat.transport.keepalive import TURN_SECONDS, TURNS, Keepalive
from tests.leaping import leaping

ROUND = TURNS * TURN_SECONDS


class Peer:
    """Records pings and the abort. One that `answers` counts as heard after a ping."""

    def __init__(self, keepalive: Keepalive, *, answers: bool = False) -> None:
        self.heard = True
        self.pinged = False
        self.pings: list[float] = []
        self.aborted: list[float] = []
        self._answers = answers
        self._keepalive = keepalive
        keepalive.watch(self)

    def ping(self) -> None:
        self.pings.append(asyncio.get_running_loop().time())
        if self._answers:
            self.heard = True

    def abort(self) -> None:
        self.aborted.append(asyncio.get_running_loop().time())
        self._keepalive.forget(self)


@leaping
async def test_a_silent_peer_is_pinged_and_then_aborted() -> None:
    """One ping after ten to twenty silent turns, and the abort ten turns later: within 30 s, in whichever turn the peer
    is checked."""
    keepalive = Keepalive()
    peers = [Peer(keepalive) for _ in range(3 * TURNS)]
    await asyncio.sleep(3 * ROUND + TURN_SECONDS / 2)
    for peer in peers:
        ((asked,), (dropped,)) = peer.pings, peer.aborted
        assert ROUND < asked <= 2 * ROUND
        assert round(dropped - asked, 6) == ROUND
        assert dropped <= 3 * ROUND <= 30


@leaping
async def test_an_answering_peer_stays() -> None:
    """A peer that only answers pings is pinged every other round, for ever, and not aborted."""
    keepalive = Keepalive()
    peer = Peer(keepalive, answers=True)
    await asyncio.sleep(100 * ROUND)
    assert not peer.aborted
    assert len(peer.pings) == 50


@leaping
async def test_an_active_peer_is_not_pinged() -> None:
    """A peer that sends something in each round is not pinged."""
    keepalive = Keepalive()
    peer = Peer(keepalive)
    for _ in range(200):
        await asyncio.sleep(ROUND / 2)
        peer.heard = True
    assert not peer.pings and not peer.aborted


@leaping
async def test_any_bytes_after_the_ping_are_enough() -> None:
    """Any bytes count as an answer, however late in the round. Afterwards the peer has as much time as at first."""
    keepalive = Keepalive()
    peer = Peer(keepalive)
    while not peer.pings:
        await asyncio.sleep(TURN_SECONDS)
    await asyncio.sleep(ROUND - TURN_SECONDS)
    peer.heard = True
    await asyncio.sleep(ROUND)
    assert not peer.aborted and len(peer.pings) == 1
    await asyncio.sleep(2 * ROUND)
    assert len(peer.pings) == 2 and len(peer.aborted) == 1


@leaping
async def test_pings_are_spread() -> None:
    """Of a thousand peers that connected at once, a hundred are pinged each second."""
    keepalive = Keepalive()
    peers = [Peer(keepalive, answers=True) for _ in range(1_000)]
    await asyncio.sleep(2 * ROUND + TURN_SECONDS / 2)
    seconds = Counter(round(at) for peer in peers for at in peer.pings)
    assert len(seconds) == TURNS and set(seconds.values()) == {100}


@leaping
async def test_forgetting() -> None:
    """A forgotten peer is neither pinged nor aborted. Forgetting twice, or an unknown peer, does nothing."""
    keepalive = Keepalive()
    gone, stays = Peer(keepalive), Peer(keepalive)
    keepalive.forget(gone)
    keepalive.forget(gone)
    stranger = Peer(Keepalive())
    keepalive.forget(stranger)
    await asyncio.sleep(3 * ROUND + TURN_SECONDS / 2)
    assert not gone.pings and not gone.aborted
    assert stays.pings and stays.aborted


@leaping
async def test_without_peers_there_is_no_timer() -> None:
    """The timer stops when the last peer is forgotten, and starts again with the next."""
    keepalive = Keepalive()
    first = Peer(keepalive)
    keepalive.forget(first)
    await asyncio.sleep(2 * TURN_SECONDS)
    assert keepalive._timer is None
    before = asyncio.get_running_loop().time()
    second = Peer(keepalive)
    await asyncio.sleep(3 * ROUND + TURN_SECONDS / 2)
    assert not first.pings and second.aborted and second.aborted[0] - before <= 3 * ROUND


@leaping
async def test_an_abort_in_a_turn_with_others() -> None:
    """If an abort makes another peer go in the same turn, the others are still checked."""
    keepalive = Keepalive()
    peers = [Peer(keepalive) for _ in range(4 * TURNS)]
    end = peers[0].abort

    def both() -> None:
        end()
        for other in peers[TURNS : 2 * TURNS]:
            keepalive.forget(other)

    peers[0].abort = both
    await asyncio.sleep(4 * ROUND)
    assert all(len(peer.aborted) <= 1 for peer in peers)
    assert all(peer.aborted for peer in peers[2 * TURNS :])
