"""The child process that carries pushes, where there are several workers, and within another application."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import psutil
import pytest
from fastapi import FastAPI

import suhbat
from suhbat.testing import serving, settings
from tests.notify.push_service import browser
from tests.servers import COMMANDS, PATIENCE, Server

from .test_pushes import QUICK, Town, carriers

PEOPLE = 6


async def gone(*processes: psutil.Process) -> None:
    async with asyncio.timeout(PATIENCE):
        while [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]:
            await asyncio.sleep(0.05)


@asynccontextmanager
async def two_workers(place: Path) -> AsyncIterator[Town]:
    server = Server("cluster", place, command=(*COMMANDS["cluster"], "--workers", "2"))
    server.settings = {f"SUHBAT_{name.upper()}": value for name, value in QUICK.items()}
    await asyncio.to_thread(server.start)
    assert server.process is not None
    running = psutil.Process(server.process.pid).children(recursive=True)
    try:
        async with AsyncExitStack() as stack:
            yield Town(server, stack)
    finally:
        server.kill()
        await gone(*running)


@pytest.mark.timeout(400)
@pytest.mark.skipif(sys.platform == "win32", reason="there are no workers on Windows")
async def test_two_workers(tmp_path: Path) -> None:
    """Everybody is pushed to once, or with the same topic, whichever worker does it; also those whose push was at a carrier
    that was killed. No carrier outlives the workers, when they stop and when their parent is killed."""
    async with two_workers(tmp_path / "data") as town:
        server = town.server
        assert server.process is not None
        parent = psutil.Process(server.process.pid)
        ali = await town.person("ali")
        people = [await town.subscribed(f"dost{n}") for n in range(PEOPLE)]
        for person, _ in people:
            await ali.write(person, f"salom {person.name}")
        for person, away in people:
            assert (await away.arrived())["notification"]["body"] == f"salom {person.name}"
        hanging = people[0][1]
        hanging.answers.clear()
        await ali.write(people[0][0], "osildi")
        await hanging.asked_for(2)
        working = carriers(parent)
        assert 1 <= len(working) <= 2
        for one in working:
            one.kill()
        hanging.answers.set()
        await ali.write(people[1][0], "boshqa")
        assert (await people[1][1].arrived(2))["notification"]["body"] == "boshqa"
        async with asyncio.timeout(PATIENCE):  # it is tried again after half a minute
            while hanging.notifications[-1]["notification"]["body"] != "osildi":
                await hanging.arrived(len(hanging.messages) + 1)
        for _, away in people:
            assert len({headers["topic"] for headers in away.headers}) == 1
        assert [len(away.messages) for _, away in people[2:]] == [1] * (PEOPLE - 2)
        left = carriers(parent)
        assert left
        server.kill()
        await gone(*left)
        await asyncio.to_thread(server.start)
        await ali.write(people[2][0], "keyin")
        assert (await people[2][1].arrived(2))["notification"]["body"] == "keyin"
        left = carriers(psutil.Process(server.process.pid))
        assert left and await asyncio.to_thread(server.stop) == 0
        await gone(*left)
        assert "Traceback" not in server.printed()


async def test_mounted_in_another_application(tmp_path: Path) -> None:
    """It carries the pushes there, too, whose links lead to where the chat is mounted, as those of webhooks do; and it ends
    with the application."""
    app = FastAPI()
    flags = {"outgoing_allow": ["127.0.0.0/8"], "push_delay": 0.5, "send_rate": 0}
    suhbat.mount(app, "/chat", settings=settings(tmp_path / "data", **flags))
    me = psutil.Process()
    before = carriers(me)
    async with AsyncExitStack() as stack:
        with serving(app, "/chat") as server:
            ali, vali = [await asyncio.to_thread(server.account, name) for name in ("ali", "vali")]
            away = await stack.enter_async_context(browser())
            await asyncio.to_thread(vali.ask, "POST", "/push", away.json)
            direct = await asyncio.to_thread(ali.ask, "POST", "/directs", {"users": ["vali"]})
            await asyncio.to_thread(ali.says, "salom", direct["conversation"])
            pushed = await away.arrived()
            assert pushed["notification"]["body"] == "salom"
            assert pushed["notification"]["navigate"] == f"/chat/#/c/{direct['conversation']}/1"
            room = await asyncio.to_thread(ali.ask, "POST", "/conversations", {"title": "Xona"})
            place = f"/conversations/{room['conversation']}/hooks"
            made = await asyncio.to_thread(ali.ask, "POST", place, {"name": "CI"})
            assert made["url"].startswith("/chat/hooks/")
            (child,) = [one for one in carriers(me) if one not in before]
        await gone(child)
