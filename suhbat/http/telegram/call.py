"""A call of a method: who calls, with which parameters, and what its chats are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Request

from suhbat.chat.model import Actor, StoredFile
from suhbat.chat.rate import charge, cost_of
from suhbat.errors import NotFound
from suhbat.identity.user_directory import Login
from suhbat.programs.telegram import objects
from suhbat.programs.telegram.chats import Chats, is_conversation
from suhbat.programs.telegram.errors import CHAT_NOT_FOUND, TelegramError
from suhbat.programs.telegram.objects import Json, Somebody
from suhbat.programs.telegram.parameters import Parameters
from suhbat.protocol.commands import Meet
from suhbat.protocol.objects import Message
from suhbat.services import Services


@dataclass(frozen=True, slots=True)
class Call:
    """`file`: the one that came with the call. `client_id`: a message of this call is sent once for it. `request`: None for the
    answer to an update."""

    services: Services
    login: Login
    parameters: Parameters
    request: Request | None = None
    file: StoredFile | None = None
    client_id: str | None = None

    @property
    def actor(self) -> Actor:
        return self.login.actor

    @property
    def chats(self) -> Chats:
        return self.services.telegram.chats

    # Chats

    async def target(self) -> str | Actor:
        """The conversation or the user of `chat_id`. Raises TelegramError: one answer for a conversation that does not exist
        and for one that the bot may not see."""
        text = self.parameters.text("chat_id").strip()
        if not text:
            raise TelegramError("chat_id is empty")
        if text.startswith("@"):
            await self.services.people.refresh(text[1:])
            if (found := self.services.people.find(text[1:])) is None:
                raise TelegramError(CHAT_NOT_FOUND)
            return found
        number = self.parameters.number("chat_id")
        ref = await self.chats.ref(abs(number))
        if ref is None or (number < 0) != is_conversation(ref):
            raise TelegramError(CHAT_NOT_FOUND)
        if number < 0:
            try:
                await self.chats.title(self.actor, ref)
            except NotFound:
                raise TelegramError(CHAT_NOT_FOUND) from None
            return ref
        people = await self.services.people.of_uids([ref])
        if ref not in people:
            raise TelegramError(CHAT_NOT_FOUND)
        return people[ref]

    async def conversation(self, *, opens: bool = False) -> str:
        """The conversation of `chat_id`. `opens`: the direct with a user is opened if it is new. Raises TelegramError and what
        commands raise."""
        target = await self.target()
        if isinstance(target, str):
            return target
        known = self.chats.direct(self.actor, target.uid)
        if known is None and not opens:
            known = await self.services.store.direct_of(self.actor.uid, target.uid)
            if known is None:
                raise TelegramError(CHAT_NOT_FOUND)
        elif known is None:
            command = Meet(type="direct", users=[target.user_id], uids=[target.uid])
            charge(self.services.limits.rates.meter(self.actor.uid), cost_of(command), self.services.clock.steady())
            known = (await self.services.commands.execute(self.actor, command)).conversation
            self.chats.learn_direct(self.actor, target.uid, known)
        return known

    async def chat(self, conversation: str) -> Json:
        """A conversation as a chat. Raises NotFound."""
        peer = await self.chats.peer(self.actor, conversation)
        if peer is not None:
            return objects.private_chat(await self.somebody(peer))
        number = await self.chats.number(conversation)
        return objects.group_chat(number, await self.chats.title(self.actor, conversation))

    # Users

    async def somebody(self, uid: str, user_id: str = "") -> Somebody:
        """A user by uid; `user_id`: the name, if nothing is known of them any more."""
        number = await self.chats.number(uid)
        account = self.services.people.accounts.of_uid(uid)
        if account is not None:
            is_bot = account.kind == "bot"
            return Somebody(number, account.user_id, account.display_name, is_bot, account.locale)
        people = await self.services.people.of_uids([uid])
        name = people[uid].user_id if uid in people else user_id
        return Somebody(number, name, name, is_bot=False)

    async def user(self, uid: str, user_id: str = "") -> Json:
        return objects.user(await self.somebody(uid, user_id))

    # Messages

    async def message(self, shown: Message, chat: Json | None = None, *, with_reply: bool = True) -> Json:
        """A message as its chat shows it, with the one that it quotes."""
        chat = await self.chat(shown.conversation) if chat is None else chat
        quoted = None
        if with_reply and shown.reply_to is not None:
            found = await self.find_message(shown.conversation, shown.reply_to)
            quoted = None if found is None else await self.message(found, chat, with_reply=False)
        sender = await self.user(shown.sender_uid, shown.sender)
        return objects.message(shown, chat, sender, self.exists, quoted)

    async def find_message(self, conversation: str, seq: int) -> Message | None:
        """A message that the bot may read; None if there is none."""
        try:
            page = await self.services.store.history(self.actor, conversation, after=seq - 1, replies=True, limit=1)
        except NotFound:
            return None
        return next((one for one in page.messages if one.seq == seq and not one.deleted), None)

    def exists(self, name: str) -> bool:
        return self.services.people.holder(name) is not None


Result = Any
"""What a method answers with: an object of the Bot API, a list of them, or true."""
