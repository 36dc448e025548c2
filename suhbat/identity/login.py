"""Who a token is: the identity, and the session that the token belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from suhbat.chat.model import Actor, Milliseconds


@dataclass(frozen=True, slots=True)
class Login:
    """What a token stands for. `session` is the id of an account's session; None for a guest, who has no more than one
    token."""

    actor: Actor
    session: str | None = None
    external: bool = False
    """The application around this one says so."""
    until: Milliseconds | None = None
    """When its connections close, since 1970; None: not by itself."""
