"""Identity over fakes, wired as in `runtime/node.py`, with cheap password hashes."""

from __future__ import annotations

from typing import cast

from argon2 import PasswordHasher

from suhbat.chat.model import Actor
from suhbat.chat.ports import Store
from suhbat.identity.accounts import Accounts
from suhbat.identity.administration import AccountAdministration
from suhbat.identity.authentication import PasswordAuthentication
from suhbat.identity.guests import Guests
from suhbat.identity.listeners import IdentityListener
from suhbat.identity.passes import MemoryPasses
from suhbat.identity.passwords import Passwords
from suhbat.identity.registration import Registration, RegistrationRequest
from suhbat.identity.sessions import Sessions
from suhbat.identity.user_directory import UserDirectory
from tests.fakes import CountingTokens, FakeClock, FakeInvited, FakeListener, FakeStore

PASSWORD = "togʻda bahor"
HERE = "192.0.2.1"


class Scene:
    """The users of one server. `restart` starts another process on the same store. `listener`: replaces the one that records
    its calls, which is new after each `restart`."""

    def __init__(self, access: str = "open", listener: IdentityListener | None = None) -> None:
        self.clock = FakeClock()
        self.store = FakeStore()
        self.tokens = CountingTokens()
        self.passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.invited = FakeInvited()
        self._listener = listener
        self.restart(access)

    def restart(self, access: str = "open") -> UserDirectory:
        store = cast(Store, self.store)
        self.told = FakeListener()
        listener = self.told if self._listener is None else self._listener
        self.guests = Guests(store, self.clock, listener, self.tokens, access)
        self.accounts = Accounts(store, listener)
        self.sessions = Sessions(store, self.clock, listener, self.tokens)
        self.people = UserDirectory(self.guests, self.accounts, self.sessions, access, cluster=None, names=None)
        self.registration = Registration(
            store,
            self.clock,
            self.people,
            self.passwords,
            listener,
            self.invited,
            MemoryPasses(self.clock),
            self.tokens,
            access,
        )
        self.authentication = PasswordAuthentication(self.clock, self.people, self.passwords)
        self.administration = AccountAdministration(self.clock, self.people, self.passwords, self.registration)
        return self.people

    async def register(self, user_id: str, **fields: object) -> tuple[Actor, str]:
        """A new account and the token of its first session."""
        wish = RegistrationRequest(user_id, PASSWORD, **fields)
        account, _, token = await self.registration.register(wish, "test")
        return account.actor, token

    async def log_in(self, name: str, password: str = PASSWORD) -> tuple[Actor, str]:
        account, _, token = await self.authentication.log_in(name, password, HERE, "test")
        return account.actor, token
