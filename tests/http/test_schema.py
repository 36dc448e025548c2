"""The API is as its OpenAPI document says: valid and invalid generated requests to every route. Telegram's Bot API and the
Model Context Protocol, which are in no such document, keep their form whatever comes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from suhbat.http.telegram.routes import METHODS
from suhbat.programs.mcp.tools import TOOLS, Tool
from tests.proof.attacks.sizes import FULL
from tests.servers import Server, running

EXAMPLES = 40 if FULL else 6
"""The number of requests to each route."""
PASSWORD = "correct horse battery"
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
OF_PROGRAMS = re.compile(r"/(bots|commands|command-replies|hooks|events)(/|$)|/(actions/\{action\}|append|finish)$")
"""Routes whose parameters name something that is there in half of the requests: each must be carried out at least once."""
OF_BOTS = re.compile("/(command-replies/.*|append|finish)$")
"""Routes that a bot calls."""
GROWING = re.compile("/(append|finish)$")
RECEIVER = {"url": "https://127.0.0.1:9/", "conversations": "all"}
BODIES: Mapping[str, object] = {
    "POST /api/v1/bots": {"user_id": "ob-havo"},
    "PUT /api/v1/bots/{user_id}/commands": [{"name": "ob_havo", "description": "Ob-havoni aytadi"}],
    "POST /api/v1/command-replies/{key}": {"text": "xoʻp", "private": True},
    "POST /api/v1/commands": {"type": "typing", "id": 1, "conversation": "lobby"},
    "POST /api/v1/conversations/{conversation}/hooks": {"name": "Grafana"},
    "POST /api/v1/conversations/{conversation}/messages/{seq}/append": {"offset": 0, "text": "salom"},
    "POST /api/v1/conversations/{conversation}/messages/{seq}/finish": {"text": "salom"},
    "POST /api/v1/hooks": RECEIVER,
    "PATCH /api/v1/hooks/{hook}": {"on": True},
    "POST /api/v1/events": {},
    "POST /hooks/{token}": {"text": "salom"},
    "POST /hooks/{token}/slack": {"text": "salom"},
}
"""What such requests send then."""
NAMES = (
    "chat_id", "text", "message_id", "message_thread_id", "parse_mode", "entities", "reply_markup", "inline_keyboard",
    "callback_data", "url", "reply_parameters", "photo", "document", "caption", "action", "file_id", "user_id", "offset",
    "limit", "allowed_updates", "commands", "command", "description", "callback_query_id", "show_alert", "secret_token",
)  # fmt: skip
"""Of parameters of Telegram's Bot API, and of what is in them."""


@dataclass(frozen=True)
class Api:
    """A server, and what is there: `known`, by the names of parameters of paths, and the outgoing webhook `outgoing`. `token`,
    `bot`, `telegram`: the tokens of an account and its bots. `grown`: messages that may still grow."""

    server: Server
    document: Any
    token: str
    bot: str
    telegram: str
    known: Mapping[str, str | int]
    outgoing: str
    grown: list[int] = field(default_factory=list)

    def there(self, path: str) -> dict[str, str | int]:
        """Parameters of a path that name what is there."""
        found = {name: value for name, value in self.known.items() if f"{{{name}}}" in path}
        if GROWING.search(path):
            found["seq"] = self.growing()
        return found | ({"hook": self.outgoing} if path.startswith("/api/v1/hooks/") else {})

    def growing(self) -> int:
        """A new message of the bot that grows: it has to grow soon. Those before it end, because only some may grow at once."""
        path = f"/api/v1/conversations/{self.known['conversation']}/messages"
        while self.grown:
            self.server.request("POST", f"{path}/{self.grown.pop()}/finish", {}, token=self.bot)
        status, answer = self.server.request("POST", path, {"text": "", "streaming": True}, token=self.bot)
        assert status == 201, answer
        self.grown.append(answer["seq"])
        return self.grown[-1]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server with an account, a message, a bot that was asked something and has a message with buttons, and webhooks: an
    event could not be delivered."""
    limits = {"send_rate": "0", "bots": "everyone", "mcp": "on", "outgoing_allow": "127.0.0.0/8"}
    with running("suhbat", tmp_path_factory.mktemp("schema") / "data", **limits) as server:

        def do(method: str, path: str, body: object = None, *, token: str = "") -> Any:
            status, answer = server.request(method, f"/api/v1{path}", body, token=token or ali)
            assert status < 300, answer
            return answer

        ali = ""
        ali = do("POST", "/accounts", {"user_id": "ali", "password": PASSWORD})["token"]
        do("POST", "/conversations/lobby/messages", {"text": "salom"})
        bot = do("POST", "/bots", {"user_id": "bot"})["token"]
        telegram = do("POST", "/bots", {"user_id": "tgbot"})["token"]
        do("PUT", "/bots/bot/commands", [{"name": "eslat", "description": "Eslatadi"}])
        room = do("POST", "/conversations", {"title": "Xona"})["conversation"]
        messages = f"/conversations/{room}/messages"
        for name in ("bot", "tgbot"):
            do("PUT", f"/conversations/{room}/members/{name}", {})
        incoming = do("POST", f"/conversations/{room}/hooks", {"name": "CI"})
        outgoing = do("POST", "/hooks", RECEIVER | {"conversations": [room]})["id"]
        cursor = do("GET", "/events?wait=0", token=bot)["cursor"]
        do("POST", messages, {"text": "/eslat choy"})
        frames = do("GET", f"/events?wait=20&cursor={quote(cursor)}", token=bot)["frames"]
        buttons = {"text": "Choy?", "actions": [[{"id": "ha", "label": "Ha"}]]}
        known = {
            "conversation": room,
            "user_id": "bot",
            "hook": incoming["id"],
            "token": incoming["url"].rpartition("/")[2],
            "n": 1,
            "seq": do("POST", messages, buttons, token=bot)["seq"],
            "action": "ha",
            "key": next(frame["key"] for frame in frames if frame["type"] == "command.invoked"),
        }
        document = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
        yield Api(server, document, ali, bot, telegram, known, outgoing)


@pytest.fixture(scope="module")
def document(api: Api) -> Any:
    # A session that was ended, or an account that is gone, would make all that follows 401.
    return api.document.exclude(method="DELETE", path_regex="/(me|sessions)")


def test_telegram_keeps_its_form(api: Api) -> None:
    """Whatever the parameters are, the answer is an object of the Bot API, and no fault of the server."""

    def ask(method: str, **sent: Any) -> tuple[int, Any]:
        return api.server.request("POST", f"/bot{api.telegram}/{method}", sent)

    ask("getUpdates", timeout=0)
    messages = f"/api/v1/conversations/{api.known['conversation']}/messages"
    assert api.server.request("POST", messages, {"text": "salom"}, token=api.token)[0] == 201
    message = ask("getUpdates", timeout=20)[1]["result"][-1]["message"]
    there = {"chat_id": message["chat"]["id"], "message_id": message["message_id"], "text": "salom", "timeout": 0}

    def checked(method: str, sent: dict[str, Any]) -> int:
        status, answer = ask(method, **sent)
        assert answer["ok"] is (status == 200) and status < 500, (method, sent, answer)
        assert "result" in answer or (answer["error_code"], type(answer["description"])) == (status, str)
        return status

    assert {method for method in METHODS if checked(method, there) == 200} >= {"sendMessage", "getChat", "getUpdates"}
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(there["chat_id"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
        max_leaves=6,
    )

    @given(method=st.sampled_from(sorted(METHODS)), sent=st.dictionaries(st.sampled_from(NAMES), values, max_size=5))
    @settings(max_examples=30 * EXAMPLES, derandomize=True)
    def holds(method: str, sent: dict[str, Any]) -> None:
        checked(method, there | sent)

    holds()


def test_language_models_get_results(api: Api) -> None:
    """Whatever the arguments of a tool are, the answer is a result of JSON-RPC, in which the model reads what was wrong."""
    room = api.known["conversation"]
    names = sorted({name for tool in TOOLS for name in tool.arguments.model_fields})
    values = st.none() | st.integers() | st.text(max_size=20) | st.just(room) | st.lists(st.integers(), max_size=2)

    @given(tool=st.sampled_from(TOOLS), sent=st.dictionaries(st.sampled_from(names), values, max_size=4))
    @settings(max_examples=10 * EXAMPLES, derandomize=True)
    def holds(tool: Tool, sent: dict[str, Any]) -> None:
        params = {"name": tool.name, "arguments": sent}
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        status, answer = api.server.request("POST", "/mcp", call, token=api.token)
        assert "result" in answer, (status, call, answer)
        (content,) = answer["result"]["content"]
        assert (status, content["type"], type(content["text"])) == (200, "text", str)
        assert answer["result"].get("isError", False) is bool(re.match(r"[a-z_]+: ", content["text"])), answer
        assert not content["text"].startswith("internal")

    holds()


def test_every_answer_is_documented(document: Any, api: Api) -> None:
    """No 5xx, and no status, `code`, media type or body that the document lacks. Every route of bots, webhooks, commands and
    events carries out what is asked at least once."""
    operations = sorted((found.ok() for found in document.get_all_operations()), key=turn)
    carried_out: set[str] = set()
    for operation in operations:
        requested(operation, api, carried_out)
    of_programs = {one.label for one in operations if OF_PROGRAMS.search(one.path)}
    assert len(of_programs) >= 25 and of_programs <= carried_out, of_programs - carried_out
    assert len(operations) > 100


def turn(operation: Any) -> tuple[int, int]:
    """Bots go first, because one of the routes gives them new tokens. What is deleted is there until then: it goes last, and
    what is within another thing before it."""
    if operation.method == "delete":
        return 2, -len(operation.path)
    return 0 if OF_BOTS.search(operation.path) else 1, 0


def requested(operation: Any, api: Api, carried_out: set[str]) -> None:
    """Send generated requests; the name of the route is added to `carried_out` if one of them is."""
    path = operation.path
    requests = count()
    headers = {"Authorization": f"Bearer {api.bot if OF_BOTS.search(path) else api.token}"}

    @given(case=operation.as_strategy())
    @settings(max_examples=EXAMPLES, derandomize=True, suppress_health_check=list(HealthCheck))
    def holds(case: Any) -> None:
        if OF_PROGRAMS.search(path) and next(requests) % 2 == 0:
            case.path_parameters = {**(case.path_parameters or {}), **api.there(path)}
            if operation.label in BODIES:
                case.body, case.media_type = BODIES[operation.label], "application/json"
        if path.endswith("/events"):
            case.query = {**(case.query or {}), "wait": 0}  # otherwise it waits, or does not end
        if case.call_and_validate(headers=headers, checks=CHECKS).status_code < 300:
            carried_out.add(operation.label)

    holds()
