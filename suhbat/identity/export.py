"""Exports of a user's data and of a conversation as JSON Lines: for users over HTTP, for the machine's owner on the command
line."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from typing import Protocol

from suhbat.chat.model import Account, Actor, IncomingHook, MailAddress, OutgoingHook, PushSubscription
from suhbat.chat.ports import ConversationReader
from suhbat.chat.search import Query
from suhbat.chat.turns import ExportPace
from suhbat.protocol.bots import BotCommand
from suhbat.protocol.objects import Message
from suhbat.protocol.types import MAX_PAGE, Schema, format_time

from .profile import profile_of
from .user_directory import UserDirectory

AT_ONCE = 100
"""Messages of a user between two `cursor` lines."""


class ExportedStore(ConversationReader, Protocol):
    """What an export of a user is read from."""

    async def mail_address(self, uid: str) -> MailAddress | None:
        """See `chat.ports.MailStore`."""
        ...

    async def pushes_of(self, uid: str) -> list[PushSubscription]:
        """See `chat.ports.PushStore`."""
        ...

    async def bot_commands(self, uid: str) -> tuple[BotCommand, ...]:
        """See `chat.ports.BotStore`."""
        ...

    async def hooks_by(self, uid: str) -> list[IncomingHook]:
        """See `chat.ports.HookStore`."""
        ...

    async def outgoing_of(self, uid: str) -> list[OutgoingHook]:
        """See `chat.ports.OutgoingHookStore`."""
        ...

    async def webhook(self, uid: str) -> OutgoingHook | None:
        """See `chat.ports.UpdateStore`."""
        ...


async def export_conversation(
    store: ConversationReader, pace: ExportPace, actor: Actor, name: str, after: int = 0
) -> AsyncIterator[bytes]:
    """Everything that the actor may read of a conversation: its state, then the messages, ascending. Yields the lines of a
    page together. `after`: the last `seq` of an interrupted export, to continue it. Raises NotFound, Forbidden."""
    if not after:
        yield _line("conversation", await store.state(actor, name))
    position = after
    while True:
        async with pace.turn():
            page = await store.history(actor, name, after=position, replies=True, limit=MAX_PAGE, aside=True)
            lines = _lines(page.messages)
        if lines:
            yield lines
        if not page.messages or not page.has_after:
            return
        position = page.messages[-1].seq


async def export_user(
    store: ExportedStore, pace: ExportPace, people: UserDirectory, actor: Actor, cursor: int | None = None
) -> AsyncIterator[bytes]:
    """The user, their e-mail address, sessions, devices with pushes, bots and webhooks, conversations, saved messages and
    mentions, and all messages they wrote where they may still read, newest first, with a `cursor` line after every AT_ONCE.
    `cursor`: that of the last such line of an interrupted export, to continue it."""
    if cursor is None:
        async for line in _user(store, pace, people, actor):
            yield line
    below = cursor
    while True:
        async with pace.turn():
            page = await store.search(actor, Query(), actor.uid, limit=AT_ONCE, below=below)
            lines = _lines(page.messages)
        if lines:
            yield lines
        if page.cursor is None:
            return
        below = page.cursor
        yield json.dumps({"type": "cursor", "cursor": str(below)}).encode() + b"\n"


async def _user(store: ExportedStore, pace: ExportPace, people: UserDirectory, actor: Actor) -> AsyncIterator[bytes]:
    account = people.accounts.of_uid(actor.uid)
    yield _line("user", actor.user if account is None else profile_of(account))
    if account is not None:
        async for line in _account(store, people, account):
            yield line
    after: int | None = None
    while True:
        page = await store.states(actor, after=after)
        for state in page.states:
            yield _line("conversation", state)
        for invitation in page.invitations:
            yield _line("invitation", invitation)
        if page.after is None:
            break
        after = page.after
    cursor: str | None = None
    while True:
        async with pace.turn():
            kept = await store.saved(actor, cursor=cursor, limit=AT_ONCE)
            lines = b"".join(_line("saved", saved) for saved in kept.saved)
        if lines:
            yield lines
        if kept.cursor is None:
            break
        cursor = kept.cursor
    cursor = None
    while True:
        async with pace.turn():
            found = await store.mentions(actor, cursor=cursor, limit=AT_ONCE)
            lines = b"".join(_line("mention", mention) for mention in found.mentions)
        if lines:
            yield lines
        if found.cursor is None:
            return
        cursor = found.cursor


async def _account(store: ExportedStore, people: UserDirectory, account: Account) -> AsyncIterator[bytes]:
    """What belongs to an account, without what would let somebody log in, push, or post."""
    uid = account.uid
    held = await store.mail_address(uid)
    if held is not None:
        yield _dumped("email", address=held.address, wanted=held.wanted, digest=held.digest)
    for session in await people.sessions.of_user(uid):
        yield _dumped("session", id=session.id, label=session.label, created_at=format_time(session.created_at))
    for push in await store.pushes_of(uid):
        times = {name: format_time(getattr(push, name)) for name in ("created_at", "last_used_at")}
        yield _dumped("push", id=push.id, label=push.label, **times)
    async for line in _programs(store, people, account):
        yield line


async def _programs(store: ExportedStore, people: UserDirectory, account: Account) -> AsyncIterator[bytes]:
    """The bots of an account, or the bot that it is itself, and the webhooks that it has made."""
    for bot in (account, *people.accounts.bots_of(account.uid)):
        if bot.owner_uid is not None:
            yield _dumped(
                "bot",
                user_id=bot.user_id,
                uid=bot.uid,
                display_name=bot.display_name,
                commands=[command.model_dump() for command in await store.bot_commands(bot.uid)],
                created_at=format_time(bot.created_at),
            )
            told = await store.webhook(bot.uid)
            if told is not None and told.is_on:
                yield _dumped(
                    "bot_webhook",
                    user_id=bot.user_id,
                    url=told.url,
                    allowed_updates=told.types,
                    created_at=format_time(told.created_at),
                )
    for hook in await store.hooks_by(account.uid):
        yield _dumped(
            "incoming_hook",
            id=hook.id,
            name=hook.name,
            conversation=hook.conversation,
            created_at=format_time(hook.created_at),
        )
    for made in await store.outgoing_of(account.uid):
        yield _dumped(
            "outgoing_hook",
            id=made.id,
            name=made.name,
            url=made.url,
            conversations="all" if made.conversations is None else made.conversations,
            events=made.types,
            on=made.is_on,
            off=made.off,
            created_at=format_time(made.created_at),
        )


def _dumped(kind: str, **fields: object) -> bytes:
    return json.dumps({"type": kind, **fields}, ensure_ascii=False).encode() + b"\n"


def _lines(messages: Iterable[Message]) -> bytes:
    # Together, because passing a piece to the transport costs more than encoding a line.
    return b"".join(_line("message", message) for message in messages)


def _line(kind: str, thing: Schema) -> bytes:
    # Without a dictionary: an export has as many lines as there are messages, and all are encoded on the event loop.
    return f'{{"type":"{kind}",{thing.model_dump_json()[1:]}\n'.encode()
