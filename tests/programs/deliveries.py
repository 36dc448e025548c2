"""A store whose events are told to receivers: what the tests of outgoing webhooks and of bots' webhooks share."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from suhbat.chat.model import Actor, NoAnswer
from suhbat.chat.ports import Store
from suhbat.programs.hooks.delivering import Delivering, ReceiverAnswer
from tests.fakes import FakeClock
from tests.store.house import House
from tests.store.parts import VALI, Listener

OK = ReceiverAnswer(200)


class FakeReceivers:
    """Answer `answer`, or by address what is in `answers`; a request waits for `waits`, if it is set for its address."""

    def __init__(self) -> None:
        self.answer: ReceiverAnswer | NoAnswer = OK
        self.answers: dict[str, list[ReceiverAnswer | NoAnswer]] = {}
        self.waits: dict[str, asyncio.Event] = {}
        self.requests: list[tuple[str, Mapping[str, str], bytes]] = []

    def origin(self, url: str) -> str | None:
        return url

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, owner: str) -> ReceiverAnswer | NoAnswer:
        self.requests.append((url, headers, body))
        if url in self.waits:
            await self.waits[url].wait()
        mine = self.answers.get(url)
        return mine.pop(0) if mine else self.answer

    def texts(self, url: str | None = None) -> list[str]:
        """The texts of the messages that arrived, tried again or not."""
        bodies = [json.loads(body) for to, _, body in self.requests if url in (None, to)]
        return [body["data"]["message"]["text"] for body in bodies if body["type"] == "message.created"]


class Nobody:
    """A directory without anybody."""

    def find(self, name: str) -> Actor | None:
        return None

    async def refresh(self, *names: str) -> None: ...

    def holder(self, user_id: str) -> Actor | None:
        return None


class Deliveries(House):
    """A `House` over a clock that stands still. Nothing runs but what `work` does."""

    delivering: Delivering

    def __init__(self, store: Store, listener: Listener, clock: FakeClock) -> None:
        super().__init__(store, listener)
        self.clock = clock
        self.receivers = FakeReceivers()

    async def say(self, conversation: str, *texts: str, actor: Actor = VALI, **fields: Any) -> None:
        for text in texts:
            self.at = self.clock.wall()
            await self.write(actor, conversation, text, **fields)

    async def work(self) -> None:
        """Everything that is due now."""
        while True:
            self.clock.advance(1)
            items = await self.delivering.claim(50, ())
            if not items:
                return
            for item in items:
                await self.delivering.carry_out(item)

    async def pass_time(self, seconds: float, step: float = 300.0) -> None:
        """Time passes, while everything is done when it is due."""
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.clock.advance(step)
            await self.work()
