"""Addresses of accounts and waiting mails, as they are stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .people import Milliseconds

MailKind = Literal["confirm", "reset", "changed", "password", "digest", "invite"]
"""Asks for a confirmation of an address; leads to a new password; tells the old address of another one; tells of a
new password; what somebody missed; an invite."""

CodeUse = Literal["confirm", "reset"]
"""What a code in a link is good for."""


@dataclass(frozen=True, slots=True)
class MailAddress:
    """The address of an account. `address`: confirmed at `confirmed_at`; None if none is. `wanted`: one that is not
    confirmed.

    `digest`: whether the user wants mails about what they missed; `digest_at`: when the last one was sent.
    `refused_at`: when the mail server said that the address does not exist.
    """

    uid: str
    address: str | None = field(default=None, repr=False)
    confirmed_at: Milliseconds | None = None
    wanted: str | None = field(default=None, repr=False)
    digest: bool = True
    digest_at: Milliseconds | None = None
    refused_at: Milliseconds | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that waits. It holds no secret: a link with a code is made at the moment of sending.

    `key`: of two mails with the same one, only one waits. `uid`: the account that it is about; that which sends an
    invite. `about`: what else the kind needs. `due_at`: not before that time; `expires_at`: not after it. `version`:
    how often the key was asked for; `attempts`: how often the mail was tried.
    """

    id: str
    kind: MailKind
    key: str
    uid: str
    address: str = field(repr=False)
    about: str
    created_at: Milliseconds
    due_at: Milliseconds
    expires_at: Milliseconds
    version: int = 1
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class MailCode:
    """A code in a link, as stored: `hash` is SHA-256 of it. It is good once, for the `address` that it was sent to."""

    hash: bytes = field(repr=False)
    use: CodeUse
    uid: str
    address: str = field(repr=False)
    expires_at: Milliseconds


@dataclass(frozen=True, slots=True)
class MissedMessage:
    """An unread message, as it is now. `sender`: the name that is shown. `files`: how many it has."""

    seq: int
    at: Milliseconds
    sender: str
    text: str = field(repr=False)
    files: int


@dataclass(frozen=True, slots=True)
class MissedPlace:
    """A conversation, as the user sees it, with the messages there that they missed, at least one, the oldest first.
    A direct of two has no `title`."""

    conversation: str
    title: str
    messages: tuple[MissedMessage, ...]
