"""The mails of a node: made and sent if `smtp_url` is set."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from suhbat.chat.model import Account, Milliseconds
from suhbat.chat.ports import Clock, MailBacklog, MailStore
from suhbat.chat.presence import PresenceTracker
from suhbat.chat.quiet import quiet_until
from suhbat.config import Settings
from suhbat.identity.authentication import PasswordAuthentication
from suhbat.identity.mail_addresses import MailAddresses
from suhbat.identity.mailed_invites import MailedInvites
from suhbat.identity.password_resets import PasswordResets
from suhbat.identity.passwords import Passwords
from suhbat.identity.registration import Registration
from suhbat.identity.tokens import digest, random_token
from suhbat.identity.user_directory import UserDirectory
from suhbat.mail.dispatcher import MailDispatcher
from suhbat.mail.ports import MailServerConnection, ServerFailed
from suhbat.mail.unsubscribing import Unsubscribing
from suhbat.mail.writing import LetterWriter
from suhbat.services import MailServices
from suhbat.store.errors import UnusableStore
from suhbat.tasks import Tasks

if TYPE_CHECKING:
    from suhbat.mail.smtp import SmtpServers


AWAY: Milliseconds = 15 * 60 * 1000
"""Whoever was here within this time is not away."""


class NodeMail:
    """`services` is for requests. `is_active`: whether this user is looking, at any node. Implements
    `mail.ports.MailServers` with the server of the settings."""

    def __init__(
        self,
        settings: Settings,
        store: MailStore,
        clock: Clock,
        tasks: Tasks,
        people: UserDirectory,
        passwords: Passwords,
        authentication: PasswordAuthentication,
        registration: Registration,
        presence: PresenceTracker,
        is_active: Callable[[str], Awaitable[bool]],
    ) -> None:
        root = settings.public_url or ""
        self._settings = settings
        self._store = store
        self._clock = clock
        self._people = people
        self._presence = presence
        self._is_active = is_active
        self._servers: SmtpServers | None = None
        self._unsubscribing = Unsubscribing(store, root)
        letters = LetterWriter(
            store,
            clock,
            root,
            self._account,
            self._back_at,
            _new_code,
            self._unsubscribing,
        )
        self.dispatcher = MailDispatcher(store, clock, self, letters, settings.sender)
        wake = self.dispatcher.wake
        addresses = MailAddresses(store, clock, authentication, wake)
        self.services = MailServices(
            addresses=addresses,
            resets=PasswordResets(store, clock, people, passwords, authentication, addresses, tasks, wake),
            invites=MailedInvites(store, clock, registration.invites, authentication.throttle, wake),
            unsubscribing=self._unsubscribing,
        )
        self.backlog = MailBacklog(0, None)
        """As of the last `maintain`."""

    async def load(self, *, alone: bool) -> None:
        """Call once, when the store is open. `alone`: there are no other nodes, so all claims are those of a process that was
        killed. Raises UnusableStore if the client for SMTP is not installed."""
        self._servers = mail_servers(self._settings)
        await self._unsubscribing.load()
        if alone:
            await self._store.free_mails()

    async def connect(self) -> MailServerConnection | ServerFailed:
        assert self._servers is not None, "`load` was not called"
        return await self._servers.connect()

    async def maintain(self) -> None:
        """Delete expired codes, and count the mails that wait. Once a minute."""
        now = self._clock.wall()
        await self._store.drop_codes(now)
        self.backlog = await self._store.mail_backlog(now)

    @property
    def lag(self) -> float:
        """For how many seconds the oldest mail has been due."""
        oldest = self.backlog.oldest
        return 0.0 if oldest is None else max(0.0, (self._clock.wall() - oldest) / 1000)

    async def _account(self, uid: str) -> Account | None:
        # Another node may have made or changed it a moment ago.
        if self._people.accounts.of_uid(uid) is None:
            await self._people.reload_accounts([uid])
        return self._people.accounts.of_uid(uid)

    async def _back_at(self, account: Account) -> Milliseconds | None:
        """When to ask again about somebody who is looking, was here within AWAY, or has quiet hours; None to tell
        them now."""
        now = self._clock.wall()
        if (until := quiet_until(account.quiet, now)) is not None:
            return until
        if await self._is_active(account.uid):
            return now + AWAY
        return away_at(self._presence.of(account.actor).last_seen, now)


def away_at(seen: Milliseconds | None, now: Milliseconds) -> Milliseconds | None:
    """When somebody will be away who was here at `seen`; None if they are. A time that is far from now in the future was shown
    by a clock that was wrong: nobody is taken for present until that time comes again."""
    return min(seen, now) + AWAY if seen is not None and abs(now - seen) < AWAY else None


def mail_servers(settings: Settings) -> SmtpServers:
    """The mail server of the settings. Raises UnusableStore if the client for SMTP is not installed."""
    assert settings.mail_server is not None, "smtp_url is not set"
    try:
        from suhbat.mail.smtp import SmtpServers
    except ImportError:
        raise UnusableStore(
            'smtp_url needs a client: pip install ".[mail]" in the folder of Suhbat (or aiosmtplib)'
        ) from None
    sender = settings.sender.address
    return SmtpServers(settings.mail_server, sender, sender.rpartition("@")[2])


def _new_code() -> tuple[str, bytes]:
    code = random_token()
    return code, digest(code)
