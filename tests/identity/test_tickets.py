"""Tickets: once, and soon."""

from __future__ import annotations

import pytest

from suhbat.chat.model import Actor
from suhbat.errors import Busy, Unauthenticated
from suhbat.identity import tickets as module
from suhbat.identity.login import Login
from suhbat.identity.tickets import TICKET_SECONDS, Tickets
from tests.fakes import FakeClock

LOGIN = Login(Actor("u1", "user1", "account", lobby_from=0), "s1")


async def test_a_ticket_is_its_owner_once() -> None:
    """The first use gives the identity, the second nothing."""
    tickets = Tickets(FakeClock())
    ticket, _ = await tickets.issue(LOGIN)
    assert await tickets.redeem(ticket) == LOGIN
    with pytest.raises(Unauthenticated):
        await tickets.redeem(ticket)


async def test_a_ticket_lives_thirty_seconds() -> None:
    """Until just before, and not a moment longer; the time of expiry is told in milliseconds."""
    clock = FakeClock()
    tickets = Tickets(clock)
    early, expires_at = await tickets.issue(LOGIN)
    late, _ = await tickets.issue(LOGIN)
    assert expires_at == clock.wall() + 30_000
    clock.advance(TICKET_SECONDS - 0.001)
    assert await tickets.redeem(early) == LOGIN
    clock.advance(0.001)
    with pytest.raises(Unauthenticated):
        await tickets.redeem(late)


@pytest.mark.parametrize("ticket", ["", "nonsense", "\ud800", "x" * 100_000])
async def test_what_is_no_ticket_is_unauthenticated(ticket: str) -> None:
    """Whatever is sent, the answer is one."""
    with pytest.raises(Unauthenticated):
        await Tickets(FakeClock()).redeem(ticket)


async def test_tickets_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many alive: busy; expired ones make room."""
    monkeypatch.setattr(module, "MAX_TICKETS", 3)
    clock = FakeClock()
    tickets = Tickets(clock)
    for _ in range(3):
        await tickets.issue(LOGIN)
        clock.advance(1)
    with pytest.raises(Busy):
        await tickets.issue(LOGIN)
    clock.advance(TICKET_SECONDS - 2.5)
    ticket, _ = await tickets.issue(LOGIN)
    assert await tickets.redeem(ticket) == LOGIN


async def test_two_tickets_differ() -> None:
    """Nobody guesses one from another."""
    tickets = Tickets(FakeClock())
    assert len({(await tickets.issue(LOGIN))[0] for _ in range(100)}) == 100
