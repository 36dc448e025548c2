"""`Bot`: a chat whose events are given to functions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from suhbat.client.chat import Suhbat
from suhbat.client.file_calls import Sendable
from suhbat.client.lifeline import Token
from suhbat.protocol.bots import buttons_of
from suhbat.protocol.events import MessageCreated
from suhbat.protocol.objects import Message, Person

from .keeping import KEY, Keeper
from .progress import BotProgress, decode
from .router import BotRouter
from .running import BotLimits, OnError, Running
from .signals import stopping_on_signals
from .states import KEY_OF_BOT, ChatState, ChatStates, written_through
from .stores import BotMemoryStore, BotStorage
from .updates import BotMessage, ButtonRows

Hook = TypeVar("Hook", bound=Callable[[], Awaitable[object]])
Task = TypeVar("Task", bound=Callable[[], Coroutine[Any, Any, object]])
ErrorHook = TypeVar("ErrorHook", bound=OnError)


class Bot(BotRouter):
    """A bot. Register handlers with its decorators, then call `run`.

    `url`, `token`: as of `Suhbat`. `store`: where it keeps how far it is and the state of chats; with the default, memory, it
    begins each time with what comes then. `at_once`: conversations that are handled at the same time; `waiting`: events that
    may wait for that before the server has to. `grace`: seconds that running handlers have when the bot stops.
    `hears_bots`: whether messages of bots and webhooks are handled; if two bots answer each other, they never end.

    Events of one conversation are handled one after the other, in order. Each is handled at least once, over restarts too, if
    the store survives them (docs/how-to/bots.md). A handler that raises is logged, and its event counts as handled.
    """

    def __init__(
        self,
        url: str,
        token: Token,
        *,
        store: BotStorage | None = None,
        at_once: int = 100,
        waiting: int = 1_000,
        grace: float = 10.0,
        hears_bots: bool = False,
    ) -> None:
        super().__init__()
        self._url, self._token = url, token
        self._store: BotStorage = BotMemoryStore() if store is None else store
        self._states = ChatStates(self._store)
        self._limits = BotLimits(at_once, waiting, grace, hears_bots)
        self._chat: Suhbat | None = None
        self._stopping: asyncio.Event | None = None
        self._starts: list[Callable[[], Awaitable[object]]] = []
        self._ends: list[Callable[[], Awaitable[object]]] = []
        self._errors: list[OnError] = []
        self._tasks: list[Callable[[], Coroutine[Any, Any, object]]] = []

    # Registering

    def startup(self, function: Hook) -> Hook:
        """Call this function when the bot is connected, before the first event."""
        self._starts.append(function)
        return function

    def shutdown(self, function: Hook) -> Hook:
        """Call this function when the bot stops, after the last handler and before it leaves."""
        self._ends.append(function)
        return function

    def error(self, function: ErrorHook) -> ErrorHook:
        """Call this function with the update and the exception when a handler has raised, which is logged in any case."""
        self._errors.append(function)
        return function

    def task(self, function: Task) -> Task:
        """Run this function beside the handlers; it is cancelled when the bot stops. If it raises, that is logged."""
        self._tasks.append(function)
        return function

    # Running

    def run(self) -> None:
        """Run until Ctrl+C or SIGTERM, then stop in order; another one ends at once. Raises as `start`."""

        async def until_signal() -> None:
            with stopping_on_signals(self.stop):
                await self.start()

        asyncio.run(until_signal())

    async def start(self) -> None:
        """Run until `stop` is called. If this is cancelled, running handlers are broken off, and their events come again after
        the next start. Raises ChatClosed when the server ends the bot for good (the token was replaced, for example), Refused
        for its commands, OSError for its file."""
        self._stopping = self._stopping or asyncio.Event()
        await self._store.open()
        try:
            resume, progress = decode(await self._store.get(KEY)), BotProgress()
            chat = self._chat = Suhbat(self._url, token=self._token, resume=resume)
            events = chat.events()  # before entering, so that nothing is thrown away
            running = Running(self, self, chat, self._states, progress, self._limits, self._errors)
            async with chat:
                await chat.set_commands(self.commands)
                for hook in self._starts:
                    await hook()
                keeper = Keeper(self._store, progress, self._states)
                await running.until(self._stopping, events, keeper, self._tasks)
                for hook in self._ends:
                    await hook()
        finally:
            self._stopping = None
            await self._store.close()

    def stop(self) -> None:
        """Stop: no further event is begun, running handlers have `grace` seconds to end. What waits comes after the next start.
        May be called before `start`, too."""
        self._stopping = self._stopping or asyncio.Event()
        self._stopping.set()

    # Talking

    @property
    def state(self) -> ChatState:
        """What the bot remembers beside its chats."""
        return ChatState(written_through(self._states), KEY_OF_BOT)

    @property
    def chat(self) -> Suhbat:
        """The connection, for everything that this class has no method for."""
        if self._chat is None:
            raise RuntimeError("the bot has not started")
        return self._chat

    async def send_message(
        self,
        conversation: str,
        text: str = "",
        *,
        buttons: ButtonRows = (),
        files: Sequence[Sendable] = (),
        reply_to: int | None = None,
        thread: int | None = None,
        client_id: str | None = None,
    ) -> BotMessage:
        """Send a message; gives it, so that it can be edited later. As `Suhbat.send`, and `buttons` below the message."""
        chat = self.chat
        sent = await chat.send(
            conversation,
            text,
            files=files,
            reply_to=reply_to,
            thread=thread,
            client_id=client_id,
            actions=buttons,
        )
        me = chat.user
        raw = Message(
            conversation=sent.conversation,
            seq=sent.seq,
            ordinal=sent.ordinal,
            sender=me.user_id,
            sender_uid=me.uid,
            text=text,
            sent_at=sent.sent_at,
            reply_to=reply_to,
            thread=thread,
            actions=buttons_of(tuple(map(tuple, buttons))),
        )
        event = MessageCreated(
            conversation=raw.conversation,
            seq=raw.seq,
            at=raw.sent_at,
            actor=me.user_id,
            actor_uid=me.uid,
            message=raw,
        )
        myself = Person(uid=me.uid, user_id=me.user_id, kind=me.kind, display_name=me.user_id)
        return BotMessage(raw, self, event, "", raw.conversation, myself, written_through(self._states))
