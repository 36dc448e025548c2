"""The limits of event streams and of commands by HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from suhbat.http.event_stream import MOST_COMMANDS
from suhbat.identity.cookie import NAME
from suhbat.protocol.stream_cursor import LONGEST
from suhbat.runtime.app import ServerApp, create_app
from suhbat.testing import settings
from suhbat.transport import command_dialect, event_streams

JSON = dict[str, Any]


class Client:
    """A guest who asks an application without sockets."""

    def __init__(self, app: ServerApp) -> None:
        transport = httpx2.ASGITransport(app, client=("127.0.0.1", 40000))
        self._http = httpx2.AsyncClient(transport=transport, base_url="http://localhost/api/v1")

    async def comes(self, name: str) -> None:
        answer = await self._http.post("/guests", json={"user_id": name})
        self.token: str = answer.json()["token"]
        self.shows(authorization=f"Bearer {self.token}")

    def shows(self, **headers: str) -> None:
        """Present this, and nothing else, from now on."""
        for name in ("authorization", "cookie"):
            self._http.headers.pop(name, None)
        self._http.headers.update(headers)

    async def ticket(self) -> str:
        answer = await self._http.post("/tickets", json={}, headers={"authorization": f"Bearer {self.token}"})
        ticket: str = answer.json()["ticket"]
        return ticket

    async def poll(self, **query: Any) -> tuple[int, JSON]:
        answer = await self._http.get("/events", params={"wait": 0} | query)
        return answer.status_code, answer.json()

    async def commands(self, *commands: JSON) -> tuple[int, JSON]:
        body = json.dumps(commands)  # in ASCII, also what is no text
        answer = await self._http.post("/commands", content=body, headers={"content-type": "application/json"})
        return answer.status_code, answer.json()


@asynccontextmanager
async def served(place: Path, **flags: Any) -> AsyncIterator[tuple[ServerApp, Client]]:
    app = create_app(settings(place / "data", **flags), quiet=True)
    async with app.lifespan(app.fastapi):
        client = Client(app)
        await client.comes("anna")
        yield app, client


async def test_streams_count_as_connections(tmp_path: Path) -> None:
    """An address has no more of them than it may have connections; a poll that goes on needs none."""
    async with served(tmp_path, connections_per_address=2) as (app, client):
        _, first = await client.poll()
        assert (await client.poll())[0] == 200
        status, problem = await client.poll()
        assert (status, problem["code"]) == (429, "rate_limited")
        status, answer = await client.poll(cursor=first["cursor"])
        assert status == 200 and "welcome" not in str(answer["frames"])
        assert len(app.streams) == 2 and app.admission.sockets_of("127.0.0.1") == 0


async def test_a_stream_that_nobody_polls_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its user is offline then, and nothing of it is kept. Its cursor goes on all the same."""
    monkeypatch.setattr(event_streams, "LINGER_SECONDS", 0.01)
    async with served(tmp_path) as (app, client):
        answer = (await client.poll())[1]
        while '"caught_up"' not in str(answer).replace("'", '"'):
            answer = (await client.poll(cursor=answer["cursor"]))[1]
        while len(app.streams) or len(app.node.hub.connections):
            await asyncio.sleep(0.01)
        assert app.node.presence.users == 0
        status, again = await client.poll(cursor=answer["cursor"])
        assert (status, again["frames"][0]["resumed"]) == (200, True)


async def test_another_user_does_not_get_a_polled_stream(tmp_path: Path) -> None:
    """Whoever has only its cursor, without the login, is refused or gets a stream of their own."""
    async with served(tmp_path) as (app, client):
        cursor = (await client.poll())[1]["cursor"]
        other = Client(app)
        assert (await other.poll(cursor=cursor))[0] == 401
        await other.comes("bek")
        status, answer = await other.poll(cursor=cursor)
        assert status == 200 and answer["frames"][0]["user"]["user_id"] == "bek"


async def test_every_poll_is_authenticated(tmp_path: Path) -> None:
    """Whoever has read a cursor in the log of a proxy gets nothing with it, whatever cookie, token or ticket they show. The
    stream goes on for its user: with the same login, or with another ticket of it."""
    async with served(tmp_path) as (app, anna):
        bek = Client(app)
        await bek.comes("bek")
        anna.shows(cookie=f"{NAME}={anna.token}")
        _, first = await anna.poll()
        for shown in ({"cookie": f"{NAME}=nonsense"}, {"authorization": "Bearer nonsense"}, {}):
            bek.shows(**shown)
            assert (await bek.poll(cursor=first["cursor"]))[0] == 401
        for shown in ({"cookie": f"{NAME}={bek.token}"}, {"authorization": f"Bearer {bek.token}"}):
            bek.shows(**shown)
            _, answer = await bek.poll(cursor=first["cursor"])
            assert answer["frames"][0]["user"]["user_id"] == "bek"
        streams = len(app.streams)
        status, answer = await anna.poll(cursor=first["cursor"])
        assert status == 200 and "welcome" not in str(answer["frames"])
        ticket = await anna.ticket()
        anna.shows()
        status, answer = await anna.poll(cursor=answer["cursor"], ticket=ticket)
        assert status == 200 and "welcome" not in str(answer["frames"])
        assert len(app.streams) == streams


async def test_commands_of_one_request(tmp_path: Path) -> None:
    """64, in their order; a longer list is refused whole, before any of it is carried out."""
    async with served(tmp_path, send_rate=0) as (_, client):

        def messages(count: int) -> list[JSON]:
            return [{"type": "send", "id": n + 1, "conversation": "lobby", "text": f"{n}"} for n in range(count)]

        status, problem = await client.commands(*messages(MOST_COMMANDS + 1))
        assert (status, problem["code"]) == (400, "bad_request")
        status, answer = await client.commands(*messages(MOST_COMMANDS))
        assert (status, answer["done"]) == (200, MOST_COMMANDS)
        assert [one["seq"] for one in sorted(answer["replies"], key=lambda one: one["id"])] == list(
            range(1, MOST_COMMANDS + 1)
        )


async def test_polls_have_a_rate(tmp_path: Path) -> None:
    """Also those that go on. One that is refused loses nothing: the stream waits for the next."""
    async with served(tmp_path, send_rate=2) as (app, client):
        status, answer = await client.poll()
        cursor = answer["cursor"]
        for _ in range(20):
            status, answer = await client.poll(cursor=cursor)
            if status != 200:
                break
            cursor = answer["cursor"]
        assert (status, answer["code"]) == (429, "rate_limited") and answer["retry_after"] > 0
        (stream,) = app.streams
        assert stream.dialect.connection is not None
        app.node.services.limits.rates.meter(stream.dialect.connection.actor.uid).give_back()
        status, answer = await client.poll(cursor=cursor)
        assert status == 200 and "welcome" not in str(answer["frames"])


async def test_what_is_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than 64 commands, a cursor or a wait that is too long are refused. Commands whose replies are too large for one
    answer are left for the next request."""
    async with served(tmp_path) as (_, client):
        ping = {"type": "ping", "id": 1}
        assert (await client.commands(*[ping] * 64))[1]["done"] == 64
        assert (await client.commands(*[ping] * 65))[0] == 400
        assert (await client.poll(wait=61))[0] == 400
        assert (await client.poll(cursor="x" * (4 * LONGEST + 1)))[0] == 400
        monkeypatch.setattr(command_dialect, "REPLY_BYTES", 100)
        _, answer = await client.commands(*[ping] * 64)
        assert 0 < answer["done"] < 64 and len(answer["replies"]) == answer["done"]


async def test_a_flood_of_commands(tmp_path: Path) -> None:
    """They count as over a WebSocket: those that are too many are refused, and the answer says when a socket closes."""
    async with served(tmp_path, send_rate=2) as (_, client):
        say = {"type": "send", "id": 1, "conversation": "lobby", "text": "salom"}
        _, answer = await client.commands(*[say] * 64)
        refused = [one for one in answer["replies"] if one["type"] == "error"]
        assert {one["code"] for one in refused} == {"rate_limited"} and all(one["retry_after"] > 0 for one in refused)
        assert answer["close"]["code"] == 4029 and answer["done"] < 64
        assert (await client.commands(say))[0] == 429


async def test_what_is_no_command(tmp_path: Path) -> None:
    """Each is refused by itself, and those beside it are carried out."""
    async with served(tmp_path) as (_, client):
        status, answer = await client.commands(
            {"type": "ping", "id": 1},
            {"id": 2},
            {"type": "send", "id": 3, "conversation": "lobby", "text": "\ud800"},
            {"type": "sync", "id": 4, "cursors": {}},
            {"type": "hello", "id": 5},
            {"type": "ping", "id": 6},
        )
        assert status == 200 and answer["done"] == 6
        said = [(one.get("id"), one["type"], one.get("code")) for one in answer["replies"]]
        bad = [(id, "error", "bad_request") for id in (2, 3, 4, 5)]
        assert said == [(1, "pong", None), *bad, (6, "pong", None)]


async def test_the_server_stops(tmp_path: Path) -> None:
    """Open streams end with 1012, and no further one is opened."""
    async with served(tmp_path) as (app, client):
        answer = (await client.poll())[1]
        waiting = asyncio.create_task(client.poll(cursor=answer["cursor"], wait=30))
        answer = (await waiting)[1]
        waiting = asyncio.create_task(client.poll(cursor=answer["cursor"], wait=30))
        while any(stream.expiry is not None and not stream.expiry.cancelled() for stream in app.streams):
            await asyncio.sleep(0.01)
        await app.drain()
        assert (await waiting)[1].get("close") == {"code": 1012, "reason": "restart"}
        status, problem = await client.poll()
        assert (status, problem["code"]) == (503, "busy")
