"""Users whom the application that embeds Suhbat authenticates. Here they have an account without a password."""

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

from .names import entered, normalise, skeleton
from .profile import display_name
from .user_directory import Login, UserDirectory

SENDER = "suhbat.sender:"
"""Before a name, the id of a sender that is nobody's account: the application itself."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An HTTP request, or the handshake of a socket. Header names are in lower case; of a repeated query field one is left.

    `token`: from `Authorization: Bearer` or from `hello`, unless it is one of Suhbat's own.
    """

    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    token: str | None = None


@dataclass(frozen=True, slots=True)
class ExternalPerson:
    """A user as the embedding application knows them; exported as `suhbat.Person`.

    `id`: never changes for this user. `name`: the wanted user_id; if it is taken, a number is appended. `shown`: the display
    name. `role`: on the server. `until`: when this answer expires, in milliseconds since 1970; sockets are closed then.
    """

    id: str
    name: str
    shown: str | None = None
    role: Role = "member"
    until: Milliseconds | None = None

    def until_at_most(self, moment: Milliseconds) -> ExternalPerson:
        """The same user, with `until` not after this moment."""
        return self if self.until is not None and self.until <= moment else replace(self, until=moment)


Authenticate = Callable[[Asked], ExternalPerson | Awaitable[ExternalPerson | None] | None]
"""Returns the user of a request, None if there is none. It is called for every request and socket, so it should be fast."""


class ExternalAccounts:
    """The accounts of such users. One is made when a user is first seen."""

    def __init__(self, store: LogReader, clock: Clock, people: UserDirectory) -> None:
        self._store = store
        self._clock = clock
        self._people = people

    async def of(self, person: ExternalPerson) -> Account:
        """The account of a user, with the display name and the role that they have now. Raises InvalidName for a name that
        cannot be one, Unauthenticated for a disabled account and for an id that belongs to the application itself."""
        if person.id.startswith(SENDER):
            raise Unauthenticated  # users choose their ids in some applications
        return await self._of(person, sees_all=False)

    async def of_sender(self, name: str) -> Account:
        """The account of the application itself under this name. Raises InvalidName, Unauthenticated for a disabled account."""
        # The identity follows from the name, so nobody who takes the name before speaks as the application. It answers messages
        # that are older than its account.
        return await self._of(ExternalPerson(f"{SENDER}{name}", name), sees_all=True)

    async def _of(self, person: ExternalPerson, *, sees_all: bool) -> Account:
        """`sees_all`: a new account sees what was said in the lobby before."""
        uid = uid_of(person)
        account = self._people.accounts.of_uid(uid)
        if account is None:
            account = await self._make_account(uid, person, sees_all=sees_all)
        if account.disabled:
            raise Unauthenticated
        shown = display_name(person.shown or account.display_name)
        if (account.display_name, account.role) != (shown, person.role):
            account = await self._people.accounts.change(uid, display_name=shown, role=person.role)
        return account

    async def _make_account(self, uid: str, person: ExternalPerson, *, sees_all: bool) -> Account:
        """An account under the wanted name, or under the first free one with a number."""
        wanted = entered(person.name)
        for number in range(1, 1_000):
            user_id = wanted if number == 1 else normalise(f"{cut(wanted, 28)}{number}")
            if self._people.find(user_id) is not None or self._people.accounts.is_taken(user_id):
                continue
            try:
                with self._people.accounts.held(user_id):
                    head = (await self._store.heads([LOBBY])).get(LOBBY, 0)
                    account = Account(
                        uid=uid,
                        user_id=user_id,
                        skeleton=skeleton(user_id),
                        display_name=display_name(person.shown or person.name),
                        password_hash=None,
                        role=person.role,
                        locale=None,
                        disabled=False,
                        lobby_from=0 if sees_all else head,
                        created_at=self._clock.wall(),
                    )
                    await self._people.accounts.add(account)
                    return account
            except NameTaken:
                # A concurrent request of the same user may have made the account.
                if (made := self._people.accounts.of_uid(uid)) is not None:
                    return made
        raise NameTaken(user_id=wanted)


class ExternalLogins:
    """Asks the embedding application with `authenticate`."""

    def __init__(self, accounts: ExternalAccounts, authenticate: Authenticate) -> None:
        self._accounts = accounts
        self._authenticate = authenticate

    async def login(self, asked: Asked) -> Login | None:
        """The user of a request; None if the application knows none. Raises InvalidName for a name that cannot be one,
        Unauthenticated for a disabled account and for an id that belongs to the application itself."""
        answer = self._authenticate(asked)
        person = await answer if inspect.isawaitable(answer) else answer
        if person is None:
            return None
        account = await self._accounts.of(person)
        return Login(account.actor, external=True, until=person.until)


def uid_of(person: ExternalPerson) -> str:
    """The uid of a user, always the same. The `id` cannot be guessed from it."""
    return "x" + b32encode(sha256(person.id.encode()).digest()[:13]).decode().rstrip("=").lower()
