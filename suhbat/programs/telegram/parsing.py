"""What the parsers of Telegram's markup share: a place in the source, the text that was written, and what is open. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from .entities import Entity, MarkedText, ordered


@dataclass(slots=True)
class OpenEntity:
    """An entity that has begun, at `begin` in the source and at `start` in the text. `type`: or the name of its tag; `first`:
    the index of its first piece in what was written."""

    type: str
    argument: str
    begin: int
    start: int
    first: int


class NestedParser(ABC):
    """Takes one piece of the source after another; entities nest."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._written: list[str] = []
        self._length = 0
        self._open: list[OpenEntity] = []
        self._found: list[Entity] = []

    def parse(self) -> MarkedText:
        """Raises ValueError with Telegram's description."""
        while self._at < len(self._source):
            self._take()
        self._end()
        return MarkedText("".join(self._written), ordered(self._found))

    @abstractmethod
    def _take(self) -> None:
        """Take the piece of the source that is next, and move behind it."""

    @abstractmethod
    def _end(self) -> None:
        """The source has ended. Raises ValueError if something is open that may not be."""

    def _write(self, text: str, taken: int) -> None:
        """Write the text of so many characters of the source."""
        self._written.append(text)
        self._length += len(text)
        self._at += taken

    def _begin(self, type: str, argument: str, taken: int) -> None:
        """An entity begins with so many characters of the source."""
        self._open.append(OpenEntity(type, argument, self._at, self._length, len(self._written)))
        self._at += taken

    def _text_of(self, opened: OpenEntity) -> str:
        """What was written since it began."""
        return "".join(self._written[opened.first :])

    def _offset(self, at: int) -> int:
        return byte_offset(self._source, at)


def byte_offset(source: str, at: int) -> int:
    """Telegram counts bytes of UTF-8 in its errors."""
    return len(source[:at].encode("utf-8", "surrogatepass"))
