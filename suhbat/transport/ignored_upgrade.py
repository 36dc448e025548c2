"""Requests that offer another protocol (`Upgrade: h2c`, from Java's client or `curl --http2`) are served as HTTP/1.1.

A server may ignore such an offer (RFC 9110 §7.8). httptools does not: it stops after the headers and drops the body. So
the protocol here replaces the parser with a new one, which begins with the body.
"""

from __future__ import annotations

from typing import Any

FRAMING = (b"content-length", b"transfer-encoding")
"""The headers that say where a body ends (RFC 9112 §6.3)."""


def ignoring_upgrades(base: Any) -> Any:
    """A subclass of uvicorn's httptools protocol (uvicorn 0.54) that also reads the body of such a request."""
    import httptools

    class Parser(httptools.HttpRequestParser):
        def __init__(self, protocol: Any) -> None:
            super().__init__(protocol)
            self.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
            self._protocol = protocol

        def feed_data(self, data: Any) -> None:
            try:
                super().feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                if self._protocol._should_upgrade():
                    raise
                self._protocol.read_without_upgrade(data[offer.args[0] :])

    class IgnoringUpgrades(base):  # type: ignore[misc]  # uvicorn chooses the base at run time
        _silent = False
        """Drops the new parser's callbacks while it is given headers that the protocol has already seen."""

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self.parser = Parser(self)

        def read_without_upgrade(self, rest: bytes) -> None:
            """Parse the bytes after the headers: the body, if the headers announce one, and the next request."""
            self.parser = Parser(self)
            if framing := self._framing():
                self._silent = True
                self.parser.feed_data(b"POST / HTTP/1.1\r\n" + framing + b"\r\n")
                self._silent = False
            self.parser.feed_data(rest)

        def on_message_begin(self) -> None:
            if not self._silent:
                super().on_message_begin()

        def on_url(self, url: bytes) -> None:
            if not self._silent:
                super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            if not self._silent:
                super().on_header(name, value)

        def on_headers_complete(self) -> None:
            if not self._silent:
                super().on_headers_complete()

        def on_message_complete(self) -> None:
            # The first parser reports the end of the message after the headers, although a body follows.
            if not (self.parser.should_upgrade() and not self._should_upgrade() and self._framing()):
                super().on_message_complete()

        def _framing(self) -> bytes:
            return b"".join(name + b": " + value + b"\r\n" for name, value in self.headers if name in FRAMING)

    return IgnoringUpgrades
