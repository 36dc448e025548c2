"""The simple dialect over real sockets: docs/reference/simple.md, sentence by sentence, on every server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.servers import Server
from tests.talk import V1, Frame, Simple

Name = Callable[[str], str]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def test_the_seeds_conversation(server: Server, name: Name) -> None:
    """All that the first README promises: joined, a message to all, a private one, left."""
    async with Simple(server.ws, name("a")) as one:
        async with Simple(server.ws, name("b")) as two:
            assert two.joined["message"] == f"User {two.name} joined the chat"
            assert (await one.until("joined", user_id=two.name))["message"] == f"User {two.name} joined the chat"
            await one.say('{ "message": "Salom hammaga!", "to_user": "" }')
            for client in (one, two):
                frame = await client.until("message")
                assert TIME.fullmatch(frame.pop("sent_at")) and frame.pop("seq") > 0 and frame.pop("from_uid")
                assert frame == {
                    "type": "message",
                    "conversation": "lobby",
                    "from_user": one.name,
                    "to_user": "",
                    "message": "Salom hammaga!",
                }
        left = await one.until("left")
        assert left["user_id"] == two.name and left["message"] == f"User {two.name} left the chat"


async def test_a_private_message_reaches_its_reader_alone(server: Server, name: Name) -> None:
    """The reader gets the message, the sender a receipt, and nobody else anything."""
    async with (
        Simple(server.ws, name("a")) as one,
        Simple(server.ws, name("b")) as two,
        Simple(server.ws, name("c")) as three,
    ):
        await one.until("joined", user_id=three.name)
        await one.write("Salom, user2!", two.name)
        sent = await one.until("sent")
        got = await two.until("message")
        assert got["message"] == "Salom, user2!" and got["to_user"] == two.name and got["from_user"] == one.name
        assert sent["conversation"] == got["conversation"] != "lobby"
        assert sent["seq"] == got["seq"] and sent["online"] is True and sent["to_user"] == two.name
        assert not [frame for frame in await three.silent() if frame["type"] == "message"]
        assert not [frame for frame in await one.silent(0.05) if frame["type"] == "message"]


async def test_an_unknown_name(server: Server, name: Name) -> None:
    """A private message to an unknown name: user_not_found, and the connection stays."""
    async with Simple(server.ws, name("a")) as one:
        for stranger in (name("nobody"), "not a name!", "x" * 500):
            await one.write("salom", stranger)
            error = await one.until("error")
            assert error["code"] == "user_not_found" and "leave to_user empty" in error["message"]
        await one.write("still here")
        assert (await one.until("message"))["message"] == "still here"


async def test_a_note_to_oneself(server: Server, name: Name) -> None:
    """to_user may be the sender: the message arrives, and its receipt."""
    async with Simple(server.ws, name("a")) as one:
        await one.write("do not forget", one.name)
        kinds = {(await one.hear())["type"], (await one.hear())["type"]}
        assert kinds == {"message", "sent"}


@pytest.mark.parametrize("frame", ["", "salom", "[]", "{}", '{"message": ""}', '{"message": "\\ud800"}', "[" * 30_000])
async def test_bad_frames_are_answered_and_disturb_no_others(server: Server, name: Name, frame: str) -> None:
    """An invalid frame is answered with an error and an example; the connection stays, and others get nothing."""
    async with Simple(server.ws, name("a")) as one, Simple(server.ws, name("b")) as two:
        await one.say(frame)
        answer = await one.until("error")
        assert answer["code"] == "bad_request" and "Salom hammaga!" in answer["message"]
        await one.write("fine")
        heard = await two.until("message")
        assert heard["message"] == "fine"


async def test_closes_for_frames_that_cannot_be_read(server: Server, name: Name) -> None:
    """A binary frame closes with 1003, a frame over 64 KiB with 1009."""
    async with Simple(server.ws, name("a")) as one:
        await one.say(b"salom")
        assert await one.closed() == 1003
    async with Simple(server.ws, name("b")) as two:
        await two.say("x" * 70_000)
        assert await two.closed() == 1009


async def test_a_held_name_is_refused(server: Server, name: Name) -> None:
    """A second connection under a held name, or under one that looks like it, gets the reason, then 4509."""
    async with Simple(server.ws, name("annai")) as one:
        for asked in (one.name, one.name.upper(), one.name.replace("annai", "annal")):
            async with connect(f"{server.ws}/ws/{asked}", compression=None, proxy=None) as socket:
                answer = json.loads(await socket.recv())
                assert answer["type"] == "error" and answer["code"] == "name_in_use"
                assert 0 < answer["retry_after"] <= 10
                await socket.wait_closed()
                assert socket.close_code == 4509
        await one.write("still mine")
        assert (await one.until("message"))["message"] == "still mine"
    async with Simple(server.ws, one.name) as again:
        assert again.joined["uid"] != one.joined["uid"], "a name claimed again is a new identity"


@pytest.mark.parametrize("bad", ["a%20b", "a%2Fb", "x" * 33, "%D0%B0dmin", "admin", "a%00", "%F0%9F%99%82", "%FF"])
async def test_invalid_names(server: Server, bad: str) -> None:
    """An invalid name: an error frame that says why, then the close 4510."""
    async with connect(f"{server.ws}/ws/{bad}?lang=uz", compression=None, proxy=None) as socket:
        answer = json.loads(await socket.recv())
        assert answer["code"] == "invalid_name" and "ism" in answer["message"].lower()
        await socket.wait_closed()
        assert socket.close_code == 4510


@pytest.mark.parametrize("honest", ["O'tkir", "%D0%8E%D1%82%D0%BA%D0%B8%D1%80", "john.doe", "42"])
async def test_valid_names(server: Server, honest: str) -> None:
    """Names as people write them are accepted; apostrophes of every kind become one."""
    async with connect(f"{server.ws}/ws/{honest}", compression=None, proxy=None) as socket:
        answer = json.loads(await socket.recv())
        assert answer["type"] == "joined"


@pytest.mark.parametrize(
    "origin", ["null", "https://evil.example", "http://127.0.0.1.evil.example", "http://127.0.0.1"]
)
async def test_foreign_origins_get_403(server: Server, name: Name, origin: str) -> None:
    """A page of another origin is refused before the upgrade, in both dialects."""
    for path in (f"/ws/{name('a')}", "/api/v1/ws"):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(server.ws + path, origin=origin, compression=None, proxy=None):
                pass
        assert refused.value.response.status_code == 403


async def test_a_refused_upgrade_has_the_headers_of_every_answer(server: Server, name: Name) -> None:
    """In every refusal: by this server before the upgrade, by its library for an invalid handshake, by another server
    (403)."""
    for path, origin, headers in (
        (f"/ws/{name('a')}", "https://evil.example", {}),
        ("/api/v1/ws", "https://evil.example", {}),
        ("/nothing/here", None, {}),
        ("/api/v1/ws", None, {"Sec-WebSocket-Version": "7"}),
    ):
        if headers and server.kind != "suhbat":
            continue  # another server checks the handshake by itself, and granian accepts this one
        with pytest.raises(InvalidStatus) as refused:
            async with connect(
                server.ws + path,
                origin=origin,
                additional_headers=headers,
                compression=None,
                proxy=None,
            ):
                pass
        response = refused.value.response
        if b'"code"' not in response.body and not headers:
            continue  # a server without the ASGI extension for refusals sends its own answer
        assert response.headers["X-Content-Type-Options"] == "nosniff", path
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin", path
        assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert "camera=(self)" in response.headers["Permissions-Policy"], path


async def test_the_own_origin_is_allowed(server: Server, name: Name) -> None:
    """The page that this server serves may connect."""
    async with Simple(server.ws, name("a"), origin=server.url) as one:
        assert one.joined


async def test_no_deflate(server: Server, name: Name) -> None:
    """Compression is off, also for a client that offers it."""
    if server.kind not in ("suhbat", "uvicorn"):
        return  # other servers negotiate by themselves; the application checks the length
    async with Simple(server.ws, name("a"), compression="deflate") as one:
        assert one.socket.protocol.extensions == []
        await one.write("salom" * 500)
        assert (await one.until("message"))["message"] == "salom" * 500


async def test_dialects_meet_in_the_lobby(server: Server, name: Name) -> None:
    """A simple message is an event in v1 and the reverse, under the same seq."""
    token = server.guest(name("t"))
    async with Simple(server.ws, name("a")) as one, V1(server.ws, token) as other:
        await one.write("from postman")
        event = await other.until("message.created")
        shown = await one.until("message")
        assert event["message"]["text"] == "from postman" and event["seq"] == shown["seq"]
        reply = await other.ask("send", conversation="lobby", text="from v1")
        assert reply["seq"] == (await one.until("message", message="from v1"))["seq"]


async def test_a_token_holds_its_name(server: Server, name: Name) -> None:
    """A token guest's name is refused without the token. With it the guest may have as many connections as they like."""
    token = server.guest(name("t"))
    async with connect(f"{server.ws}/ws/{name('t')}", compression=None, proxy=None) as socket:
        assert json.loads(await socket.recv())["code"] == "name_in_use"
    bearer = {"Authorization": f"Bearer {token}"}
    async with Simple(server.ws, name("t"), additional_headers=bearer) as one:
        async with connect(
            f"{server.ws}/ws/{name('t')}", additional_headers=bearer, compression=None, proxy=None
        ) as two:
            await two.send(json.dumps({"message": "both are in", "to_user": ""}))
            assert json.loads(await two.recv())["message"] == "both are in"
            await one.write("both hear")
            assert json.loads(await two.recv())["message"] == "both hear"
            heard = [(await one.until("message"))["message"] for _ in range(2)]
            assert heard == ["both are in", "both hear"]
        # Guests of earlier tests may leave meanwhile.
        mine = [frame for frame in await one.silent() if frame.get("user_id") == name("t")]
        assert not [frame for frame in mine if frame["type"] in ("joined", "left")]


async def test_a_flood_is_limited(server: Server, name: Name) -> None:
    """A thousand messages at once: those over the rate are refused with retry_after, and in the end the close is 4029."""
    async with Simple(server.ws, name("a")) as one:
        refused: Frame = {}
        try:
            for number in range(1500):
                await one.write(f"flood {number}")
                if server.kind == "granian" and number % 25 == 24:
                    for _ in range(25):
                        answered = await one.hear()
                        refused = answered if answered["type"] == "error" else refused
        except ConnectionClosed:
            pass
        refused = refused or await one.until("error")
        assert refused["code"] == "rate_limited" and refused["retry_after"] > 0
        # granian closes a socket with unread input, which the system turns into a reset.
        assert await one.closed() in ({4029, 1006} if server.kind == "granian" else {4029})
