"""What looks like a socket and is plain HTTP, where WebSockets are blocked (docs/reference/event-stream.md)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Protocol

from pydantic_core import from_json, to_json
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close as CloseFrame

from suhbat.protocol.closes import Close
from suhbat.protocol.types import MAX_FRAME

from .http_stream import StreamedResponse, request
from .web import json_object, refusal_of

SILENCE_SECONDS = 40.0
"""The longest silence of a stream that works: the server says something every 15 s."""
WAIT_SECONDS = 25
"""How long a poll waits at the server."""
ANSWER_SECONDS = 20.0
"""The time limit for an answer to commands, and to a poll after its wait."""
PAUSE_SECONDS = 1.0
"""Before a poll is repeated that was one too many, if the server does not say how long."""
AGAIN = 4001
"""How this closes when it must be opened again and no fault is known. The server never sends it."""
COMMANDS = 64
AHEAD = 256
"""Frames that may wait for the program. While there are more, the stream is not read."""
OF_STATUS = {
    401: Close.UNAUTHENTICATED,
    403: Close.FORBIDDEN,
    429: Close.RATE_LIMITED,
    500: Close.INTERNAL,
    503: Close.BUSY,
}
"""The close of a WebSocket that means the same as a refusal."""


class Socket(Protocol):
    """What a connection needs of a socket. `recv` and `send` raise `websockets.exceptions.ConnectionClosed`."""

    async def recv(self, decode: bool | None = None) -> str | bytes: ...
    async def send(self, message: str) -> None: ...
    async def close(self) -> None: ...


class HttpSocket:
    """Implements `Socket`. `address`: of the HTTP API. `polls`: long polls instead of an event stream."""

    def __init__(self, address: str, token: str, clock: Callable[[], float], *, polls: bool) -> None:
        self._address = address
        self._token = token
        self._clock = clock
        self._polls = polls
        self._frames: asyncio.Queue[bytes | CloseFrame] = asyncio.Queue()
        self._room = asyncio.Event()
        self._queue: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._sends = asyncio.Event()
        self._heard = 0.0
        self._closing: CloseFrame | None = None

    async def recv(self, decode: bool | None = None) -> str | bytes:
        frame = await self._frames.get()
        self._room.set()
        if isinstance(frame, CloseFrame):
            self._frames.put_nowait(frame)
            raise ConnectionClosedError(frame, None)
        return frame

    async def send(self, message: str) -> None:
        if self._closing is not None:
            raise ConnectionClosedError(self._closing, None)
        command = from_json(message)
        match command["type"]:
            case "hello":
                opening = to_json({"resume": command.get("resume")})
                reading = self._poll(opening) if self._polls else self._stream(opening)
                self._tasks = [asyncio.create_task(self._guarded(work)) for work in (reading, self._flush())]
            case "ping":
                # The stream answers for the server: what it said last shows whether the connection is alive.
                if self._clock() - self._heard < SILENCE_SECONDS:
                    self._frames.put_nowait(to_json({"type": "pong", "id": command["id"], "heads": {}}))
            case "sync":
                self.end(AGAIN, "behind")  # opening again with the cursors does the same
            case _:
                self._queue.append(message)
                self._sends.set()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def end(self, code: int, reason: str) -> None:
        """Close as the server would. Idempotent."""
        if self._closing is None:
            self._closing = CloseFrame(code, reason)
            self._frames.put_nowait(self._closing)

    async def _guarded(self, work: Any) -> None:
        try:
            await work
        except (OSError, ValueError, KeyError) as error:
            self.end(Close.ABNORMAL, str(error) or type(error).__name__)

    async def _stream(self, opening: bytes) -> None:
        async with request("POST", f"{self._address}/events", self._token, opening) as response:
            if not await self._accepted(response):
                return
            text = b""
            async for piece in response.pieces:
                self._heard = self._clock()
                *events, text = (text + piece).split(b"\n\n")
                for event in events:
                    await self._event(event)
        self.end(Close.ABNORMAL, "the stream ended")

    async def _event(self, event: bytes) -> None:
        lines = event.split(b"\n")
        data = next((line.removeprefix(b"data: ") for line in lines if line.startswith(b"data: ")), None)
        if data is None:
            return  # a comment, or `retry`
        if b"event: close" in lines:
            closing = from_json(data)
            self.end(closing["code"], closing["reason"])
        else:
            await self._deliver(data)

    async def _poll(self, opening: bytes) -> None:
        cursor: str | None = None
        while self._closing is None:
            wait = 1 if cursor is None else WAIT_SECONDS
            url = f"{self._address}/events?wait={wait}"
            asked = request("POST", url, self._token, opening)
            if cursor is not None:
                asked = request("GET", url, self._token, cursor=cursor)
            async with asyncio.timeout(wait + ANSWER_SECONDS), asked as response:
                too_many = response.status == HTTPStatus.TOO_MANY_REQUESTS and cursor is not None
                if not too_many and not await self._accepted(response):
                    return
                answer = json_object(await response.text()) if too_many else from_json(await response.text())
            if too_many:
                self._heard = self._clock()
                await asyncio.sleep(answer.get("retry_after") or response.retry_after or PAUSE_SECONDS)
                continue
            frames = answer["frames"]
            if cursor is not None and frames and frames[0]["type"] == "welcome":
                self.end(AGAIN, "another connection")  # of the server; open again with the cursors
                return
            cursor = answer["cursor"]
            self._heard = self._clock()
            for frame in frames:
                await self._deliver(to_json(frame))
            if "close" in answer:
                self.end(answer["close"]["code"], answer["close"]["reason"])

    async def _deliver(self, frame: bytes) -> None:
        while self._frames.qsize() > AHEAD:
            self._room.clear()
            await self._room.wait()
        self._frames.put_nowait(frame)

    async def _accepted(self, response: StreamedResponse) -> bool:
        """Whether the server accepts. If not, the connection ends as a WebSocket would."""
        self._heard = self._clock()
        if response.status == 200:
            return True
        answer = json_object(await response.text())
        refused = refusal_of(response.status, answer)
        error = {"type": "error", "id": "hello", "code": refused.code, "message": refused.message}
        self._frames.put_nowait(to_json({**error, "retry_after": refused.retry_after or response.retry_after}))
        code = OF_STATUS.get(response.status, Close.ABNORMAL) if "code" in answer else Close.ABNORMAL
        self.end(code, refused.code)
        return False

    async def _flush(self) -> None:
        """Send commands, one request after the other, so that they keep their order."""
        while True:
            while not self._queue:
                self._sends.clear()
                await self._sends.wait()
            batch = self._batch()
            body = (batch[0] if len(batch) == 1 else f"[{','.join(batch)}]").encode()
            async with (
                asyncio.timeout(ANSWER_SECONDS),
                request("POST", f"{self._address}/commands", self._token, body) as response,
            ):
                answer = json_object(await response.text())
            self._answered(batch, response.status, answer)

    def _batch(self) -> list[str]:
        size, count = 2, 0
        for message in self._queue[:COMMANDS]:
            size += len(message.encode()) + 1
            if count and size > MAX_FRAME:
                break
            count += 1
        batch, self._queue = self._queue[:count], self._queue[count:]
        return batch

    def _answered(self, batch: list[str], status: int, answer: dict[str, Any]) -> None:
        if status == 200:
            self._queue = batch[answer["done"] :] + self._queue
            for reply in answer["replies"]:
                self._frames.put_nowait(to_json(reply))
            if "close" in answer:
                self.end(answer["close"]["code"], answer["close"]["reason"])
            return
        refused = refusal_of(status, answer)
        if "code" not in answer or status in (401, 403):
            self.end(OF_STATUS.get(status, Close.ABNORMAL), refused.message)
            return
        for message in batch:
            id = json.loads(message).get("id")
            error = {"type": "error", "id": id, "code": refused.code, "message": refused.message}
            if refused.retry_after is not None:
                error["retry_after"] = refused.retry_after
            if id is not None:
                self._frames.put_nowait(to_json(error))
