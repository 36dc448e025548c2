"""The calls of `Suhbat` for messages that are there already."""

from __future__ import annotations

from collections.abc import Sequence

from suhbat.protocol.bots import NewButton
from suhbat.protocol.commands import Delete, Edit, React
from suhbat.protocol.replies import Acted

from .asking import Asking


class MessageCalls(Asking):
    """Part of `Suhbat`. A message is named by its conversation and its `seq`. All raise Refused and ChatClosed."""

    async def edit(
        self, conversation: str, seq: int, text: str, *, actions: Sequence[Sequence[NewButton]] | None = None
    ) -> Acted:
        """Change the text of one's own message. Its files stay, and its buttons if no `actions` are given."""
        rows = None if actions is None else tuple(map(tuple, actions))
        return await self._do(Edit, Acted, type="edit", conversation=conversation, seq=seq, text=text, actions=rows)

    async def delete(self, conversation: str, seq: int) -> Acted:
        """Delete a message; a tombstone stays."""
        return await self._do(Delete, Acted, type="delete", conversation=conversation, seq=seq)

    async def react(self, conversation: str, seq: int, emoji: str, *, on: bool = True) -> Acted:
        """React to a message with an emoji, or remove the reaction."""
        return await self._do(React, Acted, type="react", conversation=conversation, seq=seq, emoji=emoji, on=on)
