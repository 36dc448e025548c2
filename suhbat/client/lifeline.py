"""One connection after the other: which token to use, when to reconnect, and when not to (docs/reference/close-codes.md)."""

from __future__ import annotations

import asyncio
import inspect
import logging
import ssl
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.http11 import Response
from websockets.typing import Subprotocol

from suhbat.errors import Unauthenticated
from suhbat.protocol.closes import Close, may_reconnect
from suhbat.protocol.commands import Command, Resume
from suhbat.protocol.v1 import SUBPROTOCOL

from .backoff import Backoff
from .connection import ConnectionTasks, Goodbye
from .errors import WAIT_AND_REPEAT, ChatClosed, ClientError, Refused
from .http_socket import HttpSocket, Socket
from .inbox import Inbox
from .outbox import Outbox
from .state import State
from .ways import Way, Ways
from .web import Address, who_am_i

log = logging.getLogger("suhbat.client")

Token = str | Callable[[], str | Awaitable[str]]

MAX_SIZE = 16 * 1024 * 1024
"""The largest frame accepted, in bytes: enough for a snapshot of some thousand conversations."""
CLOSE_SECONDS = 2.0
STEADY_SECONDS = 10.0
"""The next wait is short only if the connection had been open for this long."""


class Lifeline:
    """The state that outlives the connections of a chat, and the loop that opens them."""

    def __init__(
        self,
        address: Address,
        token: Token,
        *,
        buffer: int,
        uniform: Callable[[float, float], float],
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
        resume: Resume | None = None,
    ) -> None:
        self._address = address
        self._token = token
        self._backoff = Backoff(uniform)
        self._ways = Ways(uniform)
        self._clock = clock
        self._sleep = sleep
        self._connection: ConnectionTasks | None = None
        self._live_since: float | None = None
        self.wake = asyncio.Event()
        self.relief = asyncio.Event()
        self.state = State(resume)
        self.outbox = Outbox()
        self.inbox = Inbox(buffer, self.relief)
        self.opened = asyncio.Event()
        """Set when the first opening is complete, or when the chat ended before that."""
        self.end: BaseException | None = None
        """Why the chat ended: what entering the chat and its events raise."""
        self.closed: ClientError | None = None
        """Why the chat ended: what commands raise."""

    async def run(self) -> None:
        """Run until the chat ends. Raises nothing, except CancelledError: the program leaves by cancelling it."""
        try:
            while True:
                self._live_since = None
                goodbye = await self._connect()
                if self._was_well():
                    self._backoff.reset()
                if not may_reconnect(goodbye.code):
                    raise ChatClosed(goodbye.code, goodbye.reason)
                wait = goodbye.retry_after + self._backoff.next()
                log.warning("disconnected (%d %s), reconnecting in %.1f s", goodbye.code, goodbye.reason, wait)
                await self._sleep(wait)
        except asyncio.CancelledError:
            self._finish(ChatClosed(Close.NORMAL, "left"), None)
            raise
        except ClientError as error:
            self._finish(error, error)
        except Exception as error:
            # Raised by the function that gives the token, or a bug of the SDK: the application must see it.
            self._finish(ChatClosed(Close.INTERNAL, repr(error)), error)

    def say(self, command: Command) -> None:
        """Send a command on the present connection. Dropped if there is none."""
        if self._connection is not None:
            self._connection.say(command)

    async def _connect(self) -> Goodbye:
        """One connection, from asking for a token to its end. Raises if reconnecting is pointless."""
        try:
            token = await self.ask_for_token()
        except Refused as refused:
            if refused.code not in WAIT_AND_REPEAT:
                raise
            return Goodbye(Close.BUSY, refused.message, refused.retry_after or 0.0)
        except ssl.SSLCertVerificationError:
            raise
        except OSError as error:
            return Goodbye(Close.ABNORMAL, str(error))
        try:
            socket = await self._open(token)
        except ssl.SSLCertVerificationError:
            raise
        except (OSError, InvalidHandshake) as error:
            if unwanted := await who_am_i(self._address, token):
                code = Close.UNAUTHENTICATED if unwanted.code == Unauthenticated.code else Close.FORBIDDEN
                raise ChatClosed(code, unwanted.message) from error
            if isinstance(error, InvalidStatus) and error.response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
                return Goodbye(Close.BUSY, "the server is busy", _retry_after(error.response))
            if isinstance(error, InvalidHandshake | TimeoutError):
                self._ways.blocked()
            return Goodbye(Close.ABNORMAL, str(error) or type(error).__name__)
        returning = asyncio.create_task(self._return_to_socket(socket)) if isinstance(socket, HttpSocket) else None
        try:
            self._connection = ConnectionTasks(
                socket,
                self.state,
                self.outbox,
                self.inbox,
                live=self._live,
                wake=self.wake,
                relief=self.relief,
                clock=self._clock,
                sleep=self._sleep,
            )
            goodbye = await self._connection.run(self.state.hello(token, self._clock()))
            named = goodbye.code not in (Close.ABNORMAL, Close.GOING_AWAY)
            self._ways.ended(welcomed=self.state.welcomed, silent=goodbye.silent, named=named)
            return goodbye
        finally:
            if returning is not None:
                returning.cancel()
            self._connection = None
            self.outbox.cut()
            await socket.close()

    async def ask_for_token(self) -> str:
        if isinstance(self._token, str):
            return self._token
        token = self._token()
        return await token if inspect.isawaitable(token) else token

    async def _open(self, token: str) -> Socket:
        if self._ways.way is not Way.SOCKET:
            return HttpSocket(self._address.http, token, self._clock, polls=self._ways.way is Way.POLLS)
        return await self._open_socket()

    async def _return_to_socket(self, used: HttpSocket) -> None:
        """End the connection over HTTP when a socket can be opened, which repeats the commands on their way."""
        while True:
            await asyncio.sleep(self._ways.next_trial())
            try:
                await (await self._open_socket()).close()
            except (OSError, InvalidHandshake):
                continue
            self._ways.works_again()
            used.end(Close.RESTART, "WebSockets work again")

    async def _open_socket(self) -> ClientConnection:
        return await connect(
            self._address.socket,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            compression=None,
            max_size=MAX_SIZE,
            close_timeout=CLOSE_SECONDS,
            # The protocol has its own ping, which takes into account that the reader may be paused for the application.
            ping_interval=None,
        )

    def _live(self) -> None:
        self._live_since = self._clock()
        self.opened.set()

    def _was_well(self) -> bool:
        """Whether the next wait may be short. Whatever ends every connection soon after it opened (a fault of the server, a
        proxy that cuts, polls that reach another node each time) must not make the client reconnect at full speed for ever."""
        return self._live_since is not None and self._clock() - self._live_since >= STEADY_SECONDS

    def _finish(self, for_asks: ClientError, for_reader: BaseException | None) -> None:
        self.end, self.closed = for_reader or for_asks, for_asks
        self.outbox.close(for_asks)
        self.inbox.end(for_reader)
        self.opened.set()


def _retry_after(response: Response) -> float:
    """Seconds of Retry-After (RFC 9110 section 10.2.3). The server never sends a date."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else 0.0
