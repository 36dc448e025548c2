"""Who can be written to by name."""

from __future__ import annotations

from typing import Protocol

from suhbat.chat.model import Actor


class Directory(Protocol):
    """Who can be written to by name."""

    def find(self, name: str) -> Actor | None:
        """The identity that holds this name now (connected, or kept by a token or an account); None if nobody does.

        `name` is as typed; an invalid name is nobody's.
        """
        ...

    async def refresh(self, *names: str) -> None:
        """Read from the store who holds those of these names that nobody is known to hold: another node may have let them
        in a moment ago. Call it where `find` found nobody, then `find` again. Raises Busy."""
        ...

    def holder(self, user_id: str) -> Actor | None:
        """The identity whose name is exactly this, as `protocol.mentions.fold` gives it: what looks like it is another.

        Cheap for whatever is asked: nothing is checked or normalised."""
        ...
