"""The v1 dialect over real sockets: docs/reference/v1.md, on every server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest
from websockets.asyncio.client import connect

from tests.servers import BUSY, Server
from tests.talk import V1, Client, Simple

Name = Callable[[str], str]


async def test_welcome_snapshot_presence_caught_up(server: Server, name: Name) -> None:
    """A first hello gets the user, all conversations, the presence, and caught_up."""
    token = server.guest(name("t"))
    async with V1(server.ws, token, subprotocols=["suhbat.v1"]) as me:
        assert me.socket.subprotocol == "suhbat.v1"
        assert [frame["type"] for frame in me.opening] == ["welcome", "snapshot", "presence", "caught_up"]
        welcome = me.welcome
        assert welcome["id"] == "hello" and welcome["resumed"] is False and welcome["heartbeat"] == 25
        assert welcome["user"]["user_id"] == name("t") and welcome["limits"] == {"text": 4000, "frame": 65536}
        lobby = me.snapshot["conversations"][0]
        assert lobby["conversation"] == "lobby" and me.snapshot["cursors"]["lobby"] == lobby["head"]
        assert "@me" in me.snapshot["cursors"]
        assert name("t") in {user["user_id"] for user in me.opening[2]["users"]}


async def test_send_is_acknowledged_and_delivered(server: Server, name: Name) -> None:
    """A send is acknowledged with its `seq`, and everybody, the sender too, gets the event."""
    async with V1(server.ws, server.guest(name("a"))) as one, V1(server.ws, server.guest(name("b"))) as two:
        reply = await one.ask("send", conversation="lobby", text="salom", client_id="k1")
        assert reply["type"] == "ok" and reply["duplicate"] is False
        event = await two.until("message.created")
        assert event["seq"] == reply["seq"] and event["actor"] == name("a")
        assert event["message"] | {"sender_uid": "", "sent_at": ""} == {
            "conversation": "lobby", "seq": reply["seq"], "ordinal": reply["ordinal"], "sender": name("a"),
            "sender_uid": "", "text": "salom", "client_id": "k1", "reply_to": None, "sent_at": "", "edited_at": None,
            "deleted": False, "reactions": [],
        }  # fmt: skip


async def test_a_repeat_is_a_duplicate_and_another_is_a_conflict(server: Server, name: Name) -> None:
    """The same client_id gets the first answer; with another text it is a conflict; another user's client_id is
    independent."""
    async with V1(server.ws, server.guest(name("a"))) as one, V1(server.ws, server.guest(name("b"))) as two:
        first = await one.ask("send", conversation="lobby", text="once", client_id="k")
        again = await one.ask("send", conversation="lobby", text="once", client_id="k")
        assert again | {"id": 0} == first | {"id": 0, "duplicate": True}
        assert (await one.ask("send", conversation="lobby", text="twice", client_id="k"))[
            "code"
        ] == "idempotency_conflict"
        assert (await two.ask("send", conversation="lobby", text="once", client_id="k"))["duplicate"] is False


async def test_resume_is_whole_and_in_order(server: Server, name: Name) -> None:
    """After a cut: all events above the cursor, in order, then live ones; none twice."""
    token = server.guest(name("t"))
    async with V1(server.ws, token) as me:
        cursors = me.snapshot["cursors"]
        epoch = me.welcome["epoch"]
    async with V1(server.ws, server.guest(name("w"))) as writer:
        seqs = [(await writer.ask("send", conversation="lobby", text=f"m{n}"))["seq"] for n in range(30)]
        private = await writer.ask("send", to_user=name("t"), text="for you")
        async with V1(server.ws, token, {"epoch": epoch, "cursors": cursors}) as me:
            assert me.welcome["resumed"] is True
            created = [frame for frame in me.opening if frame["type"] == "message.created"]
            assert [frame["seq"] for frame in created if frame["conversation"] == "lobby"] == seqs
            kinds = [frame["type"] for frame in me.opening if frame.get("conversation") != "lobby"]
            assert kinds.index("conversation.added") < kinds.index("message.created")
            direct = [frame for frame in created if frame["conversation"] == private["conversation"]]
            assert [frame["message"]["text"] for frame in direct] == ["for you"]
            live = await writer.ask("send", conversation="lobby", text="live")
            assert (await me.until("message.created", conversation="lobby"))["seq"] == live["seq"]


async def test_another_epoch_starts_afresh(server: Server, name: Name) -> None:
    """Cursors of another store are void: resumed is false and a snapshot follows."""
    async with V1(server.ws, server.guest(name("t")), {"epoch": "other", "cursors": {"lobby": 1, "@me": 0}}) as me:
        assert me.welcome["resumed"] is False and me.snapshot


async def test_invalid_cursors(server: Server, name: Name) -> None:
    """A cursor above the head gets a reset. One of a conversation that is invisible or does not exist gets
    conversation.removed."""
    token = server.guest(name("t"))
    async with V1(server.ws, token) as me:
        epoch = me.welcome["epoch"]
    cursors = {"lobby": 10**9, "@me": 0, "d-of-others": 3}
    async with V1(server.ws, token, {"epoch": epoch, "cursors": cursors}) as me:
        reset = next(frame for frame in me.opening if frame["type"] == "reset")
        assert reset["conversation"] == "lobby" and reset["reason"] == "ahead" and reset["state"]["head"] < 10**9
        removed = next(frame for frame in me.opening if frame["type"] == "conversation.removed")
        assert removed["conversation"] == "d-of-others"


async def test_directs_between_two_users(server: Server, name: Name) -> None:
    """A first private message makes the direct: both get conversation.added and then the message; nobody else gets
    anything."""
    async with (
        V1(server.ws, server.guest(name("a"))) as one,
        V1(server.ws, server.guest(name("b"))) as two,
        V1(server.ws, server.guest(name("c"))) as stranger,
    ):
        reply = await one.ask("send", to_user=name("b"), text="salom")
        added = await two.until("conversation.added")
        assert added["conversation"] == "@me" and added["state"]["conversation"] == reply["conversation"]
        assert added["state"]["kind"] == "direct" and added["state"]["title"] == name("a")
        event = await two.until("message.created")
        assert event["seq"] == reply["seq"] == 1 and event["message"]["text"] == "salom"
        back = await two.ask("send", conversation=reply["conversation"], text="va alaykum")
        assert back["seq"] == 2
        for command in ({"type": "send", "text": "x"}, {"type": "history"}, {"type": "typing"}):
            kind = command.pop("type")
            answer = await stranger.ask(kind, conversation=reply["conversation"], **command)
            missing = await stranger.ask(kind, conversation="d-nothing", **command)
            assert answer["code"] == "not_found" and answer | {"id": 0} == missing | {"id": 0}
        assert not [frame for frame in await stranger.silent() if "message" in frame["type"]]


async def test_history(server: Server, name: Name) -> None:
    """Pages before, after and around a seq, ascending, each with whether more follow."""
    async with V1(server.ws, server.guest(name("a"))) as one:
        seqs = [(await one.ask("send", to_user=name("a"), text=f"m{n}"))["seq"] for n in range(10)]
        direct = (await one.ask("send", to_user=name("a"), text="last"))["conversation"]
        newest = await one.ask("history", conversation=direct, limit=3)
        assert [message["text"] for message in newest["messages"]] == ["m8", "m9", "last"]
        assert newest["has_before"] and not newest["has_after"]
        before = await one.ask("history", conversation=direct, before=seqs[2])
        assert [message["seq"] for message in before["messages"]] == seqs[:2] and not before["has_before"]
        after = await one.ask("history", conversation=direct, after=seqs[7], limit=2)
        assert [message["seq"] for message in after["messages"]] == seqs[8:10] and after["has_after"]
        around = await one.ask("history", conversation=direct, around=seqs[5], limit=4)
        assert seqs[5] in [message["seq"] for message in around["messages"]] and len(around["messages"]) <= 4
        sent_at = around["messages"][0]["sent_at"]
        [first] = (await one.ask("history", conversation=direct, around_time=sent_at, limit=1))["messages"]
        assert first["sent_at"] == sent_at
        refused = await one.ask("history", conversation=direct, around=seqs[5], around_time=sent_at)
        assert refused["code"] == "bad_request"


async def test_lobby_history_begins_with_the_identity(server: Server, name: Name) -> None:
    """A token guest can read messages since their identity was created, and none before."""
    async with V1(server.ws, server.guest(name("w"))) as writer:
        old = await writer.ask("send", conversation="lobby", text="before")
        async with V1(server.ws, server.guest(name("t"))) as me:
            new = await writer.ask("send", conversation="lobby", text="since")
            page = await me.ask("history", conversation="lobby")
            assert [message["seq"] for message in page["messages"]] == [new["seq"]] and old["seq"] < new["seq"]


async def test_ping_carries_heads(server: Server, name: Name) -> None:
    """pong has the head of every conversation that advanced since the previous pong."""
    async with V1(server.ws, server.guest(name("a"))) as one:
        sent = await one.ask("send", conversation="lobby", text="x")
        assert (await one.ask("ping"))["heads"]["lobby"] >= sent["seq"]


async def test_typing_and_presence(server: Server, name: Name) -> None:
    """Typing reaches the others, not the sender; presence changes are sent within two seconds."""
    async with V1(server.ws, server.guest(name("a"))) as one:
        async with V1(server.ws, server.guest(name("b"))) as two:
            async with asyncio.timeout(2 + BUSY):
                while True:
                    notice = await one.until("presence")
                    if any(user["user_id"] == name("b") and user["state"] == "online" for user in notice["users"]):
                        break
            assert (await two.ask("typing", conversation="lobby"))["type"] == "ok"
            assert (await one.until("typing"))["user_id"] == name("b")
        async with asyncio.timeout(2 + BUSY):
            while True:
                notice = await one.until("presence")
                if any(user["user_id"] == name("b") and user["state"] == "offline" for user in notice["users"]):
                    break


async def test_invalid_frames_are_answered(server: Server, name: Name) -> None:
    """Every invalid frame is answered."""
    async with V1(server.ws, server.guest(name("a"))) as one:
        assert (await one.ask("dance"))["code"] == "bad_request"


async def test_no_reply_without_an_id_but_an_error(server: Server, name: Name) -> None:
    """A command without an id gets no reply, but an error if it is refused."""
    async with V1(server.ws, server.guest(name("a"))) as one:
        await one.say({"type": "send", "to_user": name("a"), "text": "quiet"})
        await one.until("message.created")
        assert not [frame for frame in await one.silent() if frame["type"] == "ok"]
        await one.say({"type": "send", "conversation": "nowhere", "text": "x"})
        assert (await one.until("error"))["code"] == "not_found"


@pytest.mark.parametrize("token", [None, "", "sg_wrong", "x" * 4000])
async def test_unknown_tokens(server: Server, token: str | None) -> None:
    """No token or a wrong one: unauthenticated, then 4501."""
    async with Client(f"{server.ws}/api/v1/ws") as socket:
        await socket.say({"type": "hello", "id": 1, "token": token})
        assert (await socket.hear())["code"] == "unauthenticated"
        assert await socket.closed() == 4501


async def test_a_command_before_hello(server: Server) -> None:
    """Before hello any other command closes with 4501."""
    async with Client(f"{server.ws}/api/v1/ws") as socket:
        await socket.say({"type": "ping", "id": 5})
        answer = await socket.hear()
        assert answer["code"] == "unauthenticated" and answer["id"] == 5
        assert await socket.closed() == 4501


async def test_tickets_work_once(server: Server, name: Name) -> None:
    """A ticket opens one connection and no second one."""
    status, answer = server.request("POST", "/api/v1/tickets", {}, token=server.guest(name("a")))
    assert status == 201
    for works in (True, False):
        async with Client(f"{server.ws}/api/v1/ws?ticket={answer['ticket']}") as socket:
            await socket.say({"type": "hello", "id": 1})
            assert (await socket.hear())["type"] == ("welcome" if works else "error")
    assert answer["ticket"] not in server.printed(), "query strings are kept out of every log"


async def test_bearer_in_the_header(server: Server, name: Name) -> None:
    """The token may be in the Authorization header."""
    token = server.guest(name("a"))
    async with V1(server.ws, None, additional_headers={"Authorization": f"Bearer {token}"}) as me:
        assert me.welcome["user"]["user_id"] == name("a")


async def test_many_in_flight_keep_their_order(server: Server, name: Name) -> None:
    """Messages sent without waiting for replies are numbered in the order they were sent."""
    async with V1(server.ws, server.guest(name("a"))) as one:
        for number in range(200):
            await one.say({"type": "send", "id": number, "to_user": name("a"), "text": f"m{number}"})
        texts = [(await one.until("message.created"))["message"]["text"] for _ in range(200)]
        assert texts == [f"m{number}" for number in range(200)]


async def test_a_simple_reader_of_a_v1_direct(server: Server, name: Name) -> None:
    """A v1 user writes to a guest of the simple dialect and gets an answer; `online` says whether the reader is
    connected."""
    async with Simple(server.ws, name("s")) as guest, V1(server.ws, server.guest(name("t"))) as me:
        reply = await me.ask("send", to_user=name("s"), text="salom")
        assert (await guest.until("message", to_user=name("s")))["conversation"] == reply["conversation"]
        await guest.write("va alaykum", name("t"))
        assert (await guest.until("sent"))["online"] is True
        assert (await me.until("message.created", actor=name("s")))["message"]["text"] == "va alaykum"


async def test_unknown_socket_paths(server: Server) -> None:
    """An unknown socket path is refused before the upgrade."""
    from websockets.exceptions import InvalidStatus

    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"{server.ws}/nothing/here", compression=None, proxy=None):
            pass
    assert refused.value.response.status_code in (403, 404)


async def test_errors_reach_only_their_sender(server: Server, name: Name) -> None:
    """Errors only go to the connection that caused them."""
    async with V1(server.ws, server.guest(name("a"))) as one, V1(server.ws, server.guest(name("b"))) as two:
        await one.say("nonsense")
        assert (await one.until("error"))["code"] == "bad_request"
        assert "error" not in [frame["type"] for frame in await two.silent(0.2)]
        assert json.dumps(await one.ask("ping"))
