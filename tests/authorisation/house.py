"""Eight roles, and for each question a fresh room in which a user of each role exists."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from tests.documented import check
from tests.servers import Server

ROLES = ("owner", "moderator", "member", "late", "removed", "stranger", "guest", "nobody")
"""`late`: a moderator who joined after the message, in a room whose history begins with the membership."""
OUTSIDE = ROLES[4:]
PASSWORD = "correct horse battery"
SECRET = "maxfiygap"
"""A word in every room."""
THUMB = quote("👍")
ADDING = re.compile(
    r"/conversations/[^/]+/(read|unread|draft|threads/\d+|messages|messages/\d+/(reactions/[^/]+|reports))|/saved/.+"
)
"""Requests that concern the caller only, or add something, so that the permissions of all others stay the same."""
_numbers = itertools.count(1)


def name_of(role: str) -> str:
    """The user name for a role; the words for the roles themselves are reserved."""
    return f"a-{role}"


@dataclass(frozen=True)
class Room:
    """A private room. `seq`: a message by `other`, a plain member. `friend` is no member. `report`: see `House.reported`."""

    conversation: str
    seq: int
    report: int = 1_000_000
    other: str = "a-other"
    friend: str = "a-friend"


class House:
    """A running server on which users of all roles are registered."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._unchanged: Room | None = None
        self.tokens: dict[str, str | None] = {"nobody": None}
        for role in (*ROLES[:6], "other", "friend"):
            body = {"user_id": name_of(role), "password": PASSWORD}
            status, answer = server.request("POST", "/api/v1/accounts", body)
            assert status == 201, answer
            self.tokens[role] = answer["token"]
            self.ask(role, "PATCH", "/me", {"added_by": "everyone"})
        self.tokens["guest"] = server.guest(name_of("guest"))

    def ask(self, role: str, method: str, path: str, body: object = None) -> tuple[int, Any]:
        status, answer = self.server.request(method, f"/api/v1{path}", body, token=self.tokens[role])
        check(method, f"/api/v1{path}", status, answer)
        is_of_a_room = path.startswith(("/conversations/", "/reports/"))
        if method != "GET" and status < 400 and is_of_a_room and not ADDING.fullmatch(path):
            self.changed()
        return status, answer

    def changed(self) -> None:
        """The room was changed: the next question gets another one."""
        self._unchanged = None

    def room(self) -> Room:
        """A room in its initial state. A refused, reading or purely adding question leaves it in that state for the next
        one."""
        if self._unchanged is None:
            self._unchanged = self._new_room()
        return self._unchanged

    def _new_room(self) -> Room:
        status, made = self.ask(
            "owner", "POST", "/conversations", {"title": f"Room {next(_numbers)}", "history": "joined"}
        )
        assert status == 201, made
        conversation: str = made["conversation"]
        place = f"/conversations/{conversation}"
        for name, role in (
            ("moderator", "moderator"),
            ("member", "member"),
            ("removed", "member"),
            ("other", "member"),
        ):
            assert self.ask("owner", "PUT", f"{place}/members/{name_of(name)}", {"role": role})[0] == 201
        assert self.ask("owner", "DELETE", f"{place}/members/{name_of('removed')}")[0] == 204
        status, posted = self.ask("other", "POST", f"{place}/messages", {"text": f"{SECRET} salom"})
        assert status == 201
        reply = {"text": f"{SECRET} javob", "thread": posted["seq"]}
        assert self.ask("other", "POST", f"{place}/messages", reply)[0] == 201
        assert self.ask("owner", "PUT", f"{place}/members/{name_of('late')}", {"role": "moderator"})[0] == 201
        return Room(conversation, posted["seq"])

    def reported(self) -> Room:
        """The same, with a report of the message."""
        room = self.room()
        path = f"/conversations/{room.conversation}/messages/{room.seq}/reports"
        assert self.ask("owner", "POST", path, {})[0] == 204
        _, found = self.ask("owner", "GET", "/reports?limit=200")
        report = max(one["id"] for one in found["reports"] if one["message"]["conversation"] == room.conversation)
        return replace(room, report=report)

    def invitation(self) -> Room:
        """A room to which its owner has invited `invited`, who knows nobody on the server."""
        status, answer = self.server.request("POST", "/api/v1/accounts", self.newcomer())
        assert status == 201, answer
        self.tokens["invited"] = answer["token"]
        room = self.room()
        path = f"/conversations/{room.conversation}/members/{answer['user']['user_id']}"
        assert self.ask("owner", "PUT", path, {}) == (202, {"invited": True})
        return room

    def direct(self) -> Room:
        """The direct of `owner` and `other`, with a new message."""
        status, made = self.ask("owner", "POST", "/directs", {"users": [name_of("other")]})
        assert status in (200, 201), made
        conversation: str = made["conversation"]
        status, posted = self.ask("other", "POST", f"/conversations/{conversation}/messages", {"text": SECRET})
        assert status == 201, posted
        return Room(conversation, posted["seq"])

    def newcomer(self) -> dict[str, Any]:
        """A name that no user has."""
        return {"user_id": f"new{next(_numbers)}", "password": PASSWORD}

    def passing(self, role: str) -> str | None:
        """A session of this role that a question may end, of an account made for it."""
        if role == "nobody":
            return None
        return self.server.guest(f"passing{next(_numbers)}") if role == "guest" else self.somebody()

    def somebody(self) -> str:
        """An account made for this question only."""
        status, answer = self.server.request("POST", "/api/v1/accounts", self.newcomer())
        assert status == 201
        token: str = answer["token"]
        return token
