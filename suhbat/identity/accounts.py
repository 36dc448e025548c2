"""Accounts: who has a name of their own on this server.

All of them are in memory, by what their names look like and by uid; the store is written first. Passwords are checked in
`passwords`; who may register is decided in `registration`.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from operator import attrgetter
from typing import Any

from suhbat.chat.model import Account
from suhbat.chat.normalise import letters
from suhbat.chat.ports import AccountStore
from suhbat.errors import InvalidName, NameTaken

from .listeners import IdentityListener
from .lookups import Lookups, groups
from .names import entered, skeleton


class Accounts:
    """The accounts of this server; `load` before use. `listener`: told of each account that was changed, disabled or erased,
    by this node or another."""

    def __init__(self, store: AccountStore, listener: IdentityListener) -> None:
        self._store = store
        self._listener = listener
        self._by_name: dict[str, Account] = {}
        self._by_uid: dict[str, Account] = {}
        self._pending: set[str] = set()
        self._words: list[tuple[str, str]] = []
        """What people are found by, and their uids, sorted."""
        self._lookups = Lookups[Account](attrgetter("uid"))
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Read all accounts. Call once, when the store is open."""
        for account in await self._store.accounts():
            self._take(account)
        self._words.sort()

    async def renew(self, uids: Collection[str]) -> None:
        """Other nodes have made, changed or erased these accounts."""
        self._lookups.changed(uids)
        rows = await self._lookups.of(uids, self._store.accounts)
        for uid in uids:
            account, before = rows.get(uid), self._by_uid.get(uid)
            if account is not None and account != before:
                self._renewed(account)
            elif account is None and before is not None:
                self._drop(before)
                self._listener.end_user(uid)

    async def renew_all(self) -> None:
        """Nobody knows which."""
        self._lookups.changed(None)
        present = {account.uid: account for account in await self._store.accounts()}
        everybody = present.keys() | self._by_uid.keys()
        for some in groups([uid for uid in everybody if present.get(uid) != self._by_uid.get(uid)]):
            await self.renew(some)

    def __iter__(self) -> Iterator[Account]:
        """The oldest first, the disabled too."""
        return iter(self._by_uid.values())

    @property
    def have_owner(self) -> bool:
        """Whether somebody owns this server."""
        return any(account.role == "owner" for account in self)

    def of_name(self, name: str) -> Account | None:
        """Whose name this is, as typed, the disabled too; None for nobody's, and for what cannot be a name."""
        try:
            return self._by_name.get(skeleton(entered(name)))
        except InvalidName:
            return None

    def of_skeleton(self, folded: str) -> Account | None:
        """Whose name looks like this (`names.skeleton`), the disabled too."""
        return self._by_name.get(folded)

    def of_uid(self, uid: str) -> Account | None:
        return self._by_uid.get(uid)

    def is_taken(self, user_id: str) -> bool:
        """Whether this (normalised) name belongs to an account, or to one that is just being made."""
        folded = skeleton(user_id)
        return folded in self._by_name or folded in self._pending

    def found(self, query: str, limit: int) -> list[Account]:
        """Those whose name, or a word of whose shown name, begins with `query`, in any spelling; the disabled are not found."""
        wanted = letters(query)
        uids: dict[str, None] = {}
        for word, uid in self._words[bisect_left(self._words, (wanted, "")) :]:
            if not wanted or not word.startswith(wanted) or len(uids) >= limit:
                break
            if not self._by_uid[uid].disabled:
                uids[uid] = None
        return [self._by_uid[uid] for uid in uids]

    @contextmanager
    def held(self, user_id: str) -> Iterator[None]:
        """Hold a (normalised) name while an account is made: of two who ask at once the second is refused.

        Raises NameTaken.
        """
        folded = skeleton(user_id)
        if self.is_taken(user_id):
            raise NameTaken(user_id=user_id)
        self._pending.add(folded)
        try:
            yield
        finally:
            self._pending.discard(folded)

    async def add(self, account: Account, invite: bytes | None = None) -> str | None:
        """See chat.ports.AccountStore.add_account."""
        conversation = await self._store.add_account(account, invite)
        self._lookups.changed([account.uid])
        self._take(account)
        self._words.sort()
        return conversation

    async def change(self, uid: str, **fields: Any) -> Account:
        """Write some fields of an account, not its name. One after another: a row is written whole."""
        async with self._changing:
            # As it is in the store: the row is written whole, and another node may have changed it.
            stored = await self._store.accounts([uid])
            account = replace(stored[0] if stored else self._by_uid[uid], **fields)
            await self._store.save_account(account)
        self._lookups.changed([uid])
        self._renewed(account)
        return account

    async def erase(self, account: Account, at: int, *, with_messages: bool) -> None:
        """Take an account away: see AccountStore.erase. Its name is free then."""
        async with self._changing:
            await self._store.erase(account.actor, at, with_messages=with_messages)
            self._lookups.changed([account.uid])
            self._drop(account)
        self._listener.end_user(account.uid)

    def _renewed(self, account: Account) -> None:
        """It is no longer what it was, or is new, and that is durable."""
        before = self._by_uid.get(account.uid)
        if before is not None:
            self._unlist(before)
        self._take(account, sort=True)
        self._listener.change_actor(account.actor)
        if account.disabled:
            self._listener.end_user(account.uid)

    def _drop(self, account: Account) -> None:
        self._by_uid.pop(account.uid, None)
        self._by_name.pop(skeleton(account.user_id), None)
        self._unlist(account)

    def _unlist(self, account: Account) -> None:
        for word in _words_of(account):
            at = bisect_left(self._words, (word, account.uid))
            if self._words[at : at + 1] == [(word, account.uid)]:
                del self._words[at]

    def _take(self, account: Account, *, sort: bool = False) -> None:
        # Folded anew: a newer table of confusables may fold differently from the one it was stored with.
        self._by_name[skeleton(account.user_id)] = account
        self._by_uid[account.uid] = account
        for word in _words_of(account):
            if sort:
                insort(self._words, (word, account.uid))
            else:
                self._words.append((word, account.uid))


def _words_of(account: Account) -> set[str]:
    shown = letters(account.display_name)
    return {letters(account.user_id), shown, *shown.split()}
