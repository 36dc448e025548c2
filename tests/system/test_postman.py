"""The requests of the Postman collection about files and programs, sent to a real server one after the other."""

from __future__ import annotations

import http.client
import json
import re
from pathlib import Path
from typing import Any

import yaml

from tests.servers import PATIENCE, running

COLLECTION = Path(__file__).parents[2] / "postman" / "collections" / "Suhbat"
FIRST = 14_000
"""The `order` of the first request about files."""
CLOSED = "http://127.0.0.1:1/"
"""Where nobody answers."""
_SET = re.compile(r"set\('(\w+)', pm\.response\.(.+)\);")
_STEP = re.compile(
    r"json\(\)|\.findLast\(\(one\) => one\.(\w+)\)|\.split\('/'\)\.pop\(\)|headers\.get\('(\w+)'\)|\.(\w+)"
)


def test_the_requests_about_files(tmp_path: Path) -> None:
    """Each works as it is, with the variables that those before it have filled."""
    requests = [one for one in requests_of("HTTP") if one["order"] >= FIRST]
    assert len(requests) == 8
    variables = {"token": "", "file": ""}
    with running("suhbat", tmp_path / "data") as server:
        for request in requests:
            answer = send(server.port, request, variables)
            assert answer.status in (200, 201), (request["url"], answer.body)
    assert answer.body == b"Salom hammaga!"


def test_the_requests_about_programs(tmp_path: Path) -> None:
    """The same; the bot is asked what people asked it, what it writes is in the room, and tools of MCP read it."""
    requests = requests_of("Programs")
    assert [one["order"] for one in requests] == [number * 1_000 for number in range(1, len(requests) + 1)]
    variables: dict[str, str] = {}
    with running("suhbat", tmp_path / "data", bots="everyone", mcp="on", outgoing_allow="127.0.0.0/8") as server:
        for request in requests:
            answer = send(server.port, request, variables)
            assert answer.status in (200, 201, 204), (request["url"], answer.body)
    told = json.loads(answer.body)["result"]["content"][0]["text"]
    assert all(f"> {text}\n" in told for text in ("Choy ichasizmi?", "Choy damlandi")) and "/choy" not in told
    assert 'webhook, shown as "CI"' in told and set(variables) == {
        "token",
        "room",
        "bot_token",
        "seq",
        "cursor",
        "key",
        "hook",
    }


def test_the_variables() -> None:
    """Each that a request uses is one of the collection."""
    definition = yaml.safe_load((COLLECTION / ".resources" / "definition.yaml").read_text(encoding="utf-8"))
    known = {one["key"] for one in definition["variables"]}
    for path in COLLECTION.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert {*re.findall(r"{{(\w+)}}", text), *(name for name, _ in _SET.findall(text))} <= known, path


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def value(self, expression: str) -> str:
        """The value of a script of the collection, in the few words that they use."""
        found: Any = None
        for step in _STEP.finditer(expression):
            last_with, header, name = step.groups()
            if step[0] == "json()":
                found = json.loads(self.body)
            elif header:
                found = self.headers[header]
            elif last_with:
                found = [one for one in found if one.get(last_with)][-1]
            else:
                found = found.rpartition("/")[2] if name is None else found[name]
        return str(found)


def requests_of(folder: str) -> list[Any]:
    """The requests of a folder, in their order."""
    found = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (COLLECTION / folder).glob("*.request.yaml")]
    return sorted(found, key=lambda one: int(one["order"]))


def send(port: int, request: dict[str, Any], variables: dict[str, str]) -> Answer:
    """Send a request and run its script."""

    def filled(text: str) -> str:
        for name, value in {**variables, "base_url": ""}.items():
            text = text.replace("{{" + name + "}}", value)
        return text

    headers = {one["key"]: filled(one["value"]) for one in request.get("headers", ())}
    if request["auth"]["type"] == "bearer":
        headers["Authorization"] = f"Bearer {filled(request['auth']['credentials'][0]['value'])}"
    content = request.get("body", {}).get("content")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        # Nothing outside of this machine is told.
        body = None if content is None else filled(content).replace("https://example.org/", CLOSED).encode()
        connection.request(request["method"], filled(request["url"]), body, headers)
        answer = Answer(connection.getresponse())
    finally:
        connection.close()
    for script in request.get("scripts", ()):
        if answer.status < 300:
            variables.update((name, answer.value(expression)) for name, expression in _SET.findall(script["code"]))
    return answer
