"""`Suhbat`: a chat as one object that outlives its connections."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from pydantic import ValidationError

from suhbat.errors import BadRequest, Forbidden
from suhbat.protocol.commands import (
    Active,
    ChangeThread,
    History,
    Join,
    Leave,
    MarkUnread,
    Read,
    Save,
    Send,
    SetNotify,
    Typing,
)
from suhbat.protocol.files import File
from suhbat.protocol.inbox import Mentions, SavedMessages
from suhbat.protocol.machine import reason_of
from suhbat.protocol.objects import ConversationState, Invitation, Level, Person, Presence, User
from suhbat.protocol.replies import Acted, Ok, Page, Sent

from .errors import ClientError, Refused
from .files import FileTransfers, Progress
from .frames import Happening
from .lifeline import Lifeline, Token
from .lists import Lists
from .outbox import Asked
from .pictures import Pictures
from .web import Address, end_guest, new_guest

A = TypeVar("A", bound=Ok)
Sendable = str | PathLike[str] | File
"""A path, or a file that was uploaded."""
UPLOADS_AT_ONCE = 3
_uniform = secrets.SystemRandom().uniform

OUTSIDE = "use `async with Suhbat(...) as chat:`"


class Suhbat:
    """A chat that stays open: it reconnects and resumes by itself, until the program leaves it or the server ends it for good.

    `url`: the server's address (http, https, ws or wss, with the root path if there is one). Give either `token` or `name`.
    `token`: a token, or a function that returns one, called before each connection; it may be async. `name`: makes a new
    guest. The guest ends with the chat and frees the name; to remain the same guest, keep the token of `new_guest`.
    `buffer`: how many happenings may wait for the application before the socket is read no further. The other arguments are
    for tests.

    Entering the chat waits until the conversations are known. While the server cannot be reached it keeps trying, and logs a
    warning each time; use a timeout to limit that. Raises ChatClosed or Refused.
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
            raise ValueError("give token= or name=, not both: a token has a name already")
        self._line = Lifeline(Address.of(url), token, buffer=buffer, uniform=uniform, clock=clock, sleep=sleep)
        self._transfers = FileTransfers(Address.of(url), self._line.ask_for_token, uniform, sleep)
        self._pictures = Pictures(self._transfers)
        self._lists = Lists(self._transfers)
        self._clock = clock
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

    # State

    @property
    def user(self) -> User:
        """The user of this chat, as the server knows them."""
        if self._line.state.user is None:
            raise RuntimeError(OUTSIDE)
        return self._line.state.user

    @property
    def conversations(self) -> Mapping[str, ConversationState]:
        """The conversations by id, as they are now: the snapshot and every event since, given by `events` or not yet."""
        return self._line.state.conversations

    @property
    def invitations(self) -> Mapping[str, Invitation]:
        """Open invitations to rooms, by the room's id: `join` accepts one, `leave` declines it."""
        return self._line.state.invitations

    @property
    def users(self) -> Mapping[str, User]:
        """The users in directs and last messages, by `uid`; an account is a `Person`, with its display name. See `people_of`
        for others."""
        return self._line.state.users

    @property
    def presence(self) -> Mapping[str, Presence]:
        """The presence of users, by `uid`: who is online, and when others last were."""
        return self._line.state.presence

    # Events

    def events(self) -> AsyncIterator[Happening]:
        """Everything that happens after entering: each durable event exactly once, in the order of its conversation.

        Only one reader at a time. `Reset`, `Removed` and `Snapshot` mean that cached state is void: that of one conversation,
        or with `Snapshot` all of it. A program that reads slowly makes the server wait. One that begins to read late may get
        a `Snapshot` first. The iteration ends when the chat is left, and raises ChatClosed when the chat ended for good.
        """
        if self._line.inbox.begin():
            self._line.inbox.put(self._line.state.snapshot())
        return self._line.inbox

    # Commands

    async def send(
        self,
        conversation: str,
        text: str = "",
        *,
        files: Sequence[Sendable] = (),
        progress: Progress | None = None,
        client_id: str | None = None,
        reply_to: int | None = None,
        thread: int | None = None,
        also: bool = False,
    ) -> Sent:
        """Send a message to a conversation; returns when it is durable, even if that takes several connections.

        `client_id`: 1 to 64 characters; by default made of the time and random bits. A message is stored once for each
        `client_id`, so a send with an unknown outcome (it was cancelled, or the chat closed) can be repeated with the same one.
        Messages sent without awaiting each other keep their order, unless the server asked to slow down. In a room with slow
        mode a message waits for its turn (see `held`), maybe for hours, and messages to other conversations go on. To cancel
        it meanwhile withdraws it. `thread`: the `seq` of the message in whose thread it is a reply; `also`: the conversation
        gets it, too. `files`: at most 10 paths, which are uploaded first, or files that `upload` gave; beside them the
        text may be empty. `progress` is called while they are uploaded. Raises OSError for a file that cannot be read,
        ChatClosed, and Refused; its code `outbox_full` is the SDK's own: 10,000 commands
        await their reply.
        """
        shown = await self._uploaded(files, progress)
        id, key = next(self._ids), client_id or _new_key()
        with _checked():
            command = Send(
                type="send",
                id=id,
                conversation=conversation,
                text=text,
                client_id=key,
                reply_to=reply_to,
                thread=thread,
                also=also,
                files=tuple(shown),
            )
        return await self._ask(id, command, Sent)

    async def send_to(
        self,
        user_id: str,
        text: str = "",
        *,
        files: Sequence[Sendable] = (),
        progress: Progress | None = None,
        uid: str | None = None,
        client_id: str | None = None,
        reply_to: int | None = None,
    ) -> Sent:
        """Send a message to a user by name. `uid`: refuse unless the name belongs to this user. `Sent.conversation` is the
        direct. Otherwise as `send`."""
        shown = await self._uploaded(files, progress)
        id, key = next(self._ids), client_id or _new_key()
        with _checked():
            command = Send(
                type="send",
                id=id,
                to_user=user_id,
                uid=uid,
                text=text,
                client_id=key,
                reply_to=reply_to,
                files=tuple(shown),
            )
        return await self._ask(id, command, Sent)

    async def upload(self, path: str | PathLike[str], *, progress: Progress | None = None, id: str = "") -> File:
        """Upload a file, to be sent later; gives it when the server has processed it.

        The bytes are streamed from the disk in pieces. After a failure that may pass, the upload asks how much the server has
        and goes on there, with the pauses of a reconnection. `progress` gets a `TransferProgress` after each piece. To go on
        after a restart of the program, give the `id` that it told. Raises OSError for a file that cannot be read, Refused."""
        return await self._transfers.upload(Path(path), progress, id)

    async def forward(self, file: File | str) -> File:
        """Make a file of one's own over the bytes of a file (or its id) that one may download, to be sent elsewhere. Nothing is
        uploaded. It is deleted after a day if it is not sent. Raises Refused."""
        return await self._transfers.forward(file.id if isinstance(file, File) else file)

    async def download(self, file: File, target: str | PathLike[str], *, progress: Progress | None = None) -> Path:
        """Write a file of a message to the path `target`, or into that directory under its own name; gives the path. It goes on
        after a failure, as an upload does. Raises Refused, OSError if it cannot be written."""
        return await self._transfers.download(file, Path(target), progress)

    async def set_picture(self, file: Sendable, *, conversation: str | None = None) -> str:
        """Make an image the picture of the user, or of this room; gives its version. A path is uploaded first. The server
        keeps a square from its middle. Raises Refused, OSError for a file that cannot be read."""
        if conversation is None and self.user.kind == "guest":
            refusal = Forbidden("forbidden.guest")  # the server's, which would come only after the upload
            raise Refused(refusal.code, refusal.message("en"))
        id = file.id if isinstance(file, File) else (await self._transfers.upload(Path(file), None)).id
        return await self._pictures.set(id, conversation)

    async def remove_picture(self, *, conversation: str | None = None, of: Person | None = None) -> None:
        """Remove the picture of the user, or of this room, or (as a moderator of the server) of somebody else. Raises
        Refused."""
        await self._pictures.remove(conversation, of)

    async def picture(self, of: Person | ConversationState, *, size: Literal[64, 256] = 256) -> bytes | None:
        """The picture of a user or a room, a square in WebP; None if there is none. `size`: its side in pixels; of a small
        image it is smaller. Raises Refused."""
        return await self._pictures.load(of, size)

    async def _uploaded(self, files: Sequence[Sendable], progress: Progress | None) -> list[str]:
        """The ids of these files, in order."""
        if not files:
            return []
        limit = asyncio.Semaphore(UPLOADS_AT_ONCE)

        async def one(file: Sendable) -> str:
            if isinstance(file, File):
                return file.id
            async with limit:
                return (await self._transfers.upload(Path(file), progress)).id

        tasks = [asyncio.ensure_future(one(file)) for file in files]
        try:
            return await asyncio.gather(*tasks)
        except BaseException:  # one was refused, or the caller gave up: the others end, too
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            raise

    def held(self, conversation: str) -> float:
        """Seconds during which no message to this conversation is sent, because the server asked to wait: slow mode, for
        example. 0 if there is nothing to wait for."""
        return self._line.outbox.held(conversation, self._clock())

    async def history(
        self,
        conversation: str,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        around_time: int | None = None,
        thread: int | None = None,
        limit: int = 50,
    ) -> Page:
        """A page of messages, ascending: the newest, or those before, after or around a `seq`, or around the first one at
        `around_time` or later, in milliseconds since 1970. `limit`: 1 to 200. Without replies in threads; with `thread`,
        those to the message of this `seq`.

        Raises Refused, ChatClosed."""
        id = next(self._ids)
        with _checked():
            command = History(
                type="history",
                id=id,
                conversation=conversation,
                before=before,
                after=after,
                around=around,
                around_time=around_time,
                thread=thread,
                limit=limit,
            )
        return await self._ask(id, command, Page)

    async def follow(self, conversation: str, thread: int, *, on: bool = True) -> Acted:
        """Follow the thread of the message of this `seq`, or no longer. Raises Refused, ChatClosed."""
        return await self._change_thread(conversation, thread, follow=on)

    async def read_thread(self, conversation: str, thread: int, read_ordinal: int, *, unread: bool = False) -> Acted:
        """Mark a thread that the user follows as read, up to this `thread_ordinal`; with `unread`, what is above it as unread.
        Raises Refused, ChatClosed."""
        return await self._change_thread(conversation, thread, read_ordinal=read_ordinal, unread=unread)

    async def _change_thread(self, conversation: str, thread: int, **changes: Any) -> Acted:
        id = next(self._ids)
        with _checked():
            command = ChangeThread(type="thread", id=id, conversation=conversation, seq=thread, **changes)
        return await self._ask(id, command, Acted)

    async def read(self, conversation: str, ordinal: int) -> Acted:
        """Mark everything up to the message with this `ordinal` as read. `Acted.unread` is what remains. Raises Refused,
        ChatClosed."""
        id = next(self._ids)
        with _checked():
            command = Read(type="read", id=id, conversation=conversation, ordinal=ordinal)
        return await self._ask(id, command, Acted)

    async def mark_unread(self, conversation: str, ordinal: int) -> Acted:
        """Mark the message with this `ordinal` as the first unread one, on all devices of the user. Others are not told. Raises
        Refused, ChatClosed."""
        id = next(self._ids)
        with _checked():
            command = MarkUnread(type="unread", id=id, conversation=conversation, ordinal=ordinal)
        return await self._ask(id, command, Acted)

    async def mentions(self, *, cursor: str | None = None, limit: int = 50) -> Mentions:
        """A page of the messages that mention the user, or reply to a message of theirs, the newest first. `cursor`: that of
        the page before; `limit`: 1 to 100. Raises Refused."""
        return await self._lists.mentions(cursor, limit)

    async def save(self, conversation: str, seq: int, *, on: bool = True) -> Acted:
        """Save the message of this `seq` for later, or no longer. Raises Refused (`too_many_saved`), ChatClosed."""
        id = next(self._ids)
        with _checked():
            command = Save(type="save", id=id, conversation=conversation, seq=seq, on=on)
        return await self._ask(id, command, Acted)

    async def saved(self, *, cursor: str | None = None, limit: int = 50) -> SavedMessages:
        """A page of the messages that the user saved, the last saved one first; as `mentions`. Raises Refused."""
        return await self._lists.saved(cursor, limit)

    async def notify(self, conversation: str, level: Level, *, until: int | None = None) -> Acted:
        """Choose of which messages of a conversation the user is notified: `all`, `mentions` or `none`; `until` a time in
        milliseconds since 1970. Raises Refused, ChatClosed."""
        id = next(self._ids)
        with _checked():
            command = SetNotify(type="notify", id=id, conversation=conversation, level=level, until=until)
        return await self._ask(id, command, Acted)

    async def join(self, conversation: str) -> Acted:
        """Become a member of a public room, or of one with an open invitation. Raises Refused, ChatClosed."""
        id = next(self._ids)
        with _checked():
            command = Join(type="join", id=id, conversation=conversation)
        return await self._ask(id, command, Acted)

    async def leave(self, conversation: str) -> Acted:
        """Leave a room, decline an invitation, or hide a direct until the next message in it. Raises Refused, ChatClosed.

        If the connection broke in between, Refused (`not_found`) means that the command had been carried out already."""
        id = next(self._ids)
        with _checked():
            command = Leave(type="leave", id=id, conversation=conversation)
        return await self._ask(id, command, Acted)

    async def typing(self, conversation: str) -> None:
        """Show the others that the user is typing. Silently dropped while there is no connection."""
        with _checked():
            command = Typing(type="typing", conversation=conversation)
        self._line.say(command)

    async def active(self, on: bool = True) -> None:
        """Say that somebody looks at this chat, or no longer: meanwhile the user gets no pushes. It holds for 60 s, or until
        the connection ends. Silently dropped while there is no connection."""
        self._line.say(Active(type="active", on=on))

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
        """Close the socket and end the iteration. Commands without a reply fail with ChatClosed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._guest is not None:
            await self._guest.end()


@contextmanager
def _checked() -> Iterator[None]:
    """Refuse an invalid command here, with the server's error and text."""
    try:
        yield
    except ValidationError as invalid:
        error = BadRequest(reason=reason_of(invalid))
        raise Refused(error.code, error.message("en")) from None


class _Guest:
    """A guest, made when its token is first needed and ended together with the chat."""

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


def _new_key() -> str:
    """A `client_id`: the time in milliseconds and 80 random bits. Keys that ascend with the time are stored next to each other,
    which costs the server less than random ones."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"
