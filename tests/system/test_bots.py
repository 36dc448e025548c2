"""Bots of real servers: over SQLite with kill -9, and over two nodes with PostgreSQL and NATS."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Server
from tests.talk import V1

PASSWORD = "uzun parol 7"
COMMANDS = [{"name": "eslat", "description": "Eslatadi"}]


class Team:
    """ali, who owns a bot, and vali, who owns a room in which both are."""

    def __init__(self, *nodes: Server) -> None:
        self.nodes = nodes
        self.tokens: dict[str, str] = {}
        for name in ("ali", "vali"):
            body = {"user_id": name, "password": PASSWORD}
            status, made = nodes[0].request("POST", "/api/v1/accounts", body)
            assert status == 201, made
            self.tokens[name] = made["token"]
            assert self.ask(name, "PATCH", "/me", {"added_by": "everyone"})[0] == 200
        self.uid: str
        made = self.do("ali", "POST", "/bots", {"user_id": "bot"})
        self.tokens["bot"], self.uid = made["token"], made["user"]["uid"]
        self.do("bot", "PUT", "/bots/bot/commands", COMMANDS)
        self.room: str = self.do("vali", "POST", "/conversations", {"title": "Xona"})["conversation"]
        self.do("vali", "PUT", f"/conversations/{self.room}/members/ali", {"role": "moderator"})
        self.do("ali", "PUT", f"/conversations/{self.room}/members/bot", {})

    def ask(self, who: str, method: str, path: str, body: object = None, node: int = 0) -> tuple[int, Any]:
        return self.nodes[node].request(method, f"/api/v1{path}", body, token=self.tokens[who])

    def do(self, who: str, method: str, path: str, body: object = None, node: int = 0) -> Any:
        status, answer = self.ask(who, method, path, body, node)
        assert status < 300, (status, answer)
        return answer

    def here(self, who: str, node: int = 0, **options: Any) -> V1:
        return V1(self.nodes[node].ws, self.tokens[who], **options)


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    first, second = (Server("cluster", tmp_path / "data", settings={"SUHBAT_BOTS": "everyone"}) for _ in range(2))
    try:
        first.start()
        second.start()
        yield first, second
    finally:
        for server in (first, second):
            if server.process is not None:
                server.stop()


async def test_two_nodes(nodes: tuple[Server, Server]) -> None:
    """The bot is on another node than the people. It gets their commands and presses, its private answer reaches the one who
    asked, and from the moment when its owner leaves it gets nothing."""
    team = await asyncio.to_thread(Team, *nodes)
    place = f"/conversations/{team.room}"
    async with team.here("bot", 1) as bot, team.here("vali") as vali, team.here("ali") as ali:
        sent = await vali.ask("send", conversation=team.room, text="/eslat@bot ertaga")
        assert (sent["type"], sent.get("command"), sent["seq"]) == ("ok", True, 0)
        invoked = await bot.until("command.invoked")
        assert (invoked["target"], invoked["args"], invoked["actor"]) == (team.room, "ertaga", "vali")
        answer = {"text": "xoʻp", "private": True}
        status, said = await asyncio.to_thread(team.ask, "bot", "POST", f"/command-replies/{invoked['key']}", answer, 1)
        assert (status, said) == (201, {"conversation": team.room, "seq": None})
        reply = await vali.until("reply")
        assert (reply["text"], reply["user_id"], reply["conversation"]) == ("xoʻp", "bot", team.room)
        public = await asyncio.to_thread(
            team.do, "bot", "POST", f"/command-replies/{invoked['key']}", {"text": "Eslataman"}, 1
        )
        created = await vali.until("message.created")
        assert (created["seq"], created["message"]["text"]) == (public["seq"], "Eslataman")
        buttons = [[{"label": "Ha", "id": "ha"}]]
        shown = await bot.ask("send", conversation=team.room, text="Tanlang", actions=buttons)
        created = await vali.until("message.created", seq=shown["seq"])
        assert created["message"]["actions"] == buttons
        by_request = {"text": "Tanlang", "actions": buttons}
        posted = await asyncio.to_thread(team.do, "bot", "POST", f"{place}/messages", by_request, 1)
        created = await vali.until("message.created", seq=posted["seq"])
        assert created["message"]["actions"] == buttons
        fewer = {"text": "Tanlandi", "actions": []}
        await asyncio.to_thread(team.do, "bot", "PATCH", f"{place}/messages/{posted['seq']}", fewer, 1)
        assert (await vali.until("message.edited"))["message"].get("actions", []) == []
        await asyncio.to_thread(team.do, "vali", "POST", f"{place}/messages/{shown['seq']}/actions/ha")
        pressed = await bot.until("action.pressed")
        assert (pressed["message"], pressed["action"], pressed["actor"]) == (shown["seq"], "ha", "vali")
        refused = await vali.ask("send", conversation=team.room, text="x", actions=buttons)
        assert refused["code"] == "forbidden"

        heard = [frame["type"] for frame in await ali.silent(0.1)]
        assert not {"command.invoked", "action.pressed", "reply"} & set(heard)
        assert (await ali.ask("leave", conversation=team.room))["type"] == "ok"
        secret = await vali.ask("send", conversation=team.room, text="endi maxfiy")
        assert secret["type"] == "ok"
        removed = await bot.until("conversation.removed")
        assert removed["removed"] == team.room
        assert "endi maxfiy" not in str(await bot.silent(1.0))
        assert (await bot.ask("history", conversation=team.room))["code"] == "not_found"
        assert (await bot.ask("send", conversation=team.room, text="x"))["code"] == "not_found"
        for path in (place, f"{place}/messages", f"{place}/members", f"{place}/commands", f"{place}/export"):
            assert (await asyncio.to_thread(team.ask, "bot", "GET", path, None, 1))[0] == 404, path
        found = await asyncio.to_thread(team.do, "bot", "GET", "/search?q=maxfiy", None, 1)
        assert found["messages"] == []

        old = team.tokens["bot"]
        team.tokens["bot"] = (await asyncio.to_thread(team.do, "ali", "POST", "/bots/bot/token"))["token"]
        assert await bot.closed() == 4505
        for token, status in ((old, 401), (team.tokens["bot"], 200)):
            assert (await asyncio.to_thread(nodes[1].request, "GET", "/api/v1/me", None, token=token))[0] == status
    async with team.here("bot", 1) as bot:
        assert team.room not in bot.snapshot["cursors"]
        body = {"password": PASSWORD}
        assert (await asyncio.to_thread(team.ask, "ali", "DELETE", "/me", body))[0] == 204
        assert await bot.closed() == 4505
    assert (await asyncio.to_thread(team.ask, "bot", "GET", "/me", None, 1))[0] == 401


async def test_kill_9(tmp_path: Path) -> None:
    """A command that was acknowledged is in the bot's log after kill -9, once, however often it is sent again; the bot gets it
    when it resumes, and may answer."""
    server = Server("suhbat", tmp_path / "data", settings={"SUHBAT_BOTS": "everyone"})
    server.start()
    try:
        team = await asyncio.to_thread(Team, server)
        async with team.here("bot") as bot:
            cursors, epoch = bot.snapshot["cursors"], bot.welcome["epoch"]
        place = f"/conversations/{team.room}/messages"
        command = {"text": "/eslat non", "client_id": "k1"}
        first = await asyncio.to_thread(team.do, "vali", "POST", place, command)
        assert first["command"] and not first["duplicate"]
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        for _ in range(2):
            status, again = await asyncio.to_thread(team.ask, "vali", "POST", place, command)
            assert (status, again) == (200, first | {"duplicate": True})
        async with team.here("bot", resume={"epoch": epoch, "cursors": cursors}) as bot:
            got = [frame for frame in bot.opening if frame["type"] == "command.invoked"]
            assert [frame["args"] for frame in got] == ["non"]
        answered = await asyncio.to_thread(
            team.do, "bot", "POST", f"/command-replies/{got[0]['key']}", {"text": "Eslataman"}
        )
        assert answered["seq"] is not None
    finally:
        server.stop()
