"""Ordinary bots of three libraries for Telegram, with only the address of the server changed, on a real server."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.servers import PATIENCE, ROOT, Server, free_port, running
from tests.talk import V1, Frame
from tests.uploading import FileClient, account

from .environments import LIBRARIES, python_with

BOTS = Path(__file__).parent / "bots"
GUIDE = ROOT / "docs" / "how-to" / "telegram-bots.md"


@dataclass
class Talk:
    """The direct of a person with a bot."""

    server: Server
    token: str
    conversation: str
    bot: str

    def request(self, method: str, path: str, body: object = None) -> Any:
        status, answer = self.server.request(method, f"/api/v1{path}", body, token=self.token)
        assert status < 300, answer
        return answer

    def messages(self) -> list[Any]:
        found: list[Any] = self.request("GET", f"/conversations/{self.conversation}/messages")["messages"]
        return found

    def say(self, text: str, files: tuple[str, ...] = ()) -> None:
        self.request("POST", f"/conversations/{self.conversation}/messages", {"text": text, "files": list(files)})

    def answer(self, what: Callable[[Any], bool]) -> Any:
        """Wait for a message of the bot."""
        until = time.monotonic() + PATIENCE
        while not (found := [one for one in self.messages() if one["sender"] == self.bot and what(one)]):
            assert time.monotonic() < until, self.messages()
            time.sleep(0.05)
        return found[-1]

    async def press(self, seq: int, id: str) -> Frame:
        """Press a button; the notice with which the bot answers."""
        async with V1(self.server.ws, self.token) as person:
            path = f"/conversations/{self.conversation}/messages/{seq}/actions/{id}"
            await asyncio.to_thread(self.request, "POST", path)
            return await person.until("reply")

    def transcript(self) -> str:
        """The conversation, a line for a message."""
        lines = []
        for one in self.messages():
            parts = [one["text"], *(f"({file['name']})" for file in one.get("files", ()))]
            parts += [f"[{button['label']}]" for row in one.get("actions", ()) for button in row]
            lines.append(f"{one['sender']}: {' '.join(filter(None, parts))}\n")
        return "".join(lines)


@contextmanager
def bot(name: str, script: str, server: Server, token: str, output: Path, **environment: str) -> Iterator[None]:
    """A bot in the virtual environment of its library."""
    environment = os.environ | {"TOKEN": token, "BASE": server.url, "PYTHONUNBUFFERED": "1"} | environment
    with output.open("wb") as written:
        process = subprocess.Popen(
            [python_with(name), BOTS / script], env=environment, stdout=written, stderr=subprocess.STDOUT
        )
        try:
            yield
            assert process.poll() is None, output.read_text(encoding="utf-8")
        finally:
            process.kill()
            process.wait(PATIENCE)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("telegram") / "data"
    with running("suhbat", place, bots="everyone", outgoing_allow="127.0.0.0/8") as server:
        yield server


@pytest.mark.parametrize("name", LIBRARIES)
def test_an_unchanged_bot(name: str, server: Server, tmp_path: Path) -> None:
    """A bot answers a command with marked text and buttons, a text with the same text, and a press with an edit; it sends a
    photo with a caption, and gets the bytes of one. This is the conversation that the documentation shows."""
    python_with(name)
    token = account(server, f"ali-{name}")
    status, made = server.request("POST", "/api/v1/bots", {"user_id": f"kuy-{name}"}, token=token)
    assert status == 201, made
    photo = tmp_path / "choy.png"
    Image.new("RGB", (640, 400), (200, 120, 40)).save(photo)
    with bot(name, f"{name}_bot.py", server, made["token"], tmp_path / "bot.log", PHOTO=str(photo)):
        status, direct = server.request("POST", "/api/v1/directs", {"users": [f"kuy-{name}"]}, token=token)
        talk = Talk(server, token, direct["conversation"], f"kuy-{name}")
        until = time.monotonic() + PATIENCE
        while not talk.request("GET", f"/bots/{talk.bot}/commands")[
            "commands"
        ]:  # before its first call it is a native bot
            assert time.monotonic() < until
            time.sleep(0.05)
        talk.say("/start")
        hello = talk.answer(lambda one: one["text"].startswith("Salom, "))
        talk.say("Oʻzbekiston **choyi** 2*3")
        talk.answer(lambda one: "choyi" in one["text"])
        talk.say("/photo")
        sent = talk.answer(lambda one: bool(one.get("files")))
        assert (sent["files"][0]["width"], sent["files"][0]["height"]) == (640, 400)
        file = FileClient(server.port, token).upload("choy.png", photo.read_bytes())
        talk.say("", (file["id"],))
        measured = talk.answer(lambda one: one["text"].endswith(" bayt"))
        assert measured["text"] == f"{file['size']} bayt" and measured["reply_to"]
        told = talk.transcript() + f"(ali-{name} presses Ha)\n"
        notice = asyncio.run(talk.press(hello["seq"], "yes"))
        told += f"(ali-{name} alone sees) {notice['user_id']}: {notice['text']}\n"
        chosen = talk.answer(lambda one: one["text"] == "Tanlandi: _yes_")
        assert chosen["seq"] == hello["seq"] and "actions" not in chosen
        told += f"(edited) {chosen['sender']}: {chosen['text']}\n"
    assert told.replace(f"-{name}", "").replace(f"{file['size']} bayt", "1893 bayt") == _shown(name)


@pytest.mark.parametrize("name", ["aiogram", "ptb"])
def test_a_bot_with_a_webhook(name: str, server: Server, tmp_path: Path) -> None:
    """It gets what is written to it at its own address, with its secret, and answers with calls; one of them within its answer
    (aiogram)."""
    python_with(name)
    token, user_id = account(server, f"vali-{name}"), f"ilgak-{name}"
    status, made = server.request("POST", "/api/v1/bots", {"user_id": user_id}, token=token)
    assert status == 201, made
    port = free_port()
    address = {"HOOK": f"http://127.0.0.1:{port}/bot", "PORT": str(port)}
    with bot(name, f"{name}_webhook_bot.py", server, made["token"], tmp_path / "bot.log", **address):
        status, direct = server.request("POST", "/api/v1/directs", {"users": [user_id]}, token=token)
        talk = Talk(server, token, direct["conversation"], user_id)
        until = time.monotonic() + PATIENCE
        while not server.request("GET", f"/bot{made['token']}/getWebhookInfo")[1]["result"]["url"]:
            assert time.monotonic() < until, (tmp_path / "bot.log").read_text(encoding="utf-8")
            time.sleep(0.05)
        talk.say("/start")
        talk.answer(lambda one: one["text"] == f"Salom, vali-{name}!")
        talk.say("choy")
        talk.answer(lambda one: one["text"] == "**choy**")
    assert len(talk.messages()) == 4


def _shown(name: str) -> str:
    """The conversation with the bot of a library in the documentation."""
    (block,) = re.findall(rf"<!-- seen: {name} -->\n```\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return str(block)


@pytest.mark.parametrize(("name", "number"), [*((name, 1) for name in LIBRARIES), ("aiogram_webhook", 2)])
def test_the_lines_of_the_guide(name: str, number: int) -> None:
    """The lines that the guide asks to change are those of a bot that runs here."""
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    source = (BOTS / f"{name}_bot.py").read_text(encoding="utf-8")
    assert sum(all(line.strip() in source for line in block.splitlines()) for block in blocks) == number
