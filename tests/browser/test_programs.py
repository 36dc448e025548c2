"""Programs in a conversation: webhooks and bots are shown as what they are."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.servers import Server, running

from .person import PASSWORD, Person
from .room import COOKIE

Make = Callable[..., Person]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running("suhbat", tmp_path / "data", send_rate="0", bots="everyone") as server:
        yield server


class Office:
    """A room of ali and vali, with a webhook, and with ali's bot, which is called Ob-havo."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.tokens: dict[str, str] = {}
        for name in ("ali", "vali"):
            self.tokens[name] = self.ask("", "POST", "/accounts", {"user_id": name, "password": PASSWORD})["token"]
        room = {"title": "Idora", "visibility": "public", "history": "all"}
        self.room: str = self.ask("ali", "POST", "/conversations", room)["conversation"]
        self.path = f"/conversations/{self.room}"
        self.ask("vali", "PUT", f"{self.path}/members/vali", {})
        self.hook: str = self.ask("ali", "POST", f"{self.path}/hooks", {"name": "CI"})["url"]
        made = self.ask("ali", "POST", "/bots", {"user_id": "ob-havo", "display_name": "Ob-havo"})
        self.tokens["ob-havo"] = made["token"]
        self.ask("ali", "PUT", f"{self.path}/members/ob-havo", {})

    def ask(self, name: str, method: str, path: str, body: object = None) -> Any:
        status, answer = self.server.request(method, f"/api/v1{path}", body, token=self.tokens.get(name))
        assert status < 300, (path, answer)
        return answer

    def say(self, name: str, text: str, **fields: object) -> int:
        seq: int = self.ask(name, "POST", f"{self.path}/messages", {"text": text, **fields})["seq"]
        return seq

    def post(self, text: str, **fields: str) -> None:
        """Post through the webhook, in Slack's format."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            body = json.dumps({"text": text, **fields})
            connection.request("POST", self.hook, body, {"Content-Type": "application/json"})
            assert connection.getresponse().read() == b"ok"
        finally:
            connection.close()

    def comes(self, one: Person, name: str) -> Person:
        one.context.add_cookies([{"name": COOKIE, "value": self.tokens[name], "url": one.url}])
        one.page.goto(f"{one.url}#/c/{self.room}")
        one.is_in()
        return one


def test_webhooks_and_bots_are_marked(server: Server, person: Make) -> None:
    """A message of a webhook is shown under the name and the emoji that it asks for, marked, and grouped by them; so in the
    list, quotes, replies and the search. A webhook is no person: it has no card and is not suggested after an @. A bot has
    a mark beside its name, in messages, in its card and among the members."""
    office = Office(server)
    vali = office.comes(person("vali"), "vali")
    page = vali.page
    office.say("ali", "salom")
    office.post("build 1 has passed")
    office.post("build 2 has passed")
    office.post("memory is low", username="Grafana", icon_emoji=":fire:")
    one, two, third = (vali.sees(text) for text in ("build 1 has passed", "build 2 has passed", "memory is low"))
    expect(one.locator("header")).to_contain_text("CIwebhook")
    expect(one.locator("header button")).to_have_count(0)
    expect(two.locator("header")).to_have_count(0)
    expect(third.locator("header")).to_contain_text("Grafanawebhook")
    expect(third.locator(".avatar")).to_have_text("🔥")
    expect(page.locator(".conversation", has_text="Idora").locator(".preview")).to_have_text("Grafana: memory is low")

    third.hover()
    third.get_by_role("button", name="Reply", exact=True).click()
    expect(page.locator(".composer-context")).to_contain_text("Grafana")
    vali.says("on it")
    expect(vali.sees("on it").locator(".quote")).to_contain_text("Grafanawebhook")
    vali.field.press_sequentially("@")
    expect(page.get_by_role("option").first).to_be_visible()
    expect(page.get_by_role("option", name="CI")).to_have_count(0)
    vali.field.fill("")

    office.say("ob-havo", "bugun quyoshli")
    said = vali.sees("bugun quyoshli")
    expect(said.locator("header .mark")).to_have_text("bot")
    said.locator(".author").click()
    expect(page.get_by_role("dialog", name="Ob-havo")).to_contain_text("@ob-havo · bot")
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Search messages").click()
    page.locator(".search-head input[type=search]").fill("memory")
    expect(page.locator(".result", has_text="memory is low").locator(".name")).to_have_text("Grafanawebhook")


def test_buttons(server: Server, person: Make) -> None:
    """A press tells the bot, which changes its message; an error is said, and the button can be pressed again. A link opens
    in a tab of its own, without a way back to the page. In an archived room nothing can be pressed."""
    office = Office(server)
    vali = office.comes(person("vali"), "vali")
    buttons = [[{"id": "ha", "label": "Ha"}, {"id": "yoq", "label": "Juda uzun yozuv " * 4}]]
    link = {"url": "https://example.org/plov", "label": "Retsept"}
    seq = office.say("ob-havo", "Osh damlaymizmi?", actions=[*buttons, [link]])
    row = vali.sees("Osh damlaymizmi?")
    recipe = row.get_by_role("link", name="Retsept")
    expect(recipe).to_have_attribute("target", "_blank")
    expect(recipe).to_have_attribute("rel", "noopener noreferrer nofollow ugc")
    yes = row.get_by_role("button", name="Ha", exact=True)
    with vali.page.expect_response(lambda answer: f"/messages/{seq}/actions/ha" in answer.url) as pressed:
        yes.click()
    assert pressed.value.status == 204
    expect(yes).not_to_have_attribute("aria-busy", "true")
    expect(yes).to_be_focused()
    vali.page.route("**/actions/ha*", lambda route: route.abort())
    yes.click()
    expect(vali.page.locator(".toast")).to_contain_text("Cannot reach the server")
    office.ask("ali", "PATCH", office.path, {"archived": True})
    expect(yes).to_be_disabled()
