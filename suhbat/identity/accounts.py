"""Accounts in memory: all of them, by folded name and by uid. A change is written to the store first."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from operator import attrgetter
from typing import Any

from suhbat.chat.model import Account, Actor, NewPicture
from suhbat.chat.normalise import letters
from suhbat.chat.ports import AccountStore
from suhbat.errors import InvalidName, NameTaken, Unauthenticated
from suhbat.protocol.objects import Person

from .listeners import IdentityListener
from .lookups import Lookups, groups
from .names import entered, skeleton
from .profile import person_of


class Accounts:
    """The accounts of this server; `load` them before use. `listener`: told of each account that was changed, disabled or
    erased, by this node or another."""

    def __init__(self, store: AccountStore, listener: IdentityListener) -> None:
        self._store = store
        self._listener = listener
        self._by_name: dict[str, Account] = {}
        self._by_uid: dict[str, Account] = {}
        self._bots: dict[str, dict[str, None]] = {}
        """The uids of the bots of an account, by its uid."""
        self._reserved: set[str] = set()
        self._words: list[tuple[str, str]] = []
        """The search index: the words of names and display names with their uids, sorted."""
        self._lookups = Lookups[Account](attrgetter("uid"))
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Read all accounts. Call once, when the store is open."""
        for account in await self._store.accounts():
            self._add(account)
        self._words.sort()

    async def reload(self, uids: Collection[str]) -> None:
        """Read accounts again that another node made, changed or erased."""
        self._lookups.changed(uids)
        rows = await self._lookups.of(uids, self._store.accounts)
        for uid in uids:
            account, before = rows.get(uid), self._by_uid.get(uid)
            if account is not None and account != before:
                self._replace(account)
            elif account is None and before is not None:
                self._remove(before)
                self._end(uid)

    async def reload_all(self) -> None:
        """Read all accounts again, because it is unknown what changed."""
        self._lookups.changed(None)
        stored = {account.uid: account for account in await self._store.accounts()}
        uids = stored.keys() | self._by_uid.keys()
        for some in groups([uid for uid in uids if stored.get(uid) != self._by_uid.get(uid)]):
            await self.reload(some)

    def __iter__(self) -> Iterator[Account]:
        """All accounts, the oldest first. As in every look-up, also the disabled ones."""
        return iter(self._by_uid.values())

    @property
    def have_owner(self) -> bool:
        """Whether this server has an owner."""
        return any(account.role == "owner" for account in self)

    def of_name(self, name: str) -> Account | None:
        """The account with this name, as typed; None if there is none, or if it cannot be a name."""
        try:
            return self._by_name.get(skeleton(entered(name)))
        except InvalidName:
            return None

    def of_skeleton(self, folded: str) -> Account | None:
        """The account with this folded name (`names.skeleton`)."""
        return self._by_name.get(folded)

    def of_uid(self, uid: str) -> Account | None:
        return self._by_uid.get(uid)

    def require(self, uid: str) -> Account:
        """The account with this uid. Raises Unauthenticated if there is none, or if it is disabled; the same for a bot if its
        owner is."""
        if not self.is_enabled(uid):
            raise Unauthenticated()
        return self._by_uid[uid]

    def is_enabled(self, uid: str) -> bool:
        """Whether there is an account with this uid that can be used: neither it nor, if it is a bot, its owner is disabled."""
        account = self._by_uid.get(uid)
        if account is None or account.disabled:
            return False
        return account.owner_uid is None or self.is_enabled(account.owner_uid)

    def bots_of(self, uid: str) -> list[Account]:
        """The bots of this account, the oldest first."""
        bots = [bot for one in self._bots.get(uid, ()) if (bot := self._by_uid.get(one)) is not None]
        return sorted(bots, key=lambda bot: (bot.created_at, bot.uid))

    def is_taken(self, user_id: str) -> bool:
        """Whether a (normalised) name belongs to an account, or to one that is being made."""
        folded = skeleton(user_id)
        return folded in self._by_name or folded in self._reserved

    def search(self, query: str, limit: int) -> list[Account]:
        """The enabled accounts whose name, or a word of whose display name, begins with `query`, in any spelling."""
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
        """Reserve a (normalised) name while its account is made. Raises NameTaken, also for a concurrent second request."""
        folded = skeleton(user_id)
        if self.is_taken(user_id):
            raise NameTaken(user_id=user_id)
        self._reserved.add(folded)
        try:
            yield
        finally:
            self._reserved.discard(folded)

    async def add(self, account: Account, invite: bytes | None = None) -> str | None:
        """See chat.ports.AccountStore.add_account."""
        conversation = await self._store.add_account(account, invite)
        self._lookups.changed([account.uid])
        self._add(account)
        self._words.sort()
        return conversation

    async def change(self, uid: str, **fields: Any) -> Account:
        """Change fields of an account, but not its name. Durable on return."""
        async with self._changing:
            # The row is written as a whole, so it must be as it is in the store: another node may have changed it.
            stored = await self._store.accounts([uid])
            account = replace(stored[0] if stored else self._by_uid[uid], **fields)
            await self._store.save_account(account)
        self._lookups.changed([uid])
        self._replace(account)
        return account

    async def set_picture(self, uid: str, picture: NewPicture | None, moderator: Actor | None = None) -> Account:
        """Change or remove the picture of an account. Durable on return. Arguments and errors: see
        `AccountStore.set_picture`."""
        async with self._changing:
            account = await self._store.set_picture(uid, picture, moderator)
        self._lookups.changed([uid])
        self._replace(account)
        return account

    async def erase(self, account: Account, at: int, *, with_messages: bool) -> None:
        """See chat.ports.AccountStore.erase. The names are free on return."""
        async with self._changing:
            bots = await self._store.erase(account.actor, at, with_messages=with_messages)
            self._lookups.changed([account.uid, *bots])
            known = [bot for uid in bots if (bot := self._by_uid.get(uid)) is not None]
            for one in (*known, account):
                self._remove(one)
        for uid in (account.uid, *bots):
            self._end(uid)

    def _replace(self, account: Account) -> None:
        """Put an account as it is in the store, known before or not, in memory."""
        before = self._by_uid.get(account.uid)
        if before is not None:
            self._remove_words(before)
        self._add(account, sort=True)
        self._listener.change_actor(account.actor)
        person = person_of(account)
        if before is None or _shown(person_of(before)) != _shown(person):
            self._listener.change_profile(person)
        if account.disabled:
            self._end(account.uid)

    def _end(self, uid: str) -> None:
        """An account cannot be used any more, and neither can its bots."""
        for one in (uid, *self._bots.get(uid, ())):
            self._listener.end_user(one)

    def _remove(self, account: Account) -> None:
        self._by_uid.pop(account.uid, None)
        if account.owner_uid is not None:
            self._bots.get(account.owner_uid, {}).pop(account.uid, None)
        self._by_name.pop(skeleton(account.user_id), None)
        self._remove_words(account)

    def _remove_words(self, account: Account) -> None:
        for word in _words_of(account):
            at = bisect_left(self._words, (word, account.uid))
            if self._words[at : at + 1] == [(word, account.uid)]:
                del self._words[at]

    def _add(self, account: Account, *, sort: bool = False) -> None:
        # Folded again, because the stored skeleton may be from an older table of confusables.
        self._by_name[skeleton(account.user_id)] = account
        self._by_uid[account.uid] = account
        if account.owner_uid is not None:
            self._bots.setdefault(account.owner_uid, {})[account.uid] = None
        for word in _words_of(account):
            if sort:
                insort(self._words, (word, account.uid))
            else:
                self._words.append((word, account.uid))


def _shown(person: Person) -> tuple[str, str | None]:
    """What clients must be told when it changes."""
    return person.display_name, person.picture


def _words_of(account: Account) -> set[str]:
    shown = letters(account.display_name)
    return {letters(account.user_id), shown, *shown.split()}
