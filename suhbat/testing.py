"""For the tests of your application: a real server on loopback, and people who talk to it (docs/how-to/in-your-app.md).

    pytest_plugins = ["suhbat.testing"]          # in conftest.py

    def test_a_greeting(suhbat_server):
        ali, vali = suhbat_server.person("ali"), suhbat_server.person("vali")
        ali.says("salom")
        assert vali.waits_for("salom")["sender"] == "ali"

`serving(app, "/chat")` does the same for an application that has mounted Suhbat. It needs nothing but pytest.

PYTEST_DONT_REWRITE: a conftest may import this module as well as name it as a plugin.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
import uvicorn

from suhbat.client import Refused, Suhbat
from suhbat.client.web import json_object, refusal_of
from suhbat.config import Settings
from suhbat.protocol.types import LOBBY
from suhbat.runtime.app import create_app

PATIENCE_SECONDS = 30.0
"""How long the start, an answer or a message may take."""
POLL_SECONDS = 0.05


def settings(data: Path | str, **others: Any) -> Settings:
    """Settings for tests: everything is kept in `data`, and nothing is limited, whatever the environment and suhbat.toml say.
    `others`: further settings by name."""
    free = {"send_rate": 0, "address_rate": 0, "room_rate": 0, "connections_per_address": 0, "guests_per_address": 0}
    return Settings(data=Path(data), **{**free, **others})


@contextmanager
def serving(app: Any, path: str = "") -> Iterator[TestServer]:
    """Serve an ASGI application on a free port of 127.0.0.1, in a thread, with its lifespan. `path`: where Suhbat is mounted in
    it, such as "/chat". Raises RuntimeError if it does not start."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), name="suhbat-test-server", daemon=True)
        thread.start()
        try:
            until = time.monotonic() + PATIENCE_SECONDS
            while not server.started:
                if not thread.is_alive() or time.monotonic() > until:
                    raise RuntimeError("the application did not start; its log says why")
                time.sleep(0.01)
            yield TestServer(f"http://127.0.0.1:{listener.getsockname()[1]}", path)
        finally:
            server.should_exit = True
            thread.join(PATIENCE_SECONDS)


@pytest.fixture
def suhbat_server(tmp_path: Path) -> Iterator[TestServer]:
    """A Suhbat of its own for one test, with an empty store."""
    with serving(create_app(settings(tmp_path / "suhbat"), quiet=True)) as server:
        yield server


class TestServer:
    """A running server. `url`: its root; `chat_url`: that of Suhbat in it."""

    __test__ = False  # pytest takes classes with this name for tests

    def __init__(self, url: str, path: str = "") -> None:
        self.url = url
        self.chat_url = url + path

    def person(self, name: str) -> TestPerson:
        """A new guest with this name. Raises Refused."""
        return self._made("/guests", {"user_id": name})

    def account(self, name: str, password: str = "a password for tests") -> TestPerson:  # noqa: S107 (for tests)
        """A new account. Raises Refused."""
        return self._made("/accounts", {"user_id": name, "password": password})

    def known(self, **headers: str) -> TestPerson:
        """One of your application's own users, by what their requests carry: `server.known(Cookie="session=…")`."""
        return TestPerson(self.chat_url, headers)

    def _made(self, path: str, body: Mapping[str, str]) -> TestPerson:
        answer = _ask("POST", f"{self.chat_url}/api/v1{path}", {}, body)
        return TestPerson(self.chat_url, {"Authorization": f"Bearer {answer['token']}"}, answer["token"])


class TestPerson:
    """Somebody who talks over HTTP. `token`: None for a user of your application."""

    __test__ = False

    def __init__(self, chat_url: str, headers: Mapping[str, str], token: str | None = None) -> None:
        self._url = chat_url
        self._headers = dict(headers)
        self.token = token
        self.user: dict[str, Any] = self.ask("GET", "/me")

    @property
    def name(self) -> str:
        """The `user_id`."""
        return str(self.user["user_id"])

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A request to Suhbat's HTTP API (docs/reference/http.md), below /api/v1. Returns its JSON. Raises Refused."""
        return _ask(method, f"{self._url}/api/v1{path}", self._headers, body)

    def says(self, text: str, conversation: str = LOBBY) -> int:
        """Send a message; returns its `seq`. Raises Refused."""
        return int(self.ask("POST", f"/conversations/{conversation}/messages", {"text": text})["seq"])

    def messages(self, conversation: str = LOBBY, limit: int = 200) -> list[dict[str, Any]]:
        """The latest messages that this person may read, the oldest first. Raises Refused."""
        page = self.ask("GET", f"/conversations/{conversation}/messages?{urlencode({'limit': limit})}")
        return list(page["messages"])

    def waits_for(self, text: str, conversation: str = LOBBY) -> dict[str, Any]:
        """The first message with this text, as soon as it is there. Raises AssertionError after PATIENCE_SECONDS."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            for message in self.messages(conversation):
                if message["text"] == text:
                    return message
            assert time.monotonic() < until, f"{self.name} did not get {text!r}"
            time.sleep(POLL_SECONDS)

    def chat(self) -> Suhbat:
        """The Python SDK as this person: `async with ali.chat() as chat`. For those with a `token`."""
        assert self.token is not None, "a user of your application has no token of Suhbat's"
        return Suhbat(self._url, token=self.token)


def _ask(method: str, url: str, headers: Mapping[str, str], body: Any) -> Any:
    data = None if body is None else json.dumps(body).encode()
    sent = dict(headers) if data is None else {**headers, "Content-Type": "application/json"}
    request = Request(url, data, sent, method=method)  # noqa: S310 (only http, to loopback)
    try:
        with urlopen(request, timeout=PATIENCE_SECONDS) as response:  # noqa: S310  # nosec B310
            answer = response.read()
            return json.loads(answer) if answer else None
    except HTTPError as refused:
        with refused:
            raise refusal_of(refused.code, json_object(refused.read())) from None


__all__ = ["Refused", "TestPerson", "TestServer", "serving", "settings", "suhbat_server"]
