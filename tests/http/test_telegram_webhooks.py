"""What bots with a webhook are told, and what they may answer, on a node in this process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from suhbat.chat.model import Actor
from suhbat.config import Settings
from suhbat.http.telegram.webhook_bots import WebhookBots
from suhbat.programs.hooks.delivering import ReceiverAnswer
from suhbat.programs.telegram.kinds import ALL_KINDS
from suhbat.runtime.app import ServerApp
from suhbat.services import Services

FORM = "multipart/form-data; boundary=x"


@dataclass
class Place:
    """A bot and its owner in a direct."""

    services: Services
    owner: Actor
    bot: Actor
    bots: WebhookBots
    chat: int = 0
    conversation: str = ""

    async def say(self, text: str) -> None:
        await self.services.messages.post(self.owner, text=text, to_user=self.bot.user_id)

    async def updates(self) -> list[str]:
        found = await self.bots.updates(self.bot.uid, ALL_KINDS, 50)
        return [one["message"]["text"] for one in found]

    async def answer(
        self, update_id: int, content_type: str = "application/json", body: bytes | None = None, **fields: Any
    ) -> None:
        sent = {"method": "sendMessage", "chat_id": self.chat, **fields}
        given = json.dumps(sent).encode() if body is None else body
        await self.bots.carry_out(self.bot.uid, update_id, ReceiverAnswer(200, 0, given, content_type))

    async def texts(self) -> list[str]:
        page = await self.services.store.history(self.owner, self.conversation)
        return [one.text for one in page.messages if one.sender == self.bot.user_id]


@asynccontextmanager
async def place_at(data: Path, **settings: Any) -> AsyncIterator[Place]:
    app = ServerApp(Settings(data=data, bots="everyone", **settings), quiet=True)
    node = app.node
    async with node.running():
        services = node.services
        owner = (await node.external_accounts.of_sender("ali")).actor
        bot = (await services.bots.create(owner, "kuy", None))[0].actor
        found = Place(services, owner, bot, WebhookBots(lambda: services))
        await services.people.accounts.change(bot.uid, bot_api="telegram")
        hook_url = "https://bot.example.org/"
        await services.telegram.webhooks.put(bot, hook_url, "", None)
        await services.store.end_webhook(bot.uid)  # nothing is sent in these tests
        await found.say("salom")
        (update,) = await found.bots.updates(bot.uid, ALL_KINDS, 50)
        found.chat = update["message"]["chat"]["id"]
        found.conversation = services.telegram.chats.direct(bot, owner.uid) or ""
        yield found


async def test_an_answer_is_carried_out_once(tmp_path: Path) -> None:
    """A message is sent once for an update, however often the update is sent; in every form of a call. Methods that only ask,
    that change the webhook, that do not exist or are wrong do nothing, and so do other answers."""
    async with place_at(tmp_path / "data") as place:
        for _ in range(2):
            await place.answer(1, text="bir")
        await place.answer(2, text="ikki")
        form = "".join(
            f'--x\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in {"method": "SENDMESSAGE", "chat_id": place.chat, "text": "uch"}.items()
        )
        await place.answer(3, FORM, f"{form}--x--\r\n".encode())
        query = f"method=sendMessage&chat_id={place.chat}&text=besh"
        await place.answer(4, "application/x-www-form-urlencoded", query.encode())
        expected = ["bir", "ikki", "uch", "besh"]
        assert await place.texts() == expected
        file = '--x\r\ncontent-disposition: form-data; name="photo"; filename="a.png"\r\n\r\n1\r\n--x--\r\n'
        for number, (content_type, body) in enumerate(
            [
                (FORM, form.encode() + file.encode()), (FORM, b"--x"), ("multipart/form-data", b"a"),
                ("application/json", b"[1]"), ("application/json", b"ok"), ("application/json", b"{}"),
                ("text/plain", b"ok"), ("", b"\xff"), ("application/json", b'{"method": 5}'),
                ("application/json", b"[" * 60_000),
            ],
            start=10,
        ):  # fmt: skip
            await place.answer(number, content_type, body)
        for number, method in enumerate(("getUpdates", "getMe", "setWebhook", "deleteWebhook", "none", ""), start=30):
            await place.answer(number, method=method, url="https://evil.example.org/", text="x")
        await place.answer(50, chat_id=-1, text="x")
        await place.answer(51, text="")
        assert await place.texts() == expected
        assert await place.services.telegram.webhooks.of(place.bot) is None


async def test_an_answer_has_the_rate_of_the_bot(tmp_path: Path) -> None:
    """What is faster is left out."""
    async with place_at(tmp_path / "data", send_rate=2) as place:
        for number in range(1, 40):
            await place.answer(number, text=f"{number}")
        assert 1 <= len(await place.texts()) < 20


@pytest.mark.parametrize("who", ["bot", "owner"])
async def test_who_is_disabled_or_banned(tmp_path: Path, who: str) -> None:
    """A bot whose owner is disabled or banned, or which is itself, is told nothing and says nothing. Afterwards it gets what
    waited."""
    async with place_at(tmp_path / "data") as place:
        uid = place.bot.uid if who == "bot" else place.owner.uid
        assert await place.updates() == ["salom"]
        await place.services.people.accounts.change(uid, disabled=True)
        assert await place.updates() == []
        await place.answer(1, text="x")
        await place.services.people.accounts.change(uid, disabled=False)
        place.services.bans.put(uid, None, on=True)
        assert await place.updates() == []
        await place.answer(2, text="x")
        place.services.bans.put(uid, None, on=False)
        assert await place.updates() == ["salom"]
        assert await place.texts() == []
