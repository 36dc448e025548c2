"""Many concurrent reads: searches, exports, pages. A user has a limit and is told when to return; others notice nothing."""

from __future__ import annotations

import json
import socket
from collections import Counter
from contextlib import ExitStack
from urllib.parse import quote

import pytest

from tests.servers import Server, running

from .siege import PATIENCE, Siege, name

READERS = 4
AT_ONCE = 50
"""Requests of each reader in one moment."""
WORDS = "bugun yaxshi kun salom dostlar qalay"


def test_searches_and_exports_of_a_few(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Of hundreds of concurrent searches, exports and pages of one user, some are answered and the others get `busy` with
    `Retry-After`. The user's next request is answered."""
    with running("suhbat", tmp_path_factory.mktemp("reads") / "data", send_rate="0") as server:
        siege = Siege(server)
        tokens = [siege.guest(name("reader")) for _ in range(READERS)]
        for number in range(50):
            body = {"text": f"{WORDS} {number} {WORDS}"}
            path = "/api/v1/conversations/lobby/messages"
            assert server.request("POST", path, body, token=tokens[0])[0] == 201
        phrases = f'"{WORDS}" "{WORDS} yoq"'
        search = f"/api/v1/search?q={quote(phrases)}"
        export = "/api/v1/conversations/lobby/export"
        page = "/api/v1/conversations/lobby/messages?limit=200"
        with siege.attack():
            for path in (search, export, page):
                answers = _all_at_once(server, path, tokens)
                assert set(answers) <= {200, 503} and answers[200], (path, answers)
                # A page is read faster than a busy machine may ask for the next.
                assert answers[503] or path == page, (path, answers)
                for token in tokens:
                    assert server.request("GET", path, token=token)[0] == 200


def _all_at_once(server: Server, path: str, tokens: list[str]) -> Counter[int]:
    """Send all requests before reading any answer."""
    codes: Counter[int] = Counter()
    with ExitStack() as stack:
        asked = []
        for token in tokens * AT_ONCE:
            one = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), PATIENCE))
            asked.append((one, token))
        for one, token in asked:
            head = (
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
            )
            one.sendall(head.encode())
        for one, _ in asked:
            answer = b""
            while more := one.recv(65_536):
                answer += more
            head, _, body = answer.partition(b"\r\n\r\n")
            status = int(head.split()[1])
            codes[status] += 1
            if status == 503:
                assert b"retry-after: 1" in head.lower() and json.loads(body)["code"] == "busy"
    return codes
