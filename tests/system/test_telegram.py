"""Telegram's Bot API on a real server: calls in every form, updates over restarts, two pollers, files, refusals, secrets."""

from __future__ import annotations

import asyncio
import http.client
import http.server
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from suhbat.http.telegram.fetching import LIMITS
from suhbat.http.telegram.methods import METHODS
from tests.files.samples import png
from tests.servers import PATIENCE, Server, running
from tests.talk import V1
from tests.uploading import FileClient, account


class Bot:
    """A bot and its owner, Ali, in a direct."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.owner = account(server, f"ali-{name}")
        status, made = server.request("POST", "/api/v1/bots", {"user_id": name}, token=self.owner)
        assert status == 201, made
        self.token: str = made["token"]
        status, direct = server.request("POST", "/api/v1/directs", {"users": [name]}, token=self.owner)
        self.direct: str = direct["conversation"]

    def ask(
        self, method: str, body: bytes | None = None, kind: str = "", query: dict[str, Any] | None = None
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        try:
            path = f"/bot{self.token}/{method}" + (f"?{urlencode(query)}" if query else "")
            connection.request("GET" if body is None else "POST", path, body, {"content-type": kind} if kind else {})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def call(self, method: str, **parameters: Any) -> Any:
        """The result of a call in JSON, which must succeed."""
        status, answer = self.ask(method, json.dumps(parameters).encode(), "application/json")
        assert (status, answer["ok"]) == (200, True), answer
        return answer["result"]

    def refused(self, method: str, **parameters: Any) -> tuple[int, str]:
        status, answer = self.ask(method, json.dumps(parameters).encode(), "application/json")
        assert set(answer) <= {"ok", "error_code", "description", "parameters"} and answer["ok"] is False, answer
        assert answer["error_code"] == status
        return status, answer["description"]

    def say(self, text: str, conversation: str = "", **fields: Any) -> int:
        """A message of the owner; its `seq`."""
        place = f"/api/v1/conversations/{conversation or self.direct}/messages"
        status, sent = self.server.request("POST", place, {"text": text, **fields}, token=self.owner)
        assert status == 201, sent
        seq: int = sent["seq"]
        return seq

    def texts(self, offset: int = 0, timeout: int = 0) -> list[tuple[int, str]]:
        updates = self.call("getUpdates", offset=offset, timeout=timeout)
        return [(one["update_id"], one["message"]["text"]) for one in updates]

    def history(self) -> list[Any]:
        path = f"/api/v1/conversations/{self.direct}/messages"
        found: list[Any] = self.server.request("GET", path, token=self.owner)[1]["messages"]
        return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("telegram") / "data"
    with running("suhbat", place, bots="everyone", send_rate="0", address_rate="0") as server:
        yield server


@pytest.fixture(scope="module")
def bot(server: Server) -> Bot:
    return Bot(server, "kuy")


def chat_of(bot: Bot) -> int:
    """The number of the direct, which is that of the owner."""
    bot.say("salom")
    updates = bot.call("getUpdates")
    bot.call("getUpdates", offset=updates[-1]["update_id"] + 1)
    chat = updates[-1]["message"]["chat"]
    assert chat["type"] == "private" and 0 < chat["id"] < 2**52
    number: int = chat["id"]
    return number


def test_a_wrong_token(server: Server, bot: Bot) -> None:
    """It is 401 in Telegram's form, whatever the method; so are the tokens of people. A path without a token is not found."""
    expected = {"ok": False, "error_code": 401, "description": "Unauthorized"}
    wrong = f"{bot.token[:-1]}{'a' if bot.token[-1] != 'a' else 'b'}"
    for token in (wrong, "1:x", bot.owner, f"5:{bot.owner}"):
        for method in ("getMe", "getUpdates", "none"):
            status, answer = server.request("GET", f"/bot{token}/{method}")
            assert status == 401 if ":" in token else status in (401, 404)
            assert ":" not in token or answer == expected
    assert server.request("GET", f"/file/bot{wrong}/f1/a.png") == (401, expected)
    assert bot.refused("none") == (404, "Not Found")


def test_every_form_of_a_call(bot: Bot) -> None:
    """Parameters come as a query, as JSON, as either kind of form, and mixed; names of methods in any case."""
    chat = chat_of(bot)
    fields = {"chat_id": chat, "text": "<b>bir</b>", "parse_mode": "HTML"}
    boundary = "x" * 20
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    form = ("".join(parts) + f"--{boundary}--").encode()
    results = [
        bot.ask("sendMessage", query=fields),
        bot.ask("sendmessage", json.dumps(fields).encode(), "application/json"),
        bot.ask("SENDMESSAGE", urlencode(fields).encode(), "application/x-www-form-urlencoded"),
        bot.ask("sendMessage", form, f"multipart/form-data; boundary={boundary}"),
        bot.ask("sendMessage", b'{"text": "<b>bir</b>"}', "application/json", {"chat_id": chat, "parse_mode": "HTML"}),
    ]
    for status, answer in results:
        assert status == 200, answer
        assert answer["result"]["text"] == "bir"
        assert answer["result"]["entities"] == [{"type": "bold", "offset": 0, "length": 3}]
    assert [one["text"] for one in bot.history()][-5:] == ["**bir**"] * 5


def test_replies_and_edits(bot: Bot) -> None:
    """A message quotes another one; its text is changed and its message deleted; what is not there is told."""
    chat = chat_of(bot)
    seq = bot.say("savol")
    sent = bot.call("sendMessage", chat_id=chat, text="javob", reply_parameters={"message_id": seq})
    assert sent["reply_to_message"]["text"] == "savol"
    assert bot.history()[-1]["reply_to"] == seq
    changed = bot.call(
        "editMessageText", chat_id=chat, message_id=sent["message_id"], text="_yangi_", parse_mode="MarkdownV2"
    )
    assert changed["text"] == "yangi" and "edit_date" in changed
    same = {"chat_id": chat, "message_id": sent["message_id"], "text": "_yangi_", "parse_mode": "MarkdownV2"}
    assert bot.refused("editMessageText", **same)[1].startswith("Bad Request: message is not modified")
    assert bot.refused("editMessageText", chat_id=chat, message_id=seq, text="a") == (
        400,
        "Bad Request: message can't be edited",
    )
    missing = "Bad Request: message to be replied not found"
    assert bot.refused("sendMessage", chat_id=chat, text="a", reply_to_message_id=99999) == (400, missing)
    assert bot.call(
        "sendMessage",
        chat_id=chat,
        text="a",
        reply_parameters={"message_id": 99999, "allow_sending_without_reply": True},
    )
    assert bot.call("deleteMessage", chat_id=chat, message_id=sent["message_id"]) is True
    assert bot.refused("deleteMessage", chat_id=chat, message_id=99999) == (
        400,
        "Bad Request: message to delete not found",
    )
    assert bot.refused("deleteMessage", chat_id=chat, message_id=seq)[0] == 403


def test_what_is_refused(bot: Bot) -> None:
    """Errors have the words on which bots rely."""
    chat = chat_of(bot)
    parse = "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\""
    for given, told in (
        ({"text": "a"}, "Bad Request: chat_id is empty"),
        ({"chat_id": 1, "text": "a"}, "Bad Request: chat not found"),
        ({"chat_id": -chat, "text": "a"}, "Bad Request: chat not found"),
        ({"chat_id": chat}, "Bad Request: message text is empty"),
        ({"chat_id": chat, "text": " \n"}, "Bad Request: message text is empty"),
        ({"chat_id": chat, "text": "a" * 4001}, "Bad Request: message is too long"),
        ({"chat_id": chat, "text": "<b>a", "parse_mode": "HTML"}, parse),
    ):
        assert bot.refused("sendMessage", **given) == (400, told)
    status, answer = bot.ask("sendMessage", b"x" * 70_000, "application/json")
    assert (status, answer) == (413, {"ok": False, "error_code": 413, "description": "Request Entity Too Large"})
    for body in (b"{", b"[]", b'{"chat_id": {}}', b"[" * 5000):
        assert bot.ask("sendMessage", body, "application/json")[0] == 400
    assert bot.ask("sendMessage", b"--x\r\n", "multipart/form-data; boundary=x")[0] == 400
    assert bot.ask("sendMessage", b"", "multipart/form-data")[0] == 400


def test_a_photo(bot: Bot, tmp_path: Path) -> None:
    """A file that comes with a call is uploaded and sent; its bytes are at `/file/bot…`; its id can be sent again. A call that
    fails leaves no file."""
    chat = chat_of(bot)
    data, boundary = png(size=(600, 400)), "y" * 24
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="'
    fields = {"chat_id": chat, "caption": "*a*", "parse_mode": "MarkdownV2"}
    rest = "".join(f'\r\n{head}{name}"\r\n\r\n{value}' for name, value in fields.items()) + f"\r\n--{boundary}--\r\n"
    form = f'{head}photo"; filename="choy.png"\r\nContent-Type: image/png\r\n\r\n'.encode() + data + rest.encode()
    kind = f"multipart/form-data; boundary={boundary}"
    status, answer = bot.ask("sendPhoto", form, kind)
    assert status == 200, answer
    sent = answer["result"]
    assert sent["caption"] == "a" and [one["width"] for one in sent["photo"]] == [360, 600]
    for one in sent["photo"]:
        place = bot.call("getFile", file_id=one["file_id"])["file_path"]
        found = FileClient(bot.server.port, "").ask("GET", f"/file/bot{bot.token}/{place}")
        assert found.status == 200 and found.headers["content-type"].startswith("image/")
        assert len(found.body) == int(found.headers["content-length"])
    again = bot.call("sendDocument", chat_id=chat, document=sent["photo"][-1]["file_id"], caption="yana")
    assert again["photo"][-1]["file_id"] != sent["photo"][-1]["file_id"]
    assert bot.refused("sendPhoto", chat_id=chat, photo="fnone")[1].endswith("wrong file identifier/HTTP URL specified")
    assert bot.refused("sendPhoto", chat_id=chat)[1] == "Bad Request: there is no photo in the request"
    assert bot.refused("getFile", file_id="fnone")[0] == 400
    assert bot.ask("sendPhoto", form.replace(f"\r\n\r\n{chat}\r\n".encode(), b"\r\n\r\n1\r\n"), kind)[0] == 400


class _Elsewhere(http.server.BaseHTTPRequestHandler):
    """Another server: a picture, a redirect to it, one that is too large, and what does not exist."""

    picture = png(size=(600, 400))
    large = LIMITS.most + 1

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/rasmlar/choy%20va%20non.png?x=1")
            self.end_headers()
            return
        known = {"/rasmlar/choy%20va%20non.png?x=1": self.picture, "/empty": b"", "/large": bytes(self.large)}
        body = known.get(self.path)
        self.send_response(404 if body is None else 200)
        self.end_headers()
        with suppress(OSError):  # the one who asked may have enough
            self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_photo_by_its_address(bot: Bot, elsewhere: str, tmp_path: Path) -> None:
    """A file that a bot names by its address is fetched and sent, also after a redirect. Whatever fails over there
    has one answer; so has an address that is not public, unless the setting allows it. A call that fails leaves no file."""
    failed = 400, "Bad Request: failed to get HTTP URL content"
    assert bot.refused("sendPhoto", chat_id=chat_of(bot), photo=f"{elsewhere}/moved") == failed
    with running("suhbat", tmp_path / "data", bots="everyone", send_rate="0", outgoing_allow="127.0.0.0/8") as server:
        near = Bot(server, "kuy")
        chat = chat_of(near)
        for method, name in (("sendPhoto", "photo"), ("sendDocument", "document")):
            sent = near.call(method, chat_id=chat, caption="Choy", **{name: f"{elsewhere}/moved"})
            assert sent["caption"] == "Choy" and [one["width"] for one in sent["photo"]] == [360, 600]
        files = server.request("GET", f"/api/v1/conversations/{near.direct}/files", token=near.owner)[1]["files"]
        assert [one["file"]["name"] for one in files] == ["choy va non.png"] * 2
        for path in ("/nothing", "/empty", "/large", ""):
            assert near.refused("sendPhoto", chat_id=chat, photo=elsewhere + path) == failed
        for address in ("ftp://127.0.0.1/a", "http://127.0.0.1:1/a", "://", "https://[::1", "file:///etc/passwd"):
            assert near.refused("sendPhoto", chat_id=chat, photo=address) == failed
        assert near.refused("sendPhoto", chat_id=1, photo=f"{elsewhere}/moved")[0] == 400
        with sqlite3.connect(tmp_path / "data" / "suhbat.db") as database:
            assert database.execute("SELECT count(*) FROM files").fetchone() == (2,)


def test_updates_over_a_restart(tmp_path: Path) -> None:
    """What is not confirmed comes again after kill -9, with the same numbers; what was written meanwhile follows."""
    with running("suhbat", tmp_path / "data", bots="everyone") as server:
        bot = Bot(server, "kuy")
        bot.say("bir")
        bot.say("ikki")
        assert bot.texts() == [(1, "bir"), (2, "ikki")]
        assert bot.texts(2) == [(2, "ikki")]
        bot.say("uch")
        server.kill()
        server.start()
        assert bot.texts() == [(2, "ikki"), (3, "uch")]
        assert bot.texts(3) == [(3, "uch")]
        assert bot.call("getWebhookInfo") == {"url": "", "has_custom_certificate": False, "pending_update_count": 1}
        bot.say("toʻrt")
        assert bot.call("deleteWebhook", drop_pending_updates=True) is True
        assert bot.texts() == []
        assert bot.call("setWebhook", url="") is True


def test_a_long_poll(bot: Bot) -> None:
    """A poll waits until somebody writes. A second poll ends the first one with 409."""
    chat_of(bot)
    answers: list[tuple[int, Any]] = []

    def wait() -> None:
        answers.append(bot.ask("getUpdates", b'{"timeout": 50}', "application/json"))

    first, second = threading.Thread(target=wait), threading.Thread(target=wait)
    first.start()
    second.start()
    while len(answers) < 1:
        first.join(0.05)
    assert answers[0][0] == 409
    assert answers[0][1]["description"].startswith("Conflict: terminated by other getUpdates request")
    bot.say("uygʻon")
    first.join(PATIENCE)
    second.join(PATIENCE)
    assert [one["message"]["text"] for one in answers[1][1]["result"]] == ["uygʻon"]
    bot.call("getUpdates", offset=answers[1][1]["result"][-1]["update_id"] + 1)


def test_rooms_and_members(bot: Bot) -> None:
    """In a room the bot is told who comes, of edits, and who is what; it has a negative number and a title."""
    server = bot.server
    chat_of(bot)
    made = server.request("POST", "/api/v1/conversations", {"kind": "room", "title": "Choyxona"}, token=bot.owner)[1]
    room = made["conversation"]
    status, answer = server.request("PUT", f"/api/v1/conversations/{room}/members/kuy", {}, token=bot.owner)
    assert status < 300, answer
    seq = bot.say("/yordam@kuy savol", room)
    path = f"/api/v1/conversations/{room}/messages/{seq}"
    assert server.request("PATCH", path, {"text": "tahrir"}, token=bot.owner)[0] == 200
    updates = bot.call("getUpdates", timeout=50)
    messages = [one["message"] for one in updates if "text" in one.get("message", {})]
    assert messages[-1]["text"] == "tahrir" and "edit_date" in messages[-1]
    chat = messages[-1]["chat"]
    assert chat["type"] == "supergroup" and chat["title"] == "Choyxona" and -(2**52) < chat["id"] < 0
    assert any(one["edited_message"]["message_id"] == seq for one in updates if "edited_message" in one)
    bot.call("getUpdates", offset=updates[-1]["update_id"] + 1)
    assert bot.call("getChat", chat_id=chat["id"])["title"] == "Choyxona"
    me = bot.call("getMe")
    assert me["is_bot"] and bot.call("getChatMember", chat_id=chat["id"], user_id=me["id"])["status"] == "member"
    owner = messages[-1]["from"]["id"]
    assert bot.call("getChatMember", chat_id=chat["id"], user_id=owner)["status"] == "creator"
    assert bot.call("sendChatAction", chat_id=chat["id"], action="typing") is True
    assert bot.call("sendMessage", chat_id=str(chat["id"]), text="x")["chat"]["id"] == chat["id"]


def test_commands(bot: Bot) -> None:
    """The commands of a bot are kept and offered, and a text that begins with one is an ordinary message."""
    commands = [{"command": "start", "description": "Boshlash"}]
    assert bot.call("setMyCommands", commands=commands) is True and bot.call("getMyCommands") == commands
    chat_of(bot)
    bot.say("/start 5")
    (update,) = bot.call("getUpdates")
    assert update["message"]["text"] == "/start 5"
    assert update["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    bot.call("getUpdates", offset=update["update_id"] + 1)
    assert (
        bot.refused("setMyCommands", commands=[{"command": "a b", "description": "x"}])[1]
        == "Bad Request: BOT_COMMAND_INVALID"
    )
    assert bot.call("deleteMyCommands") is True and bot.call("getMyCommands") == []


def test_a_start_before_it_asks(server: Server) -> None:
    """A bot that has only said `getMe`, as libraries do first, gets `/start` as a message. One with commands of its own keeps
    them: `getMe` alone does not make it one of Telegram's."""
    fresh = Bot(server, "yangi")
    assert (
        server.request("POST", f"/api/v1/conversations/{fresh.direct}/messages", {"text": "/start"}, token=fresh.owner)[
            1
        ]["code"]
        == "unknown_command"
    )
    fresh.call("getMe")
    fresh.say("/start")
    assert [text for _, text in fresh.texts()] == ["/start"]
    native = Bot(server, "ichki")
    commands = [{"name": "menu", "description": "Menyu"}]
    assert server.request("PUT", "/api/v1/bots/ichki/commands", commands, token=native.owner)[0] == 200
    native.call("getMe")
    place = f"/api/v1/conversations/{native.direct}/messages"
    assert server.request("POST", place, {"text": "/menu"}, token=native.owner)[1]["command"] is True


def test_the_rate(tmp_path: Path) -> None:
    """Calls count for the rate of the bot like every request; one that is too many is told when to come again."""
    with running("suhbat", tmp_path / "data", bots="everyone", send_rate="3") as server:
        bot = Bot(server, "kuy")
        answers = (bot.ask("getMe") for _ in range(300))  # some more pass meanwhile
        refused = next(answer for status, answer in answers if status == 429)
        assert refused["description"].startswith("Too Many Requests: retry after ")
        assert refused["parameters"]["retry_after"] >= 1


def test_no_token_in_the_log(server: Server, bot: Bot) -> None:
    """The secret of a bot is in no log line, neither of a call nor of a download nor of a refusal."""
    bot.call("getMe")
    server.request("GET", f"/bot{bot.token}/none")
    server.request("GET", f"/file/bot{bot.token}/f1/a.png")
    secret = bot.token.partition(":")[2]
    assert secret not in server.printed() and "/bot" in server.printed()


def test_a_chat_in_which_it_is_not(server: Server, bot: Bot) -> None:
    """Every method answers for a room that the bot may not see as for one that does not exist, and for a person who does not
    exist as for a room."""
    other = Bot(server, "boshqa")
    body = {"kind": "room", "title": "Maxfiy", "visibility": "private"}
    room = server.request("POST", "/api/v1/conversations", body, token=other.owner)[1]["conversation"]
    assert server.request("PUT", f"/api/v1/conversations/{room}/members/boshqa", {}, token=other.owner)[0] < 300
    seq = other.say("maxfiy", room)
    chat = other.call("getUpdates", timeout=50)[-1]["message"]["chat"]["id"]
    assert chat < 0 and other.call("getChat", chat_id=chat)["title"] == "Maxfiy"
    about = {
        "text": "a",
        "caption": "a",
        "message_id": seq,
        "action": "typing",
        "user_id": 1,
        "photo": "f",
        "document": "f",
    }
    for method in METHODS:
        asked = [
            bot.ask(method, json.dumps({"chat_id": one, **about}).encode(), "application/json") for one in (chat, -1)
        ]
        assert asked[0] == asked[1], (method, asked)
        assert "axfiy" not in str(asked[0])


def test_two_nodes(tmp_path: Path) -> None:
    """A bot that polls on one node is told at once what is written on another, goes on there with the same numbers, and a
    poll there ends the one here."""
    place, limits = tmp_path / "data", {"bots": "everyone", "send_rate": "0", "address_rate": "0"}
    with running("cluster", place, **limits) as one, running("cluster", place, **limits) as two:
        here = Bot(one, "kuy")
        there = copy(here)
        there.server = two
        chat_of(here)
        answers: list[tuple[int, Any]] = []
        waiting = threading.Thread(
            target=lambda: answers.append(here.ask("getUpdates", b'{"timeout": 50}', "application/json"))
        )
        waiting.start()
        there.say("oradan")
        waiting.join(PATIENCE)
        (update,) = answers[0][1]["result"]
        assert update["message"]["text"] == "oradan"
        assert there.texts() == [(update["update_id"], "oradan")]
        assert there.texts(update["update_id"] + 1) == []
        waiting = threading.Thread(
            target=lambda: answers.append(here.ask("getUpdates", b'{"timeout": 50}', "application/json"))
        )
        waiting.start()
        while waiting.is_alive():
            there.ask("getUpdates", b'{"timeout": 0}', "application/json")
            waiting.join(0.2)
        assert answers[1][0] == 409
        here.say("yana")
        assert [text for _, text in there.texts()] == ["yana"]


def test_what_it_may_not_see_any_more(server: Server, bot: Bot) -> None:
    """A message that was numbered, and then taken away with the room, is passed over; what follows comes."""
    chat_of(bot)
    room = server.request("POST", "/api/v1/conversations", {"kind": "room", "title": "Xona"}, token=bot.owner)[1][
        "conversation"
    ]
    member = f"/api/v1/conversations/{room}/members/kuy"
    assert server.request("PUT", member, {}, token=bot.owner)[0] < 300
    bot.say("yoʻqoladi", room)
    assert bot.call("getUpdates", timeout=50)
    assert server.request("DELETE", member, token=bot.owner)[0] == 204
    bot.call("getUpdates")
    bot.say("keyingi")
    assert [one["message"]["text"] for one in bot.call("getUpdates") if "text" in one["message"]] == ["keyingi"]


async def test_a_press(server: Server, bot: Bot) -> None:
    """A press of a button is a `callback_query`; its answer is shown to the person who pressed; an edit changes the buttons.
    Several buttons may have the same data."""
    chat = chat_of(bot)
    button = {"text": "Ha", "callback_data": "ha:1"}
    sent = bot.call("sendMessage", chat_id=chat, text="?", reply_markup={"inline_keyboard": [[button, button]]})
    async with V1(server.ws, bot.owner) as person:
        path = f"/api/v1/conversations/{bot.direct}/messages/{sent['message_id']}/actions/{quote('ha:1', safe='')}"
        status, answer = await asyncio.to_thread(server.request, "POST", path, token=bot.owner)
        assert status < 300, answer
        (update,) = await asyncio.to_thread(bot.call, "getUpdates", timeout=50)
        query = update["callback_query"]
        assert query["data"] == "ha:1" and query["from"]["id"] == chat
        assert query["message"]["message_id"] == sent["message_id"]
        assert query["message"]["reply_markup"] == {"inline_keyboard": [[button, button]]}
        assert await asyncio.to_thread(bot.call, "answerCallbackQuery", callback_query_id=query["id"], text="Rahmat!")
        assert (await person.until("reply"))["text"] == "Rahmat!"
    place = {"chat_id": chat, "message_id": sent["message_id"]}
    markup = {"inline_keyboard": [[{"text": "Yoʻq", "callback_data": "x"}] * 2]}
    assert bot.call("editMessageReplyMarkup", **place, reply_markup=markup)["reply_markup"] == markup
    assert "reply_markup" not in bot.call("editMessageText", **place, text="!")
    told = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    assert bot.refused("answerCallbackQuery", callback_query_id="none", text="a") == (400, told)
    assert bot.call("answerCallbackQuery", callback_query_id=query["id"]) is True
