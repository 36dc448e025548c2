"""The ordinary life of a chat server, with good and bad clients. Used by soak.py."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from websockets.exceptions import WebSocketException

from tests.servers import PATIENCE, Server
from tests.system.raw import BINARY, TEXT, Raw, framed
from tests.talk import V1, Client

PASSWORD = "a very secret passphrase"
ACCOUNTS = 8
GUESTS = 12
"""Token guests; there are as few bare names. An endless number of new ones would take new memory for a day each."""
ROOMS = 3
PAUSE = 0.15
"""Seconds between two actions of a person: a steady load that leaves some of the machine to others."""
EXPECTED = {
    "rate_limited",
    "forbidden",
    "not_found",
    "user_not_found",
    "busy",
    "name_in_use",
    "bad_request",
    "unauthenticated",
}
"""Refusals that are correct with so many people acting at random."""
GARBAGE = (b"", b"{", b"[" * 5_000, b'{"type":"dance"}', b'{"message":"\\ud800"}', b'{"type":"hello","token":7}')


class Life:
    """Call `live` for a while; everybody is disconnected when it returns. `did`: counts; `faults`: answers that nobody
    may get."""

    def __init__(self, server: Server, *, crowd: int) -> None:
        self.did: Counter[str] = Counter()
        self.faults: list[str] = []
        self._server = server
        self._crowd = crowd
        self._chance = random.Random(crowd)
        self._names = itertools.count(1)
        self._tokens: list[str] = []
        self._accounts: list[str] = []
        self._rooms: list[str] = []
        self._cursors: dict[str, dict[str, Any]] = {}
        self._until = 0.0
        self._least: Mapping[str, int] = {}

    async def prepare(self) -> None:
        """Make all people and rooms of the run."""
        for number in range(ACCOUNTS):
            body = {"user_id": f"account{number}", "password": PASSWORD}
            answer = await self._http("POST", "accounts", body)
            self._accounts.append(answer["token"])
        for number in range(GUESTS):
            self._tokens.append(await asyncio.to_thread(self._server.guest, f"mehmon{number}"))
        for number in range(ROOMS):
            body = {"title": f"Room {number}", "visibility": "public"}
            self._rooms.append((await self._http("POST", "conversations", body, self._accounts[0]))["conversation"])

    async def live(self, seconds: float, least: Mapping[str, int] | None = None) -> None:
        """For so long, and until each of these was done so often, however slow the machine is."""
        self._until = time.monotonic() + seconds
        self._least = least or {}
        limit = self._until + PATIENCE
        ways = (
            self._talk,
            self._talk,
            self._talk,
            self._simple,
            self._simple,
            self._ask,
            self._deaf,
            self._break_in,
            self._vandal,
        )
        async with asyncio.TaskGroup() as people:
            for number in range(self._crowd):
                people.create_task(self._again_and_again(ways[number % len(ways)], limit))

    def told(self) -> str:
        return ", ".join(f"{count} {what}" for what, count in sorted(self.did.items()))

    async def _again_and_again(self, way: Callable[[], Awaitable[None]], limit: float) -> None:
        while (now := time.monotonic()) < self._until or (now < limit and self._is_lacking()):
            try:
                await way()
            except (OSError, EOFError, TimeoutError, WebSocketException) as failure:
                self.did[f"cut off ({type(failure).__name__})"] += 1
            await asyncio.sleep(self._chance.uniform(0, PAUSE))

    def _is_lacking(self) -> bool:
        return any(self.did[what] < count for what, count in self._least.items())

    # Good clients

    async def _talk(self) -> None:
        """v1: connects (resuming with its cursors), does a few things, and leaves with or without a close."""
        token = self._chance.choice(self._tokens + self._accounts)
        resume = self._cursors.pop(token, None) if self._chance.random() < 0.7 else None
        async with V1(self._server.ws, token, resume, open_timeout=30) as one:
            self.did["openings"] += 1
            self.did["resumed"] += bool(one.welcome["resumed"])
            cursors = resume["cursors"] if resume else {}
            if not one.welcome["resumed"]:
                cursors = one.snapshot["cursors"]
            seqs: dict[str, int] = {}
            for _ in range(self._chance.randint(1, 12)):
                await self._command(one, token, seqs)
                await asyncio.sleep(self._chance.uniform(0, PAUSE))
            self._cursors[token] = {"epoch": one.welcome["epoch"], "cursors": cursors}
            if self._chance.random() < 0.4:
                one.socket.transport.abort()

    async def _command(self, one: V1, token: str, seqs: dict[str, int]) -> None:
        room = self._chance.choice([*self._rooms, "lobby", "lobby"])
        what = self._chance.choice(
            [
                "send",
                "send",
                "send",
                "edit",
                "react",
                "delete",
                "read",
                "typing",
                "history",
                "join",
                "leave",
                "ping",
                "sync",
            ]
        )
        if what in ("edit", "react", "delete") and room not in seqs:
            what = "send"
        text = f"salom {self._chance.randint(0, 999)} " + "x" * self._chance.choice([0, 20, 3_000])
        of: dict[str, dict[str, Any]] = {
            "send": {"conversation": room, "text": text, "client_id": f"{token[-6:]}{next(self._names)}"},
            "edit": {"conversation": room, "seq": seqs.get(room), "text": text + "!"},
            "react": {"conversation": room, "seq": seqs.get(room), "emoji": "👍", "on": self._chance.random() < 0.5},
            "delete": {"conversation": room, "seq": seqs.get(room)},
            "read": {"conversation": room, "ordinal": self._chance.randint(0, 100)},
            "history": {"conversation": room, "limit": 50},
            "sync": {"cursors": {room: 1}},
            "ping": {},
        }
        if what == "typing":
            await one.say({"type": what, "conversation": room})
            return
        if what == "sync":
            await one.say({"type": what, "id": "sync", **of[what]})
            await one.until("caught_up")
            return
        answer = await one.ask(what, **of.get(what, {"conversation": room}))
        self.did[what] += 1
        self._judge(what, answer)
        if what == "send" and answer["type"] == "ok":
            seqs[room] = answer["seq"]

    async def _simple(self) -> None:
        """The simple dialect, as in Postman: under one of a few names, to everybody and to single users."""
        client = Client(f"{self._server.ws}/ws/bare{self._chance.randint(0, 30)}", open_timeout=30)
        async with client:
            for _ in range(self._chance.randint(1, 8)):
                to = self._chance.choice(["", "", "bare1", "nobody", "mehmon1"])
                await client.say({"message": f"salom {self._chance.randint(0, 999)}", "to_user": to})
                self.did["simple messages"] += 1
                await asyncio.sleep(self._chance.uniform(0, PAUSE))
                if self._chance.random() < 0.5:
                    self._judge("simple", await client.hear())
            if self._chance.random() < 0.4:
                client.socket.transport.abort()

    async def _ask(self) -> None:
        """HTTP: the reads and writes of a page or a program."""
        token = self._chance.choice(self._accounts)
        room = self._chance.choice([*self._rooms, "lobby"])
        word = quote(
            self._chance.choice(["salom", "sal*", '"salom 5"', "from:account1 salom", "has:link", "%", "NEAR(a b)"])
        )
        method, path, body = self._chance.choice(
            [
                ("GET", f"search?q={word}", None),
                ("GET", f"conversations/{room}/messages?limit=100", None),
                ("GET", "conversations", None),
                ("GET", f"users?query={word}", None),
                ("POST", f"conversations/{room}/messages", {"text": "salom over HTTP"}),
                ("POST", "sessions", {"user_id": f"account{self._chance.randrange(ACCOUNTS)}", "password": PASSWORD}),
                ("POST", "tickets", {}),
            ]
        )
        answer = await self._http(method, path, body, token)
        if path == "sessions" and "token" in answer:
            await self._http("DELETE", "sessions/current", None, answer["token"])

    # Bad clients

    async def _deaf(self) -> None:
        """Connects, reads nothing, and disconnects."""
        most = min(max(self._until - time.monotonic(), 1), 6)
        await asyncio.to_thread(self._stay_deaf, self._chance.uniform(1, most), f"deaf{next(self._names) % 20}")

    def _stay_deaf(self, seconds: float, name: str) -> None:
        with suppress(AssertionError), Raw(self._server.port, f"/ws/{name}", deaf=True, patience=5) as raw:
            for _ in range(20):
                raw.say({"message": "x" * 3_500})
            time.sleep(seconds)
        self.did["slow readers"] += 1

    async def _break_in(self) -> None:
        """Wrong passwords, wrong tokens, wrong tickets."""
        user = self._chance.choice(["account1", "nobody", "admin"])
        await self._http("POST", "sessions", {"user_id": user, "password": f"wrong guess {next(self._names)}"})
        for query in ("", "?ticket=wrong"):
            async with Client(f"{self._server.ws}/api/v1/ws{query}", open_timeout=30) as socket:
                await socket.say({"type": "hello", "token": None if query else "ss_wrong"})
                assert await socket.closed() in (4501, 4029)
        self.did["break-ins"] += 1
        await asyncio.sleep(1)

    async def _vandal(self) -> None:
        """Invalid frames, invalid bytes, and requests that end early."""
        await asyncio.to_thread(self._destroy, self._chance.randrange(5), self._chance.choice(GARBAGE))
        self.did["vandals"] += 1

    def _destroy(self, way: int, garbage: bytes) -> None:
        with suppress(AssertionError), Raw(self._server.port, "/api/v1/ws", patience=5) as raw:
            if way == 0:
                raw.frame(BINARY, garbage)
            elif way == 1:
                raw.socket.sendall(b"\xff" * 200)
            elif way == 2:
                raw.socket.sendall(framed(TEXT, b'{"type":"ping"}')[:-3])
                return
            else:
                raw.frame(TEXT, garbage)
                return
            raw.closed()

    async def _http(self, method: str, path: str, body: object, token: str | None = None) -> Any:
        status, answer = await asyncio.to_thread(self._server.request, method, f"/api/v1/{path}", body, token=token)
        self.did[f"HTTP {status}"] += 1
        if status >= 500 and answer.get("code") != "busy":
            self.faults.append(f"{method} {path}: {status} {json.dumps(answer)[:300]}")
        return answer

    def _judge(self, what: str, answer: dict[str, Any]) -> None:
        if answer["type"] == "error" and answer["code"] not in EXPECTED:
            self.faults.append(f"{what}: {answer}")
