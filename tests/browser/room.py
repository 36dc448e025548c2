"""A room with much history, for tests of the timeline. The user at the page comes with a cookie, without the login form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Locator, Page, Request

from tests.servers import Server

from .person import Person

COOKIE = "suhbat_session"


class Room:
    """A public room of its own for each test, in which `anna` writes. `title`: a word that no other test uses. `seqs`: of her
    messages, in order."""

    def __init__(self, server: Server, title: str, *, topic: str = "") -> None:
        self.server = server
        self.title = title
        self.tokens = {"anna": server.guest(f"anna-{title}")}
        body = {"title": title, "topic": topic, "visibility": "public", "history": "all"}
        self.conversation: str = self.ask("anna", "POST", "/conversations", body)["conversation"]
        self.seqs: list[int] = []

    def ask(self, name: str, method: str, path: str, body: object = None) -> Any:
        status, answer = self.server.request(method, f"/api/v1{path}", body, token=self.tokens[name])
        assert status < 300, (path, answer)
        return answer

    @property
    def path(self) -> str:
        return f"/conversations/{self.conversation}"

    def say(self, text: str, name: str = "anna", **fields: object) -> int:
        seq: int = self.ask(name, "POST", f"{self.path}/messages", {"text": text, **fields})["seq"]
        return seq

    def fill(self, count: int, text: Callable[[int], str] = "gap {}".format) -> None:
        """Write this many more messages. They are numbered from 1 on."""
        for _ in range(count):
            self.seqs.append(self.say(text(len(self.seqs) + 1)))

    def react(self, seq: int, emoji: str = "👍", name: str = "anna") -> None:
        self.ask(name, "PUT", f"{self.path}/messages/{seq}/reactions/{quote(emoji)}", {})

    def joins(self, person: Person) -> Person:
        """The person becomes a guest and a member, and their browser is logged in."""
        token = self.tokens[person.name] = self.server.guest(person.name)
        self.ask(person.name, "PUT", f"{self.path}/members/{person.name}", {})
        person.context.add_cookies([{"name": COOKIE, "value": token, "url": person.url}])
        return person

    def unread(self, name: str) -> int:
        count: int = self.ask(name, "GET", self.path)["unread"]
        return count

    def reads_all(self, name: str) -> None:
        state = self.ask(name, "GET", self.path)
        self.ask(name, "PUT", f"{self.path}/read", {"ordinal": state["last_ordinal"]})

    def url(self, person: Person, seq: int | None = None) -> str:
        return f"{person.url}#/c/{self.conversation}" + (f"/{seq}" if seq else "")


def pages_asked(page: Page) -> list[str]:
    """The list of requests for pages of history, which grows from now on."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/messages?" in request.url and request.method == "GET":
            asked.append(request.url)

    page.on("request", note)
    return asked


def top_of(row: Locator) -> float:
    """Where the text of a message begins, in px below the upper edge of the window."""
    top: float = row.locator(".text").evaluate("(text) => text.getBoundingClientRect().top")
    return top


def in_view(row: Locator) -> bool:
    """Whether a message lies within the visible part of the messages."""
    shown: bool = row.evaluate(
        """(row) => {
          const [one, all] = [row, row.closest(".scroller")].map((part) => part.getBoundingClientRect());
          return one.top >= all.top && one.bottom <= all.bottom;
        }"""
    )
    return shown
