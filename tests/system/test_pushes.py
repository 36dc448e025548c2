"""Pushes of a real server, to a push service on loopback with the browsers behind it, which decrypt them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from tests.notify.push_service import Browser, browser
from tests.servers import BUSY, PATIENCE, Server, running
from tests.talk import V1

PASSWORD = "uzun parol 7"
LOOPBACK = {"outgoing_allow": "127.0.0.0/8", "send_rate": "0"}
QUICK = LOOPBACK | {"push_delay": "0.5"}


@dataclass
class Person:
    """An account, and its browser, if it has one."""

    server: Server
    name: str
    token: str
    browser: Browser | None = None

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        # In a thread: the push service runs on this loop.
        return await asyncio.to_thread(self.server.request, method, f"/api/v1{path}", body, token=self.token)

    async def write(self, to: Person, text: str) -> str:
        """A message in the direct of two; the conversation."""
        status, made = await self.ask("POST", "/directs", {"users": [to.name]})
        assert status in (200, 201), made
        conversation: str = made["conversation"]
        status, sent = await self.ask("POST", f"/conversations/{conversation}/messages", {"text": text})
        assert status == 201, sent
        return conversation


async def register(server: Server, name: str, locale: str = "en") -> Person:
    body = {"user_id": name, "password": PASSWORD}
    status, made = await asyncio.to_thread(server.request, "POST", "/api/v1/accounts", body)
    assert status == 201, made
    person = Person(server, name, made["token"])
    assert (await person.ask("PATCH", "/me", {"locale": locale}))[0] == 200
    return person


class Town:
    """A server, and people who are ended with it."""

    def __init__(self, server: Server, stack: AsyncExitStack) -> None:
        self.server = server
        self._stack = stack

    async def person(self, name: str, locale: str = "en") -> Person:
        return await register(self.server, name, locale)

    async def subscribed(self, name: str, locale: str = "en") -> tuple[Person, Browser]:
        """A person with a browser that takes pushes."""
        person = await self.person(name, locale)
        return person, await self.browser(person)

    async def browser(self, person: Person) -> Browser:
        one = await self._stack.enter_async_context(browser())
        status, made = await person.ask("POST", "/push", one.json)
        assert status == 201, made
        return one

    async def looking(self, person: Person) -> V1:
        """A connection of a person who looks at it."""
        one = await self._stack.enter_async_context(V1(person.server.ws, person.token))
        assert (await one.ask("active", on=True))["type"] == "ok"
        return one

    async def outcomes(self) -> dict[str, int]:
        """What became of pushes, as /metrics has it."""
        _, page = await asyncio.to_thread(self.server.request, "GET", "/metrics")
        return {
            outcome: int(float(page.split(f'suhbat_pushes_total{{outcome="{outcome}"}} ')[1].split()[0]))
            for outcome in ("delivered", "ended", "later", "dropped")
        }

    async def counted(self, **wanted: int) -> None:
        """Wait for these counts."""
        async with asyncio.timeout(PATIENCE):
            while (found := await self.outcomes()) | wanted != found:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def town_at(place: Path, **settings: str) -> AsyncIterator[Town]:
    with running("suhbat", place, **settings) as server:
        async with AsyncExitStack() as stack:
            yield Town(server, stack)


async def test_somebody_away_is_told_once(tmp_path: Path) -> None:
    """8 to 10 s after the message, in their language; not who looks, has read it, wants nothing of it or has quiet hours; and
    not of a message that was deleted."""
    async with town_at(tmp_path / "data", **LOOPBACK) as town:
        ali = await town.person("ali")
        vali, away = await town.subscribed("vali", "uz-Cyrl")
        soli, looking = await town.subscribed("soli")
        lola, reading = await town.subscribed("lola")
        guli, deleted = await town.subscribed("guli")
        zari, silent = await town.subscribed("zari")
        tuni, asleep = await town.subscribed("tuni")
        always = {"from": "00:00", "to": "00:00", "zone": "Asia/Tashkent"}
        assert (await tuni.ask("PATCH", "/me", {"quiet": always}))[0] == 200
        await ali.write(tuni, "uygʻoqmisiz")
        await town.looking(soli)
        await ali.write(soli, "koʻryapsizmi")
        read = await ali.write(lola, "oʻqing")
        gone = await ali.write(guli, "xato")
        none = await ali.write(zari, "jim")
        assert (await lola.ask("PUT", f"/conversations/{read}/read", {"ordinal": 1}))[0] == 200
        assert (await ali.ask("DELETE", f"/conversations/{gone}/messages/1"))[0] in (200, 204)
        assert (await zari.ask("PUT", f"/conversations/{none}/notify", {"level": "none"}))[0] == 200
        sent = time.time()
        conversation = await ali.write(vali, "Choyga keling 🍵")
        committed = time.time()
        pushed = await away.arrived()
        assert sent + 8 - 0.1 <= away.times[0] <= committed + 10 + BUSY
        assert pushed == {
            "web_push": 8030,
            "notification": {
                "title": "ali", "body": "Choyga keling 🍵", "navigate": f"/#/c/{conversation}/1", "tag": conversation,
                "lang": "uz-Cyrl", "dir": "auto",
            },
            "app_badge": 1,
            "suhbat": {"conversation": conversation, "seq": 1},
        }  # fmt: skip
        (headers,) = away.headers
        assert headers["urgency"] == "high" and len(headers["topic"]) == 32
        assert 72 * 3600 - 60 < int(headers["ttl"]) <= 72 * 3600
        await town.counted(delivered=1, ended=0, later=0, dropped=0)
        assert [one.messages for one in (looking, reading, deleted, silent, asleep)] == [[]] * 5
        assert (await vali.ask("PATCH", "/me", {"locale": "ru"}))[0] == 200
        for n in range(3):
            await ali.write(vali, f"Yana {n}")
        pushed = await away.arrived(2)
        assert (pushed["notification"]["body"], pushed["notification"]["lang"]) == ("Yana 2", "ru")
        assert (pushed["app_badge"], away.headers[1]["topic"]) == (4, headers["topic"])
        await town.counted(delivered=2)


def children(server: Server) -> list[psutil.Process]:
    """The child processes that carry its pushes."""
    assert server.process is not None
    return carriers(psutil.Process(server.process.pid))


def carriers(of: psutil.Process) -> list[psutil.Process]:
    """The child processes that carry the pushes of a process, or of its workers."""
    found = []
    for one in of.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "push_child" in " ".join(one.cmdline()):
                found.append(one)
    return found


async def ended(child: psutil.Process) -> None:
    """Wait until a process is gone."""
    async with asyncio.timeout(PATIENCE):
        while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.05)


async def test_after_kill_9(tmp_path: Path) -> None:
    """A message that was acknowledged is pushed, although the server was killed before anybody was told, and before it knew
    who is to be. No child process outlives the server, killed or stopped; one that dies is followed by another."""
    place = tmp_path / "data"
    settings = LOOPBACK | {"push_delay": "3"}
    async with AsyncExitStack() as stack:
        server = Server("suhbat", place, settings={f"SUHBAT_{name.upper()}": value for name, value in settings.items()})
        server.start()
        town = Town(server, stack)
        ali, (vali, away) = await town.person("ali"), await town.subscribed("vali")
        await ali.write(vali, "oldin")
        server.kill()
        await asyncio.to_thread(server.start)
        try:
            assert (await away.arrived())["notification"]["body"] == "oldin"
            await town.counted(delivered=1)
            (child,) = children(server)
            child.kill()
            await ended(child)
            await ali.write(vali, "keyin")
            assert (await away.arrived(2))["notification"]["body"] == "keyin"
            await town.counted(delivered=2)
            (child,) = children(server)
            server.kill()
            await ended(child)
            await asyncio.to_thread(server.start)
            await ali.write(vali, "oxirida")
            await away.arrived(3)
            (child,) = children(server)
        finally:
            server.stop()
        await ended(child)


async def test_what_push_services_answer(tmp_path: Path) -> None:
    """410 ends a subscription. 403, at every one of them, ends none: the fault is ours. A service that answers nothing delays
    nobody else."""
    async with town_at(tmp_path / "data", **QUICK) as town:
        ali = await town.person("ali")
        vali, ended = await town.subscribed("vali")
        soli, refused = await town.subscribed("soli")
        lola, hanging = await town.subscribed("lola")
        quick = await town.browser(lola)
        ended.status, refused.status = "410 Gone", "403 Forbidden"
        hanging.answers.clear()
        for person in (lola, vali, soli):
            await ali.write(person, "salom")
        assert (await quick.arrived())["notification"]["body"] == "salom"
        await asyncio.gather(ended.arrived(), refused.arrived(), hanging.asked_for())
        await town.counted(delivered=1, ended=1, dropped=1)
        async with asyncio.timeout(PATIENCE):  # an answer is counted before it is written down
            while (await vali.ask("GET", "/push"))[1]["subscriptions"]:
                await asyncio.sleep(0.05)
        assert len((await soli.ask("GET", "/push"))[1]["subscriptions"]) == 1
        zari, other = await town.subscribed("zari")
        await ali.write(zari, "tez")
        assert (await other.arrived())["notification"]["body"] == "tez"
        refused.status = "201 Created"
        await ali.write(soli, "endi")
        assert (await refused.arrived(2))["notification"]["body"] == "endi"
        hanging.answers.set()


async def nodes(place: Path, stack: AsyncExitStack, **settings: str) -> list[Server]:
    """Two nodes over one PostgreSQL database."""
    made = []
    for _ in range(2):
        server = Server(
            "cluster",
            place,
            settings={f"SUHBAT_{name.upper()}": value for name, value in settings.items()},
            command=("-m", "tests.notify.short_lease", "serve", "--host", "127.0.0.1", "--port", "{port}"),
        )
        server.start()
        stack.callback(lambda one=server: one.process.poll() is None and one.stop())
        made.append(server)
    return made


@pytest.mark.timeout(300)
async def test_the_node_that_pushes_dies(tmp_path: Path) -> None:
    """What it has claimed is pushed by the other node when the claims end. Whoever gets one twice gets it with the same topic,
    so that the push service or the device shows one."""
    async with AsyncExitStack() as stack:
        one, other = await nodes(tmp_path / "data", stack, **QUICK)
        town = Town(one, stack)
        ali = await town.person("ali")
        people = [await town.subscribed(f"dost{n}") for n in range(6)]
        for _, away in people:
            away.answers.clear()
        for person, _ in people:
            await ali.write(person, f"salom {person.name}")
        # Both nodes claim; each push hangs at whoever claimed it. One node dies with its claims.
        await asyncio.gather(*(away.asked_for() for _, away in people))
        one.kill()
        for _, away in people:
            away.answers.set()
        ali.server = other
        for person, away in people:
            pushed = [note["notification"]["body"] for note in [await away.arrived(), *away.notifications]]
            assert set(pushed) == {f"salom {person.name}"}
            assert len({headers["topic"] for headers in away.headers}) == 1


async def active(server: Server, count: int) -> None:
    """Wait until the nodes know of so many people who look."""
    assert server.database_url is not None
    async with asyncio.timeout(PATIENCE):
        async with await psycopg.AsyncConnection.connect(server.database_url, autocommit=True) as connection:
            while True:
                found = await connection.execute("SELECT count(*) FROM online WHERE active_until > 0")
                if await found.fetchone() == (count,):
                    return
                await asyncio.sleep(0.05)


@pytest.mark.timeout(300)
async def test_looking_at_another_node(tmp_path: Path) -> None:
    """Nobody is pushed to who looks at a connection to any node. When they look no longer, they are."""
    async with AsyncExitStack() as stack:
        one, other = await nodes(tmp_path / "data", stack, **LOOPBACK | {"push_delay": "4"})
        town = Town(one, stack)
        ali = await town.person("ali")
        (vali, looking), (soli, away) = [await town.subscribed(name) for name in ("vali", "soli")]
        vali.server = other
        connection = await town.looking(vali)
        await active(one, 1)
        await ali.write(vali, "koʻryapsiz")
        await ali.write(soli, "yoʻqsiz")
        await away.arrived()
        assert looking.messages == []
        assert (await connection.ask("active", on=False))["type"] == "ok"
        await active(one, 0)
        await ali.write(vali, "ketdingiz")
        assert (await looking.arrived())["notification"]["body"] == "ketdingiz"
        assert len(looking.messages) == 1
