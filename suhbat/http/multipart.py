"""The part `file` of a form (RFC 7578), read while it comes.

The parsers of FastAPI's own forms first store the whole body, or look at single characters in Python where a body has many
beginnings of its boundary: a form of 8 MB could hold up the event loop for seconds. Here `bytes.find` does all of the work."""

from __future__ import annotations

from collections.abc import AsyncIterator

from python_multipart.multipart import parse_options_header

from suhbat.errors import BadRequest

PART = b"file"
OVERHEAD = 8 * 1024
"""Bytes of a form beside the file, roughly: boundaries, headers, a few small fields."""
OTHER_PARTS = 64 * 1024
"""Bytes before the part `file`, at most."""
MOST_PARTS = 100
"""The part `file` is one of so many first ones."""
HEADERS = 8 * 1024
"""Bytes of the headers of one part, at most."""
_LINE, _BLANK = b"\r\n", b" \t"


class FileForm:
    """A form with a part `file`. Call `begin`, then read `chunks`. Both raise BadRequest for a form that is not as it should
    be."""

    def __init__(self, content_type: str, body: AsyncIterator[bytes]) -> None:
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if not boundary or len(boundary) > 70:  # RFC 2046 §5.1.1
            raise BadRequest(reason="the form has no boundary")
        self.name = ""
        self.media_type = ""
        self._body = body
        self._delimiter = _LINE + b"--" + boundary
        self._buffer = bytearray(_LINE)
        """What was read and not used. The first delimiter has no line before it."""
        self._read_before = 0
        """Bytes that came before the file."""
        self._has_begun = False

    async def begin(self) -> None:
        """Read up to the beginning of the file; `name` and `media_type` are known then."""
        for _ in range(MOST_PARTS):
            await self._skip_past_delimiter()
            if bytes(await self._up_to(_LINE)).strip(_BLANK):  # the last delimiter of the form, or none
                break
            headers = parse_headers(bytes(await self._up_to(_LINE + _LINE)))
            del self._buffer[: 2 * len(_LINE)]
            _, options = parse_options_header(headers.get(b"content-disposition", b""))
            if options.get(b"name") == PART:
                self._has_begun = True
                self.name = options.get(b"filename", b"").decode("utf-8", "replace")
                self.media_type = headers.get(b"content-type", b"").decode("ascii", "replace")
                return
        raise BadRequest(reason="file.missing")

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes of the file."""
        beginning = len(self._delimiter) - 1  # so many bytes may be the beginning of a delimiter
        while (end := self._buffer.find(self._delimiter)) < 0:
            if len(self._buffer) > beginning:
                yield bytes(self._buffer[:-beginning])
                del self._buffer[:-beginning]
            await self._read()
        if end:
            yield bytes(self._buffer[:end])
        del self._buffer[: end + len(self._delimiter)]
        while len(self._buffer) < len(_LINE):
            await self._read()
        if not self._buffer.startswith((b"--", _LINE, b" ", b"\t")):
            raise BadRequest(reason=_INVALID)

    async def _skip_past_delimiter(self) -> None:
        while (end := self._buffer.find(self._delimiter)) < 0:
            del self._buffer[: -len(self._delimiter)]
            await self._read()
        del self._buffer[: end + len(self._delimiter)]

    async def _up_to(self, mark: bytes) -> bytearray:
        """Take what comes before this mark, which stays."""
        searched = 0
        while (end := self._buffer.find(mark, searched)) < 0:
            if len(self._buffer) > HEADERS:
                raise BadRequest(reason=_INVALID)
            searched = max(0, len(self._buffer) - len(mark) + 1)
            await self._read()
        taken = self._buffer[:end]
        del self._buffer[:end]
        return taken

    async def _read(self) -> None:
        if self._read_before > OTHER_PARTS and not self._has_begun:
            raise BadRequest(reason="file.missing")
        chunk = await anext(self._body, None)
        if chunk is None:
            raise BadRequest(reason="the form has no end" if self._has_begun else "file.missing")
        if not self._has_begun:
            self._read_before += len(chunk)
        self._buffer += chunk


_INVALID = "the form is not valid multipart/form-data"


def parse_headers(lines: bytes) -> dict[bytes, bytes]:
    """The headers of a part by their names in lower case."""
    pairs = (line.partition(b":") for line in lines.split(_LINE))
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}
