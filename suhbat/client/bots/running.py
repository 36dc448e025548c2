"""One run of a bot: reads events, has them handled, notes which are done, and stops in order."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from suhbat.client.chat import Suhbat
from suhbat.client.errors import ChatClosed, Refused
from suhbat.client.frames import Happening, OtherEvent
from suhbat.client.replay import Missed
from suhbat.protocol.commands import Resume
from suhbat.protocol.events import Event, MessageCreated
from suhbat.protocol.objects import Message, Person
from suhbat.protocol.types import ME

from .conveyor import Conveyor
from .intake import MESSAGES, Item, as_event, conversation_of, field, is_heard, kind_of, message_of, messages_of
from .keeping import Keeper
from .people import KnownPeople
from .progress import BotProgress
from .router import BotRouter
from .states import ChatStates, UpdateStates
from .updates import AnsweringBot, BotMessage, BotUpdate, ButtonPress, EventUpdate, Invocation

log = logging.getLogger("suhbat.bot")

KEPT = 10_000
"""Messages that are remembered, so that none is handled twice."""

OnError = Callable[[BotUpdate, Exception], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class BotLimits:
    """See `Bot`."""

    at_once: int
    waiting: int
    grace: float
    hears_bots: bool


class Running:
    """`on_errors`: told when a handler has raised."""

    def __init__(
        self,
        bot: AnsweringBot,
        router: BotRouter,
        chat: Suhbat,
        states: ChatStates,
        progress: BotProgress,
        limits: BotLimits,
        on_errors: Sequence[OnError],
    ) -> None:
        self._bot = bot
        self._router = router
        self._chat = chat
        self._states = states
        self._progress = progress
        self._limits = limits
        self._on_errors = on_errors
        self._people = KnownPeople(chat)
        self._whole: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._conveyor = Conveyor(self._handle, at_once=limits.at_once, waiting=limits.waiting)

    async def until(
        self,
        stopping: asyncio.Event,
        events: AsyncIterator[Happening],
        keeper: Keeper,
        tasks: Sequence[Callable[[], Coroutine[Any, Any, object]]] = (),
    ) -> None:
        """Run until `stopping` is set, or until the chat ends; then raises ChatClosed. `tasks` run meanwhile."""
        reading = asyncio.create_task(self._read(events, keeper))
        others: list[asyncio.Task[object]] = [asyncio.create_task(stopping.wait()), asyncio.create_task(keeper.run())]
        others += [asyncio.create_task(_beside(task)) for task in tasks]
        try:
            await asyncio.wait([reading, others[0]], return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                reading.cancel()
            if late := await self._conveyor.close(self._limits.grace):
                log.warning("bot: %d handlers did not end in %g s; their events come again", late, self._limits.grace)
        finally:
            for task in (reading, *others):
                task.cancel()
            ends = await asyncio.gather(reading, *others, return_exceptions=True)
            await self._conveyor.abort()
            await keeper.save()
        if isinstance(ends[0], Exception):
            raise ends[0]

    async def _read(self, events: AsyncIterator[Happening], keeper: Keeper) -> None:
        async for happening in events:
            match happening:
                case Resume():
                    if not self._progress.begin_at(happening):
                        # At once: without it, a crash on the first run would lose what came before the first save.
                        await keeper.save()
                case Missed() if happening.conversation == ME:
                    lost = happening.up_to - happening.after
                    log.warning("bot: %d events of its own log were too many; commands and presses are lost", lost)
                    first = happening.after + 1
                    self._progress.finish(self._progress.begin(ME, first, happening.up_to), first)
                case Missed():
                    await self._take(happening, happening.after + 1, happening.up_to)
                case _ if (event := as_event(happening)) is not None:
                    await self._take(event, event.seq)

    async def _take(self, event: Event | OtherEvent | Missed, seq: int, up_to: int | None = None) -> None:
        progress = self._progress.begin(event.conversation, seq, up_to)
        if self._is_wanted(event):
            await self._conveyor.put(conversation_of(event), Item(event, seq, progress))
        else:
            self._progress.finish(progress, seq)

    def _is_wanted(self, event: Event | OtherEvent | Missed) -> bool:
        if isinstance(event, Missed):
            return self._router.hears("message")
        return self._router.hears(kind_of(event)) and is_heard(event, self._chat.user.uid)

    async def _handle(self, item: Item) -> None:
        """Raises nothing but CancelledError. What was broken off, or failed since the chat ended, is not done."""
        try:
            if isinstance(item.event, Missed):
                await self._catch_up(item.event)
            else:
                await self._give(item.event)
        except ChatClosed:
            return
        except Exception:
            log.exception("bot: an event could not be handled")
        self._progress.finish(item.progress, item.seq)

    async def _catch_up(self, missed: Missed) -> None:
        async for message in messages_of(self._chat, missed):
            event = MessageCreated(
                conversation=message.conversation,
                seq=message.seq,
                at=message.sent_at,
                actor=message.sender,
                actor_uid=message.sender_uid,
                message=message,
            )
            if self._is_wanted(event):
                await self._give(event)

    async def _give(self, event: Event | OtherEvent) -> None:
        kind = kind_of(event)
        message = message_of(event) if event.type in MESSAGES else None
        if message is not None and self._was_handled(event.type, message):
            return
        if message is None:
            person = await self._person(field(event, "actor_uid") or "", field(event, "actor") or "")
        else:
            person = await self._person(message.sender_uid, message.sender)
            is_program = message.hook is not None or person.kind in ("bot", "hook")
            if is_program and not self._limits.hears_bots:
                return
        states = UpdateStates(self._states)
        update = self._update(event, message, person, states)
        try:
            await self._router.route(kind, update)
        except ChatClosed:
            raise
        except Exception as error:
            log.exception("bot: a handler raised; %s of %s in %s", event.type, person.user_id, update.conversation)
            for told in self._on_errors:
                await told(update, error)
        states.done()

    def _was_handled(self, type: str, message: Message) -> bool:
        """A replay shows a message that has grown whole, and then says that it is finished."""
        key = (message.conversation, message.seq)
        if type == "message.created":
            self._whole[key] = None
            if len(self._whole) > KEPT:
                self._whole.popitem(last=False)
        return type == "message.finished" and key in self._whole

    def _update(
        self, event: Event | OtherEvent, message: Message | None, person: Person, states: UpdateStates
    ) -> BotUpdate:
        where = (self._bot, event, self._progress.epoch, conversation_of(event), person, states)
        if message is not None:
            return BotMessage(message, *where)
        key = field(event, "key")
        match event.type:
            case "command.invoked":
                return Invocation(field(event, "name"), field(event, "args") or "", field(event, "thread"), key, *where)
            case "action.pressed":
                return ButtonPress(field(event, "action"), field(event, "message"), key, *where)
        return EventUpdate(*where)

    async def _person(self, uid: str, user_id: str) -> Person:
        try:
            return await self._people.find(uid, user_id) if uid else Person(uid="", user_id="", display_name="")
        except Refused as refused:
            log.warning("bot: the person %s could not be read: %s", user_id, refused)
            return Person(uid=uid, user_id=user_id, display_name=user_id)


async def _beside(task: Callable[[], Coroutine[Any, Any, object]]) -> None:
    try:
        await task()
    except Exception:
        log.exception("bot: a task failed")
