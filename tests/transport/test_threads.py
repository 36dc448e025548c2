"""Threads over real sockets, on every server: what has no thread is refused alike over v1 and HTTP, and who looks on in the
simple dialect is told where a message belongs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tests.servers import Server
from tests.talk import V1, Frame, Simple

from .test_rooms import did, said, two

Name = Callable[[str], str]


class Asking:
    """Asks for a thread in each way there is, over v1 and over HTTP, as the same user."""

    def __init__(self, server: Server, client: V1) -> None:
        self._server = server
        self._client = client
        self._token = client.token

    async def refusals(self, conversation: str, seq: object, *, writes_only: bool = False) -> set[tuple[str, str]]:
        """The code of each refusal, by v1 command. HTTP refuses with the same code; otherwise its answer is in the set, too."""
        found = {("send", await self._both("send", conversation, seq))}
        if not writes_only:
            found |= {(kind, await self._both(kind, conversation, seq)) for kind in ("history", "thread")}
        return found

    async def _both(self, kind: str, conversation: str, seq: object) -> str:
        fields: Frame = {"seq": seq, "follow": True} if kind == "thread" else {"thread": seq}
        if kind == "send":
            fields["text"] = "javob"
        answer = await self._client.ask(kind, conversation=conversation, **fields)
        assert answer["type"] == "error" and answer["message"], answer
        place = f"/api/v1/conversations/{conversation}"
        method, path, body = {
            "send": ("POST", f"{place}/messages", {"text": "javob", "thread": seq}),
            "history": ("GET", f"{place}/messages?thread={seq}", None),
            "thread": ("PUT", f"{place}/threads/{seq}", {"follow": True}),
        }[kind]
        _, problem = await asyncio.to_thread(self._server.request, method, path, body, token=self._token)
        assert problem["code"] == answer["code"], (kind, answer, problem)
        return str(answer["code"])

    async def mark(self, conversation: str, seq: int, **changes: Any) -> tuple[str, str]:
        """The code of the refusal of a mark over v1, and over HTTP."""
        answer = await self._client.ask("thread", conversation=conversation, seq=seq, **changes)
        path = f"/api/v1/conversations/{conversation}/threads/{seq}"
        _, problem = await asyncio.to_thread(self._server.request, "PUT", path, changes, token=self._token)
        return str(answer.get("code")), str(problem.get("code"))


def all_of(code: str) -> set[tuple[str, str]]:
    return {("send", code), ("history", code), ("thread", code)}


async def test_what_has_no_thread(server: Server, name: Name) -> None:
    """A reply, a missing or deleted message, what is no message, a message of another room or from before one joined, a room
    that one is not in, and a direct of two: each is refused with the same code everywhere, and nothing is written."""
    async with two(server, name) as (owner, member, room), V1(server.ws, token := server.guest(name("c"))) as late:
        root = await said(owner, room, "ildiz")
        reply = await said(member, room, "javob", thread=root)
        gone = await said(owner, room, "o'chadi")
        await did(owner, "delete", conversation=room, seq=gone)
        place = f"/api/v1/conversations/{room}"
        assert (await did(owner, "admit", conversation=room, user_id=name("c")))["invited"]
        await asyncio.to_thread(server.request, "PUT", f"{place}/members/{name('c')}", {}, token=token)
        await did(owner, "update", conversation=room, history="joined")
        own = (await did(late, "create", title="Boshqa"))["conversation"]
        await said(late, own, "bir")
        hidden = (await did(member, "create", title="Yashirin"))["conversation"]
        elsewhere = await said(member, hidden, "ikki")
        sent = await did(late, "send", to_user=name("a"), text="senga")
        head = (await did(owner, "send", conversation=room, text="oxiri"))["seq"]

        asking = Asking(server, late)
        assert await asking.refusals(room, root) == all_of("not_found")  # from before they joined
        assert await asking.refusals(room, reply) == all_of("not_found")
        assert await asking.refusals(hidden, elsewhere) == all_of("not_found")
        assert await asking.refusals(own, head) == all_of("not_found")  # a message of the other room
        assert await asking.refusals(sent["conversation"], sent["seq"]) == all_of("bad_request")
        assert await asking.refusals(own, 0) == all_of("bad_request")
        assert await asking.refusals(own, 2**53) == all_of("bad_request")
        assert (await late.ask("send", to_user=name("a"), text="x", thread=sent["seq"]))["code"] == "bad_request"
        assert (await late.ask("send", conversation=own, text="x", also=True))["code"] == "bad_request"
        for wrong in ("1", True, 1.5, -1, [1]):
            assert (await late.ask("send", conversation=own, text="x", thread=wrong))["code"] == "bad_request", wrong

        await did(owner, "update", conversation=room, history="all")
        assert await asking.refusals(room, reply) == all_of("bad_request")
        assert await asking.refusals(room, gone, writes_only=True) == {("send", "not_found")}
        assert await asking.refusals(room, head + 1) == all_of("not_found")  # the change of the settings
        assert await asking.refusals(room, head + 1_000) == all_of("not_found")
        pong = await late.ask("ping")
        assert (pong["heads"][room], pong["heads"][own], pong["heads"][sent["conversation"]]) == (head + 1, 1, 1)


async def test_marks_of_a_thread(server: Server, name: Name) -> None:
    """A mark above the last reply is refused, also while replies come; so is one of a message without replies."""
    async with two(server, name) as (owner, member, room):
        root, bare = await said(owner, room, "ildiz"), await said(owner, room, "yolg'iz")
        await said(member, room, "javob", thread=root)
        asking = Asking(server, owner)
        assert await asking.mark(room, root, read_ordinal=2) == ("bad_request", "bad_request")
        assert await asking.mark(room, root, read_ordinal=-1) == ("bad_request", "bad_request")
        assert await asking.mark(room, root, follow="ha") == ("bad_request", "bad_request")
        assert await asking.mark(room, bare, follow=True) == ("not_found", "not_found")
        for number in range(5):
            await member.say({"type": "send", "conversation": room, "text": f"{number}", "thread": root})
        marks = [await owner.ask("thread", conversation=room, seq=root, read_ordinal=n) for n in range(1, 8)]
        assert {answer.get("code") for answer in marks} <= {None, "bad_request"}
        assert marks[6]["code"] == "bad_request"  # there are six replies
        reread = await did(owner, "thread", conversation=room, seq=root, read_ordinal=1, unread=True)
        assert reread["unread"] <= 5


async def test_a_root_is_deleted_while_many_reply(server: Server, name: Name) -> None:
    """Every reply is acknowledged or refused as `not_found`. Those that were acknowledged are there, numbered without gaps, and
    can be read and marked; nobody can add another."""
    async with two(server, name) as (owner, member, room):
        root = await said(owner, room, "ildiz")
        await said(member, room, "birinchi", thread=root)

        async def reply(client: V1, number: int) -> Frame:
            return await client.ask("send", conversation=room, text=f"{number}", thread=root)

        async def replies(client: V1) -> list[Frame]:
            return [await reply(client, number) for number in range(20)]

        async def delete() -> None:
            await asyncio.to_thread(
                server.request, "DELETE", f"/api/v1/conversations/{room}/messages/{root}", token=owner.token
            )

        answers, _ = await asyncio.gather(replies(member), delete())
        answers.append(await reply(owner, 20))
        sent = [answer for answer in answers if answer["type"] == "ok"]
        assert {answer["code"] for answer in answers if answer["type"] != "ok"} == {"not_found"}
        page = await did(owner, "history", conversation=room, thread=root)
        assert [one["thread_ordinal"] for one in page["messages"]] == list(range(1, len(sent) + 2))
        assert page["root"]["deleted"] and page["root"]["replies"]["count"] == len(sent) + 1
        marked = await did(owner, "thread", conversation=room, seq=root, read_ordinal=len(sent) + 1)
        assert marked["unread"] == 0


async def test_replies_in_the_simple_dialect(server: Server, name: Name) -> None:
    """A reply in the lobby comes as a message with `thread`, and other messages without. This dialect writes to no thread."""
    async with V1(server.ws, server.guest(name("a"))) as ali, Simple(server.ws, name("s")) as simple:
        root = await said(ali, "lobby", name("ildiz"))
        assert "thread" not in await simple.until("message", message=name("ildiz"))
        await said(ali, "lobby", name("javob"), thread=root)
        assert (await simple.until("message", message=name("javob")))["thread"] == root
        await simple.say({"message": name("oddiy"), "to_user": "", "thread": root})
        assert "thread" not in await simple.until("message", message=name("oddiy"))
