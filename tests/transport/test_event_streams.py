"""v1 over HTTP, as event streams and long polls, on every server (docs/reference/event-stream.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.servers import Server
from tests.streaming import EventStream, command, poll
from tests.talk import V1, Frame

Name = Callable[[str], str]
SAYS = "salom"


def send(text: str, key: str, id: int = 1) -> Frame:
    return {"type": "send", "id": id, "conversation": "lobby", "text": text, "client_id": key}


async def told(socket: V1, name: str, state: str) -> None:
    """Wait until the socket is told that a user is online or offline."""
    while not any(
        (user["user_id"], user["state"]) == (name, state) for user in (await socket.until("presence"))["users"]
    ):
        pass


async def test_a_stream_carries_the_frames_of_v1(server: Server, name: Name) -> None:
    """From `welcome` on: the snapshot, presence, `caught_up`, then live events. Commands by HTTP get the replies of v1, and a
    repeated `send` happens once. The other way round, its user is present for a WebSocket, and the others are for it."""
    anna, bek = name("anna"), name("bek")
    token, other = server.guest(anna), server.guest(bek)
    async with V1(server.ws, other) as socket, EventStream(server, token) as stream:
        assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert stream.headers["x-accel-buffering"] == "no" and "no-transform" in stream.headers["cache-control"]
        welcome = await stream.hear()
        assert welcome is not None and (welcome["type"], welcome["resumed"]) == ("welcome", False)
        assert (await stream.hear() or {})["type"] == "snapshot"
        whole = await stream.until("presence")
        assert {anna, bek} <= {one["user_id"] for one in whole["users"]}
        await stream.until("caught_up")
        assert 0 < len(stream.cursor) <= 1_024
        await socket.until("presence")
        answer = command(server, token, send(SAYS, "k1"), {"type": "typing", "id": 2, "conversation": "lobby"})
        assert [one["type"] for one in answer["replies"]] == ["ok", "ok"] and answer["done"] == 2
        again = command(server, token, send(SAYS, "k1", 3))["replies"]
        assert again == [answer["replies"][1 - (answer["replies"][0]["id"] == 1)] | {"id": 3, "duplicate": True}]
        assert (await stream.until("message.created"))["message"]["sender"] == anna
        heard: set[str] = set()
        while not {"typing", "message.created"} <= heard:  # in either order: a message is stored first
            heard.add((await socket.hear())["type"])


async def test_a_stream_goes_on_where_it_was(server: Server, name: Name) -> None:
    """`Last-Event-ID` gives everything in between once and in order, without a snapshot; an unknown one, or that of another
    user, gives a snapshot."""
    token, other = server.guest(name("anna")), server.guest(name("bek"))
    async with EventStream(server, token) as stream:
        await stream.until("caught_up")
        command(server, other, send("first", "k1"))
        await stream.until("message.created")
        cursor = stream.cursor
    command(server, other, send("second", "k2"), send("third", "k3", 2))
    async with EventStream(server, token, cursor) as stream:
        assert (await stream.hear() or {})["resumed"] is True
        texts = [(await stream.until("message.created"))["message"]["text"] for _ in range(2)]
        assert texts == ["second", "third"]
        await stream.until("caught_up")
    for who, unknown in ((token, "nonsense"), (token, cursor + "~lobby*zz"), (other, cursor)):
        async with EventStream(server, who, unknown) as stream:
            assert (await stream.hear() or {})["resumed"] is False
            await stream.until("snapshot")


async def test_long_polls_are_one_connection(server: Server, name: Name) -> None:
    """A poll is answered when there is something, or after its time. The next one goes on without another opening, so that the
    user neither leaves nor joins in between. What a lost answer carried comes again."""
    anna = name("anna")
    token, other = server.guest(anna), server.guest(name("bek"))
    async with V1(server.ws, other) as socket:
        _, answer = poll(server, token)
        types = [frame["type"] for frame in answer["frames"]]
        while "caught_up" not in types:
            _, answer = poll(server, token, answer["cursor"])
            types += [frame["type"] for frame in answer["frames"]]
        assert types[0] == "welcome" and 0 < len(answer["cursor"]) <= 1_024
        await told(socket, anna, "online")
        waiting = asyncio.create_task(asyncio.to_thread(poll, server, token, answer["cursor"]))
        lost = answer["cursor"]
        command(server, other, send("first", "k1"))
        _, answer = await waiting
        while not (events := [one for one in answer["frames"] if one["type"] == "message.created"]):
            lost = answer["cursor"]
            _, answer = await asyncio.to_thread(poll, server, token, lost)
        assert [one["message"]["text"] for one in events] == ["first"] and "welcome" not in str(answer["frames"])
        _, repeated = await asyncio.to_thread(poll, server, token, lost)
        frames = repeated["frames"]
        assert (frames[0]["type"], frames[0]["resumed"]) == ("welcome", True)
        if not any(one["type"] == "message.created" for one in frames):
            frames += (await asyncio.to_thread(poll, server, token, repeated["cursor"]))[1]["frames"]
        assert [one["message"]["text"] for one in frames if one["type"] == "message.created"] == ["first"]
        states = [
            user["state"]
            for frame in await socket.silent(0.5)
            if frame["type"] == "presence"
            for user in frame["users"]
            if user["user_id"] == anna
        ]
        assert "offline" not in states


async def test_who_may_not_is_refused_over_http(server: Server, name: Name) -> None:
    """Without a valid token, with a used ticket, or from a page of another site there is an HTTP error, and no stream."""
    token = server.guest(name("anna"))
    for wait in ("", "&wait=1"):
        status, problem = server.request("GET", f"/api/v1/events?a=1{wait}", token="wrong")
        assert (status, problem["code"]) == (401, "unauthenticated")
        status, problem = server.request("GET", f"/api/v1/events?a=1{wait}", token=token, Origin="https://evil.example")
        assert (status, problem["code"]) == (403, "forbidden")
    ticket = server.request("POST", "/api/v1/tickets", {}, token=token)[1]["ticket"]
    assert poll(server, None, query=f"&ticket={ticket}")[1]["frames"][0]["type"] == "welcome"
    assert poll(server, None, query=f"&ticket={ticket}")[0] == 401


async def test_a_stream_ends_with_its_login(server: Server, name: Name) -> None:
    """Logging out ends it at once, says so as a WebSocket does (4505), and the user is offline."""
    anna = name("anna")
    token, other = server.guest(anna), server.guest(name("bek"))
    async with V1(server.ws, other) as socket, EventStream(server, token) as stream:
        await stream.until("caught_up")
        await told(socket, anna, "online")
        assert server.request("DELETE", "/api/v1/sessions/current", token=token)[0] == 204
        assert await stream.ended() == {"code": 4505, "reason": "session_revoked"}
        while True:
            frame = await socket.until("presence")
            if {"user_id": anna, "state": "offline"}.items() <= frame["users"][0].items():
                break
