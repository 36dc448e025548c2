"""What sending mails needs from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from suhbat.chat.model import Mail, Milliseconds

from .letter import Letter


@dataclass(frozen=True, slots=True)
class Accepted:
    """The mail server has it."""


@dataclass(frozen=True, slots=True)
class TryLater:
    """Not now, as servers answer to unknown senders (greylisting), or when a mailbox is full. `answer`: what the
    server said."""

    answer: str


@dataclass(frozen=True, slots=True)
class NoSuchMailbox:
    """The address does not exist (RFC 3463: 5.1.x, 5.2.1)."""

    answer: str


@dataclass(frozen=True, slots=True)
class MailRefused:
    """The server does not take this mail; the reason may be ours, such as a sender that it does not know."""

    answer: str


@dataclass(frozen=True, slots=True)
class ServerFailed:
    """There is no use in trying other mails now: the server cannot be reached, is busy, or refuses the login."""

    reason: str


Outcome = Accepted | TryLater | NoSuchMailbox | MailRefused | ServerFailed


class MailServerConnection(Protocol):
    """A connection to the mail server, in which some mails are sent one after another."""

    async def send(self, to: str, message: bytes) -> Outcome:
        """Send a mail once. Raises nothing but a cancellation."""
        ...

    async def close(self) -> None: ...


class MailServers(Protocol):
    """The way to the mail server."""

    async def connect(self) -> MailServerConnection | ServerFailed: ...


@dataclass(frozen=True, slots=True)
class Postponed:
    """This is not the time for the mail: ask again at `due_at`."""

    due_at: Milliseconds


class Letters(Protocol):
    """Makes the letters of waiting mails at the moment of sending, with what holds by then."""

    async def write(self, mail: Mail) -> Letter | Postponed | None:
        """None if there is nothing to tell any more."""
        ...
