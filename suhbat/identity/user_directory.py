"""Who is anybody here: bare guests, token guests and accounts behind one door.

A name is held by one of them at a time; a token of any of them is recognised in one place, whatever it came in: a header,
`hello`, a ticket or a cookie.
"""

from __future__ import annotations

from collections.abc import Collection

from suhbat.chat.model import Account, Actor
from suhbat.chat.ports import Cluster
from suhbat.errors import NameTaken, Unauthenticated

from .accounts import Accounts
from .claims import Claim, Names
from .guests import Guests
from .login import Login
from .names import entered, fold, normalise, skeleton
from .sessions import Sessions
from .tokens import OF_SESSION


class UserDirectory:
    """Implements chat.ports.Directory over all who are here. Makes no accounts: see `registration`.

    `cluster`, `names`: what several nodes know of each other's people; None where one process owns the store.
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
        """Read who there is. Call once, when the store is open."""
        await self.accounts.load()
        await self.guests.load()

    # Names

    def find(self, name: str) -> Actor | None:
        """Who can be written to under this name: an account, here or not, or a guest; see chat.ports.Directory."""
        account = self.accounts.of_name(name)
        if account is not None:
            return None if account.disabled else account.actor
        found = self.guests.find(name)
        if found is None and (folded := fold(name)) is not None:
            return self._far(folded)
        return found

    async def learn(self, *names: str) -> None:
        """See chat.ports.Directory. Where one process owns the store, everybody is known."""
        unknown = {folded for name in names if self.find(name) is None and (folded := fold(name)) is not None}
        if self._cluster is not None and unknown:
            found = await self._cluster.holders(unknown)
            await self.renew_accounts(found)
            await self.guests.renew([uid for uid in found if self.accounts.of_uid(uid) is None])

    def holder(self, user_id: str) -> Actor | None:
        """Who has exactly this name; see chat.ports.Directory."""
        folded = skeleton(user_id)
        account = self.accounts.of_skeleton(folded)
        if account is not None:
            found = None if account.disabled else account.actor
        else:
            found = self.guests.holder(folded) or self._far(folded)
        return found if found is not None and found.user_id == user_id else None

    def _far(self, folded: str) -> Actor | None:
        """A guest who is connected to another node."""
        return None if self.names is None else self.names.find(folded)

    async def renew_accounts(self, uids: Collection[str]) -> None:
        """Other nodes have made, changed or erased these accounts; guests may have become them."""
        await self.accounts.renew(uids)
        for uid in uids:
            if (account := self.accounts.of_uid(uid)) is not None:
                self.guests.drop(account.actor)
        # Of whom there is neither any more: made and erased between two looks.
        await self.guests.renew([uid for uid in uids if self.guests.of_uid(uid) is not None])

    async def renew_everybody(self) -> None:
        """Nobody knows which."""
        await self.accounts.renew_all()
        for account in self.accounts:
            if self.guests.of_uid(account.uid) is not None:
                self.guests.drop(account.actor)
        await self.guests.renew_all()

    def claim(self, name: str) -> Claim:
        """Hold a name as a bare guest; see `Guests.claim`. Raises Unauthenticated for a name that is an account's."""
        if self._access == "open":
            self._require_no_account(normalise(name), Unauthenticated)
        return self.guests.claim(name)

    def claim_of(self, name: str) -> Claim | None:
        """See `Guests.claim_of`."""
        return self.guests.claim_of(name)

    def release(self, claim: Claim) -> None:
        """See `Guests.release`."""
        self.guests.release(claim)

    async def make_guest(self, name: str, address: str = "") -> tuple[Actor, str]:
        """A new token guest and its token; see `Guests.create`. Raises NameTaken for a name that is an account's."""
        if self._access == "open":
            self._require_no_account(entered(name), NameTaken)
        return await self.guests.create(name, address)

    def _require_no_account(self, user_id: str, error: type[Unauthenticated] | type[NameTaken]) -> None:
        if self.accounts.is_taken(user_id):
            raise error("unauthenticated.account" if error is Unauthenticated else None, user_id=user_id)

    # Tokens

    async def authenticate(self, token: str) -> Login:
        """Whose token this is. Using it is a use of the session, or of the guest. Raises Unauthenticated."""
        if not token.startswith(OF_SESSION):
            return Login(await self.guests.authenticate(token))
        session = await self.sessions.authenticate(token)
        if self.accounts.of_uid(session.uid) is None:
            await self.renew_accounts([session.uid])  # of another node, and the news of it is on its way
        return Login(self.account_of(session.uid).actor, session.id)

    def is_current(self, login: Login) -> bool:
        """Whether what was recognised a moment ago still holds: nothing was revoked, disabled or taken over since."""
        if login.session is None and not login.external:
            return self.guests.knows(login.actor.uid)
        account = self.accounts.of_uid(login.actor.uid)
        if account is None or account.disabled:
            return False
        return login.session is None or self.sessions.is_alive(login.session)

    async def actor_of(self, uid: str) -> Actor:
        """Who this is, an account or a token guest, known to this node or not. Raises Unauthenticated."""
        if self.accounts.of_uid(uid) is None:
            await self.guests.renew([uid])
            if (guest := self.guests.of_uid(uid)) is not None:
                return guest
            await self.accounts.renew([uid])
        return self.account_of(uid).actor

    def account_of(self, uid: str) -> Account:
        """The account of somebody who may be here. Raises Unauthenticated for nobody's uid and for who is disabled."""
        account = self.accounts.of_uid(uid)
        if account is None or account.disabled:
            raise Unauthenticated()
        return account

    def attach(self, login: Login) -> None:
        """A connection opened: it is a use for as long as it lasts."""
        if login.session is not None:
            self.sessions.attach(login.session)
        elif not login.external:
            self.guests.attach(login.actor)

    def detach(self, login: Login) -> None:
        """A connection is gone."""
        if login.session is not None:
            self.sessions.detach(login.session)
        elif not login.external:
            self.guests.detach(login.actor)

    # Chores

    async def flush(self, *, everything: bool = False) -> None:
        """Write the last uses that are due. Once a minute, and with `everything` at the end."""
        await self.guests.chores.flush(everything=everything)
        await self.sessions.flush(everything=everything)

    async def sweep(self) -> None:
        """Forget who is gone. Once a minute."""
        self.guests.chores.sweep()
        await self.guests.chores.drop_silent()
        await self.guests.chores.clear()
        await self.sessions.sweep()
