"""Handlers of events in the application that embeds Suhbat: `@chat.on("message.created")`."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, cast

import structlog

from suhbat.protocol.events import EVENTS, Event
from suhbat.protocol.live_message import LiveMessage
from suhbat.protocol.logged_events import LoggedEvent, model_of
from suhbat.protocol.types import ME
from suhbat.tasks import Tasks

log = structlog.get_logger("suhbat.embedding")

WAITING = 10_000
"""Events that may wait for one handler. Those above are dropped, and the log says so."""
EventHandler = Callable[[Event], Awaitable[None] | None]
TYPES = frozenset(str(event.model_fields["type"].default) for event in EVENTS)


class EventHandlers:
    """Calls each handler with the events that this node has stored: one after the other, in the order of the store.

    Every event is stored by exactly one node, so over all nodes a handler is called at most once for it. An event whose node
    dies before the call is lost. Events of users' own logs (`@me`) are not told.
    """

    def __init__(self) -> None:
        self._by_type: dict[str, list[_Handler]] = {}
        self._tasks: Tasks | None = None

    def add(self, handler: EventHandler, types: Iterable[str]) -> None:
        """Raises ValueError for a type that no event has."""
        added = _Handler(handler)
        for type in types:
            if type not in TYPES:
                raise ValueError(f"no event has the type {type!r}; there are {', '.join(sorted(TYPES))}")
            self._by_type.setdefault(type, []).append(added)
        if self._tasks is not None:
            self._tasks.start(added.run())

    def start(self, tasks: Tasks) -> None:
        """Call the handlers until `tasks` end."""
        self._tasks = tasks
        for handler in dict.fromkeys(one for handlers in self._by_type.values() for one in handlers):
            tasks.start(handler.run())

    def committed(self, entries: list[LoggedEvent]) -> None:
        """This node has stored these events."""
        if not self._by_type:
            return
        for _, event in entries:
            type = "message.created" if isinstance(event, LiveMessage) else event.type
            handlers = self._by_type.get(type)
            if handlers and event.conversation != ME:
                found = model_of(event)
                for handler in handlers:
                    handler.put(found)


class _Handler:
    """One handler and the events that wait for it."""

    def __init__(self, call: EventHandler) -> None:
        self._call = call
        self._name = getattr(call, "__qualname__", repr(call))
        self._events: asyncio.Queue[Event] = asyncio.Queue(WAITING)
        self._is_full = False

    def put(self, event: Event) -> None:
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull:
            if not self._is_full:
                log.error("embedding: a handler is too slow, events are dropped", handler=self._name)
            self._is_full = True

    async def run(self) -> None:
        while True:
            event = await self._events.get()
            self._is_full = False
            try:
                await self._handle(event)
            except Exception:
                log.exception("embedding: a handler failed", handler=self._name, event_type=event.type)

    async def _handle(self, event: Event) -> None:
        """A function that is no coroutine function runs in a thread, so that it may block."""
        outcome: object
        if inspect.iscoroutinefunction(self._call):
            outcome = self._call(event)
        else:
            outcome = await asyncio.to_thread(cast(Callable[[Event], Any], self._call), event)
        if inspect.isawaitable(outcome):
            await outcome
