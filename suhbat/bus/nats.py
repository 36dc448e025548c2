"""The bus over core NATS, which stores nothing. Needs the extra `suhbat[cluster]`.

Publishing puts a message into a bounded queue and returns; a task sends it to NATS. A message is dropped if the queue is full,
NATS is not connected, or the message is larger than NATS accepts (`max_payload`). The other nodes find dropped events in the
store at their next reconciliation.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from suhbat.chat.model import Change
from suhbat.chat.ports import BusListener, GrowthPart
from suhbat.errors import log_text
from suhbat.protocol.logged_events import LoggedEvent
from suhbat.tasks import Tasks

from . import frames

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

log = structlog.get_logger("suhbat.bus")

QUEUE = 10_000
"""Messages that may wait for NATS; further ones are dropped."""
PING_SECONDS = 2
"""Between pings. After two without an answer NATS counts as disconnected."""
RETRY_SECONDS = 0.5
PENDING_BYTES = 8 * 1024 * 1024
COLLECT_SECONDS = 0.01
"""Subscriptions made within this time are sent to NATS together."""
SETTLE_SECONDS = 0.05
"""After this time NATS is assumed to have the subscriptions. If it takes longer, events missed meanwhile are found in the
store at the next reconciliation."""


class NatsBus:
    """See `chat.ports.Bus`. `url`: one or several servers, separated by commas."""

    def __init__(self, url: str) -> None:
        self._servers = [part.strip() for part in url.split(",") if part.strip()]
        self._listener: BusListener | None = None
        self._prefix = ""
        self._client: Client | None = None
        self._followed: Counter[int] = Counter()
        self._subscribed: dict[int, Subscription] = {}
        self._queue: deque[tuple[str, bytes]] = deque()
        self._ready = asyncio.Event()
        self._interest = asyncio.Event()
        self._up = asyncio.Event()
        self._tasks = Tasks()
        self.dropped = 0

    @property
    def connected(self) -> bool:
        return self._client is not None and self._client.is_connected

    @property
    def waiting(self) -> int:
        return len(self._queue)

    async def open(self, listener: BusListener, group: str) -> None:
        """See `chat.ports.Bus`. Raises ValueError for an invalid URL, ImportError if nats-py is not installed."""
        import nats.aio.client as module

        self._listener = listener
        self._prefix = f"suhbat.{group}"
        self._client = module.Client()
        for work in (self._connect(), self._send(), self._subscribe()):
            self._tasks.start(work)
        with suppress(TimeoutError):
            async with asyncio.timeout(PING_SECONDS):
                await self._up.wait()

    async def close(self) -> None:
        self._listener = None
        await self._tasks.close()
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                async with asyncio.timeout(PING_SECONDS):
                    await client.close()

    def follow(self, log: str) -> None:
        bucket = frames.bucket_of(log)
        self._followed[bucket] += 1
        if self._followed[bucket] == 1:
            self._interest.set()

    def unfollow(self, log: str) -> None:
        bucket = frames.bucket_of(log)
        self._followed[bucket] -= 1
        if self._followed[bucket] <= 0:
            del self._followed[bucket]
            self._interest.set()

    def publish(self, entries: list[LoggedEvent]) -> None:
        if not self.connected:
            return
        try:
            messages = frames.events(entries)
        except Exception:
            # The events are committed. A failure here must not keep this node's own listeners from them.
            self.dropped += 1
            log.exception("nats: committed events could not be encoded")
            return
        for bucket, data in messages:
            self._enqueue(self._subject(bucket), data)

    def notice(self, log: str, payload: bytes, but: str | None = None) -> None:
        self._enqueue(self._subject(frames.bucket_of(log)), frames.notice(log, payload, but))

    def grew(self, log: str, parts: Sequence[GrowthPart], *, to_all: bool = False) -> None:
        subject = f"{self._prefix}.all" if to_all else self._subject(frames.bucket_of(log))
        self._enqueue(subject, frames.grew(log, parts))

    def ask_growth(self, log: str, seq: int) -> None:
        self._enqueue(f"{self._prefix}.all", frames.growth_asked(log, seq))

    def tell(self, changes: list[Change]) -> None:
        self._enqueue(f"{self._prefix}.all", frames.changes(changes))

    def nudge(self) -> None:
        self._enqueue(f"{self._prefix}.all", frames.NUDGE)

    def _subject(self, bucket: int) -> str:
        return f"{self._prefix}.log.{bucket}"

    def _enqueue(self, subject: str, data: bytes) -> None:
        if not self.connected or len(self._queue) >= QUEUE:
            self.dropped += 1
            return
        self._queue.append((subject, data))
        self._ready.set()

    async def _send(self) -> None:
        """Send the queued messages to NATS. Only this task waits for NATS."""
        while True:
            await self._ready.wait()
            self._ready.clear()
            client = self._client
            while self._queue and client is not None:
                subject, data = self._queue.popleft()
                if not client.is_connected or client.pending_data_size > PENDING_BYTES:
                    self.dropped += 1
                    continue
                try:
                    await client.publish(subject, data)
                except Exception as error:
                    self.dropped += 1
                    log.warning("nats: message not sent", error=log_text(error))

    async def _connect(self) -> None:
        """Connect for the first time, trying until it succeeds. Afterwards the client reconnects by itself."""
        client = self._client
        assert client is not None
        logged = False
        while True:
            try:
                await client.connect(
                    self._servers,
                    name="suhbat",
                    no_echo=True,
                    allow_reconnect=True,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=RETRY_SECONDS,  # type: ignore[arg-type]  # it takes fractions of a second too
                    connect_timeout=PING_SECONDS,
                    ping_interval=PING_SECONDS,
                    max_outstanding_pings=2,
                    error_cb=self._on_error,
                    disconnected_cb=self._on_disconnected,
                    reconnected_cb=self._on_reconnected,
                    pending_size=2 * PENDING_BYTES,
                )
            except Exception as error:
                if not logged:
                    log.warning(
                        "nats: cannot be reached; this node works without it and keeps trying", error=log_text(error)
                    )
                    logged = True
                await asyncio.sleep(RETRY_SECONDS)
                continue
            await client.subscribe(f"{self._prefix}.all", cb=self._on_message)
            log.info("nats: connected")
            self._up.set()
            self._interest.set()
            return

    async def _subscribe(self) -> None:
        """Subscribe to the buckets of the followed logs, and tell the listener when new subscriptions are in force."""
        while True:
            await self._interest.wait()
            await self._up.wait()
            await asyncio.sleep(COLLECT_SECONDS)
            self._interest.clear()
            client = self._client
            if client is None:
                return
            try:
                fresh = [bucket for bucket in self._followed if bucket not in self._subscribed]
                for bucket in fresh:
                    self._subscribed[bucket] = await client.subscribe(self._subject(bucket), cb=self._on_message)
                for bucket in [bucket for bucket in self._subscribed if bucket not in self._followed]:
                    await self._subscribed.pop(bucket).unsubscribe()
                if fresh:
                    # Not `flush`: after a timeout of it, a late answer breaks the client's read loop.
                    await asyncio.sleep(SETTLE_SECONDS)
                    self._resumed()
            except Exception as error:
                log.warning("nats: subscription failed, trying again", error=log_text(error))
                await asyncio.sleep(RETRY_SECONDS)
                self._interest.set()

    async def _on_message(self, message: Msg) -> None:
        try:
            received = frames.read(message.data)
        except Exception as error:
            log.warning("nats: message could not be decoded", error=log_text(error)[:200])
            return
        listener = self._listener
        if listener is None:
            return  # closed by this node
        if received.entries:
            listener.published(received.entries)
        if received.notice is not None:
            listener.noticed(*received.notice)
        if received.grew is not None:
            listener.grew(*received.grew)
        if received.growth_asked is not None:
            listener.growth_asked(*received.growth_asked)
        if received.changes:
            listener.changed(received.changes)
        if received.nudge:
            listener.nudged()

    def _resumed(self) -> None:
        if self._listener is not None:
            self._listener.resumed()

    async def _on_error(self, error: Exception) -> None:
        log.debug("nats: error", error=log_text(error) or type(error).__name__)

    async def _on_disconnected(self) -> None:
        self._up.clear()
        if self._listener is None:
            return  # closed by this node
        log.warning("nats: disconnected; this node works without it until it reconnects")

    async def _on_reconnected(self) -> None:
        log.info("nats: reconnected")
        self._up.set()
        self._interest.set()
        self._resumed()
