"""A wire's own deadlines. No socket, no waiting."""

from __future__ import annotations

import asyncio
from typing import cast

from suhbat.transport.admission import Admission
from suhbat.transport.session import Session
from suhbat.transport.stream_wire import StreamWire
from tests.leaping import leaping


class Closing(asyncio.Transport):
    """Was closed by somebody else, and waits for a peer that takes nothing."""

    aborted = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...
    def pause_reading(self) -> None: ...
    def write(self, data: bytes | bytearray | memoryview) -> None: ...

    def is_closing(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return 100_000

    def abort(self) -> None:
        self.aborted = True


class Crowded:
    crowded = True

    def closed(self) -> None: ...


@leaping
async def test_a_transport_that_was_closed_by_others() -> None:
    """The keepalive drops it, even if it was not read from at that moment, when silence says nothing else."""
    admission, transport, session = Admission(lambda: None), Closing(), Crowded()
    wire = StreamWire(transport, admission, set())
    wire._incoming._session = cast(Session, session)
    admission.keepalive.watch(wire)
    wire._incoming._pause()
    session.crowded = False
    await asyncio.sleep(60)
    assert transport.aborted
