"""`getUpdates`: what happened in the chats of a bot, as a long poll.

Events are numbered when the bot asks, in the store, so that every node and every restart continues where the bot is. While
nothing is there, the poll listens to the hub like any other connection, only to know when to look again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi import Request

from suhbat.errors import NotFound, Unauthenticated
from suhbat.hub.connection import Connection, FrameFormat
from suhbat.hub.frames import Frames
from suhbat.programs.telegram import objects
from suhbat.programs.telegram.errors import ENDED_BY_WEBHOOK, OTHER_POLLER, WEBHOOK_IS_SET, TelegramError
from suhbat.programs.telegram.kinds import events_of, kinds_of
from suhbat.programs.telegram.objects import Json
from suhbat.programs.telegram.pollers import Poll
from suhbat.protocol.closes import Close
from suhbat.protocol.event_marks import has_grown
from suhbat.protocol.events import (
    ActionPressed,
    Event,
    MemberJoined,
    MemberLeft,
    MessageCreated,
    MessageEdited,
    MessageFinished,
)
from suhbat.protocol.logged_events import LoggedEvent, model_of, own_log
from suhbat.protocol.objects import Message
from suhbat.protocol.types import ME

from .call import Call, Result

MOST_UPDATES = 100
LONGEST_SECONDS = 50.0
LOOK_SECONDS = 2.0
"""How often a poll looks whether another node has one for the same bot."""
PAUSE_SECONDS = 0.1
"""The pause after a look that found nothing: much happens of which bots are not told."""


async def get_updates(call: Call) -> Result:
    """The next updates; those below `offset` are confirmed and never come again."""
    asked = call.parameters
    limit = min(max(asked.number("limit", MOST_UPDATES), 1), MOST_UPDATES)
    seconds = min(max(float(asked.number("timeout", 0)), 0.0), LONGEST_SECONDS)
    types = events_of(kinds_of(asked.value("allowed_updates")))
    assert call.request is not None
    with call.services.telegram.pollers.polling(call.actor.uid) as poll:
        if not await call.services.store.begin_poll(call.actor.uid, asked.number("offset", 0), poll.nonce):
            raise TelegramError(WEBHOOK_IS_SET, 409)
        gone = asyncio.ensure_future(_gone(call.request))
        gone.add_done_callback(lambda _: poll.end())
        try:
            return await _Listening(call, poll, types, limit).updates(seconds)
        finally:
            gone.cancel()


async def _gone(request: Request) -> None:
    """Wait until the client has disconnected. The body was read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


class _Listening:
    def __init__(self, call: Call, poll: Poll, types: tuple[str, ...], limit: int) -> None:
        self._call = call
        self._poll = poll
        self._types = types
        self._limit = limit

    async def updates(self, seconds: float) -> list[Json]:
        """Those that are there; if there are none, the first ones within so many seconds."""
        services, actor = self._call.services, self._call.actor
        until = services.clock.steady() + seconds
        if found := await self._next():
            return found
        if not seconds or self._poll.is_over:
            return []
        wire = WakingWire(self._poll.wake)
        connection = Connection(wire, FrameFormat.V1, actor, "en", self._call.login.session)
        services.hub.add(connection)
        try:
            places = await services.store.places(actor)
            heads = {own_log(actor.uid) if log == ME else log: head for log, head in places.heads.items()}
            services.hub.follow(connection, heads)
            services.hub.catch_up(connection, None)
            is_first = True
            while not wire.closed and not self._poll.is_over:
                if found := await self._next():  # also what came before the hub was asked
                    return found
                if (left := until - services.clock.steady()) <= 0:
                    return []
                if not is_first:
                    await asyncio.sleep(min(left, PAUSE_SECONDS))
                is_first = False
                await self._poll.wait(min(left, LOOK_SECONDS))
                await self._require_turn()
            if wire.is_revoked:
                raise Unauthenticated
            return []
        finally:
            services.hub.remove(connection)

    async def _require_turn(self) -> None:
        """Raise TelegramError if another request asks for the updates of this bot now, or it has a webhook."""
        services, actor = self._call.services, self._call.actor
        if self._poll.is_replaced:
            raise TelegramError(OTHER_POLLER, 409)
        if not await services.store.is_polling(actor.uid, self._poll.nonce):
            has_webhook = await services.telegram.webhooks.of(actor) is not None
            raise TelegramError(ENDED_BY_WEBHOOK if has_webhook else OTHER_POLLER, 409)

    async def _next(self) -> list[Json]:
        if self._poll.is_replaced:
            raise TelegramError(OTHER_POLLER, 409)
        return await next_updates(self._call, self._types, self._limit)


async def next_updates(call: Call, types: tuple[str, ...], limit: int) -> list[Json]:
    """The updates that are there now. What cannot be shown any more is confirmed by itself, with what follows."""
    store, actor = call.services.store, call.actor
    while True:
        numbered = await store.numbered_events(actor, limit)
        room, has_more = limit - len(numbered), False
        if room and (has_more := await store.number_events(actor, types, room)):
            numbered = await store.numbered_events(actor, limit)
        found: list[Json] = []
        for one in numbered:
            await asyncio.sleep(0)  # a long text takes milliseconds, and others want to go on
            update = None if one.event is None else await _update(call, one.event)
            if update is not None:
                found.append({"update_id": one.number, **update})
        if found or not (numbered or has_more):
            return found
        if numbered:
            await store.confirm_updates(actor.uid, numbered[-1].number + 1)


async def _update(call: Call, entry: LoggedEvent) -> Json | None:
    """The update for an event; None for what a bot is not told of."""
    event = model_of(entry.event)
    try:
        return await _of_event(call, event)
    except NotFound:
        return None  # the conversation is gone meanwhile


async def _of_event(call: Call, event: Event) -> Json | None:
    match event:
        case MessageCreated() if not has_grown(event):
            return await _of_message(call, "message", event.message)
        case MessageFinished():
            return await _of_message(call, "message", event.message)
        case MessageEdited():
            return await _of_message(call, "edited_message", event.message)
        case ActionPressed():
            return await _of_press(call, event)
        case MemberJoined() | MemberLeft():
            return await _of_member(call, event)
    return None


async def _of_message(call: Call, kind: str, message: Message) -> Json | None:
    if message.deleted or message.hook is not None:
        return None
    return {kind: await call.message(message)}


async def _of_press(call: Call, event: ActionPressed) -> Json | None:
    message = await call.find_message(event.target, event.message)
    if message is None:
        return None
    query = {
        "id": event.key,
        "from": await call.user(event.actor_uid, event.actor),
        "message": await call.message(message),
        "chat_instance": str(await call.chats.number(event.target)),
        "data": event.action,
    }
    return {"callback_query": query}


async def _of_member(call: Call, event: MemberJoined | MemberLeft) -> Json:
    chat = await call.chat(event.conversation)
    member = await call.user(event.user.uid, event.user.user_id)
    what: Json = {"new_chat_members": [member]} if isinstance(event, MemberJoined) else {"left_chat_member": member}
    sender = await call.user(event.actor_uid, event.actor)
    return {"message": objects.service_message(event.seq, event.at, chat, sender, **what)}


class WakingWire:
    """A connection that only tells that something was written. Implements `hub.connection.Wire`."""

    congested = False

    def __init__(self, wake: Callable[[], None]) -> None:
        self.closed = False
        self.is_revoked = False
        self._wake = wake

    def write(self, frames: Frames) -> None:
        self._wake()

    def reply(self, payload: bytes) -> None:
        self._wake()

    def unsent(self) -> int:
        return 0

    async def drained(self) -> None:
        return None

    def confirm(self, done: Callable[[], None]) -> None:
        done()

    def close(self, code: Close, reason: str = "") -> None:
        self.is_revoked = code is not Close.RESTART
        self.abort()

    def abort(self) -> None:
        self.closed = True
        self._wake()

    def probe(self, patience: float) -> None:
        return None
