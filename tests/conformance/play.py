"""Performs a case over a socket and reports the result."""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass, field

from tests.system.raw import BINARY, CLOSE, CONTINUATION, PONG, TEXT, Ended, Raw, framed

from .case import NO_CLOSE, NO_CODE, QUIET, Case, Message, Quiet, Received, Until, close, fragmented
from .packing import COMPRESSED, deflated, inflated

PATIENCE = 5.0
"""Seconds to wait for each message. A correct server answers at once."""
FIN, RESERVED, RSV1 = 0x80, 0x70, 0x40


@dataclass
class Outcome:
    received: list[Received] = field(default_factory=list)
    code: int = NO_CLOSE
    end: str = "open"
    """The state of the TCP connection at the end: `closed` by the server (FIN), `reset` by it (RST), or still `open`."""
    agreed: frozenset[str] = frozenset()
    """The extension and parameters that the server accepted."""
    compressed: int = 0
    """The number of compressed messages that were received."""


def check(case: Case, port: int) -> Outcome:
    """Perform the case. Raises AssertionError if the outcome is not the one of the case."""
    outcome = play(case, port)
    assert outcome.agreed == case.agreed
    expected = case.expects[: len(outcome.received)] if case.partial else case.expects
    assert tuple(outcome.received) == expected
    assert outcome.code in case.codes
    if not case.lingers:
        assert outcome.end == "closed" or (case.may_reset and outcome.end == "reset")
    return outcome


def play(case: Case, port: int, path: str = "/ws/conformance") -> Outcome:
    headers = {"Sec-WebSocket-Extensions": case.offer} if case.offer else None
    with Raw(port, path, patience=PATIENCE, headers=headers) as raw:
        assert raw.status == 101
        # Pieces that are sent one by one should also arrive one by one.
        raw.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _Conversation(raw, case).have()


def _agreed(head: str) -> frozenset[str]:
    """The extension in the response to the handshake; there is at most one."""
    lines = [line.partition(":") for line in head.splitlines()]
    values = [value for name, _, value in lines if name.lower() == "sec-websocket-extensions"]
    assert len(values) <= 1 and not any("," in value for value in values), "one at most was offered"
    parts = [part.strip() for value in values for part in value.split(";")]
    assert len(parts) == len(set(parts)), "a parameter is there twice"
    return frozenset(parts)


class _Conversation:
    def __init__(self, raw: Raw, case: Case) -> None:
        self._raw = raw
        self._case = case
        self._outcome = Outcome(agreed=_agreed(raw.head))
        self._message: Received | None = None  # fragments of one that is not whole yet
        self._compressed = False  # that one is
        self._over = False  # the server closed, or is gone

    def have(self) -> Outcome:
        case, outcome = self._case, self._outcome
        for step in case.sends:
            if isinstance(step, Until):
                self._until(step.count)
            elif isinstance(step, Quiet):
                self._stay_quiet(step.seconds)
            elif isinstance(step, Message):
                self._say_as_agreed(step)
            elif not self._over:
                self._say(step)
        if case.client_closes:
            self._until(len(case.expects))
            self._say(close())
        try:
            while outcome.end == "open" and not (case.lingers and self._over):
                self._hear()
        except TimeoutError:
            pass  # the outcome shows it
        return outcome

    def _until(self, count: int) -> None:
        try:
            while len(self._outcome.received) < count and not self._over:
                self._hear()
        except TimeoutError:
            pass  # what is missing shows in the outcome

    def _stay_quiet(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        try:
            while not self._over:
                self._raw.socket.settimeout(max(until - time.monotonic(), 0.001))
                self._hear()
        except TimeoutError:
            self._outcome.received.append((QUIET, b""))
        finally:
            self._raw.socket.settimeout(PATIENCE)

    def _say(self, data: bytes) -> None:
        try:
            self._raw.socket.sendall(data)
        except ConnectionError:
            self._over = True  # it may have said why before

    def _say_as_agreed(self, message: Message) -> None:
        payload, rsv = message.payload, 0
        if self._outcome.agreed:
            payload, rsv = deflated(payload, self._window("client")), COMPRESSED
        self._say(b"".join(fragmented(message.opcode, payload, message.size or len(payload), rsv=rsv)))

    def _window(self, side: str) -> int:
        """The window in bits with which the client, or the server, compresses (RFC 7692 §7.1.2)."""
        name = f"{side}_max_window_bits="
        return next((int(part.removeprefix(name)) for part in self._outcome.agreed if part.startswith(name)), 15)

    def _hear(self) -> None:
        """Receive the next frame, or the end. Raises TimeoutError."""
        try:
            head, payload = self._raw.read_frame()
        except Ended:
            self._end("closed")
        except ConnectionError:
            self._end("reset")
        else:
            self._take(head, payload)

    def _take(self, head: int, payload: bytes) -> None:
        opcode, whole = head & 0x0F, bool(head & FIN)
        if head & RESERVED:
            assert self._outcome.agreed, "no extension was agreed on"
            # RFC 7692 §6: never in a control frame or a continuation.
            assert head & RESERVED == RSV1 and opcode in (TEXT, BINARY)
        assert self._outcome.code == NO_CLOSE, "a frame after the close"
        if opcode == CLOSE:
            self._close(payload)
        elif opcode == PONG:
            self._outcome.received.append((PONG, payload))
        elif opcode in (TEXT, BINARY, CONTINUATION):
            self._compressed = bool(head & RSV1) if opcode != CONTINUATION else self._compressed
            self._assemble(opcode, payload, whole)
        else:
            raise AssertionError(f"a frame that nobody asked for: {head:#x}")

    def _assemble(self, opcode: int, payload: bytes, whole: bool) -> None:
        """A message, or a fragment of one."""
        assert (opcode == CONTINUATION) == (self._message is not None), "fragments out of order"
        first, before = self._message or (opcode, b"")
        self._message = first, before + payload
        if whole:
            opcode, payload = self._message
            if self._compressed:
                payload = inflated(payload, self._window("server"))
                self._outcome.compressed += 1
            self._outcome.received.append((opcode, payload))
            self._message = None

    def _close(self, payload: bytes) -> None:
        self._outcome.code = struct.unpack("!H", payload[:2])[0] if payload else NO_CODE
        payload[2:].decode()
        self._over = True
        if self._case.server_closes:
            self._say(framed(CLOSE, payload[:2]))

    def _end(self, how: str) -> None:
        self._outcome.end = how
        self._over = True
