"""What bots with a webhook are told, and what they may answer, on a node in this process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from suhbat.chat.model import Actor, NoAnswer
from suhbat.config import Settings
from suhbat.errors import SuhbatError, Unauthenticated
from suhbat.http.telegram import webhooks as webhook_methods
from suhbat.http.telegram.call import Call
from suhbat.http.telegram.methods import METHODS
from suhbat.http.telegram.webhook_bots import WebhookBots
from suhbat.identity.user_directory import Login
from suhbat.programs.hooks.delivering import ReceiverAnswer
from suhbat.programs.telegram.errors import CHAT_NOT_FOUND, TelegramError
from suhbat.programs.telegram.kinds import ALL_KINDS
from suhbat.programs.telegram.parameters import Parameters
from suhbat.runtime.app import ServerApp
from suhbat.services import Services

FORM = "multipart/form-data; boundary=x"


@dataclass
class Place:
    """A bot and its owner in a direct, and somebody else."""

    services: Services
    owner: Actor
    other: Actor
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

    async def call(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        """The result of a call of the bot."""
        return await METHODS[method](Call(self.services, Login(self.bot, session), Parameters(parameters)))

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
        other = (await node.external_accounts.of_sender("vali")).actor
        found = Place(services, owner, other, bot, WebhookBots(lambda: services))
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


async def test_an_answer_that_cannot_be_carried_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever fails, the bot has its update: it would come again and again. The log says it, without what was sent."""
    async with place_at(tmp_path / "data") as place:

        async def fail(call: Call) -> None:
            raise RuntimeError("kutilmagan")

        monkeypatch.setitem(METHODS, "sendMessage", fail)
        with capture_logs() as logged:
            await place.answer(1, text="sirli gap")
        (line,) = [one for one in logged if one["log_level"] == "error"]
        assert line["method"] == "sendMessage" and "sirli gap" not in repr(line)
        button = {"text": "a", "url": "javascript:sirli-manzil"}
        monkeypatch.undo()
        with capture_logs() as logged:
            await place.answer(2, text="a", reply_markup={"inline_keyboard": [[button]]})
        assert [one["method"] for one in logged] == ["sendMessage"] and "sirli" not in repr(logged)


async def test_what_waits_is_counted_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often a bot asks, no more of it is numbered and kept than is counted."""
    monkeypatch.setattr(webhook_methods, "COUNTED", 4)
    async with place_at(tmp_path / "data") as place:
        await place.services.telegram.webhooks.put(place.bot, "https://bot.example.org/", "", None)
        place.services.bans.put(place.bot.uid, None, on=True)  # it is sent nothing
        for n in range(8):
            await place.say(f"{n}")
        counts = [(await place.call("getWebhookInfo"))["pending_update_count"] for _ in range(4)]
        assert counts == [4] * 4
        await place.services.store.confirm_updates(place.bot.uid, 4)
        assert (await place.call("getWebhookInfo"))["pending_update_count"] == 4


async def test_a_new_token_ends_the_webhook(tmp_path: Path) -> None:
    """Whoever had the old token may have set it, and what it answers is carried out. A call that was checked a moment before
    sets none."""
    async with place_at(tmp_path / "data") as place:
        account = place.services.people.accounts.of_uid(place.bot.uid)
        assert account is not None
        (session,) = await place.services.people.sessions.of_user(place.bot.uid)
        assert await place.call("setWebhook", session.id, url="https://evil.example.org/")
        await place.services.bots.rotate(account)
        assert (await place.call("getWebhookInfo"))["url"] == ""
        with pytest.raises(Unauthenticated):
            await place.call("setWebhook", session.id, url="https://evil.example.org/")
        assert await place.services.telegram.webhooks.of(place.bot) is None


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("getChat", {}),
        ("getChatMember", {"user_id": 1}),
        ("sendChatAction", {"action": "typing"}),
        ("editMessageText", {"message_id": 1, "text": "a"}),
        ("editMessageCaption", {"message_id": 1, "caption": "a"}),
        ("editMessageReplyMarkup", {"message_id": 1}),
        ("deleteMessage", {"message_id": 1}),
        ("sendMessage", {"text": "a", "reply_to_message_id": 5}),
        ("sendMessage", {"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "a"}]]}}),
        ("sendMessage", {"text": "a", "message_thread_id": "x"}),
        ("sendMessage", {"text": "a", "reply_parameters": "x"}),
        ("sendMessage", {"text": ""}),
    ],
)
async def test_what_opens_no_direct(tmp_path: Path, method: str, parameters: dict[str, Any]) -> None:
    """With the number of a user to whom the bot has not spoken, whatever only asks or is refused leaves no direct behind. Where
    there is one, it is found, also after a restart."""
    async with place_at(tmp_path / "data") as place:
        services, chat = place.services, await place.services.telegram.chats.number(place.other.uid)
        with pytest.raises((TelegramError, SuhbatError)) as refused:
            await place.call(method, chat_id=chat, **parameters)
        if method != "sendMessage":
            assert isinstance(refused.value, TelegramError) and refused.value.description.endswith(CHAT_NOT_FOUND)
        assert await services.store.direct_of(place.bot.uid, place.other.uid) is None
        services.telegram.chats._directs.clear()  # as after a restart
        assert (await place.call("getChat", chat_id=place.chat))["id"] == place.chat


@pytest.mark.parametrize(
    ("status", "reason", "told"),
    [
        (0, "refused", "Connection refused"),
        (0, "timeout", "Connection timed out"),
        (0, "tls", "SSL error"),
        (0, "broken", "Connection failed"),
        (0, None, "Connection failed"),
        (502, None, "Wrong response from the webhook: 502 Bad Gateway"),
        (599, None, "Wrong response from the webhook: 599"),
    ],
)
def test_what_is_told_of_an_attempt_that_failed(status: int, reason: NoAnswer | None, told: str) -> None:
    """`last_error_message` has the words of Telegram, and what is not known is a failed connection."""
    assert webhook_methods._told(status, reason) == told
