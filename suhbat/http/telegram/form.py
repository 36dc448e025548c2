"""A form with fields and a file, read while it comes: libraries send a file beside the other parameters of a method."""

from __future__ import annotations

from collections.abc import AsyncIterator

from python_multipart.multipart import parse_options_header

from suhbat.errors import BadRequest, TooLarge
from suhbat.protocol.types import MAX_FRAME

from ..multipart import MOST_PARTS, FileForm, parse_headers

_LINE = b"\r\n"


class CallForm(FileForm):
    """`fields`: those that were read up to now. `part`: the name of the part with the file."""

    def __init__(self, content_type: str, body: AsyncIterator[bytes]) -> None:
        super().__init__(content_type, body)
        self.fields: dict[str, str] = {}
        self.part = ""
        self._is_past_delimiter = False
        self._parts = 0
        self._room = MAX_FRAME

    async def next_file(self) -> bool:
        """Read the fields up to the next file, whose bytes `chunks` gives and which must be read whole; False at the end of the
        form. Raises BadRequest, TooLarge."""
        while self._parts < MOST_PARTS:
            self._parts += 1
            if not self._is_past_delimiter:
                await self._skip_past_delimiter()
            self._is_past_delimiter = True
            while len(self._buffer) < len(_LINE):
                await self._read()
            if self._buffer.startswith(b"--"):
                return False
            await self._up_to(_LINE)
            headers = parse_headers(bytes(await self._up_to(_LINE + _LINE)))
            del self._buffer[: 2 * len(_LINE)]
            _, options = parse_options_header(headers.get(b"content-disposition", b""))
            name = options.get(b"name", b"").decode("utf-8", "replace")
            if b"filename" in options:
                self._has_begun = True
                self.part = name
                self.name = options[b"filename"].decode("utf-8", "replace")
                self.media_type = headers.get(b"content-type", b"").decode("ascii", "replace")
                return True
            await self._field(name)
        raise BadRequest(reason="the form has too many parts")

    async def _field(self, name: str) -> None:
        value = bytearray()
        async for chunk in self.chunks():
            value += chunk
            if len(value) > self._room:
                raise TooLarge(limit=MAX_FRAME)
        self._room -= len(value)
        self.fields[name] = value.decode("utf-8", "replace")
