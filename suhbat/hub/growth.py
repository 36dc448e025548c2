"""One growing message as this node knows it, and the notices of its text."""

from __future__ import annotations

from suhbat.protocol.notices import MessageAppend
from suhbat.protocol.replies import encode

from .connection import Connection
from .frames import Frames

STEP = 512
"""A connection that has missed something is told from a multiple of so many characters on, so that many share a frame."""

Part = tuple[int, int | None, int, int, str]
"""What was added to a message: its `seq`, its veil, its term, the offset, the text. The veil is the `seq` of the message, or of
the root of its thread: a reader whose floor is not below it may not see the message. None: all readers may (see
`protocol.event_marks.veil_of`). The term ascends whenever another node takes the message."""


class Growth:
    """One growing message. Implements `chat.ports.growing.GrowingText`. `told`: how much of the text was told. `is_taken`: this
    node takes the appends. `source`: the connection from which they come, which needs not be told."""

    __slots__ = (
        "_framed", "_frames", "heard_at", "in_doubt", "is_taken", "log", "over", "seq", "source", "term", "text", "told",
        "veil",
    )  # fmt: skip

    def __init__(self, log: str, seq: int, veil: int | None, text: str, now: float) -> None:
        self.log = log
        self.seq = seq
        self.veil = veil
        self.text = text
        self.told = len(text)
        self.heard_at = now
        self.is_taken = False
        self.term = 0
        self.in_doubt = 0
        self.over = False
        self.source: str | None = None
        self._framed: tuple[str, int] = ("", 0)
        self._frames: dict[int, Frames] = {}

    def rest(self, known: int) -> Frames:
        """What was told so far, for connections that have at least so many characters of it."""
        if self._framed[0] is not self.text or self._framed[1] != self.told:
            self._framed, self._frames = (self.text, self.told), {}
        offset = known - known % STEP
        frames = self._frames.get(offset)
        if frames is None:
            frames = self._frames[offset] = self.told_since(offset)
        return frames

    def told_since(self, offset: int) -> Frames:
        """The notice of what was told from this offset on."""
        text = self.text[offset : self.told]
        return Frames([encode(MessageAppend(conversation=self.log, seq=self.seq, offset=offset, text=text))])

    def is_shown_to(self, connection: Connection) -> bool:
        return self.veil is None or connection.floors.get(self.log, 0) < self.veil
