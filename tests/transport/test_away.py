"""Direct messages to an account that is away, in the simple dialect, which has no cursors: they are delivered at the
next connect, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.servers import Server
from tests.talk import Frame, Simple

from .test_sessions import log_in, register

Name = Callable[[str], str]


def messages(frames: list[Frame]) -> list[str]:
    return [frame["message"] for frame in frames if frame["type"] == "message" and frame["to_user"]]


async def test_it_comes_at_the_next_connect_and_once(server: Server, name: Name) -> None:
    """Messages from before the first connect are delivered too. Nothing is delivered again, including messages that
    were delivered live."""
    ali, vali = name("ali"), name("vali")
    await asyncio.to_thread(register, server, ali)
    token = await asyncio.to_thread(log_in, server, ali)
    bearer = {"Authorization": f"Bearer {token}"}
    async with Simple(server.ws, vali) as sender:
        for text in ("birinchi", "ikkinchi"):
            await sender.say({"message": text, "to_user": ali})
            assert (await sender.until("sent"))["online"] is False
        async with Simple(server.ws, ali, additional_headers=bearer) as away:
            assert [(await away.until("message", from_user=vali))["message"] for _ in range(2)] == [
                "birinchi",
                "ikkinchi",
            ]
            await sender.say({"message": "jonli", "to_user": ali})
            assert (await away.until("message", from_user=vali))["message"] == "jonli"
            # The client library answers the tracker's ping; the tracker polls every quarter of a second.
            await away.silent(1.0)
        await sender.until("left", user_id=ali)
        async with Simple(server.ws, ali, additional_headers=bearer) as away:
            assert messages(await away.silent(0.7)) == []
        await sender.say({"message": "yana", "to_user": ali})
        await sender.until("sent")
        async with Simple(server.ws, ali, additional_headers=bearer) as away:
            assert (await away.until("message", from_user=vali))["message"] == "yana"
            assert messages(await away.silent(0.7)) == []


async def test_a_guest_gets_no_earlier_messages(server: Server, name: Name) -> None:
    """A guest only gets messages that are sent while it is connected."""
    ali, vali = name("ali"), name("vali")
    token = await asyncio.to_thread(server.guest, ali)
    async with Simple(server.ws, vali) as sender:
        await sender.say({"message": "yoʻqligingda", "to_user": ali})
        await sender.until("sent")
        async with Simple(server.ws, ali, additional_headers={"Authorization": f"Bearer {token}"}) as guest:
            assert messages(await guest.silent(0.7)) == []
