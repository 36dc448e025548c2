"""The expected answers: for each endpoint a status for each role in the order of ROLES, for each command `ok` or an error code.

`200 200 403 200 404 404 404 401` means: owner and moderators may, a member may not; for removed members, strangers and guests
it does not exist; without a token it is 401. The fourth role is a moderator who joined later, for whom older messages do not
exist.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from suhbat.http.push import AUTH, ENDPOINT, P256DH

from .house import PASSWORD, THUMB, House, Room

Body = Callable[[House, Room], object]
NONE: Body = lambda house, room: None  # noqa: E731 (a table reads better)

ALL = "{0} {0} {0} {0} {0} {0} {0} 401"
MEMBERS = "{0} {0} {0} {0} 404 404 404 401"
MODERATORS = "{0} {0} 403 {0} 404 404 404 401"
OWNER = "{0} 403 403 403 404 404 404 401"
READERS = "{0} {0} {0} 404 404 404 404 401"
"""Members who may read the message."""
READING_MODERATORS = "{0} {0} 403 404 404 404 404 401"
NOT_THEIRS = "403 403 403 404 404 404 404 401"
ACCOUNTS = "{0} {0} {0} {0} {0} {0} 403 401"
STAFF = "403 403 403 403 403 403 403 401"
ANYBODY = "{0} {0} {0} {0} {0} {0} {0} {0}"


def body(**fields: Any) -> Body:
    return lambda house, room: fields


ROOM = "/conversations/{conversation}"
MESSAGE = ROOM + "/messages/{seq}"

HTTP: dict[tuple[str, str], tuple[str, Body]] = {
    ("GET", "/conversations"): (ALL.format(200), NONE),
    ("POST", "/conversations"): (ALL.format(201), body(title="Choyxona")),
    ("GET", ROOM): (MEMBERS.format(200), NONE),
    ("PATCH", ROOM): (MODERATORS.format(200), body(title="Yangi nom")),
    ("DELETE", ROOM): (OWNER.format(204), NONE),
    ("POST", "/directs"): (ALL.format("20*"), body(users=["a-friend"])),
    ("GET", ROOM + "/members"): (MEMBERS.format(200), NONE),
    ("PUT", ROOM + "/members/{friend}"): (MODERATORS.format(201), body()),
    ("PATCH", ROOM + "/members/{other}"): (MODERATORS.format(204), body(muted=True)),
    ("DELETE", ROOM + "/members/{other}"): (MODERATORS.format(204), NONE),
    ("PUT", ROOM + "/read"): (MEMBERS.format(200), body(ordinal=1)),
    ("PUT", ROOM + "/unread"): (READERS.format(200), body(ordinal=1)),
    ("GET", "/mentions"): (ALL.format(200), NONE),
    ("GET", "/saved"): (ALL.format(200), NONE),
    ("PUT", "/saved/{conversation}/{seq}"): (READERS.format(204), NONE),
    ("DELETE", "/saved/{conversation}/{seq}"): (MEMBERS.format(204), NONE),
    ("PUT", ROOM + "/threads/{seq}"): (READERS.format(200), body(follow=True)),
    ("GET", "/threads"): (ALL.format(200), NONE),
    ("GET", ROOM + "/messages?thread={seq}"): (READERS.format(200), NONE),
    ("POST", ROOM + "/messages?in"): (
        READERS.format(201),
        lambda house, room: {"text": "javob", "thread": room.seq},
    ),
    ("PUT", ROOM + "/notify"): (MEMBERS.format(200), body(level="none")),
    ("PUT", ROOM + "/draft"): (MEMBERS.format(204), body(text="begun")),
    ("DELETE", ROOM + "/draft"): (MEMBERS.format(204), NONE),
    ("GET", ROOM + "/pins"): (MEMBERS.format(200), NONE),
    ("GET", ROOM + "/files"): (MEMBERS.format(200), NONE),
    ("PUT", ROOM + "/picture"): (MODERATORS.format(404), body(file="unknown")),
    ("GET", ROOM + "/picture"): (MEMBERS.format(404), NONE),
    ("DELETE", ROOM + "/picture"): (MODERATORS.format(204), NONE),
    ("POST", ROOM + "/hooks"): (MODERATORS.format(201), body(name="CI")),
    ("GET", ROOM + "/hooks"): (MODERATORS.format(200), NONE),
    ("DELETE", ROOM + "/hooks/{unknown}"): (MODERATORS.format(404), NONE),
    ("GET", ROOM + "/messages"): (MEMBERS.format(200), NONE),
    ("POST", ROOM + "/messages"): (MEMBERS.format(201), body(text="salom")),
    ("POST", ROOM + "/messages?reply"): (
        READERS.format(201),
        lambda house, room: {"text": "javob", "reply_to": room.seq},
    ),
    ("GET", ROOM + "/messages?around={seq}"): (MEMBERS.format(200), NONE),
    ("PATCH", MESSAGE): (NOT_THEIRS, body(text="changed")),
    ("POST", MESSAGE + "/append"): (NOT_THEIRS, body(offset=0, text="more")),
    ("POST", MESSAGE + "/finish"): (READING_MODERATORS.format(200), body()),
    ("DELETE", MESSAGE): (READING_MODERATORS.format(200), NONE),
    ("GET", MESSAGE + f"/reactions/{THUMB}"): (READERS.format(200), NONE),
    ("PUT", MESSAGE + f"/reactions/{THUMB}"): (READERS.format(200), NONE),
    ("DELETE", MESSAGE + f"/reactions/{THUMB}"): (READERS.format(200), NONE),
    ("PUT", MESSAGE + "/pin"): (READING_MODERATORS.format(200), NONE),
    ("DELETE", MESSAGE + "/pin"): (READING_MODERATORS.format(200), NONE),
    ("POST", MESSAGE + "/reports"): (READERS.format(204), body(reason="spam")),
    ("GET", ROOM + "/commands"): (MEMBERS.format(200), NONE),
    ("POST", MESSAGE + "/actions/{unknown}"): (READERS.format(404), NONE),
    ("POST", "/command-replies/{unknown}"): (ALL.format(404), body(text="javob")),
    ("POST", "/bots"): (STAFF, body(user_id="a-bot")),
    ("GET", "/bots"): (ALL.format(200), NONE),
    ("GET", "/bots/{friend}"): (ALL.format(404), NONE),
    ("POST", "/bots/{friend}/token"): (ALL.format(404), NONE),
    ("DELETE", "/bots/{friend}"): (ALL.format(404), NONE),
    ("GET", "/bots/{friend}/commands"): (ALL.format(404), NONE),
    ("PUT", "/bots/{friend}/commands"): (ALL.format(404), lambda house, room: []),
    ("GET", "/search?q=maxfiygap"): (ALL.format(200), NONE),
    ("GET", ROOM + "/export"): (MEMBERS.format(200), NONE),
    ("GET", "/me/export"): (ALL.format(200), NONE),
    ("GET", "/reports"): (ALL.format(200), NONE),
    ("DELETE", "/reports/{report}"): ("204 204 404 404 404 404 404 401", NONE),
    ("GET", "/audit"): (STAFF, NONE),
    ("GET", "/filter"): (STAFF, NONE),
    ("PUT", "/filter"): (STAFF, body(words=["spam"])),
    ("OPTIONS", "/files"): (ANYBODY.format(204), NONE),
    ("POST", "/files"): (ACCOUNTS.format(400), NONE),
    ("GET", "/files/{unknown}"): (ALL.format(404), NONE),
    ("OPTIONS", "/files/{unknown}"): (ANYBODY.format(204), NONE),
    ("PATCH", "/files/{unknown}"): (ALL.format(412), NONE),
    ("DELETE", "/files/{unknown}"): (ALL.format(404), NONE),
    ("GET", "/events?wait=0"): (ALL.format(200), NONE),
    ("POST", "/events?wait=0"): (ALL.format(200), body()),
    ("POST", "/commands"): (ALL.format(200), body(type="ping", id=1)),
    ("PUT", "/me/active"): (ALL.format(204), body()),
    ("GET", "/me"): (ALL.format(200), NONE),
    ("GET", "/me/invitations"): (ALL.format(200), NONE),
    ("PATCH", "/me"): (ACCOUNTS.format(200), body(display_name="Shown")),
    ("DELETE", "/me"): (ACCOUNTS.format(403), body(password="a wrong password")),
    ("PUT", "/me/picture"): (ACCOUNTS.format(404), body(file="unknown")),
    ("DELETE", "/me/picture"): (ACCOUNTS.format(204), NONE),
    ("POST", "/push"): (ACCOUNTS.format("20*"), body(endpoint=ENDPOINT, keys={"p256dh": P256DH, "auth": AUTH})),
    ("GET", "/push"): (ACCOUNTS.format(200), NONE),
    ("DELETE", "/push/{unknown}"): ("404 404 404 404 404 404 403 401", NONE),
    ("GET", "/me/email"): (ALL.format(403), NONE),
    ("PUT", "/me/email"): (ALL.format(403), body(address="ali@example.org", current_password=PASSWORD)),
    ("PATCH", "/me/email"): (ALL.format(403), body(digest=True)),
    ("DELETE", "/me/email"): (ALL.format(403), body(current_password=PASSWORD)),
    ("POST", "/email-confirmations"): (ANYBODY.format(403), body(code="unknown")),
    ("POST", "/password-resets"): (ANYBODY.format(202), body(user_id="a-friend")),
    ("PUT", "/password-resets"): (ANYBODY.format(403), body(code="unknown", password=PASSWORD)),
    ("POST", "/push/{unknown}/test"): ("404 404 404 404 404 404 403 401", NONE),
    ("POST", "/hooks"): (ACCOUNTS.format(201), body(url="https://hooks.example.org/", conversations=["lobby"])),
    ("GET", "/hooks"): (ACCOUNTS.format(200), NONE),
    ("PATCH", "/hooks/{unknown}"): ("404 404 404 404 404 404 403 401", body(on=True)),
    ("DELETE", "/hooks/{unknown}"): ("404 404 404 404 404 404 403 401", NONE),
    ("GET", "/hooks/{unknown}/deliveries"): ("404 404 404 404 404 404 403 401", NONE),
    ("POST", "/hooks/{unknown}/deliveries/{seq}/again"): ("404 404 404 404 404 404 403 401", NONE),
    ("POST", "/hooks/{unknown}/test"): ("404 404 404 404 404 404 403 401", NONE),
    ("GET", "/users/{friend}/picture"): (ALL.format(404), NONE),
    ("DELETE", "/users/{friend}/picture"): (STAFF, NONE),
    ("GET", "/users?query=a-friend"): (ALL.format(200), NONE),
    ("GET", "/users/{friend}"): (ALL.format(200), NONE),
    ("POST", "/accounts"): (ANYBODY.format(201), lambda house, room: house.newcomer()),
    ("POST", "/sessions"): (ANYBODY.format(201), body(user_id="a-friend", password=PASSWORD)),
    ("GET", "/sessions"): (ACCOUNTS.format(200), NONE),
    ("DELETE", "/sessions/{unknown}"): ("404 404 404 404 404 404 403 401", NONE),
    ("POST", "/guests"): (ANYBODY.format(201), lambda house, room: {"user_id": house.newcomer()["user_id"]}),
    ("POST", "/tickets"): (ALL.format(201), NONE),
    ("POST", "/invites"): (STAFF, body()),
    ("GET", "/invites"): (STAFF, NONE),
    ("GET", "/invites/{unknown}"): (ANYBODY.format(404), NONE),
    ("POST", "/invites/{unknown}"): (ALL.format(404), NONE),
    ("DELETE", "/invites/{unknown}"): (STAFF, NONE),
}
"""Below /api/v1. The roles are those in the room; nobody has a role on the server."""

ENDING: dict[tuple[str, str], str] = {
    ("DELETE", "/sessions"): ACCOUNTS.format(204),
    ("DELETE", "/sessions/current"): ALL.format(204),
}
"""Endpoints that end sessions: requested by an account made for the question."""

OPEN = {
    ("GET", "/"), ("GET", "/setup"), ("GET", "/try"), ("GET", "/sw.js"), ("GET", "/manifest.webmanifest"), ("GET", "/web"),
    ("GET", "/page/{version}/{name}"), ("GET", "/files/{file}/{name}"),
    ("GET", "/bot{token}/{method}"), ("POST", "/bot{token}/{method}"), ("GET", "/file/bot{token}/{file}/{name}"),
    ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics"), ("GET", "/openapi.json"), ("GET", "/asyncapi.json"),
    ("GET", "/docs"), ("GET", "/docs/start.js"), ("GET", "/docs/files"), ("GET", "/api/v1/server"), ("POST", "/control"),
    ("POST", "/control/rooms"), ("POST", "/control/export"), ("POST", "/control/file"), ("POST", "/control/proxy"),
    ("POST", "/hooks/{token}"), ("POST", "/hooks/{token}/slack"), ("POST", "/mcp"),
    ("GET", "/mail/unsubscribe"), ("POST", "/mail/unsubscribe"),
    ("GET", "/ws/{user_id}"), ("GET", "/api/v1/ws"),
}  # fmt: skip
"""Not part of the API, or with their own authorisation; each has its tests elsewhere."""

MAY = "ok ok ok ok not_found not_found not_found"
READ = "ok ok ok not_found not_found not_found not_found"
KEEP = "ok ok forbidden ok not_found not_found not_found"
READ_KEEP = "ok ok forbidden not_found not_found not_found not_found"
OWN = "ok forbidden forbidden forbidden not_found not_found not_found"

COMMANDS: dict[str, tuple[str, Callable[[Room], dict[str, Any]]]] = {
    "hello": ("bad_request " * 7, lambda room: {"token": "x"}),
    "ping": ("pong " * 7, lambda room: {}),
    "active": ("ok " * 7, lambda room: {"on": False}),
    "sync": ("ok " * 7, lambda room: {"cursors": {room.conversation: 1}}),
    "create": ("ok " * 7, lambda room: {"title": "Choyxona"}),
    "direct": ("ok " * 7, lambda room: {"users": ["a-friend"]}),
    "send": (MAY, lambda room: {"conversation": room.conversation, "text": "salom"}),
    "send with reply_to": (
        READ,
        lambda room: {"conversation": room.conversation, "text": "javob", "reply_to": room.seq},
    ),
    "send with thread": (
        READ,
        lambda room: {"conversation": room.conversation, "text": "javob", "thread": room.seq},
    ),
    "thread": (READ, lambda room: {"conversation": room.conversation, "seq": room.seq, "follow": True}),
    "history thread": (READ, lambda room: {"conversation": room.conversation, "thread": room.seq}),
    "history around": (MAY, lambda room: {"conversation": room.conversation, "around": room.seq}),
    "edit": (
        "forbidden forbidden forbidden not_found not_found not_found not_found",
        lambda room: {"conversation": room.conversation, "seq": room.seq, "text": "changed"},
    ),
    "append": (
        "forbidden forbidden forbidden not_found not_found not_found not_found",
        lambda room: {"conversation": room.conversation, "seq": room.seq, "offset": 0, "text": "more"},
    ),
    "finish": (READ_KEEP, lambda room: {"conversation": room.conversation, "seq": room.seq}),
    "delete": (READ_KEEP, lambda room: {"conversation": room.conversation, "seq": room.seq}),
    "react": (READ, lambda room: {"conversation": room.conversation, "seq": room.seq, "emoji": "👍", "on": True}),
    "pin": (READ_KEEP, lambda room: {"conversation": room.conversation, "seq": room.seq, "on": True}),
    "report": (READ, lambda room: {"conversation": room.conversation, "seq": room.seq}),
    "read": (MAY, lambda room: {"conversation": room.conversation, "ordinal": 1}),
    "unread": (READ, lambda room: {"conversation": room.conversation, "ordinal": 1}),
    "save": (READ, lambda room: {"conversation": room.conversation, "seq": room.seq}),
    "notify": (MAY, lambda room: {"conversation": room.conversation, "level": "none"}),
    "draft": (MAY, lambda room: {"conversation": room.conversation, "text": "begun"}),
    "typing": (MAY, lambda room: {"conversation": room.conversation}),
    "history": (MAY, lambda room: {"conversation": room.conversation}),
    "update": (KEEP, lambda room: {"conversation": room.conversation, "title": "Yangi nom"}),
    "erase": (OWN, lambda room: {"conversation": room.conversation}),
    "join": (MAY, lambda room: {"conversation": room.conversation}),
    "leave": (MAY, lambda room: {"conversation": room.conversation}),
    "admit": (KEEP, lambda room: {"conversation": room.conversation, "user_id": room.friend}),
    "remove": (KEEP, lambda room: {"conversation": room.conversation, "user_id": room.other}),
    "ban": (KEEP, lambda room: {"conversation": room.conversation, "user_id": room.other}),
    "mute": (KEEP, lambda room: {"conversation": room.conversation, "user_id": room.other}),
}
"""By `type` (and variant): the answer for each role except `nobody`, who has no connection; and the fields."""

ADDING = {"hello", "ping", "active", "sync", "create", "direct", "send", "send with reply_to", "send with thread",
          "thread", "history thread", "history around", "history", "react",
          "report", "read", "unread", "save", "notify", "draft", "typing", "join"}  # fmt: skip
"""The commands of the table after which the room is unchanged for all other users."""

TOOLS: dict[str, tuple[str, Callable[[Room], dict[str, Any]]]] = {
    "list_conversations": ("ok " * 7, lambda room: {"limit": 100}),
    "unread_messages": ("ok " * 7, lambda room: {}),
    "search_messages": ("ok " * 7, lambda room: {"query": "maxfiygap"}),
    "read_messages": (MAY, lambda room: {"conversation": room.conversation}),
    "read_messages around": (MAY, lambda room: {"conversation": room.conversation, "around": room.seq}),
    "read_messages thread": (READ, lambda room: {"conversation": room.conversation, "thread": room.seq}),
    "send_message": (MAY, lambda room: {"conversation": room.conversation, "text": "salom"}),
    "send_message reply": (
        READ,
        lambda room: {"conversation": room.conversation, "text": "javob", "reply_to": room.seq},
    ),
    "send_message thread": (
        READ,
        lambda room: {"conversation": room.conversation, "text": "javob", "thread": room.seq},
    ),
}
"""The tools of the Model Context Protocol, in the same way; all of them leave the room unchanged for others."""
