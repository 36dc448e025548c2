"""Tickets: valid once, and for a short time."""

from __future__ import annotations

import pytest

from suhbat.errors import Busy, Unauthenticated
from suhbat.identity import passes as module
from suhbat.identity.passes import MemoryPasses
from suhbat.identity.tickets import TICKET_SECONDS, Tickets
from suhbat.identity.user_directory import Login

from .parts import Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def tickets(scene: Scene) -> Tickets:
    return Tickets(scene.clock, scene.people, MemoryPasses(scene.clock))


@pytest.fixture
async def login(scene: Scene) -> Login:
    _, token = await scene.register("ali")
    return await scene.people.authenticate(token)


async def test_a_ticket_is_its_login_once(tickets: Tickets, login: Login) -> None:
    """The first use returns the login, the second is refused."""
    ticket, _ = await tickets.issue(login)
    assert await tickets.redeem(ticket) == login
    with pytest.raises(Unauthenticated):
        await tickets.redeem(ticket)


async def test_a_guest_and_an_external_login(scene: Scene, tickets: Tickets, login: Login) -> None:
    """A guest has no session. An external login keeps the time when it ends."""
    guest = Login((await scene.people.make_guest("vali"))[0])
    external = Login(login.actor, external=True, until=17)
    for each in (guest, external):
        assert await tickets.redeem((await tickets.issue(each))[0]) == each


async def test_a_ticket_of_a_revoked_login(scene: Scene, tickets: Tickets, login: Login) -> None:
    """It is redeemed, so that the client is told that the login was revoked (4505); but the login is not current."""
    ended, _ = await tickets.issue(login)
    assert login.session is not None
    await scene.sessions.revoke(login.actor.uid, login.session)
    assert not scene.people.is_current(await tickets.redeem(ended))
    _, token = await scene.log_in("ali")
    disabled, _ = await tickets.issue(await scene.people.authenticate(token))
    await scene.administration.set_disabled("ali", True)
    assert not scene.people.is_current(await tickets.redeem(disabled))


async def test_a_ticket_lives_thirty_seconds(scene: Scene, tickets: Tickets, login: Login) -> None:
    """It is valid until just before its expiry, which is given in milliseconds."""
    early, expires_at = await tickets.issue(login)
    late, _ = await tickets.issue(login)
    assert expires_at == scene.clock.wall() + 30_000
    scene.clock.advance(TICKET_SECONDS - 0.001)
    assert await tickets.redeem(early) == login
    scene.clock.advance(0.001)
    with pytest.raises(Unauthenticated):
        await tickets.redeem(late)


@pytest.mark.parametrize("ticket", ["", "nonsense", "\ud800", "x" * 100_000])
async def test_an_unknown_ticket_is_unauthenticated(tickets: Tickets, ticket: str) -> None:
    """Anything that was not issued is refused alike."""
    with pytest.raises(Unauthenticated):
        await tickets.redeem(ticket)


async def test_tickets_are_bounded(
    scene: Scene, tickets: Tickets, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above the limit `issue` is Busy; expired tickets make room."""
    monkeypatch.setattr(module, "MAX_PASSES", 3)
    for _ in range(3):
        await tickets.issue(login)
        scene.clock.advance(1)
    with pytest.raises(Busy):
        await tickets.issue(login)
    scene.clock.advance(TICKET_SECONDS - 2.5)
    ticket, _ = await tickets.issue(login)
    assert await tickets.redeem(ticket) == login


async def test_tickets_differ(tickets: Tickets, login: Login) -> None:
    """No ticket can be guessed from another."""
    assert len({(await tickets.issue(login))[0] for _ in range(100)}) == 100
