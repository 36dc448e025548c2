"""Clients that talk over a cluster while it is broken, and the check of what each of them must have received."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from websockets.asyncio.client import ClientConnection

from tests.proof.participants import Frame, Participant, Place, Writer
from tests.servers import PATIENCE

from .parts import Cluster

RETRIED = {"busy", "internal", "storage_unavailable", "user_not_found", "rate_limited"}
"""Answers after which the same is asked again: nothing was promised."""

Skip = tuple[int, int]
"""Events that a reset passed over: above the first, up to the second."""


class Somewhere(Participant):
    """A client that connects to any reachable node, and reconnects to another one."""

    def __init__(self, name: str, token: str, where: Callable[[], str]) -> None:
        super().__init__(name, "", token)
        self._where = where
        self.skipped: dict[str, list[Skip]] = defaultdict(list)
        self.delays: list[tuple[float, float]] = []
        """When an event came (monotonic), and how long after it was sent."""
        self.socket: ClientConnection | None = None

    async def write(self, socket: ClientConnection) -> None:
        self.socket = socket

    def hop(self) -> None:
        """Drop the connection without a close."""
        if self.socket is not None:
            self.socket.transport.abort()

    @property
    def url(self) -> str:
        return f"{self._where()}/api/v1/ws"

    def _take(self, frame: Frame) -> None:
        if frame["type"] == "error":
            self.refused(frame)
        elif frame["type"] == "reset":
            state = frame["state"]
            log, head = state["conversation"], state["head"]
            if log in self.cursors and head > self.cursors[log]:
                self.skipped[log].append((self.cursors[log], head))
            self.cursors[log] = max(head, self.cursors.get(log, 0))
            self.start.setdefault(log, head)
        else:
            if frame["type"] == "message.created":
                self._measure(frame["message"]["text"])
            super()._take(frame)

    def refused(self, frame: Frame) -> None:
        """An error frame. It answers `hello`, because these clients send nothing else that can be refused."""
        assert frame["code"] in RETRIED, f"{self.name}: {frame}"
        raise ConnectionError(frame["code"])

    def _measure(self, text: str) -> None:
        words = text.split(" ", 2)
        if len(words) > 1 and words[1].startswith("@"):
            now = time.monotonic()
            self.delays.append((now, now - float(words[1][1:])))


class SomewhereWriter(Somewhere, Writer):
    """Writes messages, and repeats each one on any node until it is acknowledged."""

    def __init__(self, name: str, token: str, peer: str, seed: int, where: Callable[[], str], pause: float) -> None:
        Writer.__init__(self, name, "", token, peer, seed)
        self._where = where
        self._pause = pause
        self.skipped = defaultdict(list)
        self.delays = []
        self.socket = None
        self._again: set[asyncio.Task[None]] = set()

    def refused(self, frame: Frame) -> None:
        if frame.get("id") not in self.undecided:
            super().refused(frame)
        assert frame["code"] in RETRIED, f"{self.name}: {frame}"
        task = asyncio.create_task(self._repeat(frame["id"], frame.get("retry_after") or 0.3))
        self._again.add(task)
        task.add_done_callback(self._again.discard)

    async def _repeat(self, key: str, wait: float) -> None:
        await asyncio.sleep(wait)
        if key in self.undecided and self.socket is not None:
            try:
                await self.socket.send(json.dumps(self.undecided[key]))
            except Exception:
                return  # the next connection repeats it

    async def write(self, socket: ClientConnection) -> None:
        self.socket = socket
        await Writer.write(self, socket)

    def _compose(self) -> Frame:
        command = super()._compose()
        key, _, rest = command["text"].partition(" ")
        command["text"] = f"{key} @{time.monotonic():.4f} {rest}"
        return command


class Storm:
    """Readers and writers on a cluster. Call `check` after they have stopped."""

    def __init__(self, cluster: Cluster, people: int, seed: int, pause: float = 0.1) -> None:
        self.cluster = cluster
        self._random = random.Random(seed)
        names = [f"p{number}" for number in range(people)]
        readers = [f"r{number}" for number in range(people)]
        tokens = {name: cluster.nodes[0].guest(name) for name in names + readers}
        self.readers = [Somewhere(name, tokens[name], self._where) for name in readers]
        self.writers = [
            SomewhereWriter(name, tokens[name], peer, self._random.getrandbits(32), self._where, pause)
            for name, peer in zip(names, readers, strict=True)
        ]
        self._living: list[asyncio.Task[None]] = []

    @property
    def clients(self) -> list[Somewhere]:
        return [*self.readers, *self.writers]

    @property
    def acknowledged(self) -> dict[str, Place]:
        return {key: place for writer in self.writers for key, place in writer.acknowledged.items()}

    def _where(self) -> str:
        return self._random.choice(self.cluster.up or self.cluster.nodes).ws

    def start(self) -> None:
        up = asyncio.Event()
        up.set()
        self._living = [asyncio.create_task(client.live(up)) for client in self.clients]

    def mix(self) -> None:
        """Move half of the clients to other nodes, so that a node that was away gets clients again."""
        for client in self._random.sample(self.clients, len(self.clients) // 2):
            client.hop()

    def failed(self) -> None:
        """Raise the first failure that a client has seen."""
        for task in self._living:
            if task.done() and not task.cancelled() and task.exception() is not None:
                raise task.exception() or AssertionError

    async def stop(self, patience: float = PATIENCE) -> None:
        """Stop the writers, and let all readers read to the end."""
        for writer in self.writers:
            writer.stopping = True
        limit = time.monotonic() + patience
        while missing := self._missing():
            self.failed()
            assert time.monotonic() < limit, missing
            await asyncio.sleep(0.1)
        for task in self._living:
            task.cancel()
        await asyncio.gather(*self._living, return_exceptions=True)

    def _missing(self) -> str:
        undecided = sum(len(writer.undecided) for writer in self.writers)
        if undecided:
            return f"{undecided} messages are undecided"
        heads: dict[str, int] = defaultdict(int)
        for place in self.acknowledged.values():
            heads[place.conversation] = max(place.seq, heads[place.conversation])
        late = [
            f"{client.name} is at {cursor} of {heads[log]} in {log}"
            for client in self.clients
            for log, cursor in client.cursors.items()
            if cursor < heads[log]
        ]
        return ", ".join(late[:5])

    def check(self) -> Mapping[str, int]:
        """Check the history: each acknowledged message is stored once in its conversation; `seq` and `ordinal` are
        dense; every client applied every event once and in order, except the events that a reset skipped. Returns
        counts."""
        logs = self._logs()
        stored: dict[str, list[Place]] = defaultdict(list)
        for log, events in logs.items():
            assert [seq for seq, _, _ in events] == list(range(1, len(events) + 1)), f"seq of {log}"
            ordinals = [ordinal for _, ordinal, _ in events if ordinal is not None]
            assert ordinals == list(range(1, len(ordinals) + 1)), f"ordinals of {log}"
            for seq, ordinal, client_id in events:
                if ordinal is not None:
                    stored[client_id or ""].append(Place(log, seq, ordinal))
        assert dict(stored) == {key: [place] for key, place in self.acknowledged.items()}
        for client in self.clients:
            for log, cursor in client.cursors.items():
                self._check_applied(client, log, cursor, logs[f"@me:{client.uid}" if log == "@me" else log])
        return {
            "acknowledged": len(self.acknowledged),
            "only when repeated": sum(writer.duplicates for writer in self.writers),
            "events applied": sum(len(events) for client in self.clients for events in client.applied.values()),
            "dropped as known": sum(client.dropped for client in self.clients),
            "connections": sum(client.connections for client in self.clients),
            "resets": sum(len(skips) for client in self.clients for skips in client.skipped.values()),
        }

    def _check_applied(self, client: Somewhere, log: str, cursor: int, events: list[tuple[int, Any, Any]]) -> None:
        skips = client.skipped[log]
        expected = [
            (seq, client_id)
            for seq, _, client_id in events
            if client.start[log] < seq <= cursor and not any(above < seq <= upto for above, upto in skips)
        ]
        assert client.applied[log] == expected, f"{client.name}: {log}"

    def _logs(self) -> dict[str, list[tuple[int, int | None, str | None]]]:
        logs: dict[str, list[tuple[int, int | None, str | None]]] = defaultdict(list)
        query = (
            "SELECT c.name, e.seq, e.ordinal, e.client_id FROM events e JOIN conversations c ON c.id = e.conversation_id "
            "ORDER BY c.name, e.seq"
        )
        with psycopg.connect(self.cluster.postgres.url("suhbat")) as connection:
            for name, seq, ordinal, client_id in connection.execute(query):
                logs[name].append((seq, ordinal, client_id))
        return logs

    def delays(self, since: float, until: float) -> list[float]:
        """The delays of the messages that were received in this period (monotonic seconds), sorted."""
        return sorted(delay for client in self.clients for at, delay in client.delays if since <= at <= until)
