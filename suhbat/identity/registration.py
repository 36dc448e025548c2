"""Becoming somebody and coming back: registering, logging in, changing a password, being shut out.

Whatever fails fails in the same time and with the same words whether a name exists or not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from suhbat.chat.model import Account, Actor, Session
from suhbat.chat.ports import Clock, InviteStore, LogReader, Passes
from suhbat.errors import BadRequest, Forbidden, InvalidName, Unauthenticated, UserNotFound
from suhbat.protocol.characters import cut
from suhbat.protocol.objects import Role
from suhbat.protocol.types import LOBBY

from .invites import Invites
from .listeners import IdentityListener
from .names import entered, skeleton
from .passwords import Passwords, require_possible
from .profile import display_name
from .setup import Setup
from .throttle import Throttle
from .tokens import digest, random_token, short_id
from .user_directory import UserDirectory


class RegistrationStore(InviteStore, LogReader, Protocol):
    """Registering asks for: invites, and where the lobby stands."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody registers with. `guest`: the token guest whose token the request carried; `address`: where it came
    from, as limits count it."""

    user_id: str
    password: str
    display_name: str | None = None
    invite: str | None = None
    setup: str | None = None
    guest: Actor | None = None
    address: str = ""


class InviteListener(Protocol):
    """Brings a new account into the room that its invite leads to (`chat`)."""

    async def accept_invite(self, actor: Actor, conversation: str) -> None:
        """What it raises is the registrant's answer; the account exists by then."""
        ...


class Registration:
    """The use cases around accounts. `passes`: see `Setup`; `access` is the setting.

    `listener` is told when a guest who is connected became an account; `invited` of an invite into a room that was used.
    """

    def __init__(
        self,
        store: RegistrationStore,
        clock: Clock,
        people: UserDirectory,
        passwords: Passwords,
        listener: IdentityListener,
        invited: InviteListener,
        passes: Passes | None,
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
        self.setup = Setup(clock, passes, random_token)
        self.throttle = Throttle(clock)

    # New accounts

    async def register(self, wish: Wish, label: str) -> tuple[Account, Session, str]:
        """A new account, logged in: the account, its session and the session's token.

        Raises, in this order: Forbidden (`access`, the invitation or the setup code); InvalidName; NameTaken, NameInUse;
        BadRequest (the password, the shown name); Busy.
        """
        if wish.setup is not None:
            await self._take_setup(wish.setup)
        try:
            if wish.setup is None:
                await self._require_access(wish.invite)
            invite = None if wish.invite is None or wish.setup is not None else digest(wish.invite)
            account, conversation = await self._make(wish, "member" if wish.setup is None else "owner", invite)
        except BaseException:
            if wish.setup is not None:
                await self.setup.give_back(wish.setup)
            raise
        session, token = await self._people.sessions.begin(account.uid, label)
        if wish.guest is not None and wish.guest.uid == account.uid:
            self._listener.change_actor(account.actor, session.id)
        if conversation is not None:
            await self._invited.accept_invite(account.actor, conversation)
        return account, session, token

    async def add(self, user_id: str, password: str, role: Role = "member") -> Account:
        """A new account, made by the owner of the machine; `access` does not matter. Raises like `register`."""
        account, _ = await self._make(Wish(user_id, password), role, None)
        return account

    async def _take_setup(self, code: str) -> None:
        await self.setup.take(code)
        if self._people.accounts.have_owner:
            raise Forbidden("forbidden.setup")  # of several nodes each prints a code, and one was used

    async def _require_access(self, invite: str | None) -> None:
        if self._access == "closed":
            raise Forbidden("forbidden.closed")
        if self._access == "invite" or invite is not None:
            await self.invites.require(invite)

    async def _make(self, wish: Wish, role: Role, invite: bytes | None) -> tuple[Account, str | None]:
        user_id = entered(wish.user_id)
        with self._people.accounts.held(user_id):
            self._people.guests.require_free(user_id, but=wish.guest)
            holder = self._people.guests.find(user_id)  # nobody, or the guest that this was said to be
            shown = display_name(wish.display_name if wish.display_name is not None else user_id)
            require_possible(wish.password)
            password_hash = await self._passwords.hash(wish.password, wish.address)
            if holder is None:
                lobby_from = (await self._store.heads([LOBBY])).get(LOBBY, 0)
                holder = Actor(short_id("u", self._random_token()), user_id, lobby_from=lobby_from)
            account = Account(
                uid=holder.uid,
                user_id=holder.user_id,
                skeleton=skeleton(holder.user_id),
                display_name=shown,
                password_hash=password_hash,
                role=role,
                locale=None,
                disabled=False,
                lobby_from=holder.lobby_from or 0,
                created_at=self._clock.wall(),
            )
            conversation = await self._people.accounts.add(account, invite)
            self._people.guests.drop(holder)
        return account, conversation

    # Coming back

    async def log_in(self, name: str, password: str, address: str, label: str) -> tuple[Account, Session, str]:
        """The account, a new session and its token. `address`: where the request comes from, as limits count it.

        Raises RateLimited; Unauthenticated with one text for an unknown name, a wrong password and a disabled account;
        Busy.
        """
        with self.throttle.attempt(address, _key(name)):
            await self._people.learn(name)  # another node may have made the account a moment ago
            account = self._people.accounts.of_name(name)
            if account is None or account.disabled:
                await self._passwords.verify(password, None, address)  # for the time it takes
                raise Unauthenticated("unauthenticated.password")
            if not await self._is_right(account, password, address):
                raise Unauthenticated("unauthenticated.password")
        session, token = await self._people.sessions.begin(account.uid, label)
        return self._people.account_of(account.uid), session, token

    async def change_password(
        self, account: Account, present: str, password: str, session: str | None, address: str
    ) -> Account:
        """Another password; every session but `session` (an id) is revoked. `address`: as for `log_in`.

        Raises BadRequest; RateLimited, Forbidden when `present` is not the present password; Busy.
        """
        require_possible(password)
        with self.throttle.attempt(address, _key(account.user_id)):
            if not await self._is_right(account, present, address):
                raise Forbidden("forbidden.password")
            password_hash = await self._passwords.hash(password, address)
        return await self._set_password(account, password_hash, session)

    async def _is_right(self, account: Account, password: str, address: str) -> bool:
        """Whether this is the account's password, also when the answer comes; a hash of old parameters is renewed."""
        verdict = await self._passwords.verify(password, account.password_hash, address)
        now = self._people.accounts.of_uid(account.uid)
        if not verdict.right or now is None or now.disabled:
            return False
        if now.password_hash != account.password_hash:  # changed meanwhile, or only renewed by another login
            return await self._is_right(now, password, address)
        if verdict.rehashed is not None:
            await self._people.accounts.change(account.uid, password_hash=verdict.rehashed)
        return True

    async def _set_password(self, account: Account, password_hash: str, but: str | None) -> Account:
        changed = await self._people.accounts.change(account.uid, password_hash=password_hash)
        await self._people.sessions.end_all(account.uid, but=but)
        return changed

    # Going

    async def erase(self, account: Account, password: str, address: str, *, with_messages: bool) -> None:
        """Take an account away: it is gone at once, its name from the logs soon after; `with_messages`, what it wrote too.

        Raises RateLimited, Forbidden when `password` is wrong; BadRequest for the last owner; Busy.
        """
        with self.throttle.attempt(address, _key(account.user_id)):
            if not await self._is_right(account, password, address):
                raise Forbidden("forbidden.password")
        await self._erase(account, with_messages)

    async def erase_named(self, name: str, *, with_messages: bool) -> Account:
        """The same, ordered by the owner of the machine. Raises UserNotFound, BadRequest for the last owner, Busy."""
        account = self._known(name)
        await self._erase(account, with_messages)
        return account

    async def _erase(self, account: Account, with_messages: bool) -> None:
        owners = [one for one in self._people.accounts if one.role == "owner" and not one.disabled]
        if owners == [account]:
            raise BadRequest(reason="last_owner")
        await self._people.sessions.end_all(account.uid)
        await self._people.accounts.erase(account, self._clock.wall(), with_messages=with_messages)

    # For who looks after the server

    async def reset_password(self, name: str, password: str) -> Account:
        """A password given by the owner of the machine; every session ends. Raises UserNotFound, BadRequest, Busy."""
        require_possible(password)
        account = self._known(name)
        return await self._set_password(account, await self._passwords.hash(password), None)

    async def set_disabled(self, name: str, disabled: bool) -> Account:
        """Shut an account out (every session ends, the name stays theirs) or let it in again. Raises UserNotFound."""
        account = await self._people.accounts.change(self._known(name).uid, disabled=disabled)
        if disabled:
            await self._people.sessions.end_all(account.uid)
        return account

    async def set_role(self, name: str, role: Role) -> Account:
        """Another role on the server. Raises UserNotFound."""
        return await self._people.accounts.change(self._known(name).uid, role=role)

    def _known(self, name: str) -> Account:
        account = self._people.accounts.of_name(name)
        if account is None:
            raise UserNotFound(user_id=cut(name, 64))
        return account


def _key(name: str) -> str:
    """What tries under a name are counted by: one for all names that look the same."""
    try:
        return skeleton(entered(name))
    except InvalidName:
        return name[:128]
