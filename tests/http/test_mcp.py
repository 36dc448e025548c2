"""The Model Context Protocol over HTTP: who may come in, both kinds of versions, the tools, limits."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from suhbat.chat.rate import Cost
from suhbat.errors import StorageUnavailable
from suhbat.http import cookie
from suhbat.programs.mcp.tools import TOOLS
from suhbat.protocol.types import LOBBY, MAX_FRAME

from .conftest import House
from .test_problem import assert_problem

NEWEST = "2026-07-28"
META = {"io.modelcontextprotocol/protocolVersion": NEWEST, "io.modelcontextprotocol/clientCapabilities": {}}


def request(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}


async def ask(client: httpx2.AsyncClient, method: str, **params: Any) -> Any:
    """The result of a request of 2025-11-25, which must succeed."""
    answer = await client.post("/mcp", json=request(method, **params), headers={"mcp-protocol-version": "2025-11-25"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json" and answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert (told["jsonrpc"], told["id"]) == ("2.0", 7) and "error" not in told, told
    return told["result"]


async def call(client: httpx2.AsyncClient, name: str, **arguments: Any) -> str:
    """The text of a tool's result."""
    result = await ask(client, "tools/call", name=name, arguments=arguments)
    assert not result.get("isError"), result
    return text_of(result)


async def refused(client: httpx2.AsyncClient, name: str, **arguments: Any) -> str:
    """The text of a tool's error."""
    result = await ask(client, "tools/call", name=name, arguments=arguments)
    assert result["isError"] is True, result
    return text_of(result)


def text_of(result: Any) -> str:
    (content,) = result["content"]
    assert content["type"] == "text"
    text: str = content["text"]
    return text


@pytest.fixture
async def open_house() -> House:
    return House(mcp="on")


async def test_it_is_off_by_default(house: House) -> None:
    """Then nothing is at its address, whoever asks."""
    async with house.client() as client:
        assert_problem(await client.post("/mcp", json=request("ping")), 404, "not_found")
        client.headers.update(await house.account("ali"))
        assert_problem(await client.post("/mcp", json=request("ping")), 404, "not_found")


async def test_who_comes_in(open_house: House) -> None:
    """Only who has a valid token in the header: a cookie is none, and a session that was ended has none."""
    ali = await open_house.account("ali")
    async with open_house.client() as client:
        for headers in (
            {},
            {"authorization": "Bearer ss_wrong"},
            {"cookie": f"{cookie.NAME}={ali['authorization'][7:]}"},
        ):
            answer = await client.post("/mcp", json=request("ping"), headers=headers)
            assert_problem(answer, 401, "unauthenticated")
            assert answer.headers["www-authenticate"] == "Bearer"
        client.headers.update(ali)
        assert await ask(client, "ping") == {}
        await client.delete("/api/v1/sessions/current", headers={"origin": "http://localhost:8000"})
        assert_problem(await client.post("/mcp", json=request("ping")), 401, "unauthenticated")
        client.headers.update(await open_house.guest("mehmon"))
        assert await ask(client, "ping") == {}


async def test_pages_of_other_sites(open_house: House) -> None:
    """They are refused, as are bodies that a browser sends without asking first; and there is nothing to GET or DELETE."""
    async with open_house.client(headers=await open_house.account("ali")) as client:
        body = request("ping")
        assert_problem(
            await client.post("/mcp", json=body, headers={"origin": "http://evil.example"}), 403, "forbidden"
        )
        assert (await client.post("/mcp", json=body, headers={"origin": "http://localhost:8000"})).status_code == 200
        rebound = {"origin": "http://evil.example:8000", "host": "evil.example:8000"}
        assert_problem(await client.post("/mcp", json=body, headers=rebound), 403, "forbidden")
        plain = await client.post("/mcp", content=json.dumps(body), headers={"content-type": "text/plain"})
        assert_problem(plain, 400, "bad_request")
        for method in ("GET", "DELETE", "PUT"):
            answer = await client.request(method, "/mcp")
            assert answer.status_code == 405 and answer.headers["allow"] == "POST"


async def test_a_session_of_old(open_house: House) -> None:
    """`initialize` agrees on a version and starts no session; notifications are taken; unknown methods are errors."""
    async with open_house.client(headers=await open_house.account("ali")) as client:
        answer = await client.post("/mcp", json=request("initialize", protocolVersion="2025-06-18", capabilities={}))
        begun = answer.json()["result"]
        assert "mcp-session-id" not in answer.headers
        assert begun["protocolVersion"] == "2025-06-18" and begun["capabilities"] == {"tools": {}}
        assert begun["serverInfo"]["name"] == "suhbat" and "data" in begun["instructions"]
        note = await client.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert (note.status_code, note.content) == (202, b"")
        assert [tool["name"] for tool in (await ask(client, "tools/list"))["tools"]] == [tool.name for tool in TOOLS]
        for method in ("server/discover", "resources/list", "none"):
            answer = await client.post("/mcp", json=request(method))
            assert answer.status_code == 200 and answer.json()["error"]["code"] == -32601


async def test_without_a_session(open_house: House) -> None:
    """Requests of the newest version are whole: results name their type and the server, lists may be kept for a while."""
    async with open_house.client(headers=await open_house.account("ali")) as client:
        for method in ("server/discover", "tools/list", "ping", "none"):
            headers = {"mcp-protocol-version": NEWEST, "mcp-method": method}
            answer = await client.post("/mcp", json=request(method, _meta=META), headers=headers)
            if method in ("ping", "none"):
                assert answer.status_code == 404 and answer.json()["error"]["code"] == -32601
                continue
            result = answer.json()["result"]
            assert result["resultType"] == "complete" and result["cacheScope"] == "public" and result["ttlMs"] > 0
            assert result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "suhbat"
            assert NEWEST in result.get("supportedVersions", [NEWEST])
        headers = {"mcp-protocol-version": NEWEST, "mcp-method": "tools/call", "mcp-name": "read_messages"}
        named = {"name": "read_messages", "arguments": {"conversation": LOBBY}, "_meta": META}
        answer = await client.post("/mcp", json=request("tools/call", **named), headers=headers)
        assert answer.json()["result"]["resultType"] == "complete"
        twice = [*headers.items(), ("mcp-name", "read_messages")]
        answer = await client.post("/mcp", json=request("tools/call", **named), headers=twice)
        assert answer.status_code == 400 and answer.json()["error"]["code"] == -32020


async def test_hostile_bodies(open_house: House) -> None:
    """They are refused with an error of JSON-RPC, and too long ones are not read."""
    async with open_house.client(headers=await open_house.account("ali")) as client:
        for body, code in ((b"[" * 50_000, -32700), (b"{}", -32600), (b"[]", -32600), (b"", -32700), (b"\xff", -32700)):
            answer = await client.post("/mcp", content=body, headers={"content-type": "application/json"})
            assert answer.status_code == 400 and answer.json()["error"]["code"] == code and answer.json()["id"] is None
        long = await client.post("/mcp", content=b" " * (MAX_FRAME + 1), headers={"content-type": "application/json"})
        assert_problem(long, 413, "too_large")


async def test_the_tools(open_house: House) -> None:
    """What one sends, another one reads; it says how to go on. A repetition with the same key is not sent again."""
    async with open_house.client(headers=await open_house.account("ali")) as ali, open_house.client() as vali:
        vali.headers.update(await open_house.account("vali"))
        assert await call(ali, "read_messages", conversation=LOBBY) == "There are no messages."
        for _ in range(2):
            told = await call(ali, "send_message", conversation=LOBBY, text="salom\nhammaga", client_id="a")
        assert told == "It was sent before, as #1 in lobby."
        for number in range(2, 6):
            assert await call(ali, "send_message", conversation=LOBBY, text="x") == f"Sent, as #{number} in lobby."
        listed = await call(vali, "list_conversations")
        assert listed.startswith("The user is vali. Lines that begin") and 'lobby (lobby) "lobby"' in listed
        read = await call(vali, "read_messages", conversation=LOBBY, before="3")
        assert "\n\n#1 ali " in read and "\n> salom\n> hammaga\n\n#2 ali " in read
        assert read.endswith("Later messages: after 2.")
        assert (await call(vali, "read_messages", conversation=LOBBY, limit=1)).endswith(
            "Earlier messages: before 5. These are the latest messages."
        )
        assert open_house.services.counts.sends["http"] == 6


async def test_long_pages(open_house: House) -> None:
    """A page has as much as fits, from the end that was asked for, and says where to go on."""
    async with open_house.client(headers=await open_house.account("ali")) as ali:
        for number in range(10):
            await call(ali, "send_message", conversation=LOBBY, text=f"{number}" * 4_000)
        newest = await call(ali, "read_messages", conversation=LOBBY)
        oldest = await call(ali, "read_messages", conversation=LOBBY, after=1)
        for cursor in ("x", "-1", "9" * 64):
            assert (await refused(ali, "list_conversations", cursor=cursor)).startswith("bad_request: ")
    assert "#10 ali" in newest and "#5 ali" not in newest and "Earlier messages: before 6. " in newest
    assert "#2 ali" in oldest and "#7 ali" not in oldest and oldest.endswith("Later messages: after 6.")
    assert len(newest) < 26_000 and len(oldest) < 26_000


async def test_errors_of_tools(open_house: House) -> None:
    """They are results that a model can read; only a tool that does not exist is an error of the protocol."""
    async with open_house.client(headers=await open_house.account("ali")) as ali:
        for conversation in ("none", "\u200b", "x y"):
            assert (await refused(ali, "read_messages", conversation=conversation)).startswith("not_found: ")
        assert (await refused(ali, "send_message", conversation="none", text="x")).startswith("not_found: ")
        assert (await refused(ali, "send_message", to_user="none", text="x")).startswith("user_not_found: ")
        assert "at most one of" in await refused(ali, "read_messages", conversation=LOBBY, before=1, after=1)
        assert (await refused(ali, "search_messages", query=" ")).startswith("bad_request: ")
        assert len(await refused(ali, "read_messages", conversation=LOBBY, **{"y" * 9_000: 1})) < 600
        for params in ({"name": "none"}, {}, {"name": 5}, {"name": "read_messages", "arguments": [1]}):
            answer = await ali.post("/mcp", json=request("tools/call", **params))
            assert answer.status_code == 200 and answer.json()["error"]["code"] == -32602
        open_house.store.broken = StorageUnavailable(retry_after=1, seconds=1)
        assert (await refused(ali, "read_messages", conversation=LOBBY)).startswith("storage_unavailable: ")
        assert open_house.services.counts.refusals["http", "not_found"] == 4


async def test_a_server_that_only_lets_read() -> None:
    """Sending is neither offered nor possible."""
    house = House(mcp="read")
    async with house.client(headers=await house.account("ali")) as ali:
        assert "send_message" not in str(await ask(ali, "tools/list"))
        named = {"name": "send_message", "arguments": {"conversation": LOBBY, "text": "x"}}
        answer = await ali.post("/mcp", json=request("tools/call", **named))
        assert answer.json()["error"]["code"] == -32602 and house.store.logs[LOBBY] == []
        assert await call(ali, "read_messages", conversation=LOBBY) == "There are no messages."


async def test_the_rate_is_that_of_the_user() -> None:
    """Each request counts as over HTTP, and a search for five. A tool tells the model to wait; other requests are 429."""
    house = House(mcp="on", send_rate=2)
    async with house.client(headers=await house.account("ali")) as ali:
        assert (await refused(ali, "search_messages", query=" ")).startswith("bad_request: ")
        for _ in range(10 - Cost.SEARCH):
            await ask(ali, "ping")
        assert (await refused(ali, "send_message", conversation=LOBBY, text="x")).startswith("rate_limited: ")
        assert house.store.logs[LOBBY] == []
        for body in (b"{", json.dumps(request("tools/list")).encode(), b'{"jsonrpc":"2.0","method":"notifications/x"}'):
            answer = await ali.post("/mcp", content=body, headers={"content-type": "application/json"})
            assert_problem(answer, 429, "rate_limited")
            assert int(answer.headers["retry-after"]) >= 1
        house.clock.advance(3)
        assert await call(ali, "send_message", conversation=LOBBY, text="x") == "Sent, as #1 in lobby."
