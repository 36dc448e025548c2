"""The v1 dialect of an event stream: it only sends. It opens as after `hello`; commands come by other requests."""

from __future__ import annotations

import asyncio

from suhbat.errors import SuhbatError, Unauthenticated
from suhbat.hub.connection import Connection, Wire
from suhbat.identity.user_directory import Login
from suhbat.protocol.commands import Hello, Resume
from suhbat.services import Services

from .upgrade import Upgrade
from .v1_hello import V1Hello


class StreamDialect(V1Hello):
    """Nothing is written before the client is identified, so that it can be refused over HTTP."""

    label = "v1"

    __slots__ = ("_entered", "_opening")

    def __init__(self, services: Services, wire: Wire, upgrade: Upgrade) -> None:
        super().__init__(services, wire, upgrade)
        self._entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._opening: asyncio.Task[None] | None = None

    async def begin(self, resume: Resume | None) -> None:
        """Return when `welcome` is written; the frames after it follow. Raises Unauthenticated, Forbidden, Busy, Internal. Call
        `closed` in any case."""
        self._opening = asyncio.get_running_loop().create_task(self.hello(Hello(type="hello", resume=resume)))
        await asyncio.wait({self._opening, self._entered}, return_when=asyncio.FIRST_COMPLETED)
        if not self._entered.done():
            raise Unauthenticated("unauthenticated.revoked")  # a moment ago
        self._entered.result()

    @property
    def has_opened(self) -> bool:
        """Whether `caught_up` was written, so that the client misses nothing below the connection's position."""
        connection = self.connection
        is_complete = self._opening is not None and self._opening.done()
        return is_complete and connection is not None and not connection.targets

    def is_of(self, login: Login) -> bool:
        """Whether a further request with this login belongs to the stream. A new cookie of the same session does."""
        own = self.attached
        return own is not None and (own.actor.uid, own.session) == (login.actor.uid, login.session)

    def enter(self, connection: Connection) -> None:
        super().enter(connection)
        self._entered.set_result(None)

    def close_with_error(self, error: SuhbatError, frame: bytes) -> None:
        if self._entered.done():
            super().close_with_error(error, frame)
        else:
            self._entered.set_exception(error)

    def closed(self) -> None:
        """The same, once the opening is over: it may be about to use a login."""
        if self._opening is not None and not self._opening.done():
            self._opening.add_done_callback(lambda _: self.closed())
        else:
            super().closed()
