"""What identity tells of: logins, users and names that are no longer what they were."""

from __future__ import annotations

from typing import Protocol

from suhbat.chat.model import Actor


class IdentityListener(Protocol):
    """Holds the live connections of this process (`hub.Connections`). Told when the change is durable, whichever node made it;
    must not raise."""

    def end_session(self, session: str) -> None:
        """This login session was revoked, or has expired."""
        ...

    def end_user(self, uid: str) -> None:
        """A guest is gone for good; an account was erased or disabled."""
        ...

    def change_actor(self, actor: Actor, session: str | None = None) -> None:
        """An account was changed, or a guest became it; with `session` that is the login of the guest's connections now."""
        ...
