"""Texts, titles, names and searches that imitate something else, or that take long to process."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote

import pytest

from tests.servers import BUSY, Server
from tests.system.raw import Raw

from .conftest import WHATEVER
from .siege import Siege, name

PASSWORD = "a very secret passphrase"
CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""What turns the writing around it (Unicode UAX #9)."""
MARKS = "\u200e\u200f\u061c"
"""What Arabic and Hebrew beside Latin are typed with: they turn nothing but themselves, and have no place in a name."""
EXPLODING = {
    "a thousand marks": "a" + "\u0301" * 3_000,
    "marks in the wrong order": "a" + "\u0323\u0301" * 1_500,
    "one sign that is eighteen": "\ufdfa" * 3_900,
    "y without end": "y" * 3_999,
    "t without end": "t" * 3_999 + "!",
    "shch without end": "shch" * 999,
    "open quotes": '"' * 3_999,
    "pairs of quotes": '"a" ' * 900,
    "filters": "from:" * 700,
    "filters of filters": "in:from:has:before:after:" * 150,
    "names": "@" * 3_999,
    "names in a row": "@a" * 1_900,
    "many names": " ".join(f"@person{number}" for number in range(350)),
    "apostrophes": "'" * 3_999,
    "links": "http://" * 500,
    "parentheses": "(" * 2_000 + ")" * 1_999,
    "asterisks": "*" * 3_999,
    "stars and underlines": "*_" * 1_999,
    "blanks in the middle": "a" + " " * 3_900 + "b",
    "lines": "\n> " * 1_300,
    "emoji that are joined": "\U0001f468\u200d" * 1_900,
    "Hangul in parts": "\u1112\u1161\u11ab" * 1_300,
}
"""What a careless expression, fold or normal form takes the square of, or worse."""


@WHATEVER
@pytest.mark.parametrize("way", ["message", "search", "title", "name"])
def test_what_takes_for_ever_elsewhere(siege: Siege, way: str) -> None:
    """Each such text is accepted or refused at once, in every field."""
    token = siege.account(name("writer"), PASSWORD)
    with siege.attack(), Raw(siege.server.port, "/api/v1/ws") as raw:
        raw.hello(token)
        for kind, text in EXPLODING.items():
            began = time.monotonic()
            if way == "message":
                raw.say({"type": "send", "id": kind, "conversation": "lobby", "text": text})
                while (answer := raw.hear()).get("id") != kind:
                    pass
                assert answer["type"] == "ok", (kind, answer)
            elif way == "search":
                for length in (500, 2_000):
                    path = f"/api/v1/search?q={quote(text[:length])}"
                    status, answer = siege.server.request("GET", path, token=token)
                    assert status in (200, 400), (kind, answer)
            elif way == "title":
                token = siege.guest(name("writer"))  # a room costs as much as ten messages: one person is told to wait
                for body in ({"title": text}, {"title": text[:100]}, {"title": "a", "topic": text}):
                    status, answer = siege.server.request("POST", "/api/v1/conversations", body, token=token)
                    assert status in (201, 400), (kind, answer)
            else:
                for body in ({"user_id": text}, {"user_id": text[:128]}, {"user_id": text[:32]}):
                    status, answer = siege.server.request("POST", "/api/v1/guests", body)
                    assert status in (201, 400, 409, 422), (kind, answer)
                    if status == 201:
                        siege.secrets.add(answer["token"])
            # This bound is generous: the attack would take minutes or never end.
            assert time.monotonic() - began < 8 + BUSY, kind


def test_what_turns_the_writing_around(siege: Siege) -> None:
    """Names, titles and display names contain no bidirectional controls. In a message they are text, and the page isolates
    them (tests/browser/test_xss.py)."""
    token = siege.account(name("turner"), PASSWORD)
    with siege.attack():
        for control in CONTROLS + MARKS:
            said = f"ali{control}gpj.exe"
            asked = [
                ("POST", "guests", {"user_id": said}),
                ("POST", "accounts", {"user_id": said, "password": PASSWORD}),
            ]
            if control in CONTROLS:
                asked += [("POST", "conversations", {"title": said}), ("PATCH", "me", {"display_name": said})]
            for method, path, body in asked:
                status, answer = siege.server.request(method, f"/api/v1/{path}", body, token=token)
                assert status in (400, 422), (hex(ord(control)), path, answer)
            with Raw(siege.server.port, f"/ws/{quote(said)}") as raw:
                assert raw.hear()["code"] == "invalid_name" and raw.closed() == 4510
        status, answer = siege.server.request(
            "POST", "/api/v1/conversations/lobby/messages", {"text": f"a{CONTROLS}b"}, token=token
        )
        assert status == 201, answer


SYNTAX = (
    '"', '""', '"a', "*", "a*", "*a", "a OR b", "a AND b", "NOT a", "NEAR(a b, 2)", "text:a", "{a b}:c", "^a", "-a", "+a",
    "a;b", "%", "_", "a%", "a_b", "\\", "'; DROP TABLE events; --", "' OR '1'='1", "(", ")", "a:b:c", "from:", "from:*",
    "in:%", "in:*", "before:x", "after:9999-99-99", "before:0001-01-01", "has:", "has:everything", "&", "|", "!", "<->",
    "a:*", "a & !b", "$1", ":q", "?", "\u0000", "a\u0000b", "\ud7ff", "\U0010ffff", "\ufeff", "from:\u0000", 'in:"',
    "has:link*", "\\x00", "?1",
)  # fmt: skip


def ask(server: Server, token: str, path: str) -> tuple[int, Any]:
    """Send requests as fast as the rate limit allows."""
    while True:
        status, answer = server.request("GET", f"/api/v1/{path}", token=token)
        if status != 429:
            return status, answer
        time.sleep(answer["retry_after"])


def found(server: Server, token: str, query: str) -> list[str]:
    status, answer = ask(server, token, f"search?q={quote(query)}&limit=50")
    assert status in (200, 400), (query, answer)
    return [message["text"] for message in answer["messages"]] if status == 200 else []


@WHATEVER
def test_syntax_in_a_search(siege: Siege) -> None:
    """Syntax and wildcards of the index are plain text in a search: the server answers or refuses, and finds nothing more
    than those words. Invented cursors of a page are refused."""
    token = siege.guest(name("seeker"))
    words = [f"alpha{name('w')}".replace("-", ""), f"beta{name('w')}".replace("-", "")]
    with siege.attack():
        for word in words:
            status, _ = siege.server.request(
                "POST", "/api/v1/conversations/lobby/messages", {"text": word}, token=token
            )
            assert status == 201
        assert found(siege.server, token, words[0]) == [words[0]]
        wildcards = (
            "%",
            "_",
            "*",
            words[0][:-1] + "_",
            words[0][:3] + "%",
            f"{words[0]} OR {words[1]}",
            f"NOT {words[0]}",
        )
        for wildcard in wildcards:
            assert not found(siege.server, token, wildcard), wildcard
        for syntax in SYNTAX:
            token = siege.guest(name("seeker"))  # a search costs as much as five messages: one person is told to wait
            for query in (syntax, f"{words[0]} {syntax}", f"{syntax}{words[0]}"):
                texts = [text for text in found(siege.server, token, query) if not text.startswith("reader-")]
                assert set(texts) <= {words[0]}, query
            for parameter in ("cursor", "conversation", "from", "limit"):
                path = f"search?q={words[0]}&{parameter}={quote(syntax)}"
                status, answer = ask(siege.server, token, path)
                assert status in (200, 400, 404), (path, answer)
            status, answer = ask(siege.server, token, f"users?query={quote(syntax)}")
            assert status in (200, 400) and "password" not in json.dumps(answer), answer


SCRIPTS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "[a](javascript:alert(1))",
    "</title><svg onload=alert(1)>",
)


def test_scripts_come_back_as_text_alone(siege: Siege) -> None:
    """Messages are returned as JSON that no browser takes for a page. Another test covers the page itself."""
    token = siege.account(name("script"), PASSWORD)
    with siege.attack():
        for script in SCRIPTS:
            made = siege.server.request("POST", "/api/v1/conversations", {"title": script}, token=token)[1]
            path = f"/api/v1/conversations/{made['conversation']}"
            said = siege.server.request("POST", f"{path}/messages", {"text": script}, token=token)[1]
            assert siege.server.request("GET", path, token=token)[1]["title"] == script
            page = siege.server.request("GET", f"{path}/messages", token=token)[1]
            assert [one["text"] for one in page["messages"] if one["seq"] == said["seq"]] == [script]
        for path in (f"/api/v1/{quote(SCRIPTS[0])}", f"/web/{quote(SCRIPTS[1])}", f"/ws/{quote(SCRIPTS[0])}"):
            status, answer = siege.server.request("GET", path, token=token)
            assert 400 <= status < 500 and isinstance(answer, dict), "a problem, and not a page"
