"""Registration: new accounts, also out of guests, by invite or with the setup code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from suhbat.chat.model import Account, Actor, Session
from suhbat.chat.ports import Clock, InviteStore, LogReader, Passes
from suhbat.errors import Forbidden
from suhbat.protocol.objects import Role
from suhbat.protocol.types import LOBBY

from .invites import Invites
from .listeners import IdentityListener
from .names import entered, skeleton
from .passwords import Passwords, require_possible
from .profile import display_name, person_of
from .setup import Setup
from .tokens import digest, random_token, short_id
from .user_directory import UserDirectory


class RegistrationStore(InviteStore, LogReader, Protocol):
    """The parts of the store that registration uses: the invites and the head of the lobby."""


@dataclass(frozen=True, slots=True)
class RegistrationRequest:
    """What a user registers with. `invite`, `setup`: codes. `guest`: the token guest whose token the request has.
    `address`: the client's, for limits."""

    user_id: str
    password: str
    display_name: str | None = None
    invite: str | None = None
    setup: str | None = None
    guest: Actor | None = None
    address: str = ""


class InviteListener(Protocol):
    """Adds a new account to the room of its invite (`chat.commands`)."""

    async def accept_invite(self, actor: Actor, conversation: str) -> None:
        """An exception is the response to the registration, although the account exists by then."""
        ...


class Registration:
    """Makes accounts. `access`: the setting. `passes`: for the setup code.

    `listener`: told when a connected guest became an account. `invited`: told when an invite into a room was used.
    """

    def __init__(
        self,
        store: RegistrationStore,
        clock: Clock,
        people: UserDirectory,
        passwords: Passwords,
        listener: IdentityListener,
        invited: InviteListener,
        passes: Passes,
        random_token: Callable[[], str] = random_token,
        access: str = "open",
    ) -> None:
        self._store = store
        self._clock = clock
        self._people = people
        self._passwords = passwords
        self._listener = listener
        self._invited = invited
        self._random_token = random_token
        self._access = access
        self.invites = Invites(store, clock, random_token)
        self.setup = Setup(passes, random_token)

    async def register(self, request: RegistrationRequest, label: str) -> tuple[Account, Session, str]:
        """A new account, its first session and the session's token. `label`: see `chat.model.Session`.

        Raises, in this order: Forbidden (`access`, the invite or the setup code); InvalidName; NameTaken, NameInUse;
        BadRequest (the display name, the password); Busy.
        """
        if request.setup is None:
            await self._require_access(request.invite)
            invite = None if request.invite is None else digest(request.invite)
            account, conversation = await self._make_account(request, "member", invite)
        else:
            account, conversation = await self._make_owner(request, request.setup), None
        session, token = await self._people.sessions.create(account.uid, label)
        if request.guest is not None and request.guest.uid == account.uid:
            self._listener.change_actor(account.actor, session.id)
            self._listener.change_profile(person_of(account))
        if conversation is not None:
            await self._invited.accept_invite(account.actor, conversation)
        return account, session, token

    async def add(self, user_id: str, password: str, role: Role = "member") -> Account:
        """A new account, made by the owner of the machine whatever `access` is. Raises like `register`."""
        account, _ = await self._make_account(RegistrationRequest(user_id, password), role, None)
        return account

    async def _require_access(self, invite: str | None) -> None:
        if self._access == "closed":
            raise Forbidden("forbidden.closed")
        if self._access == "invite" or invite is not None:
            await self.invites.require(invite)

    async def _make_owner(self, request: RegistrationRequest, code: str) -> Account:
        await self.setup.take(code)
        if self._people.accounts.have_owner:
            raise Forbidden("forbidden.setup")  # each node prints a code, and another one was used
        try:
            account, _ = await self._make_account(request, "owner", None)
        except BaseException:
            await self.setup.give_back(code)
            raise
        return account

    async def _make_account(
        self, request: RegistrationRequest, role: Role, invite: bytes | None
    ) -> tuple[Account, str | None]:
        """The new account, and the room of the invite if there is one. `invite`: the hash of its code."""
        user_id = entered(request.user_id)
        with self._people.accounts.held(user_id):
            self._people.guests.require_free(user_id, but=request.guest)
            actor = self._people.guests.find(user_id)  # None, or `request.guest`
            shown = display_name(user_id if request.display_name is None else request.display_name)
            require_possible(request.password)
            password_hash = await self._passwords.hash(request.password, request.address)
            if actor is None:
                lobby_from = (await self._store.heads([LOBBY])).get(LOBBY, 0)
                actor = Actor(short_id("u", self._random_token()), user_id, lobby_from=lobby_from)
            account = Account(
                uid=actor.uid,
                user_id=actor.user_id,
                skeleton=skeleton(actor.user_id),
                display_name=shown,
                password_hash=password_hash,
                role=role,
                locale=None,
                disabled=False,
                lobby_from=actor.lobby_from or 0,
                created_at=self._clock.wall(),
            )
            conversation = await self._people.accounts.add(account, invite)
            self._people.guests.drop(actor)
        return account, conversation
