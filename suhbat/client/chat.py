"""`Suhbat`: a chat as one object that outlives its connections."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from types import TracebackType
from typing import Self, TypeVar

from pydantic import ValidationError

from suhbat.errors import BadRequest
from suhbat.protocol.commands import History, Join, Leave, Send, Typing
from suhbat.protocol.machine import reason_of
from suhbat.protocol.objects import ConversationState, Invitation, Presence, User
from suhbat.protocol.replies import Acted, Ok, Page, Sent

from .errors import ClientError, Refused
from .frames import Happening
from .lifeline import Lifeline, Token
from .outbox import Asked
from .web import Address, end_guest, new_guest

A = TypeVar("A", bound=Ok)
_uniform = secrets.SystemRandom().uniform

OUTSIDE = "use `async with Suhbat(...) as chat:`"


class Suhbat:
    """A chat that stays open: it reconnects and resumes by itself until it is left or refused for good.

    `url`: where the server is (http, https, ws or wss, with the root path if it has one). Who one is: either `token` (or
    a function that returns one, asked before each connection; it may be async), or `name`, which makes a new guest. That
    guest is gone when the chat is left, and the name free; to stay the same one, keep the token of `new_guest`.
    `buffer`: happenings that wait for the application before the socket is read no further. The rest is for tests.

    Entering waits until the conversations are known; where the server cannot be reached that means trying on (with a
    warning in the log), so put a timeout around it if that is not wanted. Raises ChatClosed or Refused.
    """

    def __init__(
        self,
        url: str,
        *,
        token: Token | None = None,
        name: str | None = None,
        buffer: int = 1_000,
        uniform: Callable[[float, float], float] = _uniform,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._guest: _Guest | None = None
        if token is None:
            if name is None:
                raise ValueError("say who you are: token= or name=")
            self._guest = _Guest(url, name)
            token = self._guest.token
        elif name is not None:
            raise ValueError("a token has a name already: give one of the two")
        self._line = Lifeline(Address.of(url), token, buffer=buffer, uniform=uniform, clock=clock, sleep=sleep)
        self._ids = count(1)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._line.run(), name="suhbat")
        try:
            await self._line.opened.wait()
            if self._line.end is not None:
                raise self._line.end
        except BaseException:
            await self._leave()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._leave()

    # What one knows

    @property
    def user(self) -> User:
        """Who one is here."""
        if self._line.state.user is None:
            raise RuntimeError(OUTSIDE)
        return self._line.state.user

    @property
    def conversations(self) -> Mapping[str, ConversationState]:
        """By id, as they are now: the snapshot and every event since, also those that `events` has not given yet."""
        return self._line.state.conversations

    @property
    def invitations(self) -> Mapping[str, Invitation]:
        """The rooms to which somebody invited one, by id: `join` accepts, `leave` declines."""
        return self._line.state.invitations

    @property
    def presence(self) -> Mapping[str, Presence]:
        """Who is here, and who was, by `uid`."""
        return self._line.state.presence

    # What one hears

    def events(self) -> AsyncIterator[Happening]:
        """All that happens from entering on, each durable event exactly once and in the order of its conversation.

        Read it in one place at a time. `Reset`, `Removed` and `Snapshot` say that what was cached of one conversation, or
        of all, is void. A program that reads slowly makes the server wait; one that begins to read late may find a
        `Snapshot` first. Ends when the chat is left; raises ChatClosed when it is closed for good.
        """
        if self._line.inbox.begin():
            self._line.inbox.put(self._line.state.snapshot())
        return self._line.inbox

    # What one says

    async def send(
        self, conversation: str, text: str, *, client_id: str | None = None, reply_to: int | None = None
    ) -> Sent:
        """Write to a conversation; returns when the message is durable, however many connections that takes.

        `client_id` makes it the same message for ever (1 to 64 characters; a random one if not given): a send whose
        outcome is unknown, because it was cancelled or the chat closed, can be repeated with it. Messages sent without
        waiting for each other keep their order, unless the server asked to slow down. Raises Refused (`outbox_full`: 10,000
        await an answer already; the code is the SDK's own), ChatClosed.
        """
        id, key = next(self._ids), client_id or secrets.token_hex(16)
        with _checked():
            command = Send(type="send", id=id, conversation=conversation, text=text, client_id=key, reply_to=reply_to)
        return await self._ask(id, command, Sent)

    async def send_to(
        self,
        user_id: str,
        text: str,
        *,
        uid: str | None = None,
        client_id: str | None = None,
        reply_to: int | None = None,
    ) -> Sent:
        """The same to one person, by name; `uid`: only if the name is still theirs. `Sent.conversation` is the direct."""
        id, key = next(self._ids), client_id or secrets.token_hex(16)
        with _checked():
            command = Send(type="send", id=id, to_user=user_id, uid=uid, text=text, client_id=key, reply_to=reply_to)
        return await self._ask(id, command, Sent)

    async def history(
        self,
        conversation: str,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int = 50,
    ) -> Page:
        """Messages, ascending: the newest, or those at one `seq`. `limit`: 1 to 200. Raises Refused, ChatClosed."""
        id = next(self._ids)
        with _checked():
            command = History(
                type="history",
                id=id,
                conversation=conversation,
                before=before,
                after=after,
                around=around,
                limit=limit,
            )
        return await self._ask(id, command, Page)

    async def join(self, conversation: str) -> Acted:
        """Become a member of a public room, or of one to which one is invited. Raises Refused, ChatClosed."""
        id = next(self._ids)
        with _checked():
            command = Join(type="join", id=id, conversation=conversation)
        return await self._ask(id, command, Acted)

    async def leave(self, conversation: str) -> Acted:
        """Be a member no more, decline an invitation, or hide a direct until somebody writes there. Where the connection broke
        meanwhile, Refused (`not_found`) says that it had happened already. Raises Refused, ChatClosed."""
        id = next(self._ids)
        with _checked():
            command = Leave(type="leave", id=id, conversation=conversation)
        return await self._ask(id, command, Acted)

    async def typing(self, conversation: str) -> None:
        """Tell the others that one is writing. Lost without a word where there is no connection just now."""
        with _checked():
            command = Typing(type="typing", conversation=conversation)
        self._line.say(command)

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

    async def _leave(self) -> None:
        """Close the socket and end the iteration; what is not answered yet fails with ChatClosed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._guest is not None:
            await self._guest.end()


@contextmanager
def _checked() -> Iterator[None]:
    """What the server would refuse at once is refused here, in the same words."""
    try:
        yield
    except ValidationError as invalid:
        error = BadRequest(reason=reason_of(invalid))
        raise Refused(error.code, error.message("en")) from None


class _Guest:
    """A guest who is made when the token is first asked for, and ended with the chat that made it."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._token: str | None = None

    async def token(self) -> str:
        if self._token is None:
            self._token = (await new_guest(self._url, self._name))[1]
        return self._token

    async def end(self) -> None:
        if self._token is not None:
            await end_guest(self._url, self._token)
