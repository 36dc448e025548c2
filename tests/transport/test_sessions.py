"""Accounts over real sockets: every way to log in, on both dialects and every server; and revocation within a second."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.servers import BUSY, Server
from tests.talk import V1, Client, Simple

Name = Callable[[str], str]
PASSWORD = "a good password"
REVOKED = 4505


def register(server: Server, user_id: str, token: str | None = None) -> tuple[dict[str, Any], str]:
    status, answer = server.request("POST", "/api/v1/accounts", {"user_id": user_id, "password": PASSWORD}, token=token)
    assert status == 201, answer
    return answer["user"], answer["token"]


def log_in(server: Server, user_id: str) -> str:
    status, answer = server.request("POST", "/api/v1/sessions", {"user_id": user_id, "password": PASSWORD})
    assert status == 201, answer
    token: str = answer["token"]
    return token


def current(server: Server, token: str) -> str:
    """The id of the session of this token."""
    _, answer = server.request("GET", "/api/v1/sessions", token=token)
    (id,) = (one["id"] for one in answer["sessions"] if one["current"])
    return str(id)


def end(server: Server, token: str, which: str = "current") -> None:
    assert server.request("DELETE", f"/api/v1/sessions/{which}", token=token)[0] == 204


async def close_code(client: Client) -> int:
    """The code with which the server closes the socket, within a second."""
    async with asyncio.timeout(1 + BUSY):
        return await client.closed()


@asynccontextmanager
async def opened(server: Server, way: str, name: str, token: str) -> AsyncIterator[Client]:
    """A socket that was opened with this token in one of the possible ways."""
    bearer, cookie = {"Authorization": f"Bearer {token}"}, {"Cookie": f"other=1; suhbat_session={token}"}
    client: Client
    match way:
        case "hello":
            client = V1(server.ws, token)
        case "header":
            client = V1(server.ws, None, additional_headers=bearer)
        case "cookie":
            client = V1(server.ws, None, additional_headers=cookie)
        case "ticket":
            _, answer = await asyncio.to_thread(server.request, "POST", "/api/v1/tickets", token=token)
            client = V1(server.ws, None)
            client._url += f"?ticket={answer['ticket']}"
        case "simple header":
            client = Simple(server.ws, name, additional_headers=bearer)
        case _:
            client = Simple(server.ws, name, additional_headers=cookie)
    async with client:
        yield client


WAYS = ("hello", "header", "cookie", "ticket", "simple header", "simple cookie")


@pytest.mark.parametrize("way", WAYS)
async def test_a_revoked_session_is_closed_within_a_second(server: Server, name: Name, way: str) -> None:
    """Its socket closes with 4505, in whichever way it was opened. The account's other session goes on."""
    user, token = register(server, name("ali"))
    other = log_in(server, name("ali"))
    async with opened(server, way, name("ali"), token) as revoked, V1(server.ws, other) as stays:
        assert stays.welcome["user"] == {"uid": user["uid"], "user_id": name("ali"), "kind": "account"}
        await asyncio.to_thread(end, server, other, current(server, token))
        async with asyncio.timeout(1 + BUSY):
            assert (await revoked.until("error"))["code"] == "unauthenticated"
            assert await revoked.closed() == REVOKED
        assert (await stays.ask("send", conversation="lobby", text="still here"))["type"] == "ok"


async def test_logging_out_closes_every_socket_of_the_session(server: Server, name: Name) -> None:
    """All sockets close, in both dialects, and the token opens no other."""
    _, token = register(server, name("ali"))
    simple = opened(server, "simple header", name("ali"), token)
    async with simple as one, V1(server.ws, token) as two, V1(server.ws, token) as three:  # the first is announced
        await asyncio.to_thread(end, server, token)
        assert await asyncio.gather(*map(close_code, (one, two, three))) == [REVOKED] * 3
    async with connect(f"{server.ws}/api/v1/ws", compression=None, proxy=None) as again:
        await again.send(json.dumps({"type": "hello", "token": token}))
        assert json.loads(await again.recv())["code"] == "unauthenticated"
        await again.wait_closed()
        assert again.close_code == 4501


async def test_a_guest_leaves_for_good(server: Server, name: Name) -> None:
    """Every socket of the guest closes before another user can take the name; the token opens no other."""
    token = server.guest(name("mehmon"))
    simple = opened(server, "simple header", name("mehmon"), token)
    async with simple as one, V1(server.ws, token) as two:  # the first is announced
        await asyncio.to_thread(end, server, token)
        assert await asyncio.gather(close_code(one), close_code(two)) == [REVOKED] * 2
    assert server.request("GET", "/api/v1/me", token=token)[0] == 401
    assert server.guest(name("mehmon")) != token


async def test_another_password_closes_the_other_sessions(server: Server, name: Name) -> None:
    """The session that changed the password stays."""
    _, token = register(server, name("ali"))
    other = log_in(server, name("ali"))
    async with V1(server.ws, token) as here, V1(server.ws, other) as away:
        asked = {"password": "another password", "current_password": PASSWORD}
        status, _ = await asyncio.to_thread(server.request, "PATCH", "/api/v1/me", asked, token=token)
        assert status == 200 and await close_code(away) == REVOKED
        assert (await here.ask("send", conversation="lobby", text="still here"))["type"] == "ok"


async def test_a_ticket_of_a_revoked_session_opens_nothing(server: Server, name: Name) -> None:
    """A ticket does not outlive its session."""
    _, token = register(server, name("ali"))
    _, answer = server.request("POST", "/api/v1/tickets", token=token)
    end(server, token)
    url = f"{server.ws}/api/v1/ws?ticket={answer['ticket']}"
    async with connect(url, compression=None, proxy=None) as socket:
        await socket.send('{"type": "hello"}')
        await socket.wait_closed()
        assert socket.close_code == REVOKED


async def test_an_accounts_name_needs_its_token(server: Server, name: Name) -> None:
    """A bare connection under it, or under one that looks like it, is unauthenticated; so is one with another user's
    token."""
    register(server, name("ali"))
    _, other = register(server, name("vali"))
    for path, headers in (
        (name("ali"), {}),
        (name("ALI"), {}),
        (name("ali"), {"Authorization": f"Bearer {other}"}),
        (name("ali"), {"Cookie": "suhbat_session=ss_nonsense"}),
    ):
        async with connect(
            f"{server.ws}/ws/{path}", compression=None, proxy=None, additional_headers=headers
        ) as socket:
            assert json.loads(await socket.recv())["code"] == "unauthenticated"
            await socket.wait_closed()
            assert socket.close_code == 4501


async def test_a_useless_cookie_does_not_prevent_a_guest(server: Server, name: Name) -> None:
    """A browser sends its cookie by itself. The cookie of another name, or of an ended session, is ignored, and a free
    name can be used."""
    user, token = register(server, name("ali"))
    for number, cookie in enumerate((token, "ss_nonsense", "")):
        headers = {"Cookie": f"suhbat_session={cookie}"}
        async with Simple(server.ws, name(f"g{number}"), additional_headers=headers) as guest:
            assert guest.joined["uid"] != user["uid"]
            await guest.write("salom")
            assert (await guest.until("message", from_user=guest.name))["from_uid"] == guest.joined["uid"]


async def test_a_message_to_an_absent_account(server: Server, name: Name) -> None:
    """`online` is false, and the message is there when the account connects. A name that nobody has is not found."""
    register(server, name("ali"))
    token = log_in(server, name("ali"))
    async with Simple(server.ws, name("b")) as guest:
        await guest.write("are you there?", name("ALI"))
        sent = await guest.until("sent")
        assert sent["online"] is False and sent["to_user"] == name("ali")
        await guest.write("and you?", name("nobody"))
        assert (await guest.until("error"))["code"] == "user_not_found"
    async with V1(server.ws, token) as ali:
        direct = next(one for one in ali.snapshot["conversations"] if one["conversation"] == sent["conversation"])
        assert direct["last_message"]["text"] == "are you there?" and direct["unread"] == 1


async def test_a_repeated_message_to_a_user_who_left(server: Server, name: Name) -> None:
    """A repetition gets the first answer (G2), although nobody holds the name now. A new message is refused."""
    token = server.guest(name("ali"))
    async with V1(server.ws, token) as ali:
        async with Simple(server.ws, name("b")) as guest:
            first = await ali.ask("send", to_user=name("b"), text="salom", client_id="k1")
            await guest.until("message")
        await ali.say({"type": "send", "to_user": name("b"), "text": "yangi", "client_id": "k2"})
        assert (await ali.until("error"))["code"] == "user_not_found"
        again = await ali.ask("send", to_user=name("b"), text="salom", client_id="k1")
        assert again["duplicate"] is True
        assert [again[field] for field in ("conversation", "seq")] == [
            first[field] for field in ("conversation", "seq")
        ]
        await ali.say({"type": "send", "to_user": name("b"), "text": "boshqa", "client_id": "k1"})
        assert (await ali.until("error"))["code"] == "idempotency_conflict"


async def test_a_registering_guest_stays_connected(server: Server, name: Name) -> None:
    """The guest's connections go on as the account, and end with its new session."""
    guest = server.guest(name("g"))
    async with V1(server.ws, guest) as socket:
        user, token = await asyncio.to_thread(register, server, name("g"), guest)
        assert user["uid"] == socket.welcome["user"]["uid"] and user["kind"] == "account"
        assert (await socket.ask("send", conversation="lobby", text="it is still me"))["type"] == "ok"
        event = await socket.until("message.created", actor_uid=user["uid"])
        assert event["actor"] == name("g")
        await asyncio.to_thread(end, server, token)
        assert await close_code(socket) == REVOKED


async def test_secrets_are_in_no_log(server: Server, name: Name) -> None:
    """No password and no token is logged, in whichever way it was sent."""
    _, token = register(server, name("ali"))
    for way in WAYS:
        async with opened(server, way, name("ali"), token):
            pass
    server.request("POST", "/api/v1/sessions", {"user_id": name("ali"), "password": "wrong " + PASSWORD})
    printed = server.printed()
    assert token not in printed and PASSWORD not in printed and "ticket=" not in printed


async def test_the_language_of_the_account(server: Server, name: Name) -> None:
    """The account's language takes precedence over the browser's, on sockets and over HTTP; `?lang=` takes precedence
    over both."""
    ali = name("ali")
    _, token = await asyncio.to_thread(register, server, ali)
    await asyncio.to_thread(server.request, "PATCH", "/api/v1/me", {"locale": "uz-Cyrl"}, token=token)
    async with V1(server.ws, token, additional_headers={"Accept-Language": "ru"}) as one:
        assert (await one.ask("join", conversation="nowhere"))["message"].startswith("У мавжуд эмас")
    path = "/api/v1/conversations/nowhere"
    _, problem = await asyncio.to_thread(server.request, "GET", path, token=token)
    assert problem["detail"].startswith("У мавжуд эмас")
    _, problem = await asyncio.to_thread(server.request, "GET", f"{path}?lang=en", token=token)
    assert problem["detail"].startswith("It does not exist")
