"""Webhooks of bots on real servers, with receivers on loopback that check the secret."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from copy import copy
from pathlib import Path
from typing import Any

import pytest

from tests.programs.hooks.receiver import Receiver, listening
from tests.servers import PATIENCE, Server

from .test_pushes import LOOPBACK, nodes
from .test_telegram import Bot

SETTINGS = LOOPBACK | {"bots": "everyone", "address_rate": "0"}
DONE = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
CONFLICT = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)


class BotReceiver(Receiver):
    """The program of a bot. `answers`: cleared, it answers nothing; `answer` is what it answers."""

    def __init__(self) -> None:
        super().__init__()
        self.secret = "siru-Asror_1"
        self.answer = DONE

    def checked(self, body: bytes, headers: dict[str, str]) -> Any:
        assert headers["x-telegram-bot-api-secret-token"] == self.secret
        assert headers["content-type"] == "application/json"
        return json.loads(body)

    @property
    def texts(self) -> list[tuple[int, str]]:
        return [(event["update_id"], event["message"]["text"]) for event in self.events]

    def says(self, content_type: str, body: str) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {len(body.encode())}\r\n\r\n"
        self.answer = (head + body).encode()


async def until(bot: Bot, *texts: str) -> None:
    """Wait until these are the texts of the direct."""
    async with asyncio.timeout(PATIENCE):
        while (found := [one["text"] for one in await asyncio.to_thread(bot.history)]) != list(texts):
            assert len(found) <= len(texts), found
            await asyncio.sleep(0.05)


async def test_from_the_message_to_the_answer_and_over_kill_9(tmp_path: Path) -> None:
    """Updates come with the secret and in order; a method in the answer is carried out; a bot with a webhook cannot ask, and
    a poll that waits ends. After kill -9 the update that was on its way comes again under its number, and nothing else does."""
    async with AsyncExitStack() as stack:
        server = Server("suhbat", tmp_path / "data", settings={f"SUHBAT_{k.upper()}": v for k, v in SETTINGS.items()})
        await asyncio.to_thread(server.start)
        stack.callback(lambda: server.process is not None and server.process.poll() is None and server.stop())
        told = await stack.enter_async_context(listening(BotReceiver()))
        bot = await asyncio.to_thread(Bot, server, "kuy")

        async def call(method: str, **parameters: Any) -> Any:
            return await asyncio.to_thread(lambda: bot.call(method, **parameters))

        async def say(text: str) -> int:
            return await asyncio.to_thread(bot.say, text)

        def refused(method: str, **parameters: Any) -> tuple[int, str]:
            return bot.refused(method, **parameters)

        polling = asyncio.create_task(asyncio.to_thread(refused, "getUpdates", timeout=50))
        await call("getMe")
        for wrong in ("http://example.org/", "https://10.0.0.1/", "nothing"):
            if wrong != "http://example.org/":  # with outgoing_allow a name is looked up when it is used
                assert (await asyncio.to_thread(refused, "setWebhook", url=wrong))[0] == 400
        for name in ("certificate", "ip_address"):
            status, reason = await asyncio.to_thread(
                lambda n=name: refused("setWebhook", url=told.url, **{n: "1.2.3.4"})
            )
            assert status == 400 and reason.startswith("Bad Request: bad webhook: this server takes no")
        async with asyncio.timeout(PATIENCE):
            while not polling.done():  # the poll may begin later than this
                assert await call("setWebhook", url=told.url, secret_token=told.secret, max_connections=40)
                await asyncio.wait([polling], timeout=3)
        assert polling.result() in ((409, "Conflict: terminated by setWebhook request"), (409, CONFLICT))
        await say("bir")
        await told.arrived(1)
        chat = told.events[0]["message"]["chat"]["id"]
        assert told.texts == [(1, "bir")]
        assert await asyncio.to_thread(refused, "getUpdates") == (409, CONFLICT)

        method = {"method": "sendMessage", "chat_id": chat, "text": "<b>javob</b> 1", "parse_mode": "HTML"}
        told.says("application/json", json.dumps(method))
        await say("ikki")
        await until(bot, "bir", "ikki", "**javob** 1")
        parts = {"method": "SendMessage", "chat_id": f"{chat}", "text": "javob 2"}
        form = "".join(f'--x\r\ncontent-disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in parts.items())
        told.says("multipart/form-data; boundary=x", form + "--x--\r\n")
        await say("uch")
        await until(bot, "bir", "ikki", "**javob** 1", "uch", "javob 2")

        told.answer = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"
        await say("toʻrt")
        await told.arrived(5)  # tried twice
        info = await call("getWebhookInfo")
        assert info["last_error_message"] == "Wrong response from the webhook: 502 Bad Gateway"
        assert (info["url"], info["pending_update_count"]) == (told.url, 1)
        told.answers.clear()
        told.answer = DONE
        seen = told.asked
        await told.asked_for(seen + 1)
        await asyncio.to_thread(server.kill)
        told.answers.set()
        await told.arrived(seen + 1)
        again = len(told.events)
        await asyncio.to_thread(server.start)
        await say("besh")
        await told.arrived(again + 2)
        assert told.texts[:3] == [(1, "bir"), (2, "ikki"), (3, "uch")]
        assert set(told.texts[3:again]) == {(4, "toʻrt")} and told.texts[again:] == [(4, "toʻrt"), (5, "besh")]
        await until(bot, "bir", "ikki", "**javob** 1", "uch", "javob 2", "toʻrt", "besh")

        assert await call("deleteWebhook")
        assert (await call("getWebhookInfo"))["url"] == ""
        await say("olti")
        assert [one["message"]["text"] for one in await call("getUpdates", timeout=50)] == ["olti"]
        assert await call("setWebhook", url=told.url, secret_token=told.secret, drop_pending_updates=True)
        await say("yetti")
        await told.arrived(again + 3)
        assert told.texts[-1][1] == "yetti"
        assert bot.token not in server.printed() and told.secret not in server.printed()


@pytest.mark.timeout(300)
async def test_the_node_that_delivers_dies(tmp_path: Path) -> None:
    """Two nodes send each update once, in order, whichever stored it. What a node was sending when it was killed is sent by the
    other one, under the same number."""
    async with AsyncExitStack() as stack:
        one, other = await nodes(tmp_path / "data", stack, **SETTINGS)
        told = await stack.enter_async_context(listening(BotReceiver()))
        here = await asyncio.to_thread(Bot, one, "kuy")
        there = copy(here)
        there.server = other
        assert await asyncio.to_thread(lambda: there.call("setWebhook", url=told.url, secret_token=told.secret))
        for n in range(10):
            await asyncio.to_thread((here, there)[n % 2].say, f"{n}")
        await told.arrived(10)
        assert told.texts == [(n + 1, f"{n}") for n in range(10)]
        assert (await asyncio.to_thread(here.refused, "getUpdates"))[0] == 409
        told.answers.clear()
        await asyncio.to_thread(here.say, "osildi")
        await told.asked_for(11)
        one.kill()
        told.answers.set()
        await asyncio.to_thread(there.say, "oxirgi")
        async with asyncio.timeout(PATIENCE):
            while told.texts[-1][1] != "oxirgi":
                await told.arrived(len(told.events) + 1)
        after = told.texts[10:]
        assert list(dict.fromkeys(after)) == [(11, "osildi"), (12, "oxirgi")] and sorted(after) == after
