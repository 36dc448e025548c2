"""Exports over a real store have everything once, and can be continued."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from suhbat.chat.model import Mail
from suhbat.chat.ports import MailLimits
from suhbat.config import Settings
from suhbat.http.push import AUTH, ENDPOINT, P256DH
from suhbat.runtime.app import create_app

MESSAGES = 250
"""More messages than a page has."""
SAVED = 120
"""More than are read at once."""


def parsed(answer: httpx2.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/jsonl")
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture
async def client(tmp_path: Path) -> Any:
    """A guest who wrote 250 messages, of which one is edited and one deleted."""
    suhbat = create_app(Settings(data=tmp_path / "data", send_rate=0))
    async with suhbat.lifespan(suhbat.fastapi):
        transport = httpx2.ASGITransport(suhbat.fastapi)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000/api/v1") as client:
            token = (await client.post("/guests", json={"user_id": "ali"})).json()["token"]
            client.headers["Authorization"] = f"Bearer {token}"
            for number in range(1, MESSAGES + 1):
                await client.post("/conversations/lobby/messages", json={"text": f"gap {number}"})
            await client.patch("/conversations/lobby/messages/2", json={"text": "oʻzgardi"})
            await client.delete("/conversations/lobby/messages/3")
            for number in range(4, 4 + SAVED):
                assert (await client.put(f"/saved/lobby/{number}")).status_code == 204
            yield client


async def test_a_conversation(client: httpx2.AsyncClient) -> None:
    """The state, then every message once, ascending, in its current form; with `after` the rest."""
    state, *messages = parsed(await client.get("/conversations/lobby/export"))
    assert (state["type"], state["conversation"]) == ("conversation", "lobby")
    assert [message["seq"] for message in messages] == list(range(1, MESSAGES + 1))
    assert (messages[1]["text"], messages[2]["deleted"], messages[2]["text"]) == ("oʻzgardi", True, "")
    rest = parsed(await client.get("/conversations/lobby/export?after=240"))
    assert [message["seq"] for message in rest] == list(range(241, MESSAGES + 1))


async def test_oneself(client: httpx2.AsyncClient) -> None:
    """The profile, the conversations, and every own message that still exists; with a cursor the rest."""
    lines = parsed(await client.get("/me/export"))
    assert lines[0]["user_id"] == "ali"
    texts = [line["text"] for line in lines if line["type"] == "message"]
    assert len(texts) == MESSAGES - 1 and texts[0] == f"gap {MESSAGES}"
    saved = [line["message"]["seq"] for line in lines if line["type"] == "saved"]
    assert sorted(saved) == list(range(4, 4 + SAVED))
    cursors = [index for index, line in enumerate(lines) if line["type"] == "cursor"]
    assert cursors
    rest = parsed(await client.get(f"/me/export?cursor={lines[cursors[0]]['cursor']}"))
    assert rest == lines[cursors[0] + 1 :]


async def test_an_account(tmp_path: Path) -> None:
    """The address, the sessions and the devices of an account are in it, and what mentions it; and nothing with which somebody
    could log in or push."""
    suhbat = create_app(Settings(data=tmp_path / "data", send_rate=0), quiet=True)
    async with suhbat.lifespan(suhbat.fastapi):
        transport = httpx2.ASGITransport(suhbat.fastapi)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000/api/v1") as client:
            account = {"user_id": "ali", "password": "uzun parol 1"}
            token = (await client.post("/accounts", json=account)).json()["token"]
            guest = (await client.post("/guests", json={"user_id": "vali"})).json()["token"]
            sent = {"text": "@ali salom"}
            asked = await client.post(
                "/conversations/lobby/messages", json=sent, headers={"Authorization": f"Bearer {guest}"}
            )
            assert asked.status_code == 201
            client.headers["Authorization"] = f"Bearer {token}"
            body = {"endpoint": ENDPOINT, "keys": {"p256dh": P256DH, "auth": AUTH}, "label": "Firefox"}
            assert (await client.post("/push", json=body)).status_code == 201
            assert (await client.put("/conversations/lobby/notify", json={"level": "all"})).status_code == 200
            me = (await client.get("/me")).json()["uid"]
            await suhbat.node.store.want_address(
                me, "ali@example.org", Mail("m1", "confirm", "k", me, "ali@example.org", "{}", 1, 1, 2), MailLimits()
            )
            answer = await client.get("/me/export")
            lines = {line["type"]: line for line in parsed(answer)}
    assert lines["email"] == {"type": "email", "address": None, "wanted": "ali@example.org", "digest": True}
    assert lines["push"]["label"] == "Firefox" and lines["session"]["id"]
    assert lines["conversation"]["notify"]["level"] == "all"
    assert (lines["mention"]["message"]["text"], lines["mention"]["reason"]) == ("@ali salom", "mention")
    assert not any(secret in answer.text for secret in (token, ENDPOINT, P256DH, AUTH, "session_id"))


async def test_programs(tmp_path: Path) -> None:
    """The bots of an account with their commands, and its webhooks are in it, nobody else's, and nothing with which somebody
    could speak as one of them or sign for the server. A bot's own export has its commands."""
    suhbat = create_app(Settings(data=tmp_path / "data", send_rate=0, bots="everyone"), quiet=True)
    async with suhbat.lifespan(suhbat.fastapi):
        transport = httpx2.ASGITransport(suhbat.fastapi)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000/api/v1") as client:
            secrets, exports = [], {}
            for name in ("ali", "vali"):
                account = {"user_id": name, "password": "uzun parol 1"}
                token = (await client.post("/accounts", json=account)).json()["token"]
                client.headers["Authorization"] = f"Bearer {token}"
                room = (await client.post("/conversations", json={"title": "Oshxona"})).json()["conversation"]
                bot = (await client.post("/bots", json={"user_id": f"{name}-bot"})).json()
                commands = [{"name": "ob_havo", "description": f"{name} aytadi", "usage": "<shahar>"}]
                assert (await client.put(f"/bots/{name}-bot/commands", json=commands)).status_code == 200
                hook = (await client.post(f"/conversations/{room}/hooks", json={"name": f"{name} in"})).json()
                for places in ([room], "all"):
                    told = {"url": f"https://{name}.example.org/h", "conversations": places, "name": f"{name} out"}
                    outgoing = await client.post("/hooks", json=told)
                    assert outgoing.status_code == 201
                    secrets.append(outgoing.json()["secret"])
                secrets += [bot["token"], bot["token"].partition(":")[2], hook["url"].rpartition("/")[2]]
                api = f"http://localhost:8000/bot{bot['token']}"
                for method in ("deleteWebhook", "setWebhook"):
                    said = {"url": f"https://{name}.example.org/bot", "secret_token": f"sirli-{name}"}
                    assert (await client.post(f"{api}/{method}", json=said)).status_code == 200
                    exports[name] = await client.get("/me/export")
                secrets.append(f"sirli-{name}")
                client.headers["Authorization"] = f"Bearer {bot['token']}"
                exports[f"{name}-bot"] = await client.get("/me/export")
    for name in ("ali", "vali"):
        lines = parsed(exports[name])
        [bot_line] = [line for line in lines if line["type"] == "bot"]
        [incoming] = [line for line in lines if line["type"] == "incoming_hook"]
        listed, everywhere = (line for line in lines if line["type"] == "outgoing_hook")
        [state] = [line for line in lines if line["type"] == "conversation" and line["kind"] == "room"]
        assert (bot_line["user_id"], bot_line["commands"][0]["description"]) == (f"{name}-bot", f"{name} aytadi")
        assert (incoming["name"], incoming["conversation"]) == (f"{name} in", state["conversation"])
        assert (listed["conversations"], everywhere["conversations"]) == ([state["conversation"]], "all")
        assert {line["url"] for line in (listed, everywhere)} == {f"https://{name}.example.org/h"}
        assert listed["events"] == ["message.created"] and listed["on"] and listed["created_at"].endswith("Z")
        [told] = [line for line in lines if line["type"] == "bot_webhook"]
        assert (told["user_id"], told["url"]) == (f"{name}-bot", f"https://{name}.example.org/bot")
        assert told["allowed_updates"] == ["message", "edited_message", "callback_query"]
        [itself] = [line for line in parsed(exports[f"{name}-bot"]) if line["type"] == "bot"]
        assert itself == bot_line
    said = "".join(answer.text for answer in exports.values())
    assert not any(secret in said for secret in secrets) and "hash" not in said and "whsec_" not in said


async def test_what_may_not_be_read(client: httpx2.AsyncClient) -> None:
    """It is refused before the first line."""
    assert (await client.get("/conversations/r00000000000000000000/export")).status_code == 404
