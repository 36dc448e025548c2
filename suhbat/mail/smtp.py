"""Sends mails with SMTP (RFC 5321), with the package aiosmtplib, which is imported only here."""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import suppress

import aiosmtplib

from suhbat.config.smtp import MailServer

from .ports import Accepted, MailRefused, NoSuchMailbox, Outcome, ServerFailed, TryLater

CONNECT_SECONDS = 20.0
"""For connecting, TLS and the login together."""
SEND_SECONDS = 60.0
"""For one mail. Some servers look for spam before they answer."""
QUIT_SECONDS = 2.0

_NO_SUCH_ADDRESS = re.compile(r"5\.(1\.[1236]|1\.10|2\.1)\b")
"""Enhanced codes (RFC 3463, RFC 7505) that say so."""
_ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_BARE = frozenset({550, 551, 553})
"""Codes that mean it where the server gives no enhanced one."""
_PERMANENT, _GOING_AWAY = 500, 421
MOST_ANSWER = 200
"""Characters of an answer that are kept."""


class SmtpServers:
    """Implements `ports.MailServers`. `sender`: the address that mails come from. `name`: of this machine, for EHLO.
    `tls`: whom to trust, other than the system does."""

    def __init__(self, server: MailServer, sender: str, name: str, tls: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._sender = sender
        self._name = name
        self._tls = tls

    async def connect(self) -> SmtpConnection | ServerFailed:
        """A connection that is logged in. Raises nothing but a cancellation."""
        server = self._server
        wants = {"starttls": True, "offered": None}.get(server.encryption, False)
        try:
            client = aiosmtplib.SMTP(
                hostname=server.host,
                port=server.port,
                use_tls=server.encryption == "tls",
                start_tls=wants,
                username=server.username or None,
                password=server.password or None,
                local_hostname=self._name,
                timeout=CONNECT_SECONDS,
                tls_context=self._tls,
            )
            async with asyncio.timeout(CONNECT_SECONDS):
                await client.connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return ServerFailed(explained(error))
        return SmtpConnection(client, self._sender)


class SmtpConnection:
    """Implements `ports.MailServerConnection`."""

    def __init__(self, client: aiosmtplib.SMTP, sender: str) -> None:
        self._client = client
        self._sender = sender

    async def send(self, to: str, message: bytes) -> Outcome:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._client.sendmail(self._sender, [to], message, timeout=SEND_SECONDS)
        except aiosmtplib.SMTPRecipientsRefused as error:
            return of_recipient(error.recipients[0].code, error.recipients[0].message)
        except aiosmtplib.SMTPSenderRefused as error:
            return ServerFailed(explained(error))
        except aiosmtplib.SMTPDataError as error:
            return TryLater(explained(error)) if error.code < _PERMANENT else MailRefused(explained(error))
        except (aiosmtplib.SMTPException, OSError) as error:
            return ServerFailed(explained(error))
        return Accepted()

    async def close(self) -> None:
        with suppress(aiosmtplib.SMTPException, OSError):
            async with asyncio.timeout(QUIT_SECONDS):
                await self._client.quit()
        self._client.close()


def of_recipient(code: int, answer: str) -> Outcome:
    """What the refusal of a recipient means."""
    said = _shortened(f"{code} {answer}")
    if code == _GOING_AWAY:
        return ServerFailed(said)
    if code < _PERMANENT:
        return TryLater(said)
    named = _ENHANCED.search(answer)
    is_unknown = _NO_SUCH_ADDRESS.search(answer) is not None if named else code in _BARE
    return NoSuchMailbox(said) if is_unknown else MailRefused(said)


def explained(error: BaseException) -> str:
    """What went wrong, for the log and the command line. Holds no password."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _shortened(f"{error.code} {error.message}")
    if isinstance(error.__cause__, ssl.SSLError):
        error = error.__cause__
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return _shortened(str(error) or type(error).__name__)


def _shortened(text: str) -> str:
    return " ".join(text.split())[:MOST_ANSWER]
