"""Events on their way into the logs: numbered, kept for `events`, and for those who are to hear of them."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import Connection

from suhbat.chat.model import Actor, Milliseconds
from suhbat.protocol.events import ConversationAdded, ConversationInvited, LogEntry, Stored, veil
from suhbat.protocol.types import ME

from .dialect import insert_rows, update_rows
from .known import Log
from .tables import conversations, events

E = TypeVar("E", bound=Stored)

STORED: dict[str, set[str]] = {
    "message.edited": {"everyone"},
    "message.deleted": {"everyone"},
    "reaction.added": {"emoji"},
    "reaction.removed": {"emoji"},
    "member.joined": {"user", "role"},
    "member.left": {"user"},
    "member.updated": {"user", "role"},
    "member.muted": {"user", "on", "until"},
    "conversation.updated": {"title", "topic", "visibility", "history", "archived", "slow_mode", "retention"},
    "conversation.added": {"state"},
    "conversation.invited": {"invitation"},
    "conversation.removed": {"removed"},
    "read": {"target", "ordinal", "last_ordinal", "head", "unread", "mentions"},
    "mentioned": {"target", "message", "mentions", "head"},
    "draft": {"target"},
    "user.updated": set(),
}
"""What of an event is written down beside its place, its time and its actor. Texts are not: they are read from where they
are now, so that what was deleted is gone from here too."""


class Ledger:
    """The events of one act. Logs must be loaded and locked."""

    def __init__(self, actor: Actor, at: Milliseconds) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.entries: list[LogEntry] = []
        self.touched: dict[int, Log] = {}
        self._actor = actor
        self._at = at

    def add(self, log: Log, kind: type[E], *, about: int | None = None, **fields: Any) -> E:
        """The next event of a log. `about`: the `seq` of the message that it is about, which most carry as `target`."""
        actor = self._actor
        log.head += 1
        event = kind(
            conversation=ME if log.kind == "own" else log.name,
            seq=log.head,
            at=self._at,
            actor=actor.user_id,
            actor_uid=actor.uid,
            **fields,
        )
        if log.kind == "lobby" or log.settings.history == "joined":
            veil(event)
        stored = STORED.get(event.type)
        self.rows.append(
            (
                log.id, log.head, event.type, self._at, actor.user_id, actor.uid, None, None, None, None, None, False,
                about, None if stored is None else _stored(event, stored),
            )
        )  # fmt: skip
        self.entries.append(LogEntry(log.name, event))
        self.touched[log.id] = log
        return event

    def take(self, rows: list[tuple[Any, ...]], entries: list[LogEntry], logs: list[Log]) -> None:
        """What was numbered elsewhere in the same transaction."""
        self.rows += rows
        self.entries += entries
        self.touched.update((log.id, log) for log in logs)

    def flush(self, connection: Connection) -> list[LogEntry]:
        """Write them, move the heads; gives what is to be published."""
        insert_rows(connection, events, self.rows)
        heads = [(log.id, log.head, log.ordinal) for log in self.touched.values()]
        if heads:
            update_rows(connection, conversations, ("id",), ("head", "last_ordinal"), heads, add=False)
        for log in self.touched.values():
            log.base = log.head
        entries, self.rows, self.entries, self.touched = self.entries, [], [], {}
        return entries


def _stored(event: Stored, fields: set[str]) -> str | None:
    include: Any = dict.fromkeys(fields, True)
    if isinstance(event, ConversationAdded):
        include = {"state": set(type(event.state).model_fields) - {"title", "topic", "last_message", "draft"}}
    if isinstance(event, ConversationInvited):
        include = {"invitation": {"conversation", "inviter_uid", "invited_at"}}
    written = event.model_dump_json(include=include)
    return None if written == "{}" else written
