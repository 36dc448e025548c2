"""Outgoing webhooks of real servers, to receivers on loopback that check the signatures."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.programs.hooks.receiver import Receiver, receiver
from tests.servers import PATIENCE, Server

from .test_pushes import LOOPBACK, Person, nodes, register


async def follow(person: Person, one: Receiver, conversations: Any, **fields: Any) -> str:
    """Make a webhook to this receiver; its id."""
    body = {"url": one.url, "conversations": conversations} | fields
    status, made = await person.ask("POST", "/hooks", body)
    assert status == 201, made
    one.secret = made["secret"]
    return str(made["id"])


async def say(person: Person, conversation: str, text: str, **fields: Any) -> int:
    status, sent = await person.ask("POST", f"/conversations/{conversation}/messages", {"text": text, **fields})
    assert status == 201, sent
    return int(sent["seq"])


async def room_of(person: Person) -> str:
    return str((await person.ask("POST", "/conversations", {"title": "Xona"}))[1]["conversation"])


async def logged(person: Person, id: str, **wanted: int) -> list[dict[str, Any]]:
    """Wait until the newest delivery is like this; all of them, the newest first."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found: list[dict[str, Any]] = (await person.ask("GET", f"/hooks/{id}/deliveries"))[1]["deliveries"]
            if found and found[0] | wanted == found[0]:
                return found
            await asyncio.sleep(0.05)


async def test_from_the_message_to_the_answer_and_over_kill_9(tmp_path: Path) -> None:
    """Verified by the library; the answer is posted as the webhook; an endless answer, a redirect to a private address and one
    that never comes are failures, and delay no other webhook. After kill -9 nothing is left out, and everything in order. A
    wrong address is refused."""
    async with AsyncExitStack() as stack:
        settings = {f"SUHBAT_{name.upper()}": value for name, value in LOOPBACK.items()}
        server = Server("suhbat", tmp_path / "data", settings=settings)
        await asyncio.to_thread(server.start)
        stack.callback(lambda: server.process is not None and server.process.poll() is None and server.stop())
        ali = await register(server, "ali")
        room = await room_of(ali)
        one, slow = [await stack.enter_async_context(receiver()) for _ in range(2)]
        id = await follow(ali, one, "all", name="Ombor")
        slow_id = await follow(ali, slow, [room, "lobby"])
        for url in ("https://10.0.0.1/", "ftp://example.org/", "nothing", "https://user@example.org/"):
            assert (await ali.ask("POST", "/hooks", {"url": url, "conversations": "all"}))[0] == 400
        slow.answers.clear()
        body = b'{"text": "*bor*"}'
        one.answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
        await say(ali, room, "choy bormi?")
        await one.arrived(1)
        await logged(ali, id, status=200)
        one.answer = b"HTTP/1.1 204 No Content\r\n\r\n"
        shown = (await ali.ask("GET", f"/conversations/{room}/messages"))[1]["messages"]
        assert [(message["text"], message["sender"]) for message in shown] == [
            ("choy bormi?", "ali"),
            ("**bor**", "webhook:Ombor"),
        ]
        for failure in (
            b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest\r\n\r\n",
            b"HTTP/1.1 500 Oops\r\ncontent-length: 100000000\r\n\r\n" + b"x" * 300_000,
        ):
            seen = len(one.events)
            one.answer = failure
            await say(ali, room, "xato")
            await one.arrived(seen + 1)
            await logged(ali, id, status=int(failure[9:12]), attempts=1)
            one.answer = b"HTTP/1.1 204 No Content\r\n\r\n"
            await logged(ali, id, status=204, attempts=2)
        await slow.asked_for(1)
        assert slow.events == [] and one.texts == ["choy bormi?"] + ["xato"] * 4
        one.answers.clear()
        await say(ali, room, "kill 1")
        await one.asked_for(6)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        one.answers.set()
        slow.answers.set()
        await say(ali, room, "kill 2")
        await logged(ali, id, status=204, seq=await say(ali, room, "kill 3"))
        after = one.texts[5:]
        assert list(dict.fromkeys(after)) == ["kill 1", "kill 2", "kill 3"] and sorted(after) == after
        await logged(ali, slow_id, status=204, seq=shown[-1]["seq"] + 5)
        assert list(dict.fromkeys(slow.texts)) == ["choy bormi?", "xato", "kill 1", "kill 2", "kill 3"]
        (newest, *_) = await logged(ali, id)
        status, again = await ali.ask("POST", f"/hooks/{id}/deliveries/{newest['n']}/again")
        assert (status, again["attempts"], one.ids[-1]) == (200, newest["attempts"] + 1, one.ids[-2])
        assert (await ali.ask("PATCH", f"/hooks/{id}", {"on": False}))[0] == 204
        seen = len(one.events)
        await logged(ali, slow_id, status=204, seq=await say(ali, room, "oʻchiq"))
        assert len(one.events) == seen
        assert (await ali.ask("PATCH", f"/hooks/{id}", {"on": True}))[0] == 204
        await one.arrived(seen + 1)
        assert one.texts[-1] == "oʻchiq"
        assert (await ali.ask("DELETE", f"/hooks/{id}"))[0] == 204
        assert (await ali.ask("GET", "/hooks"))[1]["hooks"][0]["id"] == slow_id


@pytest.mark.timeout(300)
async def test_the_node_that_delivers_dies(tmp_path: Path) -> None:
    """Two nodes deliver each event once. What a node had claimed when it was killed is delivered by the other one, in order,
    under the same id. An incoming webhook made at one node posts at the other."""
    async with AsyncExitStack() as stack:
        one, other = await nodes(tmp_path / "data", stack, **LOOPBACK)
        ali = await register(one, "ali")
        room = await room_of(ali)
        told = await stack.enter_async_context(receiver())
        id = await follow(ali, told, [room])
        status, made = await ali.ask("POST", f"/conversations/{room}/hooks", {"name": "CI"})
        assert status == 201
        for n in range(10):
            ali.server = (one, other)[n % 2]
            await say(ali, room, f"{n}")
        await told.arrived(10)
        assert told.texts == [f"{n}" for n in range(10)]
        for n, node in enumerate((one, other)):
            posted = await asyncio.to_thread(node.request, "POST", made["url"], {"text": f"hook {n}"})
            assert posted == (200, "ok")
        told.answers.clear()
        await say(ali, room, "osildi")
        await told.asked_for(11)
        one.kill()
        told.answers.set()
        ali.server = other
        last = await say(ali, room, "oxirgi")
        await logged(ali, id, status=204, seq=last)
        assert list(dict.fromkeys(told.texts[10:])) == ["osildi", "oxirgi"]
        assert len(set(told.ids)) == 12
