"""The deadlines and buffers of a stream wire. No socket, no waiting."""

from __future__ import annotations

import asyncio
import gc
import weakref
import zlib
from typing import cast

import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate

from suhbat.protocol.framing import WINDOW_BITS
from suhbat.transport.admission import Admission
from suhbat.transport.dialect import Dialect
from suhbat.transport.stream_wire import StreamWire
from tests.leaping import leaping
from tests.system.raw import CLOSE, TEXT, framed

PONG = b"\x8a\x80\0\0\0\0"
"""As a client sends it, masked (RFC 6455 §5.2)."""


class Open(asyncio.Transport):
    """A connection; `written` holds the bytes sent to the peer, in so many `writes`."""

    aborted = False
    written = b""
    writes = 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data
        self.writes += 1

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.aborted

    def can_write_eof(self) -> bool:
        return False

    def close(self) -> None: ...

    def abort(self) -> None:
        self.aborted = True


class Closing(Open):
    """A transport that was closed by other code, and waits for a peer that takes nothing."""

    def is_closing(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return 100_000


class Listening:
    """A dialect that records its messages."""

    crowded = False

    def __init__(self) -> None:
        self.received: list[str | bytes] = []

    def receive(self, data: str | bytes) -> None:
        self.received.append(data)

    def closed(self) -> None: ...


class Crowded:
    crowded = True

    def closed(self) -> None: ...


@leaping
async def test_a_transport_that_was_closed_by_others() -> None:
    """The keepalive aborts it, even if reading was paused, when silence otherwise means nothing."""
    admission, transport, dialect = Admission(lambda: None), Closing(), Crowded()
    wire = StreamWire(transport, admission, set())
    wire._incoming._dialect = cast(Dialect, dialect)
    admission.keepalive.watch(wire)
    wire._incoming._pause()
    dialect.crowded = False
    await asyncio.sleep(60)
    assert transport.aborted


def probed(seconds: float) -> tuple[StreamWire, Open]:
    """A wire under keepalive that was probed."""
    admission, transport = Admission(lambda: None), Open()
    wire = StreamWire(transport, admission, set())
    admission.keepalive.watch(wire)
    wire.probe(seconds)
    return wire, transport


@leaping
async def test_a_probed_peer_that_does_not_answer_is_aborted() -> None:
    """Further probes do not extend the deadline, and cause no further pings."""
    _, transport = wired = probed(5.0)
    for _ in range(9):
        await asyncio.sleep(0.5)
        wired[0].probe(5.0)
    assert transport.written == b"\x89\x00" and not transport.aborted
    await asyncio.sleep(1)
    assert transport.aborted


@leaping
async def test_a_peer_that_answers_probes_stays() -> None:
    """Probing all the time cannot free a name: a peer that answers is not aborted because the last ping is under way."""
    wire, transport = probed(5.0)
    for _ in range(600):
        await asyncio.sleep(0.09)
        wire.data_received(PONG)
        await asyncio.sleep(0.01)
        wire.probe(5.0)
    assert not transport.aborted


@leaping
async def test_no_probe_remains_after_the_end() -> None:
    """No probe timer remains after the end of a connection."""
    wire, transport = probed(5.0)
    wire.end()
    wire.connection_lost(None)
    await asyncio.sleep(60)
    assert not transport.aborted


@pytest.mark.parametrize(
    "last",
    [b"", framed(TEXT, b"{}"), framed(TEXT, b"{}")[:-1], framed(CLOSE, b""), b"\xff" * 200],
    ids=["nothing", "a message", "half a message", "a close", "nonsense"],
)
@leaping
async def test_a_lost_connection_leaves_no_memory(last: bytes) -> None:
    """The memory of a connection is freed when it ends, whatever arrived last. The garbage collector runs so seldom
    that hundreds of megabytes could wait for it."""
    gc.collect()
    gc.disable()
    try:
        transport = Open()
        wire = StreamWire(transport, Admission(lambda: None), set())
        wire._incoming._dialect = cast(Dialect, Listening())
        if last:
            wire.data_received(last)
        wire.connection_lost(None)
        await asyncio.sleep(60)
        held = [weakref.ref(transport), weakref.ref(wire._conn)]
        del wire, transport
        assert [thing() for thing in held] == [None, None]
    finally:
        gc.enable()


@leaping
async def test_large_messages_in_small_frames() -> None:
    """Other connections get their turn between messages that were only small while compressed."""
    deflate = zlib.compressobj(wbits=-WINDOW_BITS)
    packed = (deflate.compress(b"0" * 60_000) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
    extension = PerMessageDeflate(True, True, WINDOW_BITS, WINDOW_BITS)
    wire, dialect = StreamWire(Open(), Admission(lambda: None), set(), [extension]), Listening()
    wire._incoming._dialect = cast(Dialect, dialect)
    wire.data_received(framed(TEXT, packed, rsv=4) * 20)
    assert len(dialect.received) == 1
    while len(dialect.received) < 20:
        before = len(dialect.received)
        await asyncio.sleep(0)
        assert before <= len(dialect.received) <= before + 1
