"""All users of this server: bare guests, token guests and accounts, behind one interface.

A name belongs to one user at a time. A token of any user is authenticated here, whether it came in a header, in `hello`, in a
ticket or in a cookie.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from suhbat.chat.model import Account, Actor, Milliseconds
from suhbat.chat.ports import Cluster
from suhbat.errors import BadRequest, NameTaken, Unauthenticated

from .accounts import Accounts
from .claims import Claim, Names
from .guests import Guests
from .names import entered, fold, normalise, skeleton
from .sessions import Sessions
from .tokens import is_of_session


@dataclass(frozen=True, slots=True)
class Login:
    """An authenticated user. `session`: the id of the login session; None for a guest, because a guest has one token only.

    `external`: authenticated by the application that embeds Suhbat. `until`: when connections of this login are closed, in
    milliseconds since 1970; None: never.
    """

    actor: Actor
    session: str | None = None
    external: bool = False
    until: Milliseconds | None = None


class UserDirectory:
    """Implements chat.ports.Directory. Makes no accounts: see `registration`.

    `cluster`, `names`: the users and bare guests of other nodes; None where one process owns the store.
    """

    def __init__(
        self,
        guests: Guests,
        accounts: Accounts,
        sessions: Sessions,
        access: str = "open",
        *,
        cluster: Cluster | None,
        names: Names | None,
    ) -> None:
        self.guests = guests
        self.accounts = accounts
        self.sessions = sessions
        self._access = access
        self._cluster = cluster
        self.names = names

    async def load(self) -> None:
        """Read all accounts and guests. Call once, when the store is open."""
        await self.accounts.load()
        await self.guests.load()

    # Names

    def find(self, name: str) -> Actor | None:
        """See chat.ports.Directory."""
        account = self.accounts.of_name(name)
        if account is not None:
            return None if account.disabled else account.actor
        found = self.guests.find(name)
        if found is None and (folded := fold(name)) is not None:
            return self._remote_guest(folded)
        return found

    async def refresh(self, *names: str) -> None:
        """See chat.ports.Directory. Without a cluster all users are known."""
        if self._cluster is None:
            return
        unknown = {folded for name in names if self.find(name) is None and (folded := fold(name)) is not None}
        if unknown:
            found = await self._cluster.holders(unknown)
            await self.reload_accounts(found)
            await self._reload_guests([uid for uid in found if self.accounts.of_uid(uid) is None])

    async def of_uids(self, uids: Collection[str]) -> dict[str, Actor]:
        """These users by uid, as far as they are known: also disabled accounts, and guests who are gone but whose messages
        are not."""
        missing = [uid for uid in uids if self._of_uid(uid) is None]
        if missing and self._cluster is not None:
            await self.reload_accounts(missing)
        found = {uid: actor for uid in uids if (actor := self._of_uid(uid)) is not None}
        if missing := [uid for uid in uids if uid not in found]:
            found |= {actor.uid: actor for actor in await self.guests.past(missing)}
        return found

    def _of_uid(self, uid: str) -> Actor | None:
        account = self.accounts.of_uid(uid)
        return self.guests.of_uid(uid) if account is None else account.actor

    def holder(self, user_id: str) -> Actor | None:
        """See chat.ports.Directory."""
        folded = skeleton(user_id)
        account = self.accounts.of_skeleton(folded)
        if account is not None:
            found = None if account.disabled else account.actor
        else:
            found = self.guests.holder(folded) or self._remote_guest(folded)
        return found if found is not None and found.user_id == user_id else None

    def _remote_guest(self, folded: str) -> Actor | None:
        return None if self.names is None else self.names.find(folded)

    async def reload_accounts(self, uids: Collection[str]) -> None:
        """Read accounts again that another node made, changed or erased. Guests may have become these accounts."""
        await self.accounts.reload(uids)
        for uid in uids:
            if (account := self.accounts.of_uid(uid)) is not None:
                self.guests.drop(account.actor)
        # A guest who became an account that was erased since is neither any more.
        await self._reload_guests([uid for uid in uids if self.guests.of_uid(uid) is not None])

    async def reload_all(self) -> None:
        """Read all accounts and guests again, because it is unknown what changed."""
        await self.accounts.reload_all()
        for account in self.accounts:
            if self.guests.of_uid(account.uid) is not None:
                self.guests.drop(account.actor)
        await self._are_gone(await self.guests.reload_all())

    async def _reload_guests(self, uids: Collection[str]) -> None:
        await self._are_gone(await self.guests.reload(uids))

    async def _are_gone(self, uids: Collection[str]) -> None:
        """These are no guests any more. The accounts are read after the guests: who became an account between the two reads has
        not left, and keeps the connections."""
        if uids:
            await self.accounts.reload(uids)
        for uid in uids:
            if (account := self.accounts.of_uid(uid)) is None:
                self.guests.left(uid)
            else:
                self.guests.drop(account.actor)

    def claim(self, name: str) -> Claim:
        """Hold a name as a bare guest; see `Guests.claim`. Raises Unauthenticated for the name of an account."""
        if self._access == "open" and self.accounts.is_taken(user_id := normalise(name)):
            raise Unauthenticated("unauthenticated.account", user_id=user_id)
        return self.guests.claim(name)

    async def make_guest(self, name: str, address: str = "") -> tuple[Actor, str]:
        """A new token guest and its token; see `Guests.create`. Raises NameTaken for the name of an account."""
        if self._access == "open" and self.accounts.is_taken(user_id := entered(name)):
            raise NameTaken(user_id=user_id)
        return await self.guests.create(name, address)

    # Tokens

    async def authenticate(self, token: str) -> Login:
        """The user of a token. This is a use of the session, or of the guest. Raises Unauthenticated."""
        if not is_of_session(token):
            return Login(await self.guests.authenticate(token))
        session = await self.sessions.authenticate(token)
        if self.accounts.of_uid(session.uid) is None:
            await self.reload_accounts([session.uid])  # another node has made it; its cache invalidation is on the way
        account = self.accounts.of_uid(session.uid)
        if account is not None and account.owner_uid is not None and self.accounts.of_uid(account.owner_uid) is None:
            await self.reload_accounts([account.owner_uid])
        return Login(self.accounts.require(session.uid).actor, session.id)

    def is_current(self, login: Login) -> bool:
        """Whether a login of a moment ago is still valid: not revoked, the account not disabled or erased, the guest not
        replaced by an account."""
        if login.session is None and not login.external:
            return self.guests.knows(login.actor.uid)
        if not self.accounts.is_enabled(login.actor.uid):
            return False
        return login.session is None or self.sessions.is_alive(login.session)

    async def actor_of(self, uid: str) -> Actor:
        """The account, disabled or not, or the token guest with this uid, also if another node has just made it. Raises
        Unauthenticated."""
        if self._cluster is not None and self.accounts.of_uid(uid) is None:
            await self._reload_guests([uid])
            if self.guests.of_uid(uid) is None:
                await self.accounts.reload([uid])
        account = self.accounts.of_uid(uid)
        actor = self.guests.of_uid(uid) if account is None else account.actor
        if actor is None:
            raise Unauthenticated()
        return actor

    def attach(self, login: Login) -> None:
        """Count a new connection, which is a use of the login for as long as it lasts."""
        if login.session is not None:
            self.sessions.attach(login.session)
        elif not login.external:
            self.guests.attach(login.actor)

    def detach(self, login: Login) -> None:
        """Remove a closed connection."""
        if login.session is not None:
            self.sessions.detach(login.session)
        elif not login.external:
            self.guests.detach(login.actor)

    # Changes of accounts

    async def set_password(self, account: Account, password_hash: str, *, keep: str | None = None) -> Account:
        """Change the password of an account and revoke its sessions except the one with the id `keep`. Durable on return."""
        changed = await self.accounts.change(account.uid, password_hash=password_hash)
        await self.sessions.revoke_all(account.uid, but=keep)
        return changed

    async def erase(self, account: Account, at: Milliseconds, *, with_messages: bool) -> None:
        """Erase an account and its bots. Its sessions and its name are gone on return; its name in the logs, and with
        `with_messages` its messages, soon after (`Housekeeping.erase_more`). Raises BadRequest for the last owner of the
        server."""
        owners = [one for one in self.accounts if one.role == "owner" and not one.disabled]
        if owners == [account]:
            raise BadRequest(reason="last_owner")
        for bot in self.accounts.bots_of(account.uid):
            await self.erase(bot, at, with_messages=with_messages)
        await self.sessions.revoke_all(account.uid)
        await self.accounts.erase(account, at, with_messages=with_messages)

    # Chores

    async def flush(self, *, everything: bool = False) -> None:
        """Write the last uses that are due. Once a minute, and with `everything` before the store is closed."""
        await self.guests.chores.flush(everything=everything)
        await self.sessions.flush(everything=everything)

    async def sweep(self) -> None:
        """Forget expired guests and sessions. Once a minute."""
        self.guests.chores.sweep()
        await self.guests.chores.drop_silent()
        await self.guests.chores.delete_expired()
        await self.sessions.sweep()
