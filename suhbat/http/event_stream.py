"""The frames of v1 over HTTP, for clients whose WebSockets are blocked, and its commands (docs/reference/event-stream.md)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Annotated, Any, Protocol, cast

from fastapi import Body, Depends, Header, Query, Request
from fastapi.responses import Response
from pydantic import Field
from pydantic_core import to_json
from starlette.types import Receive, Scope, Send

from suhbat.chat.active import http_connection
from suhbat.errors import Busy, Forbidden, RateLimited, Unauthenticated
from suhbat.identity.user_directory import Login
from suhbat.protocol.closes import Close
from suhbat.protocol.commands import Resume
from suhbat.protocol.replies import CaughtUp, Ok
from suhbat.protocol.stream_cursor import LONGEST, StreamCursor, read_cursor
from suhbat.protocol.types import LOBBY, ME, Schema

from .dependencies import SAFE_WRITE, LoggedIn, Served
from .refusals import refuses
from .routing import resource

router = resource(tags=["events"])

MOST_COMMANDS = 64
MOST_SECONDS = 60
HEADERS = {
    "cache-control": "no-store, no-transform",  # whoever compresses gathers events first
    "x-accel-buffering": "no",  # nginx gathers them, too
}

Closing = tuple[Close, str] | None
"""The code and reason with which the server closed, or would have closed a WebSocket."""


class Stream(Protocol):
    """An open stream."""

    async def next(self) -> bytes | None:
        """The next bytes of the response; None after the last ones."""
        ...

    def end(self) -> None:
        """The response is over. Idempotent."""
        ...


class Streams(Protocol):
    """The event streams of this process. The transport implements it, `runtime.app` passes it."""

    async def open(self, scope: Scope, resume: Resume | None) -> Stream:
        """Raises Unauthenticated, Forbidden, RateLimited, Busy."""
        ...

    async def poll(
        self, scope: Scope, cursor: StreamCursor, given: str, seconds: float, gone: Callable[[], Awaitable[None]]
    ) -> tuple[list[bytes], str, Closing]:
        """Frames, and the next cursor. `given`: the text of the cursor; `gone` returns when the client has gone. Raises the
        same."""
        ...

    async def execute(self, scope: Scope, login: Login, commands: Sequence[str]) -> tuple[list[bytes], int, Closing]:
        """Replies, and how many commands are done. Raises Busy."""
        ...


class StreamOpening(Schema):
    """Where the client stopped, as in the command `hello`; nothing for a snapshot."""

    resume: Resume | None = Field(
        default=None, examples=[{"epoch": "5f0c1ab2e7d94c38", "cursors": {LOBBY: 1842, ME: 12}}]
    )


class Closed(Schema):
    """As of a WebSocket (docs/reference/close-codes.md)."""

    code: int = Field(examples=[1012])
    reason: str = Field(examples=["restart"])


class Polled(Schema):
    """`frames`: what came since the cursor, maybe nothing. `cursor`: for the next poll. `close`: the stream has ended."""

    frames: tuple[dict[str, Any], ...] = Field(examples=[[CaughtUp().model_dump()]])
    cursor: str = Field(examples=["1~~~"])
    close: Closed | None = Field(default=None, exclude_if=lambda value: value is None)


class CommandReplies(Schema):
    """`replies`: to the commands that have an `id`, in the order of their completion. `done`: how many were carried out or
    refused; send the others again. `close`: a WebSocket would have been closed, so wait before that."""

    replies: tuple[dict[str, Any], ...] = Field(examples=[[Ok(id=1).model_dump()]])
    done: int = Field(examples=[1])
    close: Closed | None = Field(default=None, exclude_if=lambda value: value is None)


class Looking(Schema):
    on: bool = True


def _streams(request: Request) -> Streams:
    return cast(Streams, request.app.state.streams)


Open = Annotated[Streams, Depends(_streams)]
Wait = Annotated[
    int | None,
    Query(
        ge=0, le=MOST_SECONDS, description="One long poll: answer as soon as there are frames, or after these seconds."
    ),
]
Ticket = Annotated[str | None, Query(max_length=128, description="Of `POST /api/v1/tickets`, instead of a token.")]
Cursor = Annotated[
    str | None, Query(max_length=4 * LONGEST, description="Instead of `Last-Event-ID`: the last `id:` or `cursor`.")
]
LastEventId = Annotated[str | None, Header(max_length=4 * LONGEST)]
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "model": Polled,
        "description": "With `wait` the frames; without it a stream of events that does not end.",
        "content": {
            "text/event-stream": {"schema": {"type": "string", "examples": ['data: {"type":"caught_up"}\n\n']}}
        },
    }
}


@router.get("/events", responses=STREAM)
@refuses(Unauthenticated, Forbidden, RateLimited, Busy)
async def follow(
    request: Request,
    streams: Open,
    wait: Wait = None,
    cursor: Cursor = None,
    ticket: Ticket = None,
    last_event_id: LastEventId = None,
) -> Response:
    """The caller's events as a stream: the frames of v1 from `welcome` on, one an event. `id:` is a cursor, with which the next
    request goes on; an unknown one begins with a snapshot. With `wait` it is one long poll."""
    if request.scope.get("asked") == "HEAD":
        return Response(headers=HEADERS, media_type=EventStream.media_type)
    given = last_event_id or cursor or ""
    return await _answer(request, streams, read_cursor(given), given, wait)


@router.post("/events", responses=STREAM, dependencies=[SAFE_WRITE])
@refuses(Unauthenticated, Forbidden, RateLimited, Busy)
async def follow_from(
    request: Request,
    body: Annotated[StreamOpening, Body(default_factory=StreamOpening)],
    streams: Open,
    wait: Wait = None,
    ticket: Ticket = None,
) -> Response:
    """The same from the cursors of the client, as after `hello`. For clients that change from a WebSocket to a stream."""
    return await _answer(request, streams, StreamCursor(body.resume), "", wait)


@router.post("/commands", response_model=CommandReplies, dependencies=[SAFE_WRITE])
@refuses(Busy)
async def execute(
    request: Request,
    body: Annotated[
        Annotated[list[dict[str, Any]], Field(max_length=MOST_COMMANDS, fail_fast=True)] | dict[str, Any],
        Body(examples=[[{"type": "typing", "id": 1, "conversation": LOBBY}]]),
    ],
    login: LoggedIn,
    streams: Open,
) -> Response:
    """Carry out commands of v1 in their order: one, or a list. All but `hello` and `sync`. Refusals are among the replies. A
    `send` that is repeated with its `client_id` happens once."""
    commands = [json.dumps(one) for one in (body if isinstance(body, list) else [body])]
    replies, done, closing = await streams.execute(request.scope, login, commands)
    return _joined(b"replies", replies, b'"done":%d' % done, closing)


@router.put("/me/active", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
async def active(body: Annotated[Looking, Body(default_factory=Looking)], login: LoggedIn, services: Served) -> None:
    """Somebody is looking at a client of this login session, or no longer. It holds for 60 s. Meanwhile the user gets no
    pushes."""
    uid = login.actor.uid
    services.active.say(uid, http_connection(uid, login.session), on=body.on)


class EventStream(Response):
    """Sends a stream until it ends, or the client has gone."""

    media_type = "text/event-stream"

    def __init__(self, stream: Stream) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def end_with_client() -> None:
            await _gone(receive)
            self._stream.end()

        watching = asyncio.ensure_future(end_with_client())
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            while (data := await self._stream.next()) is not None:
                await send({"type": "http.response.body", "body": data, "more_body": True})
                data = None  # an opening is large, and the next event may be far away
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._stream.end()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


async def _answer(request: Request, streams: Streams, cursor: StreamCursor, given: str, wait: int | None) -> Response:
    if wait is None:
        return EventStream(await streams.open(request.scope, cursor.resume))
    frames, after, closing = await streams.poll(request.scope, cursor, given, wait, partial(_gone, request.receive))
    return _joined(b"frames", frames, b'"cursor":%b' % to_json(after), closing)


def _joined(name: bytes, frames: Sequence[bytes], more: bytes, closing: Closing) -> Response:
    """An answer with frames, which are encoded already."""
    close = b"" if closing is None else b',"close":{"code":%d,"reason":%b}' % (closing[0], to_json(closing[1]))
    body = b'{"%b":[%b],%b%b}' % (name, b",".join(frames), more, close)
    return Response(body, headers={"cache-control": "no-store"}, media_type="application/json")


async def _gone(receive: Receive) -> None:
    """Return when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
