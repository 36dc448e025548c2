"""A message that grows while a program writes it, for example the answer of a language model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

from suhbat.errors import BadRequest
from suhbat.protocol.commands import Append, Finish
from suhbat.protocol.replies import Acted, Appended, Sent
from suhbat.protocol.types import MAX_TEXT

from .errors import ClientError, Refused, StreamStopped

OVER = frozenset({"finished", "not_found", "forbidden"})
"""The errors after which the message does not grow any more."""

Do = Callable[..., Awaitable[Any]]
"""See `Asking._do`."""


class StreamedMessage:
    """What `Suhbat.stream` gives; use it with `async with`.

    `text`: everything that was written, as far as it fits. `stopped`: somebody has stopped the message, or it is gone.
    """

    def __init__(self, do: Do, begin: Callable[[], Awaitable[Sent]], text: str) -> None:
        self._do = do
        self._begin = begin
        self._sent = text
        self._sender: asyncio.Task[None] | None = None
        self._begun: Sent | None = None
        self._is_full = False
        self.text = text
        self.stopped = False

    @property
    def seq(self) -> int:
        """Of the message, in its `conversation`."""
        return self._message.seq

    @property
    def conversation(self) -> str:
        return self._message.conversation

    async def write(self, text: str) -> None:
        """Add to the message. What comes faster than the server answers is sent together, so this hardly waits.

        Raises StreamStopped if the message does not grow any more, which ends the `async with` without an error; Refused if it
        would be longer than MAX_TEXT characters: what fits is sent, and at the end the message is marked as cut."""
        if self.stopped:
            raise StreamStopped()
        self._is_full = self._is_full or len(self.text) + len(text) > MAX_TEXT
        self.text = (self.text + text)[:MAX_TEXT]
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send(), name="suhbat-stream")
        await asyncio.sleep(0)
        if self._is_full:
            error = BadRequest(reason="long_text")
            raise Refused(error.code, error.message("en"))

    async def __aenter__(self) -> Self:
        self._begun = await self._begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Finish the message. After an error in the block, or with a text that did not fit, it is marked as cut."""
        if self._sender is not None:
            if isinstance(error, asyncio.CancelledError):
                self._sender.cancel()
            await asyncio.wait([self._sender])
        if not self.stopped:
            is_cut = error is not None or self._is_full
            fields = {**self._place, "text": self.text, "cut": is_cut}
            try:
                await self._do(Finish, Acted, type="finish", **fields)
            except Refused as refused:
                if not self._is_over(refused) and error is None:
                    raise
            except ClientError:
                if error is None:
                    raise
        return isinstance(error, StreamStopped)

    @property
    def _message(self) -> Sent:
        if self._begun is None:
            raise RuntimeError("use `async with chat.stream(...) as message:`")
        return self._begun

    @property
    def _place(self) -> dict[str, Any]:
        return {"conversation": self._message.conversation, "seq": self._message.seq}

    async def _send(self) -> None:
        """Send what was written, one append after the other. `finish` sends the whole text, so an error is no loss."""
        try:
            while not self.stopped and self._sent != self.text:
                whole = self.text
                await self._append(whole)
        except Refused as refused:
            self._is_over(refused)
        except ClientError:
            pass

    async def _append(self, whole: str) -> None:
        added = whole[len(self._sent) :]
        fields = {**self._place, "offset": len(self._sent), "text": added}
        try:
            await self._do(Append, Appended, type="append", **fields)
            self._sent = whole
        except Refused as refused:
            if refused.code != "wrong_offset" or refused.offset is None:
                raise
            # The server has less than was sent, because it was restarted, or more, because an answer was lost.
            self._sent = whole[: refused.offset]

    def _is_over(self, refused: Refused) -> bool:
        self.stopped = self.stopped or refused.code in OVER
        return refused.code in OVER
