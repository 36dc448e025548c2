"""Identities: the actor of a request, and accounts, guests, login sessions and invites as they are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from suhbat.protocol.objects import AddedBy, Quiet, Role, User, UserKind

Milliseconds = int
BotApi = Literal["native", "telegram"]

GUEST_KEPT: Milliseconds = 24 * 3600 * 1000
"""How long the name and the identity of a token guest are kept after their last use."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The identity behind a connection or a request.

    `lobby_from`: the `seq` of the lobby above which this identity may read. None for a bare guest: they may read only messages
    written while they are connected. `role`: on the server; guests are members. `owner`: of a bot, the uid of the account to
    which it belongs.
    """

    uid: str
    user_id: str
    kind: UserKind = "guest"
    lobby_from: int | None = None
    role: Role = "member"
    owner: str | None = None

    @property
    def user(self) -> User:
        return User(uid=self.uid, user_id=self.user_id, kind=self.kind)

    @property
    def lasting(self) -> bool:
        """Whether this identity can come back: an account, or a guest with a token."""
        return self.lobby_from is not None


@dataclass(frozen=True, slots=True)
class Guest:
    """A token guest as stored, kept for GUEST_KEPT after `last_used_at`.

    `skeleton`: the folded name, which must be unique (`identity.names`). `token_hash`: SHA-256 of the token.
    """

    uid: str
    user_id: str
    skeleton: str
    token_hash: bytes
    created_at: Milliseconds
    last_used_at: Milliseconds
    lobby_from: int


@dataclass(frozen=True, slots=True)
class Account:
    """An account as stored. `role`: on the server. `skeleton`: as for `Guest`.

    `password_hash`: None where another application identifies the user (`identity.external`), so that no password is right.
    `disabled`: nobody can log in, and the name stays taken. `added_by`: who may add the user to a room without asking.
    `picture`: the id of the file that is their picture. `quiet`: their quiet hours (`chat.quiet`). `push_text`: whether pushes
    show the texts of messages. `owner_uid`: of a bot, the account to which it belongs; None for people.
    `bot_api`: of a bot, the interface that it uses.
    """

    uid: str
    user_id: str
    skeleton: str
    display_name: str
    password_hash: str | None
    role: Role
    locale: str | None
    disabled: bool
    lobby_from: int
    created_at: Milliseconds
    added_by: AddedBy = "known"
    picture: str | None = None
    quiet: Quiet | None = None
    push_text: bool = True
    owner_uid: str | None = None
    bot_api: BotApi | None = None

    @property
    def kind(self) -> UserKind:
        return "account" if self.owner_uid is None else "bot"

    @property
    def actor(self) -> Actor:
        role = self.role if self.owner_uid is None else "member"
        return Actor(self.uid, self.user_id, self.kind, self.lobby_from, role, self.owner_uid)


@dataclass(frozen=True, slots=True)
class Session:
    """A login session as stored. `label`: the program that logged in, shown to the user only.

    `token_hash`: SHA-256 of the token, which was made at `rotated_at`. `previous_hash`: of the token before it, while that one
    is valid too.
    """

    id: str
    uid: str
    token_hash: bytes
    previous_hash: bytes | None
    rotated_at: Milliseconds
    created_at: Milliseconds
    last_used_at: Milliseconds
    expires_at: Milliseconds
    label: str


@dataclass(frozen=True, slots=True)
class Invite:
    """An invite as stored: `uses` more users may register with it until `expires_at`, and join the room `conversation` if
    there is one.

    `code_hash`: SHA-256 of the code. `created_by`: a uid. `title`: of the room, as it is now.
    """

    id: str
    code_hash: bytes
    conversation: str | None
    uses: int
    expires_at: Milliseconds
    created_by: str
    created_at: Milliseconds
    title: str | None = None
