"""Users by name."""

from __future__ import annotations

from typing import Protocol

from suhbat.chat.model import Actor


class Directory(Protocol):
    """The users to whom a message can be sent."""

    def find(self, name: str) -> Actor | None:
        """The user with this name: an account, a token guest or a connected bare guest; None if there is none.

        `name`: as typed. No user has an invalid name.
        """
        ...

    async def refresh(self, *names: str) -> None:
        """Read from the store the users with these names whom this node does not know: another node may have made them a moment
        ago. Call it if `find` returned None, then `find` again. Raises Busy."""
        ...

    def holder(self, user_id: str) -> Actor | None:
        """The user whose name is exactly this one, as `protocol.mentions.fold` returns it. A similar name is another name.

        Fast for any text: nothing is checked or normalised."""
        ...
