"""What handlers get: a message, a command, a press of a button, or another event, each with the ways to answer it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import count
from typing import Any, Protocol

from suhbat.client.chat import Suhbat
from suhbat.client.errors import Refused
from suhbat.client.file_calls import Sendable
from suhbat.client.frames import OtherEvent
from suhbat.errors import IdempotencyConflict
from suhbat.protocol.bots import NewButton
from suhbat.protocol.events import Event
from suhbat.protocol.files import File
from suhbat.protocol.objects import ConversationState, Message, Person

from .states import ChatState, UpdateStates, chat_key

ButtonRows = Sequence[Sequence[NewButton]]
"""Rows of buttons below a message."""


def button(text: str, data: str | None = None, *, url: str | None = None) -> NewButton:
    """A button: with `data` a press of it comes as a `ButtonPress` with this `data`, with `url` it is a link. Raises ValueError
    for what the server would refuse."""
    return NewButton(label=text, id=data, url=url)


class AnsweringBot(Protocol):
    """What an update needs of its bot."""

    @property
    def chat(self) -> Suhbat: ...

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
    ) -> BotMessage: ...


class BotUpdate:
    """The base of all. `conversation`: where it happened; `from_user`: who did it.

    `state`: what the bot remembers of this person in this conversation; `chat_state`: of the conversation."""

    def __init__(
        self,
        bot: AnsweringBot,
        event: Event | OtherEvent,
        epoch: str,
        conversation: str,
        person: Person,
        states: UpdateStates,
    ) -> None:
        self.bot = bot
        self.event = event
        self.conversation = conversation
        self.from_user = person
        self.state = ChatState(states, chat_key(conversation, person.uid))
        self.chat_state = ChatState(states, chat_key(conversation))
        self._epoch = epoch
        self._answers = count(1)

    @property
    def chat(self) -> ConversationState | None:
        """The conversation as it is now: its `kind`, `title`, the bot's `role` …; None if the bot is no member any more."""
        return self.bot.chat.conversations.get(self.conversation)

    async def answer(self, text: str = "", *, buttons: ButtonRows = (), files: Sequence[Sendable] = ()) -> BotMessage:
        """Send a message to the conversation; in the same thread, if it happened in one.

        If the handler runs again after a restart and answers the same, the server keeps one message. Raises Refused, and
        OSError for a file that cannot be read."""
        return await self._send(text, buttons, files)

    async def _send(
        self,
        text: str,
        buttons: ButtonRows,
        files: Sequence[Sendable],
        reply_to: int | None = None,
        thread: int | None = None,
    ) -> BotMessage:
        async def send(client_id: str | None) -> BotMessage:
            return await self.bot.send_message(
                self.conversation,
                text,
                buttons=buttons,
                files=files,
                reply_to=reply_to,
                thread=thread,
                client_id=client_id,
            )

        try:
            return await send(self._next_key())
        except Refused as refused:
            if refused.code != IdempotencyConflict.code:
                raise
            return await send(None)  # the handler ran before, and answered something else

    def _next_key(self) -> str:
        """The `client_id` of the next answer: the same whenever this event is handled."""
        named = f"{self._epoch} {self.event.conversation} {self.event.seq} {next(self._answers)}"
        # It begins with a time, as those of the SDK do.
        return f"{getattr(self.event, 'at', 0):012x}{hashlib.sha256(named.encode()).hexdigest()[:32]}"


class EventUpdate(BotUpdate):
    """Another durable event; `event` has its fields."""


class BotMessage(BotUpdate):
    """A message. `raw` has all its fields."""

    def __init__(self, raw: Message, *context: Any) -> None:
        super().__init__(*context)
        self.raw = raw

    @property
    def text(self) -> str:
        return self.raw.text

    @property
    def seq(self) -> int:
        """With the conversation, the name of the message."""
        return self.raw.seq

    @property
    def files(self) -> tuple[File, ...]:
        return self.raw.files

    async def answer(self, text: str = "", *, buttons: ButtonRows = (), files: Sequence[Sendable] = ()) -> BotMessage:
        return await self._send(text, buttons, files, thread=self.raw.thread)

    async def reply(self, text: str = "", *, buttons: ButtonRows = (), files: Sequence[Sendable] = ()) -> BotMessage:
        """As `answer`, and the message is quoted above the answer."""
        return await self._send(text, buttons, files, reply_to=self.seq, thread=self.raw.thread)

    async def edit_text(self, text: str, *, buttons: ButtonRows | None = None) -> None:
        """Change the text of a message of the bot. Its buttons stay if none are given. Raises Refused."""
        await self.bot.chat.edit(self.conversation, self.seq, text, actions=buttons)

    async def delete(self) -> None:
        """Raises Refused."""
        await self.bot.chat.delete(self.conversation, self.seq)

    async def react(self, emoji: str, *, on: bool = True) -> None:
        """Raises Refused."""
        await self.bot.chat.react(self.conversation, self.seq, emoji, on=on)


class AskedUpdate(BotUpdate):
    """What somebody asks of the bot alone. `key`: answers it, 5 times within 30 minutes."""

    def __init__(self, key: str, *context: Any) -> None:
        super().__init__(*context)
        self.key = key

    async def answer_privately(self, text: str) -> None:
        """Answer so that only this person sees it, and only now: it is not kept. Raises Refused."""
        await self.bot.chat.reply_to_command(self.key, text, private=True)


class Invocation(AskedUpdate):
    """A command that somebody gave: `/name args`. `thread`: the `seq` of the root of the thread in which they did."""

    def __init__(self, name: str, args: str, thread: int | None, *context: Any) -> None:
        super().__init__(*context)
        self.name = name
        self.args = args
        self.thread = thread

    async def answer(self, text: str = "", *, buttons: ButtonRows = (), files: Sequence[Sendable] = ()) -> BotMessage:
        return await self._send(text, buttons, files, thread=self.thread)


class ButtonPress(AskedUpdate):
    """A button that somebody pressed. `data`: the one that `button` got; `seq`: the message with the button."""

    def __init__(self, data: str, seq: int, *context: Any) -> None:
        super().__init__(*context)
        self.data = data
        self.seq = seq

    async def edit_text(self, text: str, *, buttons: ButtonRows | None = None) -> None:
        """Change the text of the message with the button. The buttons stay if none are given. Raises Refused."""
        await self.bot.chat.edit(self.conversation, self.seq, text, actions=buttons)
