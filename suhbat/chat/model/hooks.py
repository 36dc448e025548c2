"""Webhooks as they are stored."""

from __future__ import annotations

from dataclasses import dataclass, field

from .people import Milliseconds


@dataclass(frozen=True, slots=True)
class IncomingHook:
    """An incoming webhook. Whoever knows its token posts in `conversation`, as the identity `uid` under `name`, and only while
    the account `maker_uid` may write there. `token_hash`: SHA-256 of the token."""

    id: str
    uid: str
    conversation: str
    maker_uid: str
    name: str
    created_at: Milliseconds
    token_hash: bytes = field(repr=False)

    @property
    def user_id(self) -> str:
        """The name of the identity. It has a sign that no user's name has, so that nobody takes it for a user."""
        return f"webhook:{self.name}"
