"""Commands of v1 by HTTP: a request carries some of them, and its response the replies (docs/reference/event-stream.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from suhbat.chat.active import http_connection
from suhbat.chat.model import Outcome
from suhbat.errors import BadRequest
from suhbat.hub.connection import Connection, FrameFormat
from suhbat.identity.user_directory import Login
from suhbat.protocol.closes import Close
from suhbat.protocol.commands import Command, Hello, Sync, Typing
from suhbat.protocol.v1 import V1State
from suhbat.services import Services

from .dialect import Rest
from .event_wire import EventWire
from .upgrade import Upgrade
from .v1 import V1Dialect

REPLY_BYTES = 1024 * 1024
"""When the replies of a request exceed this, its further commands are left for the next request."""
ONLY_OVER_A_SOCKET = "this command is for WebSockets only: open the event stream again with your cursors"


class Executed(NamedTuple):
    """`replies`: encoded. `done`: how many commands were carried out or refused; the client sends the others again. `closing`:
    why they must not be sent again at once, as over a WebSocket."""

    replies: list[bytes]
    done: int
    closing: tuple[Close, str] | None


class CommandDialect(V1Dialect):
    """Executes the commands of one request, in their order. It is no connection of the hub. `typed`: as of a connection, for
    all requests of a user."""

    label = "http"
    is_connection = False

    __slots__ = ("_idle",)

    def __init__(self, services: Services, upgrade: Upgrade, login: Login, typed: dict[str, float]) -> None:
        super().__init__(services, EventWire(lambda: None), upgrade)
        self.prefer_language_of(login)
        self.machine.language = self.language
        self.machine.state = V1State.OPEN
        self.machine.meter = services.limits.rates.meter(login.actor.uid, self.address)
        self.connection = Connection(self.wire, FrameFormat.V1, login.actor, self.language, login.session)
        self.connection.id = http_connection(login.actor.uid, login.session)
        self.typed = typed
        self._idle = asyncio.Event()

    async def run(self, commands: Sequence[str]) -> Executed:
        done = 0
        for command in commands:
            if self.wire.closed or self.wire.unsent() > REPLY_BYTES:
                break
            if rest := self.receive(command):
                await rest
            done += 1
        while self.in_flight:
            self._idle.clear()
            await self._idle.wait()
        assert isinstance(self.wire, EventWire)
        return Executed(self.wire.take(), done, self.wire.closing)

    def _execute(self, command: Command) -> Rest | None:
        match command:
            case Hello() | Sync():
                self._send_error(BadRequest(reason=ONLY_OVER_A_SOCKET), command.id)
                return None
            case Typing():
                return self._carry_out(command, self._typing_there)
            case _:
                return super()._execute(command)

    async def _typing_there(self, command: Typing) -> None:
        assert self.connection is not None
        state = await self.services.store.state(self.connection.actor, command.conversation)
        # The dialect asks whether the connection follows the log, which is the same question.
        self.connection.stands_in(() if state.role is None else (command.conversation,))
        self._typing(command)

    def _sent(self, id: int | str | None, outcome: Outcome) -> None:
        super()._sent(id, outcome)
        self._idle.set()
