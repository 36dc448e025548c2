"""A receiver of an outgoing webhook that is down for most of a day, and a server that is killed again and again meanwhile. The
day passes because the clocks of the server are moved on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from tests.programs.hooks.receiver import Receiver, listening
from tests.servers import PATIENCE, Server

from .clock_ahead import FILE
from .test_outgoing_hooks import follow, room_of, say
from .test_pushes import LOOPBACK, register

HOUR = 3600.0
DOWN = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
UP = b"HTTP/1.1 204 No Content\r\n\r\n"
IN_A_REQUEST, BETWEEN = (3, 9, 15), (6, 12, 18)
"""The hours in which the server is killed: while the receiver has a request that it does not answer, and otherwise."""


class Taken(NamedTuple):
    id: str
    conversation: str
    text: str


class DownReceiver(Receiver):
    """`taken`: what it has answered with 2xx. The library for Standard Webhooks has verified every request."""

    def __init__(self, day: Day) -> None:
        super().__init__()
        self.answer = DOWN
        self.taken: list[Taken] = []
        self._day = day

    def checked(self, body: bytes, headers: dict[str, str]) -> Any:
        try:
            event = super().checked(body, headers)
        except WebhookVerificationError:
            # The clocks can be moved on while a request is on its way, or waits for its answer.
            with self._day.before_it_passed():
                event = super().checked(body, headers)
        if self.answer == UP:
            message = event["data"]["message"]
            self.taken.append(Taken(headers["webhook-id"], message["conversation"], message["text"]))
        return event


class Day:
    """A server, and how far its clocks are ahead, which the library for Standard Webhooks knows, too."""

    def __init__(self, kind: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._file = place / "ahead"
        self._ahead = self._before = 0.0
        self.server = Server(
            kind,
            place / "data",
            settings={f"SUHBAT_{name.upper()}": value for name, value in LOOPBACK.items()} | {FILE: str(self._file)},
            command=("-m", "tests.system.clock_ahead", "serve", "--host", "127.0.0.1", "--port", "{port}"),
        )
        day = self

        class Now(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Now:
                found = datetime.now(tz) + timedelta(seconds=day._ahead)
                return cls.fromtimestamp(found.timestamp(), tz)

        monkeypatch.setattr("standardwebhooks.webhooks.datetime", Now)
        self.pass_time(0)

    def pass_time(self, seconds: float) -> None:
        self._before = self._ahead
        self._ahead += seconds
        written = self._file.with_suffix(".new")
        written.write_text(f"{self._ahead}", encoding="utf-8")
        written.replace(self._file)

    @contextmanager
    def before_it_passed(self) -> Iterator[None]:
        """The library has the clock of before the last `pass_time`."""
        now, self._ahead = self._ahead, self._before
        try:
            yield
        finally:
            self._ahead = now

    async def start(self) -> None:
        await asyncio.to_thread(self.server.start)

    async def kill(self) -> None:
        await asyncio.to_thread(self.server.kill)


@asynccontextmanager
async def day_of(kind: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Day]:
    day = Day(kind, place, monkeypatch)
    await day.start()
    try:
        yield day
    finally:
        if day.server.process is not None and day.server.process.poll() is None:
            await asyncio.to_thread(day.server.stop)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["suhbat", "cluster"])
async def test_killed_while_a_receiver_is_down(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kill -9 of the server within the 20 hours in which the receiver of a webhook is down, in the middle of requests and
    between them, and once more when it is up again: everything arrives, in the order of its conversation, nothing is left out,
    and what comes twice has the same id. The webhook stays on. Over SQLite, and over PostgreSQL."""
    async with day_of(kind, tmp_path, monkeypatch) as day, listening(DownReceiver(day)) as told:
        ali = await register(day.server, "ali")
        rooms = [await room_of(ali), await room_of(ali)]
        id = await follow(ali, told, rooms)
        expected: dict[str, list[str]] = {room: [] for room in rooms}
        for hour in range(20):
            for n, room in enumerate(rooms):
                expected[room].append(f"{hour} {n}")
                await say(ali, room, expected[room][-1])
            if hour in IN_A_REQUEST:
                told.answers.clear()
            seen = told.asked
            day.pass_time(HOUR)
            await told.asked_for(seen + 1)
            if hour in IN_A_REQUEST + BETWEEN:
                await day.kill()
                told.answers.set()
                await day.start()
        assert not told.wrong and not told.taken
        told.answer = UP
        await until(day, told, 7)
        await day.kill()
        await day.start()
        await until(day, told, 40)
        assert not told.wrong, told.wrong
        for room in rooms:
            arrived = [one for one in told.taken if one.conversation == room]
            assert list(dict.fromkeys(one.text for one in arrived)) == expected[room]
            places = [-1, *(expected[room].index(one.text) for one in arrived)]
            assert all(later <= earlier + 1 for earlier, later in pairwise(places)), places
            assert len({one.id for one in arrived}) == len(expected[room])
        (hook,) = (await ali.ask("GET", "/hooks"))[1]["hooks"]
        assert (hook["id"], hook["on"], hook["off"]) == (id, True, None)


async def until(day: Day, told: DownReceiver, count: int) -> None:
    """So many different events were taken. The clocks go on: a receiver that was down has a pause, and each log its own."""
    async with asyncio.timeout(PATIENCE):
        while len({one.id for one in told.taken}) < count and not told.wrong:
            day.pass_time(15)  # less than a claim holds
            await asyncio.sleep(0.3)
