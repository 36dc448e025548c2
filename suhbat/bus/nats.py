"""The bus over NATS (core: nothing is stored there). Needs the extra `suhbat[cluster]`.

Whoever speaks puts it into a bounded queue and goes on; a task of its own hands it to NATS. When the queue is full, NATS is
not there, or it is more than NATS takes at once (`max_payload`), it is dropped: the others find it in the store, at their
next look.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from suhbat.chat.model import Change
from suhbat.chat.ports import BusListener
from suhbat.protocol.events import LogEntry

from . import frames

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

log = structlog.get_logger("suhbat.bus")

QUEUE = 10_000
"""Messages that wait for NATS; more are dropped."""
PING_SECONDS = 2
"""Twice without an answer, and it is taken for gone."""
RETRY_SECONDS = 0.5
PENDING_BYTES = 8 * 1024 * 1024
GATHER_SECONDS = 0.01
"""Subscriptions that are made within this time are looked after together."""
SETTLE_SECONDS = 0.05
"""After so long NATS has them. Where it takes longer, what was missed is found at the next look at the store."""


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
        self._tasks: list[asyncio.Task[None]] = []
        self.dropped = 0

    @property
    def connected(self) -> bool:
        return self._client is not None and self._client.is_connected

    @property
    def waiting(self) -> int:
        return len(self._queue)

    async def open(self, listener: BusListener, group: str) -> None:
        """See there. Raises ValueError for a URL that is none, ImportError without the client."""
        import nats.aio.client as module

        self._listener = listener
        self._prefix = f"suhbat.{group}"
        self._client = module.Client()
        for work in (self._connect(), self._speak(), self._listen()):
            self._tasks.append(asyncio.create_task(work))
        with suppress(TimeoutError):
            async with asyncio.timeout(PING_SECONDS):
                await self._up.wait()

    async def close(self) -> None:
        self._listener = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
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

    def publish(self, entries: list[LogEntry]) -> None:
        if not self.connected:
            return
        try:
            told = frames.events(entries)
        except Exception:
            # Whatever they are: they are committed, and nobody who hears of that here may be kept from it.
            self.dropped += 1
            log.exception("committed events could not be put on the bus")
            return
        for bucket, data in told:
            self._say(self._subject(bucket), data)

    def notice(self, log: str, payload: bytes, but: str | None = None) -> None:
        self._say(self._subject(frames.bucket_of(log)), frames.notice(log, payload, but))

    def tell(self, changes: list[Change]) -> None:
        self._say(f"{self._prefix}.all", frames.changes(changes))

    def nudge(self) -> None:
        self._say(f"{self._prefix}.all", frames.NUDGE)

    def _subject(self, bucket: int) -> str:
        return f"{self._prefix}.log.{bucket}"

    def _say(self, subject: str, data: bytes) -> None:
        if not self.connected or len(self._queue) >= QUEUE:
            self.dropped += 1
            return
        self._queue.append((subject, data))
        self._ready.set()

    async def _speak(self) -> None:
        """Hand over what waits. NATS may take its time: nobody but this task waits for it."""
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
                    log.warning("the bus did not take a message", error=str(error))

    async def _connect(self) -> None:
        """Until it succeeds for the first time; afterwards the client comes back by itself."""
        client = self._client
        assert client is not None
        told = False
        while True:
            try:
                await client.connect(
                    self._servers,
                    name="suhbat",
                    no_echo=True,
                    allow_reconnect=True,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=RETRY_SECONDS,  # type: ignore[arg-type]  # seconds, also less than one
                    connect_timeout=PING_SECONDS,
                    ping_interval=PING_SECONDS,
                    max_outstanding_pings=2,
                    error_cb=self._on_error,
                    disconnected_cb=self._on_gone,
                    reconnected_cb=self._on_back,
                    pending_size=2 * PENDING_BYTES,
                )
            except Exception as error:
                if not told:
                    log.warning("the bus cannot be reached; this node works without it until it can", error=str(error))
                    told = True
                await asyncio.sleep(RETRY_SECONDS)
                continue
            await client.subscribe(f"{self._prefix}.all", cb=self._on_message)
            log.info("the bus is there")
            self._up.set()
            self._interest.set()
            return

    async def _listen(self) -> None:
        """Subscribe to what is followed, and say when it is heard."""
        while True:
            await self._interest.wait()
            await self._up.wait()
            await asyncio.sleep(GATHER_SECONDS)
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
                    # Not `flush`: one that times out breaks the client's reading when its answer comes after all.
                    await asyncio.sleep(SETTLE_SECONDS)
                    self._resumed()
            except Exception as error:
                log.warning("the bus did not take a subscription", error=str(error))
                await asyncio.sleep(RETRY_SECONDS)
                self._interest.set()

    async def _on_message(self, message: Msg) -> None:
        try:
            heard = frames.read(message.data)
        except Exception as error:
            log.warning("something on the bus could not be read", error=str(error)[:200])
            return
        listener = self._listener
        if listener is None:
            return  # it was closed here
        if heard.entries:
            listener.published(heard.entries)
        if heard.notice is not None:
            listener.noticed(*heard.notice)
        if heard.changes:
            listener.changed(heard.changes)
        if heard.nudge:
            listener.nudged()

    def _resumed(self) -> None:
        if self._listener is not None:
            self._listener.resumed()

    async def _on_error(self, error: Exception) -> None:
        log.debug("the bus", error=str(error) or type(error).__name__)

    async def _on_gone(self) -> None:
        self._up.clear()
        if not self._tasks:
            return  # it was closed here
        log.warning("the bus is gone; this node works without it until it is back")

    async def _on_back(self) -> None:
        log.info("the bus is back")
        self._up.set()
        self._interest.set()
        self._resumed()
