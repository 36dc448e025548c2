"""Incoming webhooks of a real server: every format, the answers, and what the log says."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from suhbat.programs.hooks.incoming.payload import MOST_BYTES
from suhbat.programs.hooks.incoming_hooks import BURST
from tests.programs.hooks.one_liners import one_liners, run
from tests.programs.hooks.recorded import NAMES, recorded
from tests.servers import PATIENCE, Server, running

PASSWORD = "uzun parol 7"


class Team:
    """A server with a moderator, ali, and a room of his."""

    def __init__(self, server: Server) -> None:
        self.server = server
        status, made = server.request("POST", "/api/v1/accounts", {"user_id": "ali", "password": PASSWORD})
        assert status == 201, made
        self.token: str = made["token"]
        self.room: str = self.ask("POST", "/conversations", {"title": "Xona"})[1]["conversation"]

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        return self.server.request(method, f"/api/v1{path}", body, token=self.token)

    def hook(self, name: str = "CI") -> str:
        """The path of a new webhook in the room."""
        status, made = self.ask("POST", f"/conversations/{self.room}/hooks", {"name": name})
        if status == 409:
            for one in self.ask("GET", f"/conversations/{self.room}/hooks")[1]["hooks"]:
                assert self.ask("DELETE", f"/conversations/{self.room}/hooks/{one['id']}")[0] == 204
            return self.hook(name)
        assert status == 201, made
        assert re.fullmatch(r"/hooks/[\w-]{43}", made["url"])
        return str(made["url"])

    def last(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"/conversations/{self.room}/messages?limit=1")[1]["messages"][0]
        return found

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with running("suhbat", tmp_path_factory.mktemp("hooks") / "data", send_rate="0", log_level="debug") as server:
        yield Team(server)


def test_every_recorded_payload(team: Team) -> None:
    """200 and exactly `ok` as text/plain; the message has the text, and the name that the payload asks for."""
    path = team.hook()
    for number, name in enumerate(NAMES):
        if number % BURST == BURST - 1:
            path = team.hook()
        payload = recorded(name)
        status, text, headers = team.post(path, payload.body, payload.headers)
        assert (status, text, headers["content-type"]) == (200, "ok", "text/plain; charset=utf-8"), name
        assert team.last()["text"] == payload.text
    payload = recorded("slack-text")
    assert team.post(f"{path}/slack", payload.body, payload.headers)[0] == 200
    message = team.last()
    assert (message["sender"], message["hook"]) == ("webhook:CI", {"name": "Deploy", "icon": "🚀"})


def test_answers(team: Team) -> None:
    """A payload without a text, or of 10 MB, is 400; an unknown address 404, before anything is read; too many 429."""
    path = team.hook()
    json_type = {"content-type": "application/json"}
    for body, headers in (
        (b"{}", json_type),
        (b"[" * 1000, json_type),
        (b'{"text": "\\ud800"', json_type),
        (b"x" * (MOST_BYTES + 1), {"content-type": "text/plain"}),
        (b" " * 10_000_000, json_type),
    ):
        status, text, answered = team.post(path, body, headers)
        assert (status, json.loads(text)["code"]) == (400, "invalid_payload")
        assert answered["content-type"] == "application/problem+json"
    for wrong in ("/hooks/x", f"{path}x", f"{path[:-1]}", "/hooks/x/slack", f"/hooks/{'x' * 43}"):
        status, text, _ = team.post(wrong, b'{"text": "salom"}', json_type)
        assert (status, json.loads(text)["code"]) == (404, "no_service"), wrong
    assert team.post(path, b'{"text": "\\ud800 salom"}', json_type)[:2] == (200, "ok")
    assert team.last()["text"] == "\ufffd salom"
    # Some more are let in meanwhile, the more of them the slower the machine is.
    posts = (team.post(path, b"salom", {"content-type": "text/plain"}) for _ in range(10 * BURST))
    refused = next(one for one in posts if one[0] != 200)
    assert (
        refused[0] == 429 and json.loads(refused[1])["code"] == "rate_limited" and int(refused[2]["retry-after"]) >= 1
    )


def test_large_payloads_count_as_many(team: Team) -> None:
    """A megabyte counts as 17 messages, so a webhook posts one at once, and another one a while later."""
    path, headers = team.hook(), {"content-type": "text/plain"}
    assert [team.post(path, b"x" * MOST_BYTES, headers)[0] for _ in range(2)] == [200, 429]


def test_it_ends_with_its_removal(team: Team) -> None:
    """The list shows no address; after its removal the address does not exist, and its messages are still there."""
    path = team.hook("Grafana")
    assert team.post(path, b'{"text": "yana"}', {"content-type": "application/json"})[0] == 200
    listed = team.ask("GET", f"/conversations/{team.room}/hooks")[1]["hooks"]
    assert path.removeprefix("/hooks/") not in json.dumps(listed)
    mine = next(one for one in listed if one["name"] == "Grafana")
    assert team.ask("DELETE", f"/conversations/{team.room}/hooks/{mine['id']}")[0] == 204
    assert team.post(path, b'{"text": "yana"}', {"content-type": "application/json"})[0] == 404
    assert team.last()["text"] == "yana"


def test_limits_and_names(team: Team) -> None:
    """10 in a conversation; a name needs 1 to 40 characters; a guest may make none."""
    place = f"/conversations/{team.room}/hooks"
    while (made := team.ask("POST", place, {"name": "yana"}))[0] == 201:
        pass
    assert made[0] == 409 and made[1]["code"] == "too_many_hooks"
    assert len(team.ask("GET", place)[1]["hooks"]) == 10
    for name in ("", " ", "x" * 41, "\u202e", 5):
        assert team.ask("POST", place, {"name": name})[0] == 400
    guest = team.server.guest("mehmon")
    status, refused = team.server.request("POST", "/api/v1/conversations/lobby/hooks", {"name": "x"}, token=guest)
    assert (status, refused["code"]) == (403, "forbidden")


def test_no_log_has_an_address(team: Team) -> None:
    """Neither of a webhook nor of a bot in the manner of Telegram, whether it exists or not."""
    path = team.hook()
    team.post(path, b'{"text": "jurnal"}', {"content-type": "application/json"})
    team.post(f"{path}/slack", b"{", {"content-type": "application/json"})
    team.post("/hooks/no-such-secret", b"{}", {})
    team.server.request("GET", "/bot12345:telegram-secret/getMe")
    printed = team.server.printed()
    assert '"POST /hooks/' in printed
    for secret in (path.removeprefix("/hooks/"), "no-such-secret", "telegram-secret"):
        assert secret not in printed


def test_the_one_liners_of_the_documentation(team: Team) -> None:
    """Each of the nine commands in the how-to posts a message."""
    commands = one_liners()
    assert len(commands) == 9
    url = f"{team.server.url}{team.hook()}"
    seen = set()
    for command in commands.values():
        assert run(command, url) == "ok", command
        seen.add(team.last()["text"])
    assert len(seen) == 9
