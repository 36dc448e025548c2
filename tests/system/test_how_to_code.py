"""The Python code of the how-tos about programs runs as it is printed there, but for addresses and tokens."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from standardwebhooks import Webhook
from starlette.testclient import TestClient

import suhbat
from suhbat.testing import TestServer, serving, settings
from tests.servers import PATIENCE, ROOT, Server, running

from .test_python_bots import SETTINGS, People

HOW_TO = ROOT / "docs" / "how-to"


def code(page: str, language: str = "python") -> list[str]:
    """The blocks of code of a how-to in one language."""
    text = (HOW_TO / f"{page}.md").read_text(encoding="utf-8")
    return blocks(text, language)


def blocks(text: str, language: str = "python") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def run(block: str, **names: Any) -> dict[str, Any]:
    """Execute a block; its names."""
    exec(compile(block, "how-to", "exec"), names)
    return names


async def run_async(block: str, **names: Any) -> dict[str, Any]:
    """The same for a block of a coroutine."""
    await run(f"async def block():\n{textwrap.indent(block, '    ')}    return locals()\n", **names)["block"]()
    return names


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    extra = {name.removeprefix("SUHBAT_").lower(): value for name, value in SETTINGS.items()}
    with running("suhbat", tmp_path_factory.mktemp("how-to") / "data", mcp="on", **extra) as server:
        yield server


async def started(script: str, server: Server, people: People, place: Path) -> asyncio.subprocess.Process:
    """The bot of a document, running as its reader would run it."""
    (place / "bot.py").write_text(script.replace("http://localhost:8000", server.url), encoding="utf-8")
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "bot.py",
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT), "BOT": people.bot_token, "PYTHONUTF8": "1"},
    )


async def test_the_bot(server: Server, tmp_path: Path) -> None:
    """It tells its commands, answers one with buttons, a press in private, and a greeting in a direct."""
    (script,) = code("bots")
    people = await asyncio.to_thread(People, server, server, "how-to")
    process = await started(script, server, people, tmp_path)
    try:
        await people.offered("tea")
        await people.say("/tea 3")
        question = await people.until("Tea for 3?")
        assert [[button["id"] for button in row] for row in question["actions"]] == [["yes", "no"]]
        await people.press(question["seq"], "yes")
        direct = await asyncio.to_thread(people.ask, "POST", "/directs", {"users": [people.bot]})
        people.room = direct["conversation"]
        await people.say("Salom")
        await people.until("Salom, ali-how-to!")
    finally:
        process.terminate()
        await process.wait()


async def test_the_bot_of_the_readme(server: Server, tmp_path: Path) -> None:
    """It greets whoever gives its command."""
    (script,) = (block for block in blocks((ROOT / "README.md").read_text(encoding="utf-8")) if "bot.run()" in block)
    people = await asyncio.to_thread(People, server, server, "readme")
    process = await started(script, server, people, tmp_path)
    try:
        await people.offered("salom")
        await people.say("/salom")
        await people.until("Salom, ali-readme!")
    finally:
        process.terminate()
        await process.wait()


def test_the_receiver_of_a_webhook() -> None:
    """What is signed is answered, and everything else raises, which is an error for the sender."""
    (block,) = code("webhooks")
    names = run(block)
    secret = re.search(r"whsec_\w+", block)
    assert secret is not None
    client = TestClient(names["app"], raise_server_exceptions=False)
    created = [{"type": "message.created", "data": {"message": {"text": text}}} for text in ("kurs", "salom")]
    test = {"type": "test", "data": {"hook": "k1", "name": "Ombor"}}
    answers = ({"text": "1 USD = 12 650 soʻm"}, None, None)
    for event, answer in zip((*created, test), answers, strict=True):
        body = json.dumps(event)
        now = datetime.now(tz=UTC)
        signature = Webhook(secret[0]).sign("msg_1", now, body)
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }
        told = client.post("/suhbat", content=body, headers=headers)
        assert (told.status_code, told.json()) == (200, answer)
        assert client.post("/suhbat", content=body + " ", headers=headers).status_code == 500


async def test_an_answer_that_grows(server: Server) -> None:
    """The pieces become one message, which is a reply to the question; over HTTP as the commands with curl show it."""
    block, _ = code("streaming")
    people = await asyncio.to_thread(People, server, server, "streaming")
    asked = await people.say("Osh qanday pishiriladi?", room="lobby")
    question = SimpleNamespace(seq=asked["seq"], text="Osh qanday pishiriladi?")

    async def model(text: str) -> AsyncIterator[str]:
        for piece in ("Guruchni ", "yuving."):
            yield piece

    at_home = block.replace("https://chat.example.org", server.url)
    await run_async(at_home, TOKEN=people.token, question=question, model=model)
    people.room = "lobby"
    answer = await people.until("Guruchni yuving.")
    assert answer["reply_to"] == asked["seq"]


async def test_the_bot_whose_answers_grow(server: Server, tmp_path: Path) -> None:
    """Whoever writes to it directly gets an answer that grows, as a reply to the question; it is whole in the end."""
    _, script = code("streaming")
    people = await asyncio.to_thread(People, server, server, "growing")
    process = await started(script, server, people, tmp_path)
    try:
        direct = await asyncio.to_thread(people.ask, "POST", "/directs", {"users": [people.bot]})
        people.room = direct["conversation"]
        asked: list[int] = []
        async with asyncio.timeout(PATIENCE):
            while not (found := [one for one in await people.messages() if "You asked: Why? " in one["text"]]):
                asked.append((await people.say("Why?"))["seq"])  # what is said before it is there it does not get
                await asyncio.sleep(0.5)
            assert found[0]["streaming"] and found[0]["reply_to"] in asked
            while (whole := await people.until("this is a long answer.")).get("streaming"):
                await asyncio.sleep(0.05)
        assert whole["seq"] == found[0]["seq"] and not whole.get("cut")
    finally:
        process.terminate()
        await process.wait()


async def test_a_language_model(server: Server, tmp_path: Path) -> None:
    """The program for the official package is whole: started as the page says, it lists the tools and calls one."""
    (script,) = code("mcp")
    people = await asyncio.to_thread(People, server, server, "mcp")
    await people.say("Ertaga kelasanmi?")
    (tmp_path / "unread.py").write_text(script.replace("https://chat.example.org", server.url), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "unread.py",
        cwd=tmp_path,
        env={**os.environ, "SUHBAT_TOKEN": people.bot_token, "PYTHONUTF8": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        printed, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert "unread_messages" in printed.decode() and "> Ertaga kelasanmi?" in printed.decode()


class TestInYourApp:
    """The blocks of in-your-app.md, in their order."""

    @contextmanager
    def served(self, app: FastAPI) -> Iterator[TestServer]:
        with serving(app, "/chat") as server:
            yield server

    @pytest.fixture(autouse=True)
    def with_settings(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What `mount` finds where the how-to passes nothing."""
        mount = suhbat.mount
        monkeypatch.setattr(
            suhbat, "mount", lambda *given, **named: mount(*given, settings=settings(tmp_path), **named)
        )

    def test_users_of_the_application(self) -> None:
        """They are known by the session of the application, and strangers are not."""

        def your_session(cookie: str) -> SimpleNamespace | None:
            return SimpleNamespace(id=7, name="ali") if cookie == "session=7" else None

        names = run(code("in-your-app")[0], your_session=your_session)
        with self.served(names["app"]) as server:
            assert server.known(Cookie="session=7").name == "ali"
            status = httpx2.get(f"{server.chat_url}/api/v1/me", headers={"Cookie": "session=8"}).status_code
            assert status == 401

    def test_routes_and_their_tests(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """The routes of "Send from your own routes", under the tests of "Test your app"."""
        _, routes, tests, _ = code("in-your-app")

        def make_app(given: Any) -> FastAPI:
            app = FastAPI()
            run(routes, suhbat=suhbat, app=app)
            return app

        monkeypatch.setitem(sys.modules, "your_app", SimpleNamespace(make_app=make_app))
        names = run(tests)
        with self.served(make_app(None)) as server:
            names["test_a_question_is_answered"](server)
            vali = server.person("vali")
            assert httpx2.post(f"{server.url}/orders", params={"item": "choy"}).status_code == 200
            assert vali.waits_for("New order: choy")

    def test_tokens_of_another_service(self) -> None:
        """The application is made; nobody is asked for keys before a token comes."""
        app = FastAPI()
        run(code("in-your-app")[3], suhbat=suhbat, app=app)
        assert any(getattr(route, "path", "") == "/chat" for route in app.routes)


def test_nothing_is_left_out() -> None:
    """Each how-to about programs has as many blocks of Python as are run here; those of Telegram are lines of the bots that
    tests/programs/telegram runs."""
    pages = ("bots", "webhooks", "streaming", "mcp", "in-your-app", "telegram-bots")
    assert [len(code(page)) for page in pages] == [1, 1, 2, 1, 4, 4]
