"""The half of the store that is about people: see chat.ports.AccountStore. The work itself is in `accounts`, `guests`,
`sessions` and `invites`; this class runs it in threads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from sqlalchemy import Connection

from suhbat.chat.model import Account, Actor, Change, Guest, Invite, NewPicture, PushSubscription, Session
from suhbat.chat.ports import Clock
from suhbat.protocol.logged_events import own_log
from suhbat.store import kept
from suhbat.store.write.commands import own
from suhbat.store.write.transaction import WriterTransaction
from suhbat.store.write.writer import Writer

from . import accounts, guests, invites, push, sessions

T = TypeVar("T")


class PeopleOverSQL:
    """Reads through `_read`, and writes through the writer, in one batch with messages."""

    @abstractmethod
    async def _read(self, run: Callable[[Connection], T], *, aside: bool = False) -> T: ...

    @abstractmethod
    async def _write(self, run: Callable[[Connection], T], *changes: Change, quota: str | None = None) -> T: ...

    @abstractmethod
    async def _index_reached(self) -> None: ...

    @abstractmethod
    def _open_writer(self) -> Writer: ...

    _clock: Clock

    async def accounts(self, uids: Collection[str] | None = None) -> list[Account]:
        wanted = None if uids is None else tuple(uids)
        return await self._read(lambda c: accounts.all_accounts(c) if wanted is None else accounts.of(c, wanted))

    async def add_account(self, account: Account, invite: bytes | None = None) -> str | None:
        return await self._write(lambda c: accounts.add(c, account, invite), Change("account", account.uid))

    async def save_account(self, account: Account) -> None:
        at = self._clock.wall()
        logs = frozenset({own_log(account.uid)})
        await self._open_writer().work(lambda transaction: own.save_account(transaction, account, at), logs)

    async def set_picture(self, uid: str, picture: NewPicture | None, moderator: Actor | None = None) -> Account:
        at = self._clock.wall()
        logs = frozenset({own_log(uid)})
        return await self._open_writer().work(
            lambda transaction: own.set_picture(transaction, uid, picture, at, moderator), logs
        )

    async def add_session(self, session: Session) -> None:
        await self._write(lambda c: sessions.add(c, session))

    async def sessions(self, ids: Collection[str]) -> list[Session]:
        wanted = tuple(ids)
        return await self._read(lambda c: sessions.by_id(c, wanted))

    async def session_by_token(self, token_hash: bytes) -> Session | None:
        return await self._read(lambda c: sessions.by_token(c, token_hash))

    async def sessions_of(self, uid: str) -> list[Session]:
        return await self._read(lambda c: sessions.of(c, uid))

    async def rotate_session(self, known: Session, token_hash: bytes, previous_hash: bytes | None, at: int) -> bool:
        change = Change("session", known.id)
        return await self._write(lambda c: sessions.rotate(c, known, token_hash, previous_hash, at), change)

    async def touch_sessions(self, used: Mapping[str, tuple[int, int]]) -> None:
        moved = dict(used)
        await self._write(lambda c: sessions.touch(c, moved))

    async def end_sessions(self, ids: Collection[str]) -> None:
        ended = tuple(ids)
        await self._write(lambda c: sessions.end(c, ended), *(Change("session", id) for id in ended))

    async def drop_sessions(self, before: int) -> None:
        await self._write(lambda c: sessions.drop(c, before))

    async def add_invite(self, invite: Invite) -> None:
        await self._write(lambda c: invites.add(c, invite))

    async def invite_by_code(self, code_hash: bytes) -> Invite | None:
        return await self._read(lambda c: invites.by_code(c, code_hash))

    async def invites(self) -> list[Invite]:
        return await self._read(invites.all_invites)

    async def end_invite(self, id: str) -> bool:
        return await self._write(lambda c: invites.end(c, id))

    async def push_key(self) -> str | None:
        return await self._read(lambda c: kept.read(c, push.KEY))

    async def keep_push_key(self, proposed: str) -> str:
        return await self._write(lambda c: kept.keep(c, push.KEY, proposed))

    async def save_push(self, subscription: PushSubscription, most: int) -> tuple[str, bool]:
        return await self._write(lambda c: push.save(c, subscription, most))

    async def pushes_of(self, uid: str) -> list[PushSubscription]:
        return await self._read(lambda c: push.of(c, uid))

    async def end_push(self, uid: str, id: str) -> bool:
        return await self._write(lambda c: push.end_one(c, uid, id))

    async def end_pushes(self, ids: Collection[str]) -> None:
        ended = tuple(ids)
        await self._write(lambda c: push.end(c, ended))

    async def touch_pushes(self, ids: Collection[str], at: int) -> None:
        used = tuple(ids)
        await self._write(lambda c: push.touch(c, used, at))

    async def save_guest(self, guest: Guest) -> None:
        await self._write(lambda c: guests.save(c, guest), Change("guest", guest.uid))

    async def guests_of(self, uids: Collection[str]) -> list[Guest]:
        wanted = tuple(uids)
        return await self._read(lambda c: guests.of(c, wanted))

    async def users(self, uids: Collection[str]) -> list[Actor]:
        wanted = tuple(uids)
        return await self._read(lambda c: guests.users_of(c, wanted))

    async def guest_by_token(self, token_hash: bytes) -> Guest | None:
        return await self._read(lambda c: guests.by_token(c, token_hash))

    async def guests(self, since: int) -> list[Guest]:
        return await self._read(lambda c: guests.used_since(c, since))

    async def drop_guest(self, uid: str) -> None:
        await self._write(lambda c: guests.drop(c, uid), Change("guest", uid))

    async def drop_silent_guests(self, uids: Collection[str], before: int) -> Collection[str]:
        wanted = tuple(uids)
        # The slow reader finds candidates, and the writer only checks them again. Messages that are not indexed yet are newer
        # than `before`.
        await self._index_reached()
        silent = await self._read(lambda c: guests.silent(c, wanted, before), aside=True)

        def drop(transaction: WriterTransaction) -> Collection[str]:
            expired = guests.silent(transaction.connection, silent, before)
            for uid in expired:
                guests.drop(transaction.connection, uid)
                transaction.changes.append(Change("guest", uid))
            return expired

        return await self._open_writer().work(drop) if silent else ()

    async def drop_guests(self, before: int) -> int:
        return await self._write(lambda c: guests.drop_some(c, before))

    async def touch_guests(self, used: Mapping[str, int]) -> None:
        moved = dict(used)
        await self._write(lambda c: guests.touch(c, moved))
