"""Three nodes as one server: presence, names, logins, revocation, moderation and notices, with the bus and without it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosedError

from tests import engines
from tests.servers import BUSY, PATIENCE, Server
from tests.servers import running as serving
from tests.streaming import EventStream, command, poll
from tests.talk import V1, Frame, Simple

from .parts import LIMITS, Cluster, running

PASSWORD = "uzun parol 7"
AT_ONCE = 1.0
"""Seconds within which a change on one node must reach all nodes."""
LOOK = 2.0 + 1.0
"""The same without the bus: the comparison every 2 s, and the time to read the changes."""
KILLED = 15.0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    """One cluster for all tests here, on a loop of its own, because its relays run there."""
    import threading

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    made = running(tmp_path_factory.mktemp("cluster"), **{name[7:].lower(): value for name, value in LIMITS.items()})
    cluster = asyncio.run_coroutine_threadsafe(made.__aenter__(), loop).result(170)
    yield cluster
    asyncio.run_coroutine_threadsafe(made.__aexit__(None, None, None), loop).result(170)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(params=["bus", "no bus"])
async def way(request: pytest.FixtureRequest, cluster: Cluster) -> AsyncIterator[float]:
    """With the bus, or without it; gives the seconds within which a change must reach all nodes."""
    if request.param == "bus":
        yield AT_ONCE
        return
    for relay in cluster.relays:
        relay.turn("refused")
    await asyncio.sleep(0.3)
    yield LOOK
    for relay in cluster.relays:
        relay.turn("open")
    for node in cluster.nodes:
        await ready(node, "ok")


async def ready(node: Server, status: str) -> None:
    limit = time.monotonic() + PATIENCE
    while True:
        code, body = await asyncio.to_thread(node.request, "GET", "/readyz")
        if code == 200 and body["status"] == status:
            return
        assert time.monotonic() < limit, (code, body)
        await asyncio.sleep(0.05)


def register(node: Server, name: str) -> tuple[str, str]:
    """Make an account; returns its uid and a token."""
    status, body = node.request("POST", "/api/v1/accounts", {"user_id": name, "password": PASSWORD})
    assert status == 201, body
    return body["user"]["uid"], body["token"]


def log_in(node: Server, name: str) -> str:
    status, body = node.request("POST", "/api/v1/sessions", {"user_id": name, "password": PASSWORD})
    assert status == 201, body
    token: str = body["token"]
    return token


async def within(seconds: float, hears: Awaitable[object]) -> None:
    """Raises unless the frame arrives within this time."""
    async with asyncio.timeout(seconds + BUSY):
        await hears


async def announced(observer: Simple, name: str, seconds: float, *types: str) -> list[Frame]:
    """The announcements of this user within so many seconds. Users of an earlier test may still be leaving."""
    frames = await observer.silent(seconds)
    return [frame for frame in frames if frame["type"] in types and frame["user_id"] == name]


async def hear(one: Simple, frames: list[Frame], **fields: object) -> None:
    """Add what this user hears to the frames, until there is one with these fields."""
    while not any(fields.items() <= frame.items() for frame in frames):
        frames.append(await one.hear())


async def test_the_simple_dialect_over_three_nodes(cluster: Cluster) -> None:
    """Users on all nodes get all messages, and each announcement once. A private message reaches its one recipient on
    any node."""
    async with AsyncExitStack() as stack:
        people = [
            await stack.enter_async_context(Simple(node.ws, name))
            for node, name in zip(cluster.nodes, ("anvar", "bobur", "dilnoza"), strict=True)
        ]
        heard: list[list[Frame]] = [[], [], []]
        for number, name in ((0, "bobur"), (0, "dilnoza"), (1, "dilnoza")):
            await hear(people[number], heard[number], type="joined", user_id=name)
        await people[0].write("Salom hammaga!")
        await people[0].write("Faqat senga", "dilnoza")
        await hear(people[0], heard[0], type="sent")
        for number, one in enumerate(people):
            await hear(one, heard[number], type="message", message="Salom hammaga!")
        await hear(people[2], heard[2], type="message", message="Faqat senga")
        for number, one in enumerate(people):
            heard[number] += await one.silent(0.5)  # for what comes twice
        texts = [[frame["message"] for frame in frames if frame["type"] == "message"] for frames in heard]
        assert texts == [["Salom hammaga!"], ["Salom hammaga!"], ["Salom hammaga!", "Faqat senga"]]
        joined = [[frame["user_id"] for frame in frames if frame["type"] == "joined"] for frames in heard]
        # Earlier users may be announced or not, because nodes read of each other within a moment.
        assert sorted(joined[0]) == ["bobur", "dilnoza"] and "dilnoza" in joined[1]
        assert all(len(names) == len(set(names)) for names in joined)
        sent = [frame for frame in heard[0] if frame["type"] == "sent"]
        assert [frame["online"] for frame in sent] == [True]
        await people[1].socket.close()
        for one in (people[0], people[2]):
            await one.until("left", user_id="bobur")
            assert await announced(one, "bobur", 1.0, "left") == []


async def test_a_user_is_announced_once_over_all_nodes(cluster: Cluster) -> None:
    """A user with connections to two nodes is announced once, and has left when the last connection is closed."""
    token = cluster.nodes[0].guest("ikkita")
    async with Simple(cluster.nodes[2].ws, "kuzatuvchi") as observer:
        first = await V1(cluster.nodes[0].ws, token).__aenter__()
        await observer.until("joined", user_id="ikkita")
        second = await V1(cluster.nodes[1].ws, token).__aenter__()
        assert await announced(observer, "ikkita", 1.5, "joined", "left") == []
        await first.socket.close()
        assert await announced(observer, "ikkita", 1.5, "joined", "left") == []
        await second.socket.close()
        await observer.until("left", user_id="ikkita")
        assert await announced(observer, "ikkita", 1.0, "joined", "left") == []


async def test_a_name_is_held_by_one_node(cluster: Cluster) -> None:
    """The name of a bare guest, and one that looks like it, is refused on every other node. Of many attempts at once
    one succeeds."""
    async with Simple(cluster.nodes[0].ws, "user1"):
        for node in cluster.nodes[1:]:
            async with V1raw(node.ws, "userl") as other:
                refused = await other.hear()
                assert (refused["type"], refused["code"]) == ("error", "name_in_use")
            assert node.request("POST", "/api/v1/guests", {"user_id": "user1"})[1]["code"] == "name_in_use"
            body = {"user_id": "user1", "password": PASSWORD}
            assert node.request("POST", "/api/v1/accounts", body)[1]["code"] == "name_in_use"
    await asyncio.sleep(0.5)
    async with AsyncExitStack() as stack:
        wanting = [V1raw(cluster.nodes[n % 3].ws, "birgina") for n in range(9)]
        opened = await asyncio.gather(*(stack.enter_async_context(one) for one in wanting))
        firsts = await asyncio.gather(*(one.until_either("joined", "error") for one in opened))
        assert sorted(frame["type"] for frame in firsts) == ["error"] * 8 + ["joined"]


class V1raw(Simple):
    """A connection of the simple dialect that may be refused."""

    async def __aenter__(self) -> V1raw:
        from websockets.asyncio.client import connect

        self.socket = await connect(self._url, **self._options)
        return self

    async def until_either(self, *types: str) -> Frame:
        while True:
            frame = await self.hear()
            if frame["type"] in types and (frame["type"] != "joined" or frame["user_id"] == self.name):
                return frame


async def test_an_account_is_one_everywhere(cluster: Cluster, way: float) -> None:
    """An account made on one node can log in on the next, is found there by name, and its name is taken there."""
    name = f"hisob{int(way * 10)}"
    await asyncio.to_thread(register, cluster.nodes[0], name)
    await asyncio.sleep(way)
    token = await asyncio.to_thread(log_in, cluster.nodes[1], name)
    async with V1(cluster.nodes[2].ws, token) as client:
        made = await client.ask("send", to_user=name, text="o'zimga", client_id="k")
        assert made["type"] == "ok"
    status, body = cluster.nodes[2].request("POST", "/api/v1/guests", {"user_id": name})
    assert (status, body["code"]) == (409, "name_taken")


async def test_an_account_made_elsewhere_a_moment_ago_is_found(cluster: Cluster, way: float) -> None:
    """An account made on one node logs in on the next at once and is found there by name in every way, without waiting
    for the cache invalidation."""
    first, second, third = cluster.nodes
    for kind in ("hisob", "mehmon"):
        asker = await asyncio.to_thread(second.guest, f"soragan{kind}{int(way * 10)}")
        names = [f"yangi{kind}{number}x{int(way * 10)}" for number in range(5)]
        async with V1(second.ws, asker) as client, Simple(third.ws, f"sodda{kind}{int(way * 10)}") as simple:
            for number, name in enumerate(names):
                make = register if kind == "hisob" else Server.guest
                await asyncio.to_thread(make, first, name)
                if number == 0 and kind == "hisob":
                    await asyncio.to_thread(log_in, second, name)
                elif number == 0:
                    place = f"/api/v1/users/{name}"
                    assert (await asyncio.to_thread(second.request, "GET", place, token=asker))[0] == 200
                elif number == 1:
                    body = {"users": [name]}
                    made = await asyncio.to_thread(second.request, "POST", "/api/v1/directs", body, token=asker)
                    assert made[0] == 201, made
                elif number == 2:
                    answer = await client.ask("send", to_user=name, text="salom", client_id=f"k{kind}")
                    assert answer["type"] == "ok", answer
                elif number == 3:
                    answer = await client.ask("direct", users=[name])
                    assert answer["type"] == "ok", answer
                else:
                    await simple.write("salom", name)
                    await simple.until("sent", to_user=name)


async def test_a_token_is_refused_by_the_node_that_closed_its_sockets(cluster: Cluster, way: float) -> None:
    """Once a node has closed the connections of a revoked session it refuses the token, although requests with it never
    stopped."""
    name = f"bosib{int(way * 10)}"
    await asyncio.to_thread(register, cluster.nodes[0], name)
    for _ in range(3):
        token = await asyncio.to_thread(log_in, cluster.nodes[0], name)
        async with V1(cluster.nodes[1].ws, token) as connected:
            busy = asyncio.create_task(hammer(cluster.nodes[1], token))
            await asyncio.sleep(0.1)
            ended = await asyncio.to_thread(cluster.nodes[0].request, "DELETE", "/api/v1/sessions/current", token=token)
            assert ended[0] == 204
            await within(way, asyncio.ensure_future(connected.closed()))
            after = [
                (await asyncio.to_thread(cluster.nodes[1].request, "GET", "/api/v1/me", token=token))[0]
                for _ in range(5)
            ]
            busy.cancel()
            await asyncio.gather(busy, return_exceptions=True)
        assert after == [401] * 5


async def hammer(node: Server, token: str) -> None:
    while True:
        await asyncio.to_thread(node.request, "GET", "/api/v1/me", token=token)
        await asyncio.sleep(0.01)


async def test_a_session_revoked_on_one_node_ends_on_all(cluster: Cluster, way: float) -> None:
    """Its connections close with 4505 on every node, and its token is refused there."""
    name = f"chiqib{int(way * 10)}"
    _, token = await asyncio.to_thread(register, cluster.nodes[0], name)
    async with V1(cluster.nodes[1].ws, token) as one, V1(cluster.nodes[2].ws, token) as two:
        status, _ = await asyncio.to_thread(cluster.nodes[0].request, "DELETE", "/api/v1/sessions/current", token=token)
        assert status == 204
        closed = asyncio.gather(one.closed(), two.closed())
        await within(way, closed)
        assert closed.result() == [4505, 4505]
    for node in cluster.nodes:
        assert node.request("GET", "/api/v1/me", token=token)[0] == 401


async def test_a_removed_member_gets_nothing_more(cluster: Cluster, way: float) -> None:
    """A member who is removed from a room on one node gets the removal on their own node, and no later event."""
    owner_name, member_name = f"ega{int(way * 10)}", f"azo{int(way * 10)}"
    _, owner = await asyncio.to_thread(register, cluster.nodes[0], owner_name)
    _, member = await asyncio.to_thread(register, cluster.nodes[1], member_name)
    async with V1(cluster.nodes[0].ws, owner) as boss, V1(cluster.nodes[1].ws, member) as guest:
        _, made = cluster.nodes[0].request("POST", "/api/v1/conversations", {"title": "Xona"}, token=owner)
        room = made["conversation"]
        place = f"/api/v1/conversations/{room}/members/{member_name}"
        status, body = cluster.nodes[0].request("PUT", place, {"role": "member"}, token=owner)
        assert status == 202, body
        await within(way, guest.until("conversation.invited"))
        status, body = cluster.nodes[1].request("PUT", place, {}, token=member)
        assert status == 201, body
        await within(way, guest.until("conversation.added"))
        await boss.ask("send", conversation=room, text="birinchi", client_id="k1")
        await within(way, guest.until("message.created"))
        assert cluster.nodes[2].request("DELETE", place, token=owner)[0] in (200, 204)
        await boss.ask("send", conversation=room, text="sir", client_id="k2")
        await within(way, guest.until("conversation.removed", removed=room))
        assert [frame for frame in await guest.silent(1.0) if frame.get("conversation") == room] == []


async def test_a_ban_holds_on_every_node(cluster: Cluster, way: float) -> None:
    """A user who is banned from the server is disconnected on every node, and can connect to none."""
    _, body = setup(cluster, f"admin{int(way * 10)}")
    name = f"yomon{int(way * 10)}"
    _, token = await asyncio.to_thread(register, cluster.nodes[1], name)
    async with V1(cluster.nodes[2].ws, token) as bad:
        place = f"/api/v1/conversations/lobby/members/{name}"
        answer = cluster.nodes[0].request("PATCH", place, {"banned": True}, token=body)
        assert answer[0] in (200, 201, 204), answer
        closed = asyncio.ensure_future(bad.closed())
        await within(way, closed)
        assert closed.result() == 4503

    async def refused() -> None:
        # Each node reads the ban by itself, so this one may be later than the one with the socket.
        while cluster.nodes[1].request("GET", "/api/v1/me", token=token)[0] != 403:
            await asyncio.sleep(0.05)

    await within(way, refused())


def setup(cluster: Cluster, name: str) -> tuple[int, str]:
    """An owner of the server, made with the setup link that one node printed and another node served. One for all tests
    here."""
    known = getattr(cluster, "owner", None)
    if known is None:
        printed = cluster.nodes[0].printed()
        code = printed.rpartition("setup?code=")[2].split()[0]
        body = {"user_id": name, "password": PASSWORD, "setup": code}
        status, answer = cluster.nodes[1].request("POST", "/api/v1/accounts", body)
        assert status == 201, answer
        again = cluster.nodes[2].request("POST", "/api/v1/accounts", body | {"user_id": name + "x"})
        assert again[0] == 403, "a setup code makes one account, on any node"
        known = 201, answer["token"]
        cluster.owner = known
        time.sleep(LOOK)
    return known


async def test_notices_reach_other_nodes(cluster: Cluster) -> None:
    """Typing notices and read receipts reach the other nodes."""
    first, second = cluster.nodes[0].guest("yozuvchi"), cluster.nodes[1].guest("oquvchi")
    async with V1(cluster.nodes[0].ws, first) as writer, V1(cluster.nodes[1].ws, second) as reader:
        await asyncio.sleep(AT_ONCE)
        sent = await writer.ask("send", to_user="oquvchi", text="salom", client_id="k")
        place = sent["conversation"]
        await reader.until("message.created", conversation=place)
        # A notice is sent once, and the other node must have opened the channel of the direct.
        async with asyncio.timeout(PATIENCE):
            typing: list[Frame] = []
            while not typing:
                await writer.say({"type": "typing", "conversation": place})
                typing = [frame for frame in await reader.silent(1.0) if frame["type"] == "typing"]
            receipts: list[Frame] = []
            while not receipts:
                await reader.say({"type": "read", "id": 5, "conversation": place, "ordinal": sent["ordinal"]})
                receipts = [frame for frame in await writer.silent(1.0) if frame["type"] == "receipt"]
                last, sent = sent, sent if receipts else await writer.ask("send", conversation=place, text="yana")
        assert typing[0]["user_id"] == "yozuvchi"
        assert (receipts[0]["user_id"], receipts[0]["ordinal"]) == ("oquvchi", last["ordinal"])


@pytest.mark.parametrize("kind", ["guest", "account"])
async def test_a_ticket_is_good_on_another_node_once(cluster: Cluster, kind: str) -> None:
    """A ticket from one node works on the next, and once only. An account's ticket belongs to its session and ends with
    it."""
    name = f"chiptali{kind}"
    if kind == "guest":
        token = cluster.nodes[0].guest(name)
    else:
        _, token = await asyncio.to_thread(register, cluster.nodes[0], name)
    _, body = cluster.nodes[0].request("POST", "/api/v1/tickets", token=token)
    ticket = body["ticket"]
    async with V1(cluster.nodes[1].ws, None, query=f"?ticket={ticket}") as client:
        assert client.welcome["user"]["user_id"] == name
        for node in cluster.nodes:
            with pytest.raises(ConnectionClosedError, match="unauthenticated"):
                await V1(node.ws, None, query=f"?ticket={ticket}").__aenter__()
        if kind == "account":
            status, _ = await asyncio.to_thread(
                cluster.nodes[2].request, "DELETE", "/api/v1/sessions/current", token=token
            )
            assert status == 204
            closed = asyncio.ensure_future(client.closed())
            await within(AT_ONCE, closed)
            assert closed.result() == 4505


async def test_a_guest_becomes_an_account_on_another_node(cluster: Cluster, way: float) -> None:
    """The guest's connection is closed soon after. With the new token it is the account, and ends with its session."""
    name = f"mehmon{int(way * 10)}"
    token = await asyncio.to_thread(cluster.nodes[0].guest, name)
    async with V1(cluster.nodes[1].ws, token) as guest:
        body = {"user_id": name, "password": PASSWORD}
        status, made = await asyncio.to_thread(cluster.nodes[0].request, "POST", "/api/v1/accounts", body, token=token)
        assert status == 201 and made["user"]["uid"] == guest.welcome["user"]["uid"], made
        closed = asyncio.ensure_future(guest.closed())
        await within(way + AT_ONCE, closed)
        assert closed.result() == 1012
    with pytest.raises(ConnectionClosedError, match="unauthenticated"):
        await V1(cluster.nodes[1].ws, token).__aenter__()
    async with V1(cluster.nodes[1].ws, made["token"]) as account:
        assert account.welcome["user"]["kind"] == "account"
        await asyncio.to_thread(cluster.nodes[0].request, "DELETE", "/api/v1/sessions/current", token=made["token"])
        closed = asyncio.ensure_future(account.closed())
        await within(way, closed)
        assert closed.result() == 4505


async def test_without_the_bus_it_is_degraded_and_goes_on(cluster: Cluster) -> None:
    """`readyz` answers 200 and says degraded, messages arrive by the comparison with the store, and the bus reconnects
    by itself."""
    async with Simple(cluster.nodes[0].ws, "shinasiz1") as one, Simple(cluster.nodes[1].ws, "shinasiz2") as two:
        await asyncio.sleep(0.5)
        for relay in cluster.relays:
            relay.turn("refused")
        for node in cluster.nodes:
            await ready(node, "degraded")
        await one.write("yetib bor")
        await within(LOOK, two.until("message", message="yetib bor"))
        for relay in cluster.relays:
            relay.turn("open")
        for node in cluster.nodes:
            await ready(node, "ok")
        await one.write("tez")
        await within(AT_ONCE, two.until("message", message="tez"))


async def test_a_killed_node_loses_its_users(tmp_path: Path, cluster: Cluster) -> None:
    """Its users have left within 15 s, announced once, and its names are free."""
    node = cluster.nodes[2]
    async with Simple(cluster.nodes[0].ws, "guvoh") as observer:
        victim = await Simple(node.ws, "qurbon").__aenter__()
        await observer.until("joined", user_id="qurbon")
        node.kill()
        began = time.monotonic()
        gone: list[Frame] = []
        while not gone and time.monotonic() - began < KILLED + BUSY:
            gone = await announced(observer, "qurbon", 0.2, "left")
        assert len(gone) == 1
        assert await announced(observer, "qurbon", 3.0, "left") == []
        await victim.socket.close()
        async with Simple(cluster.nodes[1].ws, "qurbon"):
            pass
    await asyncio.to_thread(node.start)


async def test_a_node_whose_database_became_another_ends(tmp_path: Path) -> None:
    """The process ends, so that one is started that reads the new epoch. Its clients are told to reconnect."""
    with serving("cluster", tmp_path / "data") as node:
        async with Simple(node.ws, "mehmon") as guest:
            assert node.database_url is not None
            await asyncio.to_thread(engines.postgres().replace, node.database_url.rpartition("/")[2])
            assert await guest.closed() == 1012
        assert node.process is not None
        assert await asyncio.to_thread(node.process.wait, PATIENCE) == 1
        assert "the database is another one than before" in node.printed()


async def test_an_event_stream_goes_on_at_another_node(cluster: Cluster) -> None:
    """Its cursor is valid there, also for a poll; commands by HTTP reach it from every node; nothing is missed or doubled."""
    first, second, third = cluster.nodes
    token, other = await asyncio.gather(*(asyncio.to_thread(first.guest, name) for name in ("oqim", "aytuvchi")))
    said = [f"oqim {number}" for number in range(6)]
    sends = [
        {"type": "send", "id": number, "conversation": "lobby", "text": text, "client_id": text}
        for number, text in enumerate(said)
    ]

    async def heard(stream: EventStream, count: int) -> list[str]:
        return [(await stream.until("message.created", actor="aytuvchi"))["message"]["text"] for _ in range(count)]

    async with EventStream(first, token) as stream:
        await stream.until("caught_up")
        typing = {"type": "typing", "conversation": "lobby"}
        answer = await asyncio.to_thread(command, second, other, typing, *sends[:2])
        assert answer["done"] == 3 and {one["type"] for one in answer["replies"]} == {"ok"}
        assert await heard(stream, 2) == said[:2]
        cursor = stream.cursor
    again = await asyncio.to_thread(command, third, other, sends[1], *sends[2:4])
    assert [one["duplicate"] for one in sorted(again["replies"], key=lambda one: one["id"])] == [True, False, False]
    async with EventStream(third, token, cursor) as stream:
        assert await heard(stream, 2) == said[2:4]
        await stream.until("caught_up")
        cursor = stream.cursor
    await asyncio.to_thread(command, first, other, *sends[4:])
    frames: list[Frame] = []
    while "caught_up" not in [one["type"] for one in frames]:
        _, answer = await asyncio.to_thread(poll, second, token, cursor)
        cursor, frames = answer["cursor"], frames + answer["frames"]
    assert [one["message"]["text"] for one in frames if one["type"] == "message.created"] == said[4:]
