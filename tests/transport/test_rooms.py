"""Rooms over real sockets, on every server: what each member receives, and that nobody else receives it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.servers import Server
from tests.talk import V1, Client, Frame, Simple

Name = Callable[[str], str]


@asynccontextmanager
async def two(server: Server, name: Name) -> AsyncIterator[tuple[V1, V1, str]]:
    """The owner and a member of a new room, both connected, after all frames of its creation."""
    async with (
        V1(server.ws, server.guest(name("a"))) as owner,
        V1(server.ws, token := server.guest(name("b"))) as member,
    ):
        room = (await did(owner, "create", title="Choyxona"))["conversation"]
        await let_in(server, owner, room, name("b"), token)
        await member.until("conversation.added")
        yield owner, member, room


async def did(client: V1, kind: str, **fields: Any) -> Frame:
    """Send a command that succeeds; returns the reply."""
    answer = await client.ask(kind, **fields)
    assert answer["type"] == "ok", answer
    return answer


async def let_in(server: Server, owner: V1, conversation: str, user_id: str, token: str) -> int:
    """Invite a user, who accepts; returns the room's head then."""
    assert (await did(owner, "admit", conversation=conversation, user_id=user_id))["invited"]
    place = f"/api/v1/conversations/{conversation}"
    status, _ = await asyncio.to_thread(server.request, "PUT", f"{place}/members/{user_id}", {}, token=token)
    assert status == 201
    _, state = await asyncio.to_thread(server.request, "GET", place, token=token)
    head: int = state["head"]
    return head


async def said(client: V1, conversation: str, text: str = "salom", **fields: Any) -> int:
    """Send a message; returns its `seq`."""
    seq: int = (await did(client, "send", conversation=conversation, text=text, **fields))["seq"]
    return seq


async def heard(client: Client, room: str) -> list[Frame]:
    """The frames of a room, or about it, that arrive within a moment."""
    frames = await client.silent()
    return [frame for frame in frames if room in str(frame)]


async def test_a_room_is_created_and_joined(server: Server, name: Name) -> None:
    """The creator owns the room. An admitted user gets its state; its members get the event."""
    async with (
        V1(server.ws, server.guest(name("a"))) as owner,
        V1(server.ws, token := server.guest(name("b"))) as member,
    ):
        made = await did(owner, "create", title=" Choyxona ", topic="choy")
        assert made["seq"] == 0
        await said(owner, made["conversation"], "avval")
        answer = await let_in(server, owner, made["conversation"], name("b"), token)
        event = await member.until("conversation.added")
        state = event["state"]
        assert (state["title"], state["topic"], state["kind"], state["role"]) == ("Choyxona", "choy", "room", "member")
        assert (state["head"], state["member_count"], state["unread"]) == (answer, 2, 0)
        assert state["last_message"]["text"] == "avval"
        joined = await said(member, made["conversation"])
        assert (await owner.until("message.created", seq=joined))["actor"] == name("b")


async def test_changes_of_a_message(server: Server, name: Name) -> None:
    """Edit, reaction, pin and delete: each is an event with the next `seq`, and the reply carries that `seq`."""
    async with two(server, name) as (owner, member, room):
        seq = await said(owner, room, "bir")
        steps: list[tuple[V1, str, dict[str, Any], str, dict[str, Any]]] = [
            (owner, "edit", {"text": "ikki"}, "message.edited", {}),
            (member, "react", {"emoji": "👍"}, "reaction.added", {"target": seq, "emoji": "👍"}),
            (owner, "pin", {}, "message.pinned", {"target": seq}),
            (member, "react", {"emoji": "👍", "on": False}, "reaction.removed", {"target": seq}),
            (owner, "pin", {"on": False}, "message.unpinned", {"target": seq}),
            (owner, "delete", {}, "message.deleted", {"target": seq}),
        ]
        for number, (actor, command, fields, event, carried) in enumerate(steps, 1):
            answer = await did(actor, command, conversation=room, seq=seq, **fields)
            assert answer["seq"] == seq + number
            for listener in (owner, member):
                # Its reply may have arrived after the event, and was skipped.
                if listener is not actor:
                    told = await listener.until(event, conversation=room)
                    assert told["seq"] == seq + number and carried.items() <= told.items()
                    if event == "message.edited":
                        assert (told["message"]["text"], told["message"]["edited_at"] is None) == ("ikki", False)
        page = await did(member, "history", conversation=room)
        assert [(m["text"], m["deleted"]) for m in page["messages"]] == [("", True)]
        refused = await member.ask("pin", conversation=room, seq=seq)
        assert refused["code"] == "forbidden"


async def test_read_and_receipt(server: Server, name: Name) -> None:
    """The reply and the user's own log say how much is unread. The other member gets a receipt, the reader does not."""
    token = server.guest(name("b"))
    async with (
        V1(server.ws, server.guest(name("a"))) as owner,
        V1(server.ws, token) as member,
        V1(server.ws, token) as other,
    ):
        room = (await did(owner, "create", title="Xona"))["conversation"]
        await let_in(server, owner, room, name("b"), token)
        for _ in range(3):
            await said(owner, room)
        for listener in (member, other):
            for _ in range(3):
                await listener.until("message.created", conversation=room)
        assert (await did(member, "read", conversation=room, ordinal=2))["unread"] == 1
        mark = await other.until("read")
        assert (mark["conversation"], mark["target"], mark["ordinal"], mark["unread"]) == ("@me", room, 2, 1)
        receipt = await owner.until("receipt")
        assert (receipt["conversation"], receipt["user_id"], receipt["ordinal"]) == (room, name("b"), 2)
        assert "receipt" not in [frame["type"] for frame in await other.silent()]
        assert "read" not in [frame["type"] for frame in await owner.silent()]
        assert (await did(member, "unread", conversation=room, ordinal=1))["unread"] == 3
        mark = await other.until("read")
        assert (mark["target"], mark["ordinal"], mark["unread"]) == (room, 0, 3)
        for ordinal in (2, 3):
            await did(member, "read", conversation=room, ordinal=ordinal)
        assert (await owner.until("receipt"))["ordinal"] == 3  # others know of the second message already


async def test_named_and_drafted_on_every_device(server: Server, name: Name) -> None:
    """A mention is in the mentioned user's own log. A draft is on all devices of its user, and on no other."""
    token = server.guest(name("b"))
    async with (
        V1(server.ws, server.guest(name("a"))) as owner,
        V1(server.ws, token) as member,
        V1(server.ws, token) as other,
    ):
        room = (await did(owner, "create", title="Xona"))["conversation"]
        await let_in(server, owner, room, name("b"), token)
        seq = await said(owner, room, f"salom @{name('b')}!")
        for device in (member, other):
            named = await device.until("mentioned")
            assert (named["target"], named["message"], named["mentions"]) == (room, seq, 1)
        await did(member, "draft", conversation=room, text="Va alay")
        draft = await other.until("draft")
        assert (draft["target"], draft["text"]) == (room, "Va alay")
        assert not {"draft", "mentioned"} & {frame["type"] for frame in await owner.silent()}


async def test_typing(server: Server, name: Name) -> None:
    """The other members get it, and nobody else."""
    async with two(server, name) as (owner, member, room), V1(server.ws, server.guest(name("c"))) as stranger:
        await did(owner, "typing", conversation=room)
        notice = await member.until("typing")
        assert (notice["conversation"], notice["user_id"]) == (room, name("a"))
        assert (await stranger.ask("typing", conversation=room))["code"] == "not_found"
        assert await heard(stranger, room) == []


async def test_active(server: Server, name: Name) -> None:
    """Anybody may say that they look; nobody else is told, and it is no presence."""
    async with two(server, name) as (owner, member, room):
        for command in ({"on": True}, {}, {"on": False}, {"on": False}):
            assert set(await owner.ask("active", **command)) == {"type", "id"}
        await owner.say({"type": "active", "on": True})
        assert (await owner.ask("active", on="x"))["code"] == "bad_request"
        assert await heard(member, room) == []


async def test_nothing_after_the_removal(server: Server, name: Name) -> None:
    """The removal is the last event that the user gets; every command afterwards is answered with not_found."""
    async with two(server, name) as (owner, member, room):
        seq = await said(owner, room, "oldin")
        await member.until("message.created", seq=seq)
        # Sent without waiting, so that the removal and the message are in one batch.
        await owner.say({"type": "remove", "id": "r", "conversation": room, "user_id": name("b")})
        for number in range(20):
            await owner.say({"type": "send", "id": number, "conversation": room, "text": f"sir {number}"})
        await owner.until("ok", id=19)
        await did(owner, "edit", conversation=room, seq=seq, text="sir")
        await did(owner, "typing", conversation=room)
        frames = await heard(member, room)
        assert [(frame["type"], frame.get("removed")) for frame in frames] == [("conversation.removed", room)]
        for command in (
            {"type": "send", "text": "x"}, {"type": "history"}, {"type": "typing"}, {"type": "leave"},
            {"type": "edit", "seq": seq, "text": "x"}, {"type": "read", "ordinal": 1}, {"type": "join"},
        ):  # fmt: skip
            kind = str(command.pop("type"))
            answer = await member.ask(kind, conversation=room, **command)
            missing = await member.ask(kind, conversation="r404", **command)
            assert answer["code"] == "not_found" and answer | {"id": 0} == missing | {"id": 0}, kind


async def test_resume_after_a_removal(server: Server, name: Name) -> None:
    """A client resumes with the cursor of a room that the user was removed from: it gets the removal and no event."""
    token = server.guest(name("b"))
    async with V1(server.ws, server.guest(name("a"))) as owner:
        room = (await did(owner, "create", title="Xona"))["conversation"]
        await let_in(server, owner, room, name("b"), token)
        async with V1(server.ws, token) as member:
            resume = {"epoch": member.welcome["epoch"], "cursors": member.snapshot["cursors"]}
        await said(owner, room, "u hali ichkarida")
        await did(owner, "remove", conversation=room, user_id=name("b"))
        await said(owner, room, "sir")
        async with V1(server.ws, token, resume) as member:
            assert member.welcome["resumed"] is True
            about = [frame for frame in member.opening if room in str(frame)]
            assert {frame["type"] for frame in about} == {"conversation.removed"}
            assert await heard(member, room) == []


async def test_resume_after_coming_back(server: Server, name: Name) -> None:
    """Messages from the time outside of the room are not replayed. The room is reset, because the membership was
    interrupted; then events are live."""
    token = server.guest(name("b"))
    async with V1(server.ws, server.guest(name("a"))) as owner:
        room = (await did(owner, "create", title="Xona", history="joined"))["conversation"]
        await let_in(server, owner, room, name("b"), token)
        async with V1(server.ws, token) as member:
            resume = {"epoch": member.welcome["epoch"], "cursors": member.snapshot["cursors"]}
        await did(owner, "remove", conversation=room, user_id=name("b"))
        await said(owner, room, "sir")
        await let_in(server, owner, room, name("b"), token)
        async with V1(server.ws, token, resume) as member:
            assert member.welcome["resumed"] is True
            [reset] = [frame for frame in member.opening if frame["type"] == "reset"]
            assert (reset["conversation"], reset["reason"]) == (room, "interrupted")
            assert (reset["state"]["last_message"], reset["state"]["unread"]) == (None, 0)
            assert "sir" not in str(member.opening)
            page = await did(member, "history", conversation=room)
            assert page["messages"] == []
            seq = await said(owner, room, "xush kelibsan")
            assert (
                (await member.until("message.created", conversation=room))["seq"] == seq == reset["state"]["head"] + 1
            )


async def test_an_erased_room_is_removed(server: Server, name: Name) -> None:
    """An erased room is removed from all its members."""
    async with two(server, name) as (owner, member, room):
        await did(owner, "erase", conversation=room)
        assert (await member.until("conversation.removed"))["removed"] == room
        assert (await member.ask("history", conversation=room))["code"] == "not_found"
        assert (await owner.ask("send", conversation=room, text="x"))["code"] == "not_found"


async def test_a_public_room_is_found_and_joined(server: Server, name: Name) -> None:
    """A public room is in the directory of users who may join, and they join it without an invitation."""
    async with V1(server.ws, server.guest(name("a"))) as owner:
        room = (await did(owner, "create", title=name("ochiq"), visibility="public"))["conversation"]
        token = server.guest(name("b"))
        _, found = server.request("GET", "/api/v1/conversations?public=true&limit=200", token=token)
        [shown] = [one for one in found["conversations"] if one["conversation"] == room]
        assert (shown["title"], shown["role"], shown["last_message"]) == (name("ochiq"), None, None)
        async with V1(server.ws, token) as member:
            joined = await did(member, "join", conversation=room)
            assert (await owner.until("member.joined", seq=joined["seq"]))["user"]["user_id"] == name("b")
            left = await did(member, "leave", conversation=room)
            assert (await owner.until("member.left", seq=left["seq"]))["user"]["user_id"] == name("b")


async def test_a_group_of_three(server: Server, name: Name) -> None:
    """A direct of three is the same whoever opens it. The others see it when somebody writes, and it is named after the
    others."""
    async with V1(server.ws, server.guest(name("a"))) as one, V1(server.ws, server.guest(name("b"))) as other:
        token = server.guest(name("c"))
        made = await did(one, "direct", users=[name("b"), name("c")])
        assert "conversation.added" not in [frame["type"] for frame in await other.silent()]
        await said(one, made["conversation"])
        state = (await other.until("conversation.added"))["state"]
        assert set(state["title"].split(", ")) == {name("a"), name("c")} and state["member_count"] == 3
        again = await did(other, "direct", users=[name("c"), name("a")])
        assert again["conversation"] == made["conversation"]
        status, found = server.request("POST", "/api/v1/directs", {"users": [name("a"), name("b")]}, token=token)
        assert (status, found["conversation"]) == (200, made["conversation"])


async def test_the_simple_dialect_shows_nothing_of_rooms(server: Server, name: Name) -> None:
    """A member of a room gets neither its messages nor its existence."""
    token = server.guest(name("s"))
    header = {"additional_headers": {"Authorization": f"Bearer {token}"}}
    async with V1(server.ws, server.guest(name("a"))) as owner:
        async with Simple(server.ws, name("s"), **header) as simple:
            room = (await did(owner, "create", title="Xona"))["conversation"]
            await let_in(server, owner, room, name("s"), token)
            seq = await said(owner, room, f"salom @{name('s')}")
            await did(owner, "edit", conversation=room, seq=seq, text="tahrir")
            await did(owner, "remove", conversation=room, user_id=name("s"))
            await let_in(server, owner, room, name("s"), token)
            assert await heard(simple, room) == []
        async with Simple(server.ws, name("s"), **header) as again:
            await said(owner, room)
            await said(owner, "lobby", "hammaga")
            assert (await again.until("message"))["message"] == "hammaga"
            assert await heard(again, room) == []
