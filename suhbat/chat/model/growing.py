"""Messages that are growing, as they are stored."""

from __future__ import annotations

from typing import NamedTuple


class TakenMessage(NamedTuple):
    """A growing message that a node has taken over. `veil`: its `seq`, or that of the root of its thread; None if all readers
    of the conversation may see it."""

    text: str
    version: int
    veil: int | None


class GrowingRow(NamedTuple):
    """A message that grows. `uid` and `user_id`: its sender. `version`: see `store.tables.growing`. `text`: what is stored."""

    conversation: str
    seq: int
    uid: str
    user_id: str
    version: int
    text: str
