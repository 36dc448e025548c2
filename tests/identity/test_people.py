"""Users over several nodes: each node reloads what another one changed, and a disabled account is disabled on all."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

import pytest

from suhbat.chat.model import Account
from suhbat.errors import Unauthenticated

from .parts import Scene


@pytest.fixture
def here() -> Scene:
    return Scene()


@pytest.fixture
def there(here: Scene) -> Scene:
    """Another node over the same store."""
    scene = Scene()
    scene.store, scene.clock, scene.tokens = here.store, here.clock, here.tokens
    scene.restart()
    return scene


@pytest.fixture
def gone(here: Scene) -> list[str]:
    """The uids whose connections had to be closed on this node."""
    return here.told.users


async def test_shut_out_on_another_node(here: Scene, there: Scene, gone: list[str]) -> None:
    """If another node disables or erases accounts, all their connections on this node are closed, once."""
    ali, _ = await there.register("ali")
    vali, _ = await there.register("vali")
    await here.people.load()
    await there.administration.set_disabled("ali", True)
    await there.administration.erase("vali", with_messages=False)
    for _ in range(2):
        await here.people.reload_accounts([ali.uid, vali.uid, "unknown"])
    assert sorted(gone) == sorted([ali.uid, vali.uid])
    assert here.people.find("ali") is None and here.accounts.of_name("vali") is None


async def test_shut_out_on_this_node(here: Scene, gone: list[str]) -> None:
    """The same on one node: an external login has no session that could be revoked."""
    ali, _ = await here.register("ali")
    vali, _ = await here.register("vali")
    await here.administration.set_disabled("ali", True)
    await here.administration.erase("vali", with_messages=False)
    assert gone == [ali.uid, vali.uid]


async def test_a_guest_who_became_an_account_elsewhere(here: Scene, there: Scene, gone: list[str]) -> None:
    """The guest is reported as the account, and the guest's token is invalid on this node too. No connection is closed."""
    guest, token = await there.guests.create("user1")
    await here.people.authenticate(token)
    actor, _ = await there.register("user1", guest=guest)
    await here.people.reload_accounts([guest.uid])
    assert here.told.changed == [actor] and gone == []
    with pytest.raises(Unauthenticated):
        await here.people.authenticate(token)


async def test_a_guest_who_becomes_an_account_between_two_reads(here: Scene, there: Scene, gone: list[str]) -> None:
    """The same if this node has read the accounts before, and reads the guests after. The connections are not closed as those
    of a guest who left for good, whose client must not come back."""
    guest, token = await there.guests.create("user1")
    await here.people.authenticate(token)
    accounts = here.store.accounts

    async def before(uids: Collection[str] | None = None) -> list[Account]:
        here.store.accounts = accounts
        found = await accounts(uids)
        await there.register("user1", guest=guest)
        return found

    here.store.accounts = before
    await here.people.reload_accounts([guest.uid])
    assert [one.kind for one in here.told.changed] == ["account"] and gone == []
    assert not here.guests.knows(guest.uid)


async def test_an_account_that_is_looked_for_among_guests(here: Scene, there: Scene, gone: list[str]) -> None:
    """The same if the user is looked for before this node was told that the guest became an account."""
    guest, token = await there.guests.create("user1")
    await here.people.authenticate(token)
    actor, _ = await there.register("user1", guest=guest)
    here.people._cluster = object()
    assert await here.people.actor_of(guest.uid) == actor
    assert gone == [] and not here.guests.knows(guest.uid)


async def test_an_account_that_came_and_went_between_two_looks(here: Scene, there: Scene, gone: list[str]) -> None:
    """If the account was erased before this node reloads, nothing is left of the guest who became it."""
    guest, token = await there.guests.create("user1")
    await here.people.authenticate(token)
    await there.register("user1", guest=guest)
    await there.administration.erase("user1", with_messages=False)
    await here.people.reload_accounts([guest.uid])
    assert gone == [guest.uid]
    with pytest.raises(Unauthenticated):
        await here.people.authenticate(token)


async def test_the_token_of_an_account_that_is_news(here: Scene, there: Scene) -> None:
    """The token of a new account is valid before this node was told of the account, and loads it; the guest is not one any
    more."""
    guest, token = await there.guests.create("user1")
    await here.people.authenticate(token)
    actor, fresh = await there.register("user1", guest=guest)
    assert (await here.people.authenticate(fresh)).actor == actor
    assert not here.guests.knows(guest.uid)


async def test_an_older_look_does_not_undo_a_newer_one(here: Scene, there: Scene) -> None:
    """A read from before an account was disabled, which returns later, does not enable it."""
    ali, _ = await there.register("ali")
    await here.people.load()
    accounts, gate = here.store.accounts, asyncio.Event()

    async def slow(uids: Collection[str] | None = None) -> list[Account]:
        here.store.accounts = accounts
        found = await accounts(uids)
        await gate.wait()
        return found

    here.store.accounts = slow
    older = asyncio.ensure_future(here.people.reload_accounts([ali.uid]))
    await asyncio.sleep(0)
    await there.administration.set_disabled("ali", True)
    await here.people.reload_accounts([ali.uid])
    gate.set()
    await older
    assert here.people.find("ali") is None


async def test_nobody_knows_what_changed(here: Scene, there: Scene, gone: list[str], monkeypatch: Any) -> None:
    """If it is unknown what changed, all users are compared, in groups: new, disabled, and guests who became accounts."""
    monkeypatch.setattr("suhbat.identity.lookups.AT_ONCE", 2)
    guest, _ = await there.guests.create("user1")
    people = [(await there.register(f"odam{n}"))[0] for n in range(5)]
    await here.people.load()
    await there.register("user1", guest=guest)
    await there.administration.set_disabled("odam3", True)
    new, _ = await there.register("yangi")
    await here.people.reload_all()
    assert gone == [people[3].uid] and not here.guests.knows(guest.uid)
    assert here.people.find("yangi") == new and here.people.find("user1") is not None
