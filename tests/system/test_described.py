"""The frames on the sockets match `/asyncapi.json` exactly: no field is missing or added, and every type is right."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from tests.programs.hooks.receiver import receiver
from tests.servers import Server, running
from tests.system.test_files import upload
from tests.talk import V1, Client, Frame, Simple

PASSWORD = "correct horse battery"


class Described:
    """The server's description, and the messages of it that were seen."""

    def __init__(self, document: Any) -> None:
        self._schemas = {name: _closed(schema) for name, schema in document["components"]["schemas"].items()}
        self.messages = document["components"]["messages"]
        self.sent = {
            channel: [
                reference["$ref"].rpartition("/")[2]
                for operation in document["operations"].values()
                if operation["action"] == "send" and operation["channel"]["$ref"] == f"#/channels/{channel}"
                for reference in operation["messages"]
            ]
            for channel in document["channels"]
        }
        self._validators = {
            name: jsonschema_rs.Draft202012Validator(
                {**message["payload"], "components": {"schemas": self._schemas}}, validate_formats=True
            )
            for name, message in self.messages.items()
        }
        self.seen: set[str] = set()

    def saw(self, channel: str, frame: Frame) -> None:
        """Assert that a frame of the server is one of the channel's messages."""
        named = [name for name in self.sent[channel] if self.messages[name]["name"] == frame["type"]]
        fitting = [name for name in named if self._validators[name].is_valid(frame)]
        assert fitting, (frame, [str(error) for name in named for error in self._validators[name].iter_errors(frame)])
        self.seen.update(fitting)


def _closed(schema: Any) -> Any:
    """The schema with all other properties forbidden."""
    return schema | {"additionalProperties": False} if "properties" in schema else schema


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"send_rate": "0", "bots": "everyone", "outgoing_allow": "127.0.0.0/8"}
    with running("suhbat", tmp_path_factory.mktemp("described") / "data", **settings) as server:
        yield server


@pytest.fixture(scope="module")
def described(server: Server) -> Described:
    status, document = server.request("GET", "/asyncapi.json")
    assert status == 200
    return Described(document)


def watched(client: Client, described: Described, channel: str) -> None:
    """Check every frame that this client receives."""
    hear = client.hear

    async def look() -> Frame:
        frame = await hear()
        described.saw(channel, frame)
        return frame

    client.hear = look


def register(server: Server, name: str) -> str:
    status, answer = server.request("POST", "/api/v1/accounts", {"user_id": name, "password": PASSWORD})
    assert status == 201
    token: str = answer["token"]
    return token


async def test_v1(server: Server, described: Described) -> None:
    """The life of a room, seen by its owner and a member: every reply, event and notice occurs."""
    tokens = {name: register(server, name) for name in ("ali", "vali")}
    first, second = V1(server.ws, tokens["ali"]), V1(server.ws, tokens["vali"])
    for one in (first, second):
        watched(one, described, "v1")
    async with first as ali, second as vali:
        quiet = (await ali.ask("create", title="Sokin"))["conversation"]
        assert (await ali.ask("admit", conversation=quiet, user_id="vali"))["invited"]
        await vali.until("conversation.invited")
        await vali.ask("leave", conversation=quiet)
        room = (await ali.ask("create", title="Choyxona", visibility="public"))["conversation"]
        await vali.ask("join", conversation=room)
        await ali.until("member.joined")
        said = await ali.ask("send", conversation=room, text="@vali salom", client_id="k1")
        await vali.until("mentioned")
        await vali.ask("send", conversation=room, text="@ali shu yerda", thread=said["seq"], client_id="t1")
        await vali.until("thread")
        await vali.ask("typing", conversation=room)
        await ali.until("typing")
        await vali.ask("react", conversation=room, seq=said["seq"], emoji="👍")
        await vali.ask("react", conversation=room, seq=said["seq"], emoji="👍", on=False)
        await vali.ask("read", conversation=room, ordinal=said["ordinal"])
        await ali.until("receipt")
        await vali.ask("unread", conversation=room, ordinal=said["ordinal"])
        await vali.ask("save", conversation=room, seq=said["seq"])
        await vali.ask("notify", conversation=room, level="all")
        await vali.ask("draft", conversation=room, text="men ham")
        await vali.ask("report", conversation=room, seq=said["seq"], reason="spam")
        await ali.ask("edit", conversation=room, seq=said["seq"], text="@vali salom!")
        await ali.ask("pin", conversation=room, seq=said["seq"])
        await ali.ask("pin", conversation=room, seq=said["seq"], on=False)
        await ali.ask("history", conversation=room)
        await ali.ask("delete", conversation=room, seq=said["seq"])
        await ali.ask("admit", conversation=room, user_id="vali", role="moderator")
        await ali.ask("mute", conversation=room, user_id="vali")
        await ali.ask("update", conversation=room, topic="choy")
        await ali.ask("remove", conversation=room, user_id="vali")
        await vali.until("conversation.removed")
        await vali.ask("edit", conversation=room, seq=said["seq"], text="x")  # an error
        later = (await ali.ask("create", title="Yopiq", visibility="public", history="joined"))["conversation"]
        before = await ali.ask("send", conversation=later, text="avval", client_id="k2")
        await vali.ask("join", conversation=later)
        await ali.ask("pin", conversation=later, seq=before["seq"])
        await vali.until("event.hidden")  # about a message from before they joined
        await ali.ask("direct", users=["vali"])
        await ali.ask("ping")
        await ali.ask("sync", cursors={room: 1, "lobby": 0})
        status, _ = server.request("PATCH", "/api/v1/me", {"display_name": "Vali"}, token=tokens["vali"])
        assert status == 200
        await vali.until("user.updated")
        upload(server, tokens["vali"], "gap.txt", b"salom")
        await vali.until("file")
        await ali.until("users")
        past = {"epoch": ali.welcome["epoch"], "cursors": {room: 1_000_000, "nowhere": 1, "@me": 0, "lobby": 0}}
        again = V1(server.ws, tokens["ali"], past)
        watched(again, described, "v1")
        async with again:
            pass
        await programs(server, described, tokens, ali, vali)
        await ali.ask("erase", conversation=room)
        for one in (ali, vali):
            await one.ask("ping")  # and read all frames before the reply
    assert set(described.sent["v1"]) - described.seen == set()


async def programs(server: Server, described: Described, tokens: dict[str, str], ali: V1, vali: V1) -> None:
    """What a bot hears and says, a message that grows, and a webhook whose receiver is gone."""

    async def ask(name: str, method: str, path: str, body: object = None) -> Any:
        status, answer = await asyncio.to_thread(server.request, method, f"/api/v1{path}", body, token=tokens[name])
        assert status < 300, (path, answer)
        return answer

    room = (await ali.ask("create", title="Robotlar", visibility="public"))["conversation"]
    await vali.ask("join", conversation=room)
    place = f"/conversations/{room}"
    tokens["robot"] = (await ask("ali", "POST", "/bots", {"user_id": "robot"}))["token"]
    await ask("ali", "PUT", f"{place}/members/robot", {})
    await ask("robot", "PUT", "/bots/robot/commands", [{"name": "vaqt", "description": "Soat nechaligi"}])
    third = V1(server.ws, tokens["robot"])
    watched(third, described, "v1")
    async with third as robot:
        await vali.ask("send", conversation=room, text="/vaqt")
        key = (await robot.until("command.invoked"))["key"]
        await ask("robot", "POST", f"/command-replies/{key}", {"text": "12:00", "private": True})
        await vali.until("reply")
        buttons = [[{"label": "Ha", "id": "ha"}]]
        shown = await robot.ask("send", conversation=room, text="Yana?", actions=buttons)
        await ask("vali", "POST", f"{place}/messages/{shown['seq']}/actions/ha")
        await robot.until("action.pressed")
        grown = await robot.ask("send", conversation=room, text="", streaming=True)
        await robot.ask("append", conversation=room, seq=grown["seq"], offset=0, text="salom")
        await vali.until("message.append")
        await robot.ask("finish", conversation=room, seq=grown["seq"])
        await vali.until("message.finished")
    async with receiver() as gone:
        gone.answer = b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n"
        hook = await ask("ali", "POST", "/hooks", {"url": gone.url, "conversations": [room]})
        gone.secret = hook["secret"]
        await ali.ask("send", conversation=room, text="bormi?")
        await ali.until("hook.stopped")


async def test_the_simple_dialect(server: Server, described: Described) -> None:
    """Connecting, writing to all and to one, an error, leaving."""
    first, second = Simple(server.ws, "aziza"), Simple(server.ws, "bobur")
    for one in (first, second):
        watched(one, described, "simple")
    async with first as aziza:
        async with second as bobur:
            await aziza.write("salom")
            await bobur.until("message")
            await bobur.write("maxfiy", "aziza")
            await bobur.until("sent")
            await bobur.write("kimga", "nobody")
            await bobur.until("error")
        await aziza.until("left")
    assert set(described.sent["simple"]) - described.seen == set()


def test_a_frame_that_is_not_described_is_noticed(described: Described) -> None:
    """An extra field, a missing one and one of another type are each found, so this file can fail."""
    right = {"type": "typing", "conversation": "lobby", "user_id": "ali", "uid": "u1"}
    described.saw("v1", right)
    for wrong in (right | {"more": 1}, {**right, "uid": 7}, {key: right[key] for key in right if key != "uid"}):
        with pytest.raises(AssertionError):
            described.saw("v1", json.loads(json.dumps(wrong)))
