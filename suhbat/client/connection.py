"""One socket from `hello` to its close: decodes frames and carries out effects. `state` and `outbox` decide what to do."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

from pydantic import ValidationError
from websockets.exceptions import ConnectionClosed

from suhbat.protocol.closes import Close
from suhbat.protocol.commands import Command, Hello
from suhbat.protocol.events import ConversationUpdated, MemberUpdated
from suhbat.protocol.replies import Error, Ok, Welcome

from .effects import Dead, Deliver, Effect, Live, Say
from .frames import BadFrame, decode
from .http_socket import Socket
from .inbox import Inbox
from .outbox import Outbox
from .state import State

TICK_SECONDS = 0.25


class Goodbye(NamedTuple):
    """How a connection ended. `retry_after`: seconds the server asked to wait before reconnecting. `silent`: nothing came for
    too long."""

    code: int
    reason: str = ""
    retry_after: float = 0.0
    silent: bool = False


class _Ended(Exception):
    """Raised in one task to end all tasks of a connection."""

    def __init__(self, goodbye: Goodbye) -> None:
        super().__init__(goodbye)
        self.goodbye = goodbye


class ConnectionTasks:
    """The tasks of one connection: one reads, one writes, one watches the clock.

    Only the writer waits for the socket to accept bytes, so a server that does not read never blocks the reader. The reader
    pauses while the application is slow; the server then holds back what follows. It does not pause while a command awaits
    its reply: the slow application itself may be waiting for that reply, which comes behind everything else.
    `relief` is set when one of these conditions may have changed, `wake` when there may be something to write.
    """

    def __init__(
        self,
        socket: Socket,
        state: State,
        outbox: Outbox,
        inbox: Inbox,
        *,
        live: Callable[[], None],
        wake: asyncio.Event,
        relief: asyncio.Event,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self._socket = socket
        self._state = state
        self._outbox = outbox
        self._inbox = inbox
        self._live = live
        self._wake = wake
        self._relief = relief
        self._clock = clock
        self._sleep = sleep
        self._first: deque[Command] = deque()
        self._standing = False
        self._last_error: Error | None = None

    async def run(self, hello: Hello) -> Goodbye:
        """Run until the connection ends. The caller closes the socket."""
        self._first.append(hello)
        ended: list[_Ended] = []
        try:
            async with asyncio.TaskGroup() as tasks:
                for task in (self._read(), self._write(), self._watch()):
                    tasks.create_task(task)
        except* _Ended as group:
            ended += [error for error in group.exceptions if isinstance(error, _Ended)]
        return ended[0].goodbye

    def say(self, command: Command) -> None:
        """Send a command on this connection only, ahead of the outbox. Dropped before `welcome`."""
        if self._state.welcomed:
            self._first.append(command)
            self._wake.set()

    async def _read(self) -> None:
        while True:
            await self._room()
            try:
                data = await self._socket.recv(decode=False)
            except ConnectionClosed as closed:
                raise _Ended(self._goodbye(closed)) from None
            try:
                frame = decode(data)
                if isinstance(frame, Ok):
                    self._outbox.answered(frame, data)
            except (BadFrame, ValidationError) as bad:
                raise _Ended(Goodbye(Close.INVALID_DATA, f"not understood: {bad}")) from None
            if isinstance(frame, ConversationUpdated | MemberUpdated):
                self._outbox.release(frame.conversation)  # slow mode or the user's role may have changed
            if isinstance(frame, Error):
                self._last_error = frame
                self._outbox.refused(frame, self._clock())
            if frame is not None:
                self._carry_out(self._state.receive(frame, self._clock(), full=self._inbox.full))
            if isinstance(frame, Welcome | Ok | Error):
                self._wake.set()  # there may be something to send now

    async def _room(self) -> None:
        """Wait until the application can take more, or a command awaits its reply."""
        while self._inbox.crowded and not self._outbox:
            self._standing = True
            self._relief.clear()
            await self._relief.wait()
        if self._standing:
            self._standing = False
            self._state.excuse(self._clock())

    async def _write(self) -> None:
        while True:
            self._wake.clear()
            command = self._next()
            try:
                if command is not None:
                    await self._socket.send(command.model_dump_json(exclude_none=True))
                elif wait := self._outbox.wait(self._clock()):
                    await self._sleep(min(wait, TICK_SECONDS))
                else:
                    await self._wake.wait()
            except ConnectionClosed:
                return  # the reader finds out too, after it has read everything that came before the close

    def _next(self) -> Command | None:
        if self._first:
            return self._first.popleft()
        return self._outbox.next(self._clock()) if self._state.welcomed else None

    async def _watch(self) -> None:
        while True:
            await self._sleep(TICK_SECONDS)
            if self._outbox.holding:
                self._wake.set()
            if not self._standing:
                self._carry_out(self._state.tick(self._clock()))

    def _carry_out(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Deliver():
                    self._inbox.put(effect.happening)
                case Say():
                    self.say(effect.command)
                case Live():
                    self._live()
                case Dead():
                    raise _Ended(Goodbye(Close.ABNORMAL, "the server does not answer", silent=True))

    def _goodbye(self, closed: ConnectionClosed) -> Goodbye:
        """The close code, with the text and the wait of the error frame before it."""
        frame = closed.rcvd or closed.sent
        code = Close.ABNORMAL if frame is None else frame.code
        reason = "" if frame is None else frame.reason
        error, wait = self._last_error, 0.0
        if error is not None and (error.code == reason or error.id == "hello"):
            reason, wait = error.message, error.retry_after or 0.0
        return Goodbye(code, reason, wait)
