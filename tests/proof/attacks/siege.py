"""A server under attack, and two people who talk to each other on it meanwhile.

What must hold whatever the attack is (the head of tests/proof/threats.py): the process stays up, the two are answered as
before, nothing that was acknowledged to them is lost, no secret is logged, and nothing went wrong inside of the server
that it did not expect. What the attacker is answered is the business of each test.
"""

from __future__ import annotations

import itertools
import json
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.servers import PATIENCE, Server

ROOMS, DIRECTS = 12, 30
"""What one person can make within a day, on the server under attack: little, so that the day's are used up without waiting
for what else bounds them. Each room counts as ten messages, each direct as five."""
CALM_SECONDS = 0.02
"""Between two messages of the one who writes."""
AT_LEAST = 5
"""Messages that are written, however short the attack is."""
SLOWEST = 1.0
"""Seconds for a message in the median. On a machine that does nothing else it is some milliseconds; an attack that can
hold others up holds them for as long as it lasts."""

OPTIONS: dict[str, Any] = {"compression": None, "proxy": None, "max_queue": None}
"""`max_queue`: what is unread when somebody leaves does not keep them from it."""

_numbers = itertools.count(1)


def name(base: str) -> str:
    """A name that no other attack uses."""
    return f"{base}-{next(_numbers)}"


class Siege:
    """The server under attack, and the secrets that its log must not contain."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.secrets: set[str] = set()

    def guest(self, user_id: str) -> str:
        """Make a token guest; returns its token."""
        token = self.server.guest(user_id)
        self.secrets.add(token)
        return token

    def account(self, user_id: str, password: str) -> str:
        """Make an account; returns its token."""
        status, answer = self.server.request("POST", "/api/v1/accounts", {"user_id": user_id, "password": password})
        assert status == 201, answer
        self.secrets |= {password, answer["token"]}
        token: str = answer["token"]
        return token

    @contextmanager
    def attack(self) -> Iterator[None]:
        """Run the body as the attack, while two people talk; afterwards check the server."""
        talk = _Talk(self)
        talk.start()
        try:
            yield
        finally:
            talk.stop()
        assert self.server.process is not None and self.server.process.poll() is None, self.server.printed()
        talk.check()
        printed = self.server.printed()
        assert not [secret for secret in self.secrets if secret in printed], "a secret is in the log"
        assert "Traceback" not in printed, printed[-8_000:]


class _Talk:
    """One person writes over v1, and one reads over the simple dialect."""

    def __init__(self, siege: Siege) -> None:
        self._server = siege.server
        self._token = siege.guest(name("writer"))
        self._reader = name("reader")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._failed: BaseException | None = None
        self._begun = threading.Event()
        self._said: dict[int, str] = {}
        self._seconds: list[float] = []

    def start(self) -> None:
        self._thread.start()
        assert self._begun.wait(PATIENCE), "nobody can come in"

    def stop(self) -> None:
        self._over.set()
        self._thread.join(PATIENCE)

    def check(self) -> None:
        """Every message was acknowledged in time, read in order, and is stored."""
        assert not self._thread.is_alive(), "the two still wait for an answer"
        if self._failed is not None:
            raise AssertionError(f"they were disturbed after {len(self._said)} messages") from self._failed
        assert len(self._said) >= AT_LEAST
        assert statistics.median(self._seconds) < SLOWEST, f"{max(self._seconds):.2f} s at the most"
        stored = dict(self._stored())
        assert self._said == {seq: stored.get(seq) for seq in self._said}, "something acknowledged is lost"

    def _run(self) -> None:
        try:
            with (
                connect(f"{self._server.ws}/api/v1/ws", **OPTIONS) as writer,
                connect(f"{self._server.ws}/ws/{self._reader}", **OPTIONS) as reader,
            ):
                writer.send(json.dumps({"type": "hello", "token": self._token}))
                _until(writer, "caught_up")
                _until(reader, "joined", user_id=self._reader)
                self._begun.set()
                for number in itertools.count():
                    if self._over.is_set() and number >= AT_LEAST:
                        return
                    self._exchange(writer, reader, number)
                    time.sleep(CALM_SECONDS)
        except BaseException as failure:
            self._failed = failure
        finally:
            self._begun.set()

    def _exchange(self, writer: ClientConnection, reader: ClientConnection, number: int) -> None:
        text = f"{self._reader} {number}"
        began = time.monotonic()
        writer.send(json.dumps({"type": "send", "id": number, "conversation": "lobby", "text": text}))
        answer = _until(writer, "ok", id=number)
        heard = _until(reader, "message", message=text)
        self._seconds.append(time.monotonic() - began)
        assert heard["seq"] == answer["seq"] and answer["seq"] > max(self._said, default=0)
        self._said[answer["seq"]] = text

    def _stored(self) -> Iterator[tuple[int, str]]:
        after = min(self._said) - 1
        while True:
            path = f"/api/v1/conversations/lobby/messages?after={after}&limit=200"
            status, page = self._server.request("GET", path, token=self._token)
            assert status == 200, page
            yield from ((message["seq"], message["text"]) for message in page["messages"])
            if not page["has_after"]:
                return
            after = page["messages"][-1]["seq"]


def _until(socket: ClientConnection, type: str, **fields: object) -> dict[str, Any]:
    limit = time.monotonic() + PATIENCE
    while True:
        frame: dict[str, Any] = json.loads(socket.recv(timeout=max(0.0, limit - time.monotonic())))
        assert frame["type"] != "error", frame
        if frame["type"] == type and all(frame.get(key) == value for key, value in fields.items()):
            return frame
