"""The interface through which identity reports ended logins and changed users."""

from __future__ import annotations

from typing import Protocol

from suhbat.chat.model import Actor
from suhbat.protocol.objects import Person


class IdentityListener(Protocol):
    """Implemented by the live connections of this process (`hub.Connections`). Called when a change is durable, whichever node
    made it. Must not raise."""

    def end_session(self, session: str) -> None:
        """This login session was revoked, or has expired."""
        ...

    def end_user(self, uid: str) -> None:
        """This guest has left for good, or this account was erased or disabled."""
        ...

    def change_actor(self, actor: Actor, session: str | None = None) -> None:
        """This account was changed, or a guest became it. `session`: the login session that the guest's connections have
        from now on."""
        ...

    def change_profile(self, person: Person) -> None:
        """The display name or the picture of this account was changed, or a guest became it."""
        ...
