"""A room with programs in it, for tests of the page."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import quote

from tests.servers import Server

from .person import PASSWORD, Person
from .room import COOKIE


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
        self._cursor = ""
        self._heard: list[Any] = []

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

    def begins(self, **fields: object) -> Growing:
        """The bot begins a message that grows."""
        return Growing(self, self.say("ob-havo", "", streaming=True, **fields))

    def newest(self) -> int:
        """The `seq` of the newest message."""
        seq: int = self.ask("ali", "GET", f"{self.path}/messages?limit=1")["messages"][0]["seq"]
        return seq

    def comes(self, one: Person, name: str) -> Person:
        self.opens(one, name).is_in()
        return one

    def opens(self, one: Person, name: str) -> Person:
        """The room is open, on a phone without the list."""
        one.context.add_cookies([{"name": COOKIE, "value": self.tokens[name], "url": one.url}])
        one.page.goto(f"{one.url}#/c/{self.room}")
        one.page.locator("article.message, .rows .intro").first.wait_for()
        return one

    def listens(self) -> None:
        """The bot gets from now on what it is asked."""
        self._poll()

    def hears(self) -> Any:
        """Wait until the bot is asked something; gives the event."""
        while not self._heard:
            self._poll()
        return self._heard.pop(0)

    def _poll(self) -> None:
        answer = self.ask("ob-havo", "GET", f"/events?wait=20&cursor={quote(self._cursor)}")
        self._cursor = answer["cursor"]
        self._heard += [one for one in answer["frames"] if one["type"] in ("command.invoked", "action.pressed")]

    def answers(self, key: str, text: str) -> None:
        """The bot answers the one who asked, and nobody else sees it."""
        self.ask("ob-havo", "POST", f"/command-replies/{key}", {"text": text, "private": True})


class Growing:
    """A message of the bot that grows."""

    def __init__(self, office: Office, seq: int) -> None:
        self._office = office
        self._path = f"{office.path}/messages/{seq}"
        self._offset = 0

    def on(self, text: str) -> None:
        """It grows by this text."""
        more = {"offset": self._offset, "text": text}
        self._offset = self._office.ask("ob-havo", "POST", f"{self._path}/append", more)["offset"]

    def ends(self) -> None:
        self._office.ask("ob-havo", "POST", f"{self._path}/finish", {})

    def refusal(self, text: str) -> str:
        """The code of the error with which it does not grow any more."""
        path, more = f"/api/v1{self._path}/append", {"offset": self._offset, "text": text}
        status, answer = self._office.server.request("POST", path, more, token=self._office.tokens["ob-havo"])
        assert status == 409, answer
        return str(answer["code"])
