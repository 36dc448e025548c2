"""The part of the store that is about mails: see chat.ports.MailStore. The work itself is in `people.mail` and
`people.mail_queue`; this class runs it in threads."""

from __future__ import annotations

import secrets
from abc import abstractmethod
from collections.abc import Callable, Collection
from typing import TypeVar

from sqlalchemy import Connection

from suhbat.chat.model import Account, Change, CodeUse, Invite, Mail, MailAddress, MailCode, Milliseconds, MissedPlace
from suhbat.chat.ports import Clock, MailBacklog, MailLimits

from . import kept
from .people import invites
from .people import mail as rows
from .people import mail_queue as queue
from .read.digest import missed
from .read.floor import LobbyHistory

T = TypeVar("T")


class MailOverSQL:
    """Reads through `_read`, and writes through the writer, in one batch with messages."""

    _clock: Clock
    _lobby_history: LobbyHistory

    @abstractmethod
    async def _read(self, run: Callable[[Connection], T], *, aside: bool = False) -> T: ...

    @abstractmethod
    async def _write(self, run: Callable[[Connection], T], *changes: Change, quota: str | None = None) -> T: ...

    async def mail_secret(self) -> bytes:
        return bytes.fromhex(await self._write(lambda c: kept.keep(c, rows.KEY, secrets.token_hex(32))))

    async def mail_address(self, uid: str) -> MailAddress | None:
        return await self._read(lambda c: rows.of(c, uid))

    async def mail_owners(self, address: str, most: int) -> list[str]:
        return await self._read(lambda c: rows.owners(c, address, most))

    async def want_address(self, uid: str, address: str, mail: Mail, limits: MailLimits) -> None:
        await self._write(lambda c: rows.want(c, uid, address, mail, limits), quota=uid)

    async def confirm_address(self, code_hash: bytes, at: Milliseconds) -> tuple[MailAddress, MailAddress] | None:
        return await self._write(lambda c: rows.confirm(c, code_hash, at))

    async def forget_address(self, uid: str) -> MailAddress | None:
        return await self._write(lambda c: rows.forget(c, uid), quota=uid)

    async def set_digest(self, uid: str, on: bool) -> bool:
        return await self._write(lambda c: rows.set_digest(c, uid, on), quota=uid)

    async def refuse_address(self, uid: str, address: str, at: Milliseconds | None) -> None:
        await self._write(lambda c: rows.refuse(c, uid, address, at))

    async def renew_invite(self, id: str, code_hash: bytes, at: Milliseconds) -> Invite | None:
        return await self._write(lambda c: invites.renew(c, id, code_hash, at))

    async def add_code(self, code: MailCode) -> None:
        await self._write(lambda c: rows.add_code(c, code))

    async def mail_code(self, code_hash: bytes, use: CodeUse, at: Milliseconds) -> MailCode | None:
        return await self._read(lambda c: rows.code(c, code_hash, use, at))

    async def take_code(self, code_hash: bytes, use: CodeUse, at: Milliseconds) -> MailCode | None:
        return await self._write(lambda c: rows.take_code(c, code_hash, use, at))

    async def drop_codes(self, before: Milliseconds) -> None:
        await self._write(lambda c: rows.drop_codes(c, before))

    async def missed(self, account: Account, since: Milliseconds, now: Milliseconds) -> list[MissedPlace]:
        return await self._read(lambda c: missed(c, account, since, now, self._lobby_history))

    async def ask_digest(self, uid: str, since: Milliseconds) -> None:
        await self._write(lambda c: queue.ask_digests(c, {uid: since}, self._clock.wall()))

    async def digest_sent(self, uid: str, at: Milliseconds) -> None:
        await self._write(lambda c: rows.digest_sent(c, uid, at))

    async def queue_mail(self, mail: Mail, limits: MailLimits) -> None:
        await self._write(lambda c: queue.add(c, mail, limits))

    async def claim_mails(self, most: int, at: Milliseconds, until: Milliseconds) -> list[Mail]:
        return await self._write(lambda c: queue.claim(c, most, at, until))

    async def free_mails(self) -> None:
        await self._write(queue.free)

    async def mails_due(self, at: Milliseconds) -> bool:
        return await self._read(lambda c: queue.are_due(c, at))

    async def end_mail(self, mail: Mail, again_at: Milliseconds) -> None:
        await self._write(lambda c: queue.end(c, mail, again_at))

    async def delay_mails(self, mails: Collection[Mail], due_at: Milliseconds, *, tried: bool) -> None:
        waiting = tuple(mails)
        await self._write(lambda c: queue.delay(c, waiting, due_at, tried=tried))

    async def mail_backlog(self, at: Milliseconds) -> MailBacklog:
        return await self._read(lambda c: queue.backlog(c, at))
