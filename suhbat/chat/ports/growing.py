"""The texts of growing messages on their way to the readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from suhbat.chat.model import GrowingRow


class GrowingText(Protocol):
    """A growing message as this node knows it.

    `text`: so far. `in_doubt`: how often something has happened in its conversation since it was asked whether its sender may
    still write there. `over`: it does not grow any more. `is_taken`: this node takes the appends.
    """

    text: str
    in_doubt: int
    over: bool
    is_taken: bool


class GrowingTexts(Protocol):
    """The texts of all messages that this node knows to grow. Implemented by the hub, which tells readers and other nodes."""

    def find(self, conversation: str, seq: int) -> GrowingText | None: ...

    def characters(self, conversation: str) -> int:
        """The length of all texts that grow there."""
        ...

    def lengths(self, conversation: str | None) -> Mapping[tuple[str, int], int]:
        """The length of each text that grows there, or anywhere, by conversation and `seq`."""
        ...

    def take(self, conversation: str, seq: int, veil: int | None, term: int, text: str) -> GrowingText:
        """This node takes the appends of a message from now on. `veil`: see `TakenMessage`; not needed if it is known. `term`:
        the version of its row; higher than that of any node that took it before."""
        ...

    def extend(self, conversation: str, seq: int, text: str, source: str | None) -> None:
        """Add to a text that this node has taken. `source`: the id of the connection that needs not be told."""
        ...

    def release(self, conversation: str, seq: int) -> None:
        """This node no longer takes the appends. Idempotent."""
        ...

    async def ask(self, conversation: str, seq: int) -> GrowingText | None:
        """Ask the other nodes for the text so far, and wait for a moment. None if nobody answers."""
        ...

    def drop_idle(self, seconds: float) -> None:
        """Forget the texts of other nodes that have not grown for so long."""
        ...


class GrowingStore(Protocol):
    """Which messages grow, as stored."""

    async def growing(self) -> Sequence[GrowingRow]:
        """Messages that grow on any node, at most 1,000, with what was stored of their texts. Raises Busy."""
        ...

    async def growing_text(self, conversation: str, seq: int) -> str | None:
        """What was stored of the text of a growing message; None if there is none. Raises Busy."""
        ...
