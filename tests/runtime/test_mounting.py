"""Suhbat in another application: it starts and stops with it, and uses its users."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import jwt
import pytest
from fastapi import FastAPI
from websockets.asyncio.client import connect

import suhbat
from suhbat.config import Settings
from suhbat.identity.issuer import LEEWAY_SECONDS
from suhbat.runtime.app import create_app
from tests.servers import PATIENCE, ROOT, Server, free_port
from tests.talk import Frame

ALI, VALI = {"Cookie": "session=s3cret-of-ali"}, {"Cookie": "session=s3cret-of-vali"}


class Example(Server):
    """A server with Suhbat below /chat."""

    READY = "/chat/readyz"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """examples/in_your_app.py, started as its first lines say."""

    command = ("-m", "uvicorn", "examples.in_your_app:app", "--host", "127.0.0.1", "--port", "{port}")
    example = Example("example", tmp_path_factory.mktemp("example") / "data", port=free_port(), command=command)
    example.start()
    try:
        yield example
    finally:
        example.stop()


def test_people_of_the_application(server: Server) -> None:
    """A user of the application has an account; an unknown one is unauthenticated; the same user keeps the identity."""
    status, ali = server.request("GET", "/chat/api/v1/me", **ALI)
    assert (status, ali["user_id"], ali["kind"]) == (200, "ali", "account")
    assert server.request("GET", "/chat/api/v1/me", **ALI)[1]["uid"] == ali["uid"]
    assert server.request("GET", "/chat/api/v1/me")[0] == 401
    assert server.request("GET", "/chat/api/v1/me", Cookie="session=wrong")[0] == 401


def test_its_own_paths_stay(server: Server) -> None:
    """Paths that are not below /chat belong to the application."""
    assert server.request("GET", "/login/ali")[0] == 307
    assert server.request("GET", "/api/v1/me")[0] == 404


def test_its_addresses(server: Server) -> None:
    """The addresses that are printed at the start lead to the chat, and the command line reaches it, below its path."""
    lead_there(server)


def test_its_addresses_in_a_program_that_runs_uvicorn(tmp_path: Path) -> None:
    """So they do where the port is in the program instead of its command line."""
    program = "import uvicorn; from examples.in_your_app import app; uvicorn.run(app, host='127.0.0.1', port={port})"
    example = Example("program", tmp_path / "data", port=free_port(), command=("-c", program))
    example.start()
    try:
        lead_there(example)
    finally:
        example.stop()


def lead_there(server: Server) -> None:
    printed = dict(re.findall(r"^  (Page|API|Setup|Postman) +(\S+)$", server.printed(), re.MULTILINE))
    here = f"localhost:{server.port}/chat"
    assert printed.pop("Postman") == f"ws://{here}/ws/user1"
    assert printed.pop("Setup").startswith(f"http://{here}/setup?code=")
    assert printed == {"Page": f"http://{here}", "API": f"http://{here}/docs"}
    assert server.request("GET", "/chat/setup?code=any")[0] == 200
    command = [sys.executable, "-m", "suhbat", "user", "list", "--data", str(server.data)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr


async def test_sockets(server: Server) -> None:
    """hello needs no token; a message reaches the other user, in both dialects."""
    v1 = connect(f"{server.ws}/chat/api/v1/ws", additional_headers=ALI, proxy=None)
    simple = connect(f"{server.ws}/chat/ws/vali", additional_headers=VALI, proxy=None)
    async with v1 as ali, simple as vali:
        await ali.send(json.dumps({"type": "hello", "id": 1}))
        assert (await until(ali, "welcome"))["user"]["user_id"] == "ali"
        await until(ali, "caught_up")
        await until(vali, "joined", user_id="vali")
        await ali.send(json.dumps({"type": "send", "id": 2, "conversation": "lobby", "text": "salom"}))
        assert (await until(vali, "message"))["from_user"] == "ali"


@pytest.fixture(scope="module")
def with_tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """examples/with_tokens.py, started as its first lines say."""
    command = ("-m", "uvicorn", "examples.with_tokens:app", "--host", "127.0.0.1", "--port", "{port}")
    data = tmp_path_factory.mktemp("tokens") / "data"
    example = Example("tokens", data, port=free_port(), command=command, settings={"SECRET": SECRET})
    example.start()
    try:
        yield example
    finally:
        example.stop()


SECRET = "thirty-two bytes that only you two know"


def token_for(name: str, seconds: float = 600) -> str:
    """A token as the other service signs it. `seconds`: its remaining validity, including the tolerance of clocks."""
    exp = time.time() - LEEWAY_SECONDS + seconds
    said = {"iss": "https://login.example.org", "aud": "chat", "sub": f"id of {name}", "exp": exp}
    return jwt.encode(said | {"preferred_username": name}, SECRET, "HS256")


async def test_people_with_tokens(with_tokens: Server) -> None:
    """A token of the other service is valid over HTTP and in both dialects, like Suhbat's own, which stay valid; a wrong one is
    refused."""
    ali, vali = token_for("ali"), token_for("vali")
    status, me = with_tokens.request("GET", "/chat/api/v1/me", token=ali)
    assert (status, me["user_id"], me["kind"]) == (200, "ali", "account")
    assert with_tokens.request("GET", "/chat/api/v1/me", token=ali[:-4])[0] == 401
    status, guest = with_tokens.request("POST", "/chat/api/v1/guests", {"user_id": "mehmon"})
    assert status == 201
    assert with_tokens.request("GET", "/chat/api/v1/me", token=guest["token"])[1]["user_id"] == "mehmon"
    v1 = connect(f"{with_tokens.ws}/chat/api/v1/ws", proxy=None)
    bearer = {"Authorization": f"Bearer {vali}"}
    simple = connect(f"{with_tokens.ws}/chat/ws/vali", additional_headers=bearer, proxy=None)
    async with v1 as one, simple as two:
        await one.send(json.dumps({"type": "hello", "id": 1, "token": ali}))
        assert (await until(one, "welcome"))["user"]["uid"] == me["uid"]
        await until(two, "joined", user_id="vali")
        await one.send(json.dumps({"type": "send", "id": 2, "conversation": "lobby", "text": "salom"}))
        assert (await until(two, "message"))["from_user"] == "ali"


@pytest.mark.parametrize("dialect", ["v1", "simple"])
async def test_a_token_expires(with_tokens: Server, dialect: str) -> None:
    """The socket closes (4505) when its token expires, and the token opens no other."""
    token = token_for("hoji", 3)
    bearer = {"Authorization": f"Bearer {token}"}
    path = "/chat/api/v1/ws" if dialect == "v1" else "/chat/ws/hoji"
    async with connect(f"{with_tokens.ws}{path}", additional_headers=bearer, proxy=None) as socket:
        if dialect == "v1":
            await socket.send(json.dumps({"type": "hello", "id": 1}))
        await until(
            socket, "welcome" if dialect == "v1" else "joined", **({} if dialect == "v1" else {"user_id": "hoji"})
        )
        await until(socket, "error", code="unauthenticated")
        async with asyncio.timeout(PATIENCE):
            await socket.wait_closed()
        assert socket.close_code == 4505
    assert with_tokens.request("GET", "/chat/api/v1/me", token=token)[0] == 401


async def until(socket: object, type: str, **fields: str) -> Frame:
    async with asyncio.timeout(PATIENCE):
        while True:
            frame: Frame = json.loads(await socket.recv())
            if frame["type"] == type and all(frame.get(name) == value for name, value in fields.items()):
                return frame


async def test_a_bare_mount_says_what_is_missing(tmp_path: Path) -> None:
    """Starlette runs no lifespan of a mounted application: 503 with advice."""
    app = FastAPI()
    app.mount("/chat", create_app(Settings(data=tmp_path / "data")))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as client:
        answer = await client.get("/chat/api/v1/me")
    assert answer.status_code == 503
    assert "suhbat.mount(app, path)" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["chat", "/chat/", "/"])
def test_a_path_that_is_none(path: str, tmp_path: Path) -> None:
    """It is refused at once, with an example."""
    with pytest.raises(ValueError, match='like "/chat"'):
        suhbat.mount(FastAPI(), path, settings=Settings(data=tmp_path))


def test_what_the_people_of_another_application_can_be_refused(tmp_path: Path) -> None:
    """The errors of names from the application are described for the operations that can raise them, and only there."""
    settings = Settings(data=tmp_path / "never-made")
    alone, chat = create_app(settings), create_app(settings, lambda asked: None)
    for described, statuses in ((chat.fastapi.openapi(), {"409", "422"}), (alone.fastapi.openapi(), set())):
        assert {"409", "422"} & described["paths"]["/api/v1/me"]["get"]["responses"].keys() == statuses
