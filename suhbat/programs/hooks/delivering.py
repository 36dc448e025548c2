"""Outgoing webhooks on their way: events are sent in the order of their log, each until the receiver has it.

A cursor (of a webhook, in a log) is claimed, its next events are sent one after another, and it is settled. A process that ends
between the two sends them again, under the same ids. While a receiver fails, the pauses grow; after a day the webhook is
switched off, and keeps its cursors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import structlog

from suhbat.chat.bans import Bans
from suhbat.chat.hooks import told_as
from suhbat.chat.messages import Messages
from suhbat.chat.model import TEST, DueHook, HookDelivery, Milliseconds, NoAnswer, OutgoingHook, SettledHook
from suhbat.chat.ports import Clock, OutgoingHookStore
from suhbat.counting import HookCounts
from suhbat.errors import InvalidPayload, SuhbatError, log_text
from suhbat.protocol.events import Event, MessageCreated, MessageFinished
from suhbat.protocol.extras import Extra
from suhbat.protocol.logged_events import LoggedEvent, model_of
from suhbat.protocol.types import format_time

from .incoming.payload import translate
from .incoming_hooks import HookMeters, Makers, face, speaker
from .signing import headers, message_id

log = structlog.get_logger("suhbat.hooks")

LEASE_SECONDS = 60.0
"""How long a claim holds; longer than WORK_SECONDS and a request, and than the dispatcher lets an item be in progress."""
WORK_SECONDS = 1.0
"""After this time no further request begins for a claim. What was read so long ago may have been deleted since, and the webhook
removed, or its maker: the next claim tells events as they are then."""
MOST_EVENTS = 50
"""Events after a cursor that are read at once."""
GATHERED_SECONDS, SHARED_SECONDS, ALONE_SECONDS = 0.25, 2.0, 60.0
"""How often events are gathered, at most; and how often a node looks for what others have left, with and without others."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 3600.0
"""Seconds before the second attempt, and at most between two: each pause is four times as long as the one before."""
MOST_HOOK_PAUSE = 60.0
"""Seconds between two attempts of a webhook whose receiver fails, whatever the log."""
GIVEN_UP: Milliseconds = 24 * 3600 * 1000
"""After how long a failing webhook is switched off."""
GONE = 410


@dataclass(frozen=True, slots=True)
class ReceiverAnswer:
    """The answer of a receiver. `retry_after`: seconds it asks to wait; 0 if it does not. `body`: empty if it is too long."""

    status: int
    retry_after: float = 0.0
    body: bytes = field(default=b"", repr=False)
    content_type: str = ""


class Receivers(Protocol):
    """The receivers of outgoing webhooks, behind the guarded client for addresses that users give."""

    def origin(self, url: str) -> str | None:
        """The origin of an address; None if this server may never reach it, as far as the text says so."""
        ...

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, owner: str) -> ReceiverAnswer | NoAnswer:
        """Send a request. `owner`: the uid of the user who gave the address; few at a time for each. Raises nothing
        but a cancellation."""
        ...


def body_of(event: Event) -> bytes:
    """What is sent for an event: `data` is the event as a client gets it, without its type."""
    return _body(told_as(event), event.at, event.model_dump(mode="json", exclude={"type"}))


def body_of_test(hook: OutgoingHook, at: Milliseconds) -> bytes:
    """What is sent when the maker of a webhook tries it."""
    return _body(TEST, at, {"hook": hook.id, "name": hook.name})


def _body(type: str | None, at: Milliseconds, data: object) -> bytes:
    body = {"type": type, "timestamp": format_time(at), "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def pause_after(attempts: int) -> float:
    """Seconds after so many failed attempts."""
    return min(FIRST_PAUSE * 4.0 ** min(attempts - 1, 10), LONGEST_PAUSE)


def pause_of_hook(failures: int) -> float:
    """Seconds in which a webhook is sent nothing, after so many failures in a row before the last one."""
    return min(2.0 ** min(failures, 10), MOST_HOOK_PAUSE)


class BotDelivery(Protocol):
    """What is sent to the webhooks of bots."""

    async def deliver(self, item: DueHook, ends: float) -> SettledHook:
        """Send what is next, and begin no request after the time `ends`."""
        ...


class Delivering:
    """Implements `notify.dispatcher.DueQueue`. `written`: how much this process has written to the store; a change may be an
    event. `is_shared`: whether there may be other nodes. `wake`: makes the dispatcher look at once."""

    def __init__(
        self,
        store: OutgoingHookStore,
        receivers: Receivers,
        messages: Messages,
        makers: Makers,
        bans: Bans,
        meters: HookMeters,
        clock: Clock,
        written: Callable[[], float],
        bots: BotDelivery,
        *,
        is_shared: bool,
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._receivers = receivers
        self._messages = messages
        self._makers = makers
        self._bans = bans
        self._meters = meters
        self._clock = clock
        self._written = written
        self._bots = bots
        self._idle = SHARED_SECONDS if is_shared else ALONE_SECONDS
        self._wake = wake
        self._look_at = -math.inf
        self._gathered_at = -math.inf
        self._seen = -1.0
        self._oldest: Milliseconds | None = None
        """When the next cursor is due, as of the last look."""
        self.counts = HookCounts()

    @property
    def lag(self) -> float:
        """For how many seconds the oldest cursor has been due."""
        return 0.0 if self._oldest is None else max(0.0, (self._clock.wall() - self._oldest) / 1000)

    async def claim(self, most: int, busy: Collection[str]) -> Sequence[DueHook]:
        """Gather and claim; see `DueQueue`."""
        written = self._written()
        if written == self._seen and self._clock.steady() < self._look_at:
            return ()
        backlog = await self._store.hook_backlog()
        if backlog.is_behind and self._clock.steady() >= self._gathered_at + GATHERED_SECONDS:
            self._gathered_at = self._clock.steady()
            while await self._store.gather_hooks():
                pass
            backlog = await self._store.hook_backlog()
        self._oldest = due = backlog.due_at
        seconds = self._idle if due is None else min(self._idle, (due - self._clock.wall()) / 1000)
        gather_at = self._gathered_at + GATHERED_SECONDS if backlog.is_behind else math.inf
        self._look_at = min(self._clock.steady() + seconds, gather_at)
        found: Sequence[DueHook] = ()
        if due is not None and due <= self._clock.wall():
            until = self._clock.wall() + round(LEASE_SECONDS * 1000)
            found = await self._store.claim_hooks(until, most, busy)
        self._seen = written
        return found

    async def carry_out(self, item: DueHook) -> None:
        """Send the next events after a cursor, or the next updates of a bot, and settle it; see `DueQueue`."""
        ends = self._clock.steady() + WORK_SECONDS
        deliver = self._deliver_events if item.hook.bot_uid is None else self._bots.deliver
        settled = await deliver(item, ends)
        for one in settled.deliveries:
            self._count(one)
        if await self._store.settle_hook(settled, self._clock.wall()):
            self._look_at = -math.inf  # what waited for a place has one now
            self._wake()

    async def _deliver_events(self, item: DueHook, ends: float) -> SettledHook:
        events, upto = await self._store.hook_events(item, MOST_EVENTS)
        made: list[HookDelivery] = []
        for one in events:
            if made and (self._clock.steady() >= ends or not await self._store.holds(item)):
                upto = model_of(one.event).seq - 1
                break
            tried, retry_after = await self._deliver(item, one, is_first=not made)
            made.append(tried)
            if not tried.is_done:
                return self._failed(item, tuple(made), retry_after)
        return SettledHook(item, upto, tuple(made))

    async def now(self, hook: OutgoingHook, delivery: HookDelivery, one: LoggedEvent | None) -> HookDelivery:
        """Make one more attempt of a logged delivery now, whatever became of it. `one`: its event; None for a test. If it still
        waits, this is its next attempt; if the webhook is at work at this moment, the attempt follows, and what is
        returned is the last one."""
        waiting: DueHook | Literal["not waiting", "at work"] = "not waiting"
        if one is not None and delivery.n is not None:
            until = self._clock.wall() + round(LEASE_SECONDS * 1000)
            waiting = await self._store.claim_delivery(hook.id, delivery.n, until)
        if waiting == "at work":
            return replace(delivery, next_at=self._clock.wall()) if hook.is_on else delivery
        tried, _ = await self._send(hook, one, replace(delivery, attempts=delivery.attempts + 1))
        self._count(tried)
        if waiting == "not waiting":
            await self._store.note_delivery(hook.id, tried)
            return replace(tried, next_at=None)
        if await self._store.settle_delivery(waiting, tried, self._clock.wall()):
            self._look_at = -math.inf
            self._wake()
        return replace(tried, next_at=None) if tried.is_done else tried

    def _count(self, tried: HookDelivery) -> None:
        self.counts.retries += tried.attempts > 1
        self.counts.add("delivered" if tried.is_done else "refused" if tried.status else "unanswered")

    async def _deliver(self, item: DueHook, one: LoggedEvent, *, is_first: bool) -> tuple[HookDelivery, float]:
        """`is_first`: it may have been tried before."""
        event = model_of(one.event)
        number, attempts = (item.n, item.attempts + 1) if is_first else (None, 1)
        new = HookDelivery(number, item.conversation, event.seq, told_as(event) or event.type, 0, attempts, 0)
        return await self._send(item.hook, one, new)

    async def _send(
        self, hook: OutgoingHook, one: LoggedEvent | None, attempt: HookDelivery
    ) -> tuple[HookDelivery, float]:
        at = self._clock.wall()
        event = None if one is None else model_of(one.event)
        number = attempt.seq if event is not None else attempt.n or 0
        body = body_of_test(hook, at) if event is None else body_of(event)
        id = message_id(hook.id, attempt.conversation, number)
        answer = await self._receivers.post(hook.url, headers(hook.secret, id, at, body), body, hook.maker_uid)
        if isinstance(answer, str):
            return replace(attempt, status=0, reason=answer, at=at), 0.0
        tried = replace(attempt, status=answer.status, reason=None, at=at)
        if event is not None and answer.status == 200 and answer.body:
            await self._reply(hook, attempt, event, id, answer.body)
        return tried, answer.retry_after

    async def _reply(self, hook: OutgoingHook, attempt: HookDelivery, event: Event, id: str, body: bytes) -> None:
        """Post what the receiver answered, if it is a message, and as fast as an incoming webhook may. A repetition posts
        nothing more."""
        try:
            said = translate(body, {"content-type": "application/json"}, as_slack=True)
        except InvalidPayload:
            return  # most answers are no messages
        maker = await self._makers.maker(hook.maker_uid)
        if maker is None:
            return
        thread = event.message.thread if isinstance(event, MessageCreated | MessageFinished) else None
        try:
            self._bans.check(maker)
            self._meters.charge(hook.id, maker)
            await self._messages.post(
                speaker(hook.uid, hook.user_id, maker),
                conversation=attempt.conversation,
                text=said.text,
                client_id=id,
                thread=thread,
                extra=Extra(hook=face(hook.name, said)),
            )
        except SuhbatError as error:
            log.info("hooks: an answer was not posted", hook=hook.id, error=log_text(error))

    def _failed(self, item: DueHook, made: tuple[HookDelivery, ...], retry_after: float) -> SettledHook:
        last, now = made[-1], self._clock.wall()
        since = item.failing_since if len(made) == 1 and item.failing_since is not None else last.at
        off: Literal["failing", "gone"] | None = None
        if last.status == GONE:
            off = "gone"
        elif now - since >= GIVEN_UP:
            off = "failing"
        if off is not None:
            log.warning("hooks: switched off", hook=item.hook.id, reason=off, status=last.status, failure=last.reason)
        seconds = max(pause_after(last.attempts), min(retry_after, LONGEST_PAUSE))
        pause = pause_of_hook(item.failures if len(made) == 1 else 0)
        return SettledHook(
            item, last.seq - 1, made, now + round(seconds * 1000), since, now + round(pause * 1000), off
        )  # fmt: skip
