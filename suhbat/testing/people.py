"""People who talk to a server under test, over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from suhbat.client import Suhbat
from suhbat.client.web import json_object, refusal_of
from suhbat.protocol.types import LOBBY

PATIENCE_SECONDS = 30.0
"""How long the start, an answer or a message may take."""
POLL_SECONDS = 0.05


class TestServer:
    """A running server. `url`: its root; `chat_url`: that of Suhbat in it."""

    __test__ = False  # pytest takes classes with this name for tests

    def __init__(self, url: str, path: str = "") -> None:
        self.url = url
        self.chat_url = url + path

    def person(self, name: str) -> TestPerson:
        """A new guest with this name. Raises Refused."""
        return self._made("/guests", {"user_id": name})

    def account(self, name: str, password: str = "a password for tests") -> TestPerson:  # noqa: S107 (for tests)  # nosec B107
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
