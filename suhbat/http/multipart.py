"""The part `file` of a form (RFC 7578), read while it comes. The parser is that of FastAPI's own forms, which would first store
the whole body."""

from __future__ import annotations

from collections.abc import AsyncIterator

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from suhbat.errors import BadRequest

PART = b"file"
OVERHEAD = 8 * 1024
"""Bytes of a form beside the file, roughly: boundaries, headers, a few small fields."""
OTHER_PARTS = 64 * 1024
"""Bytes before the part `file`, at most."""


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
        self._data: list[bytes] = []
        self._field, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._is_inside = False
        self._has_begun = False
        self._is_over = False
        callbacks = {
            "on_part_begin": self._part_begins,
            "on_header_field": self._add_to_field,
            "on_header_value": self._add_to_value,
            "on_header_end": self._header_ends,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._add_data,
            "on_part_end": self._part_ends,
        }
        self._parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]  # a TypedDict of these

    async def begin(self) -> None:
        """Read up to the beginning of the file; `name` and `media_type` are known then."""
        read = 0
        while not self._has_begun:
            read += await self._read()
            if read > OTHER_PARTS and not self._has_begun:
                raise BadRequest(reason="file.missing")

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes of the file."""
        while True:
            if self._data:
                # The parser gives the line breaks of a file one by one, each an object twenty times as large.
                data, self._data = b"".join(self._data), []
                yield data
            if self._is_over:
                return
            await self._read()

    async def _read(self) -> int:
        chunk = await anext(self._body, None)
        if chunk is None:
            raise BadRequest(reason="file.missing" if not self._has_begun else "the form has no end")
        try:
            self._parser.write(chunk)
        except MultipartParseError:
            raise BadRequest(reason="the form is not valid multipart/form-data") from None
        return len(chunk)

    def _part_begins(self) -> None:
        self._headers, self._field, self._value = {}, b"", b""

    def _add_to_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field, self._value = b"", b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if options.get(b"name") != PART or self._has_begun:
            return
        self._is_inside = self._has_begun = True
        self.name = options.get(b"filename", b"").decode("utf-8", "replace")
        self.media_type = self._headers.get(b"content-type", b"").decode("ascii", "replace")

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_inside:
            self._data.append(data[start:end])

    def _part_ends(self) -> None:
        if self._is_inside:
            self._is_inside, self._is_over = False, True
