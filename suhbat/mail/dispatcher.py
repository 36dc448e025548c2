"""Sends the mails that wait: claims some, connects once, sends them one after another, and settles each.

A mail is sent at least once: a node that dies between the answer of the mail server and the note in the store sends
it again, under the same Message-ID. Several nodes share the queue, and each mail is claimed by one of them at a time.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import structlog

from suhbat.chat.model import Mail
from suhbat.chat.ports import Clock, MailStore
from suhbat.config.smtp import Sender
from suhbat.errors import SuhbatError

from .letter import Letter
from .message import message
from .ports import (
    Accepted,
    Letters,
    MailRefused,
    MailServerConnection,
    MailServers,
    NoSuchMailbox,
    Outcome,
    Postponed,
    ServerFailed,
)

log = structlog.get_logger("suhbat.mail")

AT_ONCE = 10
"""Mails of one connection."""
LEASE_SECONDS = 15 * 60
"""How long claimed mails are left to a node: more than AT_ONCE mails can take."""
LOOK_SECONDS = 5.0
"""How often the queue is looked at when nothing wakes the dispatcher: retries, and mails of other nodes."""
RETRY_SECONDS, MOST_RETRY_SECONDS = 60, 3600
"""The pause before a mail is tried again, doubled each time up to the second. Greylisting asks for some minutes."""
PAUSE_SECONDS, MOST_PAUSE_SECONDS = 15.0, 600.0
"""The same for a mail server that does not work; no mail is tried meanwhile."""
DIGEST_SECONDS = 3600
"""The shortest time between two digests of one account."""
RESULTS = ("sent", "put_off", "refused", "dropped")
"""What becomes of a mail: the mail server has it; it is tried again later; the mail server refused it; there was
nothing to tell any more."""


class MailDispatcher:
    """`counts`: mails by RESULTS, for /metrics."""

    def __init__(self, store: MailStore, clock: Clock, servers: MailServers, letters: Letters, sender: Sender) -> None:
        self._store = store
        self._clock = clock
        self._servers = servers
        self._letters = letters
        self._sender = sender
        self._wake = asyncio.Event()
        self._pause = 0.0
        self.counts: Counter[str] = Counter()

    def wake(self) -> None:
        """There is a new mail on this node."""
        self._wake.set()

    @property
    def is_failing(self) -> bool:
        """Whether the mail server did not work when it was last tried."""
        return self._pause > 0

    async def run(self) -> None:
        """Send mails until it is cancelled."""
        while True:
            try:
                pause = await self.step()
            except SuhbatError as error:
                log.warning("mail: queue cannot be read", reason=str(error))
                pause = LOOK_SECONDS
            except Exception:
                log.exception("mail: dispatcher failed; it goes on")
                pause = PAUSE_SECONDS
            if self._pause:
                await asyncio.sleep(pause)  # a new mail does not make the server work again
            elif pause:
                await self._wait(pause)

    async def step(self) -> float:
        """Send the mails that are due, at most AT_ONCE. Returns the seconds until the next look; 0 if there may be
        more."""
        now = self._clock.wall()
        if not await self._store.mails_due(now):
            return LOOK_SECONDS
        mails = await self._store.claim_mails(AT_ONCE, now, now + LEASE_SECONDS * 1000)
        if not mails:
            return LOOK_SECONDS
        left = list(mails)
        try:
            failure = await self._send_all(left)
        finally:
            if left:
                await asyncio.shield(self._store.delay_mails(left, now, tried=False))
        return self._settled(failure)

    async def _send_all(self, left: list[Mail]) -> ServerFailed | None:
        """Send mails, and take each that is settled out of the list. Returns the failure that ended this early."""
        connection: MailServerConnection | None = None
        try:
            while left:
                mail = left[0]
                written = await self._write(mail)
                if written is None:
                    left.pop(0)
                    continue
                letter, data = written
                if connection is None:
                    opened = await self._servers.connect()
                    if isinstance(opened, ServerFailed):
                        return opened
                    connection = opened
                outcome = await connection.send(mail.address, data)
                await self._settle(mail, letter, outcome)
                left.pop(0)
                if isinstance(outcome, ServerFailed):
                    return outcome
            return None
        finally:
            if connection is not None:
                await connection.close()

    async def _write(self, mail: Mail) -> tuple[Letter, bytes] | None:
        """The letter, and the mail as it travels; None if there is none to send now, and the mail is settled."""
        data = b""
        try:
            letter = await self._letters.write(mail)
            if isinstance(letter, Letter):
                data = message(letter, self._sender, mail.address, mail.id, self._clock.wall())
        except SuhbatError:
            raise
        except Exception:
            log.exception("mail: cannot be written; it is tried again", id=mail.id, kind=mail.kind)
            await self._put_off(mail)
            return None
        if letter is None:
            await self._end(mail, "dropped")
        elif isinstance(letter, Postponed):
            await self._store.delay_mails([mail], letter.due_at, tried=False)
        else:
            return letter, data
        return None

    async def _settle(self, mail: Mail, letter: Letter, outcome: Outcome) -> None:
        if isinstance(outcome, Accepted):
            if letter.upto is not None:
                await self._store.digest_sent(mail.uid, letter.upto)
            await self._end(mail, "sent")
            await self._store.refuse_address(mail.uid, mail.address, None)
            return
        if isinstance(outcome, NoSuchMailbox):
            await self._store.refuse_address(mail.uid, mail.address, self._clock.wall())
            await self._end(mail, "refused", outcome.answer)
        elif isinstance(outcome, MailRefused):
            await self._end(mail, "refused", outcome.answer)
        else:
            # Also the mail during which the connection broke: if it is the reason, the others must not wait for it.
            answer = outcome.reason if isinstance(outcome, ServerFailed) else outcome.answer
            seconds = await self._put_off(mail)
            log.info("mail: put off", id=mail.id, kind=mail.kind, seconds=seconds, answer=_without(mail, answer))

    async def _put_off(self, mail: Mail) -> int:
        """Try a mail again later. Returns after how many seconds."""
        seconds: int = min(RETRY_SECONDS * 2 ** min(mail.attempts, 10), MOST_RETRY_SECONDS)
        self.counts["put_off"] += 1
        await self._store.delay_mails([mail], self._clock.wall() + seconds * 1000, tried=True)
        return seconds

    async def _end(self, mail: Mail, result: str, answer: str = "") -> None:
        self.counts[result] += 1
        if result == "refused":
            log.warning("mail: refused", id=mail.id, kind=mail.kind, uid=mail.uid, answer=_without(mail, answer))
        elif result == "sent":
            log.info("mail: sent", id=mail.id, kind=mail.kind)
        await self._store.end_mail(mail, self._clock.wall() + DIGEST_SECONDS * 1000)

    def _settled(self, failure: ServerFailed | None) -> float:
        if failure is None:
            if self._pause:
                log.info("mail: server works again")
            self._pause = 0.0
            return 0.0
        if not self._pause:
            log.warning("mail: server does not work; mails wait", reason=failure.reason)
        self._pause = min(max(self._pause * 2, PAUSE_SECONDS), MOST_PAUSE_SECONDS)
        return self._pause

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()


def _without(mail: Mail, answer: str) -> str:
    """An answer of a mail server without the address, which servers like to repeat."""
    return answer.replace(mail.address, "…")
