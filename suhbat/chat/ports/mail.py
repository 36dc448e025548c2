"""Addresses, codes and waiting mails in the store. Writes are durable on return, or raise Busy."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, Protocol

from suhbat.chat.model import Account, CodeUse, Invite, Mail, MailAddress, MailCode, Milliseconds, MissedPlace


class MailLimits(NamedTuple):
    """Mails a day because of one account, and to one mailbox, whoever causes them; and how many may wait."""

    account: int = 10
    mailbox: int = 6
    waiting: int = 20_000


class MailBacklog(NamedTuple):
    """`waiting`: mails. `oldest`: since when the oldest of them has been due, None if none is."""

    waiting: int
    oldest: Milliseconds | None


class MailStore(Protocol):
    """Addresses of accounts, the codes that were mailed, and the queue of mails."""

    async def mail_secret(self) -> bytes:
        """A secret of 32 bytes, which signs the links in mails: always the same, on all nodes."""
        ...

    async def mail_address(self, uid: str) -> MailAddress | None:
        """The address of an account; None if it never had one."""
        ...

    async def mail_owners(self, address: str, most: int) -> list[str]:
        """The uids of at most so many accounts for which this address is confirmed."""
        ...

    async def want_address(self, uid: str, address: str, mail: Mail, limits: MailLimits) -> None:
        """Store an address that is not confirmed, and queue the mail that asks for it. Earlier codes for it are void.
        The confirmed one stays. Raises RateLimited, Busy."""
        ...

    async def confirm_address(self, code_hash: bytes, at: Milliseconds) -> tuple[MailAddress, MailAddress] | None:
        """Use a code, which makes the address that it was sent to the confirmed one. Returns the row before and
        after; None if the code is not good."""
        ...

    async def forget_address(self, uid: str) -> MailAddress | None:
        """Delete the address, its codes, and the mails that wait for it, but not the notices. Returns the row
        before."""
        ...

    async def set_digest(self, uid: str, on: bool) -> bool:
        """Whether to mail what was missed. False if the account never had an address."""
        ...

    async def missed(self, account: Account, since: Milliseconds, now: Milliseconds) -> list[MissedPlace]:
        """What this user has not read and would be notified of: messages in directs, and mentions, sent after
        `since`. The conversation with the newest message comes first."""
        ...

    async def ask_digest(self, uid: str, since: Milliseconds) -> None:
        """Queue a digest for this account, if its address is confirmed and it wants digests. `since`: when the first message
        that they missed was sent. One that waits is asked for again, and keeps its time. (New messages do that by themselves:
        see `PushQueue.gather_pushes`.)"""
        ...

    async def digest_sent(self, uid: str, at: Milliseconds) -> None:
        """Note that a digest was sent that has everything up to this time."""
        ...

    async def queue_mail(self, mail: Mail, limits: MailLimits) -> None:
        """Add a mail, unless one with its key waits, or the mailbox got too many. Raises RateLimited for the account,
        and Busy. Notices and digests are not counted, so that nobody can use up the mail that would have warned
        somebody."""
        ...

    async def mails_due(self, at: Milliseconds) -> bool:
        """Whether `claim_mails` would find something. A cheap read."""
        ...

    async def claim_mails(self, most: int, at: Milliseconds, until: Milliseconds) -> list[Mail]:
        """Mails that are due at this time. Nobody else gets them before `until`. Those that have expired are
        deleted."""
        ...

    async def free_mails(self) -> None:
        """End all claims. Only while no node sends mails: those who claimed them are gone."""
        ...

    async def end_mail(self, mail: Mail, again_at: Milliseconds) -> None:
        """Delete a claimed mail. If its key was asked for since, it waits anew until `again_at` instead."""
        ...

    async def delay_mails(self, mails: Collection[Mail], due_at: Milliseconds, *, tried: bool) -> None:
        """Give claimed mails back, to be sent at this time. `tried`: whether that was an attempt."""
        ...

    async def refuse_address(self, uid: str, address: str, at: Milliseconds | None) -> None:
        """Note that a mail server refused this address of the account for good; or, with None, that it did not."""
        ...

    async def renew_invite(self, id: str, code_hash: bytes, at: Milliseconds) -> Invite | None:
        """Give an invite another code, which voids the one before. None if it is used up, expired or withdrawn."""
        ...

    async def add_code(self, code: MailCode) -> None:
        """Store a code. Raises NotFound if the account is gone."""
        ...

    async def mail_code(self, code_hash: bytes, use: CodeUse, at: Milliseconds) -> MailCode | None:
        """A code that is good at this time."""
        ...

    async def take_code(self, code_hash: bytes, use: CodeUse, at: Milliseconds) -> MailCode | None:
        """Use a code, which voids all of this account with this use. None if it is not good. A code for a password is
        good only as long as the address is the one that it was sent to."""
        ...

    async def mail_backlog(self, at: Milliseconds) -> MailBacklog: ...

    async def drop_codes(self, before: Milliseconds) -> None:
        """Delete the codes that expired before this time."""
        ...
