"""Bots in Python against real servers: what came while a bot was stopped, and the examples as they are."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from suhbat.client.bots import Bot, ChatState, FileStore, Invocation, Message, Press, button
from tests.servers import PATIENCE, ROOT, Server, free_port
from tests.talk import V1

SETTINGS = {"SUHBAT_BOTS": "everyone", "SUHBAT_SEND_RATE": "0", "SUHBAT_ACCESS": "open"}
PASSWORD = "uzun parol 7"


class People:
    """Ali, who owns the bot, on one node; the bot is on the other, if there are two."""

    def __init__(self, here: Server, there: Server, name: str) -> None:
        self.here, self.there = here, there
        self.token = self.ask("POST", "/accounts", {"user_id": f"ali-{name}", "password": PASSWORD})["token"]
        made = self.ask("POST", "/bots", {"user_id": f"bot-{name}", "display_name": "Bot"})
        self.bot, self.bot_token = made["user"]["user_id"], made["token"]
        self.room = self.ask("POST", "/conversations", {"title": "Choyxona"})["conversation"]
        self.ask("PUT", f"/conversations/{self.room}/members/{self.bot}", {})

    def ask(self, method: str, path: str, body: object = None) -> Any:
        token = getattr(self, "token", None)
        status, answer = self.here.request(method, f"/api/v1{path}", body, token=token)
        assert status < 300, (path, status, answer)
        return answer

    async def say(self, *texts: str, room: str | None = None) -> Any:
        for text in texts:
            path = f"/conversations/{room or self.room}/messages"
            answer = await asyncio.to_thread(self.ask, "POST", path, {"text": text})
        return answer

    async def messages(self) -> list[dict[str, Any]]:
        page = await asyncio.to_thread(self.ask, "GET", f"/conversations/{self.room}/messages")
        found: list[dict[str, Any]] = page["messages"]
        return found

    async def until(self, text: str) -> dict[str, Any]:
        """The first message that contains this, as soon as it is there."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for message in await self.messages():
                    if text in message["text"]:
                        return message
                await asyncio.sleep(0.05)

    async def offered(self, name: str) -> None:
        """Wait until the bot has told its commands."""
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = await asyncio.to_thread(self.ask, "GET", f"/conversations/{self.room}/commands")
                if name in [command["name"] for command in answer["commands"]]:
                    return
                await asyncio.sleep(0.05)

    async def press(self, seq: int, action: str) -> None:
        await asyncio.to_thread(self.ask, "POST", f"/conversations/{self.room}/messages/{seq}/actions/{action}", {})


@pytest.fixture(scope="module", params=["suhbat", "cluster"])
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """One node with SQLite, or two with PostgreSQL and NATS."""
    data = tmp_path_factory.mktemp("bots")
    nodes = [Server(request.param, data / "data", settings=SETTINGS)]
    if request.param == "cluster":
        nodes.append(Server("cluster", data / "data", settings=SETTINGS))
    for node in nodes:
        node.start()
    yield nodes
    for node in nodes:
        node.stop()


@asynccontextmanager
async def started(bot: Bot) -> AsyncIterator[None]:
    """Run a bot for the length of a block, and stop it in order."""
    ready = asyncio.Event()

    @bot.startup
    async def began() -> None:
        ready.set()

    running = asyncio.create_task(bot.start())
    waiting = asyncio.create_task(ready.wait())
    async with asyncio.timeout(PATIENCE):
        await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        yield
    finally:
        bot.stop()
        await running


async def until(is_so: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_over_restarts(servers: list[Server], tmp_path: Path) -> None:
    """What came while a bot was stopped is handled after its start, in order and once: messages, also in a conversation that is
    new, commands and presses. A handler that was broken off runs again with the state of before, and what it answers twice is
    one message. A handler that raises disturbs nobody."""
    people = await asyncio.to_thread(People, servers[0], servers[-1], "qayta")
    seen: list[str] = []
    ended: list[str] = []
    hold = asyncio.Event()

    def made(grace: float = PATIENCE) -> Bot:
        bot = Bot(people.there.url, people.bot_token, store=FileStore(tmp_path / "bot.db"), grace=grace)

        @bot.message()
        async def said(message: Message, state: ChatState) -> None:
            data = await state.update_data(count=(await state.get_data()).get("count", 0) + 1)
            seen.append(f"{message.text} {data['count']}")
            if message.text == "a":
                await message.react("👍")
                await (await message.answer("too much")).delete()
            if message.text == "raise":
                raise ZeroDivisionError
            if message.text == "hold":
                await message.reply("one moment")
                await hold.wait()

        @bot.command("hi", usage="<name>")
        async def hi(command: Invocation) -> None:
            """Greets."""
            seen.append(f"/hi {command.args}")
            await command.answer(f"Salom, {command.from_user.display_name}", buttons=[[button("Ha", "yes")]])
            await command.answer_privately("only you")
            ended.append("/hi")

        @bot.action("yes")
        async def yes(press: Press) -> None:
            seen.append(f"pressed {press.data}")
            await press.edit_text("bosildi")
            ended.append("pressed")

        return bot

    async with started(made()):
        await people.offered("hi")
        async with V1(people.here.ws, people.token) as ali:
            await people.say("raise", "a", "/hi olam")
            greeted = await people.until("Salom, ali-qayta")
            assert (await ali.until("reply"))["text"] == "only you"
        await until(lambda: len(seen) >= 3)
    assert sorted(seen) == ["/hi olam", "a 2", "raise 1"]
    said = {message["text"]: message for message in await people.messages()}
    assert said["a"]["reactions"][0]["users"] == [people.bot] and "too much" not in said

    seen.clear()
    ended.clear()
    await people.say("b", "c", "/hi yana", "d")
    await people.press(greeted["seq"], "yes")
    direct = (await asyncio.to_thread(people.ask, "POST", "/directs", {"users": [people.bot]}))["conversation"]
    await people.say("yangi", room=direct)
    async with started(made(grace=1.0)):
        await until(lambda: len(seen) >= 6 and len(ended) >= 2)
        await people.say("hold", "e")
        await people.until("one moment")
    assert sorted(seen) == sorted(["b 3", "c 4", "d 5", "/hi yana", "pressed yes", "yangi 1", "hold 6"])
    assert [one for one in seen if one[0] in "bcd"] == ["b 3", "c 4", "d 5"]

    seen.clear()
    hold.set()
    async with started(made()):
        await until(lambda: len(seen) >= 2)
    assert seen == ["hold 6", "e 7"]
    texts = [message["text"] for message in await people.messages()]
    assert texts.count("one moment") == 1 and texts.count("Salom, ali-qayta") == 1 and texts.count("bosildi") == 1


# The examples

ONE_NODE = pytest.mark.parametrize("servers", ["suhbat"], indirect=True)


@contextmanager
def example(people: People, place: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {
        "SUHBAT_URL": people.there.url,
        "SUHBAT_TOKEN": people.bot_token,
        "BOT_FILE": str(place / f"{people.bot}.db"),
        "PYTHONPATH": str(ROOT),
    }
    with (place / "printed").open("ab") as printed:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", *command], cwd=ROOT, env=environment, stdout=printed, stderr=printed
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)
    assert "Traceback" not in (place / "printed").read_text(encoding="utf-8")


@ONE_NODE
async def test_the_reminder(servers: list[Server], tmp_path: Path) -> None:
    """It reminds although it was killed meanwhile, and once. SIGTERM ends it in order."""
    people = await asyncio.to_thread(People, servers[0], servers[-1], "eslatma")
    with example(people, tmp_path, "examples/reminder_bot.py") as process:
        await people.offered("remind")
        await people.say("/remind soon choy")
        async with V1(people.here.ws, people.token) as ali:
            await people.say("/remind 0.05 choy")
            assert (await ali.until("reply", text="I will remind you in 0.05 min."))["conversation"] == people.room
        process.kill()
        process.wait(PATIENCE)
    with example(people, tmp_path, "examples/reminder_bot.py") as process:
        reminded = await people.until("@ali-eslatma choy")
        assert reminded["sender"] == people.bot
    assert process.returncode == 0 or sys.platform == "win32"
    assert [one["text"] for one in await people.messages() if "choy" in one["text"]] == ["@ali-eslatma choy"]


@ONE_NODE
async def test_the_poll(servers: list[Server], tmp_path: Path) -> None:
    """Votes are counted in the message, a second vote replaces the first, and the end takes the buttons away."""
    people = await asyncio.to_thread(People, servers[0], servers[-1], "sorov")
    with example(people, tmp_path, "examples/poll_bot.py"):
        await people.offered("poll")
        await people.say("/poll Qayerda? | Osh | Somsa")
        asked = await people.until("Somsa: 0")
        assert [[one["label"] for one in row] for row in asked["actions"]] == [["Osh"], ["Somsa"], ["Close"]]
        for vote, shown in (("vote:1", "Osh: 0\nSomsa: 1"), ("vote:0", "Osh: 1\nSomsa: 0")):
            await people.press(asked["seq"], vote)
            await people.until(f"Qayerda?\n{shown}")
        await people.press(asked["seq"], "close")
        closed = await people.until("(closed)")
        assert closed["seq"] == asked["seq"] and "actions" not in closed


@ONE_NODE
async def test_the_build_server(servers: list[Server], tmp_path: Path) -> None:
    """Conversations that asked for it are told of builds, with a link."""
    people = await asyncio.to_thread(People, servers[0], servers[-1], "ci")
    port = free_port()
    command = ("-m", "uvicorn", "examples.ci_bot:app", "--port", str(port), "--log-level", "warning")
    with example(people, tmp_path, *command):
        await people.offered("ci")
        await people.say("/ci on")
        await people.until("Builds are announced here.")
        body = json.dumps({"project": "shop", "passed": False, "url": "https://ci.example.org/7"}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/builds", body, {"Content-Type": "application/json"})
        answer = await asyncio.to_thread(urllib.request.urlopen, request, timeout=PATIENCE)
        assert answer.status == 202
        answer.close()
        told = await people.until("❌ shop")
        assert told["actions"] == [[{"label": "Open", "url": "https://ci.example.org/7"}]]
