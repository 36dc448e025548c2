"""People whom the application around this one knows: it says who asks, here they have an account without a password."""

from __future__ import annotations

import inspect
from base64 import b32encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from suhbat.chat.model import Account, Milliseconds
from suhbat.chat.ports import Clock, LogReader
from suhbat.errors import NameTaken, Unauthenticated
from suhbat.protocol.characters import cut
from suhbat.protocol.objects import Role
from suhbat.protocol.types import LOBBY

from .login import Login
from .names import entered, normalise, skeleton
from .profile import display_name
from .user_directory import UserDirectory


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, or the handshake of a socket: header names in lower case, the query without doubled names.

    `token`: what came as `Authorization: Bearer` or in `hello`, unless it is one of Suhbat's own.
    """

    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    token: str | None = None


@dataclass(frozen=True, slots=True)
class ExternalPerson:
    """Somebody, as the application around knows them. `id`: what never changes about them; `name`: the user_id they would
    like; another one is found where that is somebody else's. `role`: on the server. `until`: when they have to be asked
    for again, in milliseconds since 1970; their sockets close then."""

    id: str
    name: str
    shown: str | None = None
    role: Role = "member"
    until: Milliseconds | None = None

    def until_at_most(self, moment: Milliseconds) -> ExternalPerson:
        """The same person, for no longer than that."""
        return self if self.until is not None and self.until <= moment else replace(self, until=moment)


Authenticate = Callable[[Asked], ExternalPerson | Awaitable[ExternalPerson | None] | None]
"""Who asks; None for nobody. It is called for every request and every socket, so it should be quick."""


class ExternalLogins:
    """`authenticate` is the application's. Accounts are made when somebody is first seen."""

    def __init__(self, store: LogReader, clock: Clock, people: UserDirectory, authenticate: Authenticate) -> None:
        self._store = store
        self._clock = clock
        self._people = people
        self._authenticate = authenticate

    async def login(self, asked: Asked) -> Login | None:
        """Who asks; None for nobody. Raises InvalidName for a name that cannot be one, Unauthenticated for who is disabled."""
        answer = self._authenticate(asked)
        person = await answer if inspect.isawaitable(answer) else answer
        if person is None:
            return None
        uid = uid_of(person)
        account = self._people.accounts.of_uid(uid)
        if account is None:
            account = await self._make(uid, person)
        if account.disabled:
            raise Unauthenticated
        shown = display_name(person.shown or account.display_name)
        if (account.display_name, account.role) != (shown, person.role):
            account = await self._people.accounts.change(uid, display_name=shown, role=person.role)
        return Login(account.actor, external=True, until=person.until)

    async def _make(self, uid: str, person: ExternalPerson) -> Account:
        """An account under the name they would like, or the first with a number that is nobody's."""
        wished = entered(person.name)
        for number in range(1, 1_000):
            user_id = wished if number == 1 else normalise(f"{cut(wished, 28)}{number}")
            if self._people.find(user_id) is not None or self._people.accounts.is_taken(user_id):
                continue
            try:
                with self._people.accounts.held(user_id):
                    account = Account(
                        uid=uid,
                        user_id=user_id,
                        skeleton=skeleton(user_id),
                        display_name=display_name(person.shown or person.name),
                        password_hash=None,
                        role=person.role,
                        locale=None,
                        disabled=False,
                        lobby_from=(await self._store.heads([LOBBY])).get(LOBBY, 0),
                        created_at=self._clock.wall(),
                    )
                    await self._people.accounts.add(account)
                    return account
            except NameTaken:
                # Their own second request may have been faster.
                if (made := self._people.accounts.of_uid(uid)) is not None:
                    return made
        raise NameTaken(user_id=wished)


def uid_of(person: ExternalPerson) -> str:
    """The same for the same person, for ever; nobody guesses the id from it."""
    return "x" + b32encode(sha256(person.id.encode()).digest()[:13]).decode().rstrip("=").lower()
