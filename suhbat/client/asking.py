"""Commands and their replies: what all calls of `Suhbat` are made of."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar

from pydantic import ValidationError

from suhbat.errors import BadRequest
from suhbat.protocol.machine import reason_of
from suhbat.protocol.objects import User
from suhbat.protocol.replies import Ok

from .errors import ClientError, Refused
from .files import FileTransfers
from .lifeline import Lifeline
from .outbox import Asked

A = TypeVar("A", bound=Ok)

OUTSIDE = "use `async with Suhbat(...) as chat:`"


class Asking:
    """Sends commands over a `Lifeline`, each with its own id, and awaits the replies. `transfers`: makes HTTP requests."""

    def __init__(self, line: Lifeline, transfers: FileTransfers) -> None:
        self._line = line
        self._transfers = transfers
        self._ids = count(1)
        self._task: asyncio.Task[None] | None = None
        """Runs the line while the chat is open."""

    async def _do(self, command: type[Asked], answer: type[A], **fields: Any) -> A:
        """Check a command, send it, and wait for its reply. Raises Refused, ChatClosed."""
        id = next(self._ids)
        with checked():
            asked = command(id=id, **fields)
        return await self._ask(id, asked, answer)

    @property
    def user(self) -> User:
        """The user of this chat, as the server knows them."""
        if self._line.state.user is None:
            raise RuntimeError(OUTSIDE)
        return self._line.state.user

    async def _ask(self, id: int, command: Asked, answer: type[A]) -> A:
        if self._task is None:
            raise RuntimeError(OUTSIDE)
        if self._line.closed is not None:
            raise self._line.closed
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()

        def done(outcome: Ok | ClientError) -> None:
            if future.done():
                return  # cancelled; `forget` follows
            if isinstance(outcome, ClientError):
                future.set_exception(outcome)
            else:
                assert isinstance(outcome, answer)
                future.set_result(outcome)

        self._line.outbox.add(command, answer, done)
        self._line.wake.set()
        self._line.relief.set()
        try:
            return await future
        finally:
            self._line.outbox.forget(id)


@contextmanager
def checked() -> Iterator[None]:
    """Refuse an invalid command here, with the server's error and text."""
    try:
        yield
    except ValidationError as invalid:
        error = BadRequest(reason=reason_of(invalid))
        raise Refused(error.code, error.message("en")) from None


def new_key() -> str:
    """A `client_id`: the time in milliseconds and 80 random bits. Keys that ascend with the time are stored next to each other,
    which costs the server less than random ones."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"
