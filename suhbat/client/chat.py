"""`Suhbat`: a chat as one object that outlives its connections."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Self

from suhbat.protocol.bots import NewButton
from suhbat.protocol.commands import Active, Join, Leave, Resume, Send, Typing
from suhbat.protocol.objects import ConversationState, Invitation, Presence, User
from suhbat.protocol.replies import Acted, Sent

from .account_calls import AccountCalls
from .asking import checked, new_key
from .bot_calls import BotCalls
from .file_calls import FileCalls, Sendable
from .files import FileTransfers, Progress
from .frames import Happening
from .hook_calls import HookCalls
from .lifeline import Lifeline, Token
from .message_calls import MessageCalls
from .reading_calls import ReadingCalls
from .streaming import StreamedMessage
from .web import Address, end_guest, new_guest

_uniform = secrets.SystemRandom().uniform


class Suhbat(FileCalls, MessageCalls, ReadingCalls, AccountCalls, BotCalls, HookCalls):
    """A chat that stays open: it reconnects and resumes by itself, until the program leaves it or the server ends it for good.

    `url`: the server's address (http, https, ws or wss, with the root path if there is one). Give either `token` or `name`.
    `token`: a token, or a function that returns one, called before each connection; it may be async. `name`: makes a new
    guest. The guest ends with the chat and frees the name; to remain the same guest, keep the token of `new_guest`.
    `buffer`: how many happenings may wait for the application before the socket is read no further. `resume`: where an earlier
    run stopped, to go on there; see `events`. The other arguments are for tests.

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
        resume: Resume | None = None,
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
        address = Address.of(url)
        line = Lifeline(address, token, buffer=buffer, uniform=uniform, clock=clock, sleep=sleep, resume=resume)
        super().__init__(line, FileTransfers(address, line.ask_for_token, uniform, sleep))
        self._clock = clock

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
        a `Snapshot` first.

        With `resume` the first item is a `Resume`: the cursors above which events follow. Those of the `resume` that was given
        are among them, if it is of this user and of the present life of the store; else everything begins now
        (`Resume(epoch="")` is for a first run). Another `Resume` comes after each `Snapshot`. Where more than 1,000 events of a
        log are missing, the older ones come as one `Missed`. A program that keeps the `seq` of each event it is done with can
        so be stopped at any time and misses nothing. Begin to read before entering the chat.

        The iteration ends when the chat is left, and raises ChatClosed when the chat ended for good.
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
        actions: Sequence[Sequence[NewButton]] = (),
    ) -> Sent:
        """Send a message to a conversation; returns when it is durable, even if that takes several connections.

        `client_id`: 1 to 64 characters; by default made of the time and random bits. A message is stored once for each
        `client_id`, so a send with an unknown outcome (it was cancelled, or the chat closed) can be repeated with the same one.
        Messages sent without awaiting each other keep their order, unless the server asked to slow down. In a room with slow
        mode a message waits for its turn (see `held`), maybe for hours, and messages to other conversations go on. To cancel
        it meanwhile withdraws it. `thread`: the `seq` of the message in whose thread it is a reply; `also`: the conversation
        gets it, too. `files`: at most 10 paths, which are uploaded first, or files that `upload` gave; beside them the
        text may be empty. `progress` is called while they are uploaded. `actions`: rows of buttons below a
        message of a bot. Raises OSError for a file that cannot be read,
        ChatClosed, and Refused; its code `outbox_full` is the SDK's own: 10,000 commands
        await their reply.
        """
        shown = await self._uploaded(files, progress)
        return await self._post(
            client_id,
            conversation=conversation,
            text=text,
            reply_to=reply_to,
            thread=thread,
            also=also,
            files=tuple(shown),
            actions=tuple(map(tuple, actions)),
        )

    def stream(
        self,
        conversation: str,
        text: str = "",
        *,
        client_id: str | None = None,
        reply_to: int | None = None,
        thread: int | None = None,
    ) -> StreamedMessage:
        """A message that grows while the program writes it: `async with chat.stream("lobby") as message:`, and in it
        `await message.write(piece)`. It is sent when the block begins, with `text` as its beginning, and finished when the
        block ends: then its whole text is durable. Its readers see it grow. The fields are those of `send`."""
        fields = {"conversation": conversation, "text": text, "reply_to": reply_to, "thread": thread, "streaming": True}
        begin = partial(self._post, client_id, **fields)
        return StreamedMessage(self._do, begin, text)

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
        return await self._post(client_id, to_user=user_id, uid=uid, text=text, reply_to=reply_to, files=tuple(shown))

    def held(self, conversation: str) -> float:
        """Seconds during which no message to this conversation is sent, because the server asked to wait: slow mode, for
        example. 0 if there is nothing to wait for."""
        return self._line.outbox.held(conversation, self._clock())

    async def join(self, conversation: str) -> Acted:
        """Become a member of a public room, or of one with an open invitation. Raises Refused, ChatClosed."""
        return await self._do(Join, Acted, type="join", conversation=conversation)

    async def leave(self, conversation: str) -> Acted:
        """Leave a room, decline an invitation, or hide a direct until the next message in it. Raises Refused, ChatClosed.

        If the connection broke in between, Refused (`not_found`) means that the command had been carried out already."""
        return await self._do(Leave, Acted, type="leave", conversation=conversation)

    async def typing(self, conversation: str) -> None:
        """Show the others that the user is typing. Silently dropped while there is no connection."""
        with checked():
            command = Typing(type="typing", conversation=conversation)
        self._line.say(command)

    async def active(self, on: bool = True) -> None:
        """Say that somebody looks at this chat, or no longer: meanwhile the user gets no pushes. It holds for 60 s, or until
        the connection ends. Silently dropped while there is no connection."""
        self._line.say(Active(type="active", on=on))

    async def _post(self, client_id: str | None, **fields: object) -> Sent:
        """Send a message with these fields of `Send`."""
        return await self._do(Send, Sent, type="send", client_id=client_id or new_key(), **fields)

    async def _leave(self) -> None:
        """Close the socket and end the iteration. Commands without a reply fail with ChatClosed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._guest is not None:
            await self._guest.end()


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
