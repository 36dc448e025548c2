"""Mails of two nodes over one PostgreSQL database and one NATS, to a real mail server."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from tests.mail.parts import MailBox, code_in
from tests.servers import PATIENCE, Server

PASSWORD = "uzun parol 7"
NAMES = ("ali", "vali", "soli")


def node(place: Path, box: MailBox, stack: ExitStack) -> Server:
    settings = {
        "SUHBAT_SMTP_URL": f"smtp://127.0.0.1:{box.port}",
        "SUHBAT_MAIL_FROM": "chat@example.org",
        "SUHBAT_PUBLIC_URL": "https://chat.example.org",
        "SUHBAT_SEND_RATE": "0",
    }
    command = ("-m", "tests.mail.short_times", "serve", "--host", "127.0.0.1", "--port", "{port}")
    server = Server("cluster", place, settings=settings, command=command)
    server.start()
    stack.callback(lambda: server.process is not None and server.process.poll() is None and server.stop())
    return server


def until(probe: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not probe():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def wanted(server: Server, token: str, address: str) -> None:
    body = {"address": address, "current_password": PASSWORD}
    assert server.request("PUT", "/api/v1/me/email", body, token=token)[0] == 200


@pytest.mark.timeout(300)
def test_two_nodes_and_one_dies(tmp_path: Path) -> None:
    """Two nodes send each mail once: confirmations, new passwords, digests. What a node had when it was killed is sent by the
    other one; if a mail arrives twice then, it has the same Message-ID."""
    box = MailBox(tmp_path / "mails")
    box.directory.mkdir()
    with ExitStack() as stack:
        stack.enter_context(box.running())
        nodes = one, other = node(tmp_path / "data", box, stack), node(tmp_path / "data", box, stack)
        assert one.database_url is not None
        database = stack.enter_context(psycopg.connect(one.database_url, autocommit=True))

        def sent() -> bool:
            return database.execute("SELECT count(*) FROM mails").fetchone() == (0,)

        tokens = {}
        for at, name in enumerate(NAMES):
            account = {"user_id": name, "password": PASSWORD}
            tokens[name] = nodes[at % 2].request("POST", "/api/v1/accounts", account)[1]["token"]
            wanted(nodes[at % 2], tokens[name], f"{name}@example.org")
        for at, mail in enumerate(box.wait(len(NAMES))):
            code = {"code": code_in(mail, "confirm")}
            assert nodes[at % 2].request("POST", "/api/v1/email-confirmations", code)[0] == 204
        for at, name in enumerate(NAMES):
            reset = {"user_id": name}
            assert nodes[at % 2].request("POST", "/api/v1/password-resets", reset)[0] == 202
            direct = {"users": [NAMES[at - 1]]}
            place = nodes[at % 2].request("POST", "/api/v1/directs", direct, token=tokens[name])[1]["conversation"]
            path = f"/api/v1/conversations/{place}/messages"
            assert nodes[at % 2].request("POST", path, {"text": "**Salom**"}, token=tokens[name])[0] == 201
        box.wait(3 * len(NAMES))
        until(sent)
        kinds = Counter((mail["To"], mail["Subject"]) for mail in box.mails)
        assert len(kinds) == 3 * len(NAMES) and set(kinds.values()) == {1}, kinds

        # A node sends one mail after another, so the other takes what it has not claimed.
        for at, name in enumerate(NAMES):
            wanted(nodes[at % 2], tokens[name], f"hold.{name}@example.org")
        until(lambda: len(list(box.directory.glob("*.held"))) == 2)
        one.kill()
        (box.directory / "release").touch()
        until(sent)
        held = [(mail["To"], mail["Message-ID"]) for mail in box.mails if mail["To"].startswith("hold.")]
        assert {to for to, _ in held} == {f"hold.{name}@example.org" for name in NAMES}
        assert len(set(held)) == len(NAMES)
        assert "Traceback" not in other.printed()
