"""Read marks: how far members have read, and how many messages above the mark are their own. And slow mode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select

from suhbat.chat.message_changes import is_slowed, slow_mode_refusal
from suhbat.chat.model import Actor, Milliseconds, Post
from suhbat.chat.policy import rank_of
from suhbat.errors import SuhbatError
from suhbat.protocol.types import LOBBY
from suhbat.store.dialect import Question, find_rows, insert_new, update_rows
from suhbat.store.read.unread import ordinal_at
from suhbat.store.tables import IS_MESSAGE, conversations, events, reads, users

from .hook_makers import hook_uids
from .logs import Log, facts_of
from .writer_cache import WriterCache

_KEYS = ("conversation_id", "uid")
READERS = Question(reads, _KEYS, _KEYS)
"""Which users have a read mark, by log id and uid."""


def add_read_mark(connection: Connection, log_id: int, uid: str, seq: int) -> None:
    """Add a read mark at `seq`, unless this user has a mark there already."""
    mark = {"uid": uid, "conversation_id": log_id, "read_ordinal": ordinal_at(connection, log_id, seq), "own_since": 0}
    insert_new(connection, reads, [mark])


def add_user(connection: Connection, user: Actor, at: Milliseconds, lobby_from: int) -> None:
    """Add a row in `users` and a read mark in the lobby at `lobby_from`, unless the user has them."""
    insert_new(connection, users, [{"uid": user.uid, "user_id": user.user_id, "kind": user.kind, "created_at": at}])
    lobby = connection.execute(select(conversations.c.id).where(conversations.c.name == LOBBY)).scalar_one()
    add_read_mark(connection, lobby, user.uid, lobby_from)


def ensure_marks(
    connection: Connection, cache: WriterCache, own: Collection[tuple[int, str]], lobby_from: Mapping[str, int]
) -> None:
    """Add the missing read marks of these (log id, uid), each at `lobby_from` of the uid."""
    unknown = [(log_id, uid) for log_id, uid in own if (log_id, uid) not in cache.readers]
    if unknown:
        existing = set(find_rows(connection, *READERS, unknown))
        for log_id, uid in unknown:
            if (log_id, uid) not in existing:
                add_read_mark(connection, log_id, uid, lobby_from[uid])
        cache.readers.update(unknown)


def add_own(connection: Connection, own: Counter[tuple[int, str]]) -> None:
    """Add to `own_since` of each (log id, uid). They have marks."""
    rows = sorted((uid, log_id, count) for (log_id, uid), count in own.items())
    update_rows(connection, reads, ("uid", "conversation_id"), ("own_since",), rows, add=True)


def slow_mode_refused(connection: Connection, cache: WriterCache, post: Post, log: Log) -> SuhbatError | None:
    """The refusal of a post that comes too soon in slow mode."""
    actor = post.actor
    facts = facts_of(log, actor, post.at)
    if facts is None or not is_slowed(rank_of(actor, facts)):
        return None
    last = last_post(connection, cache, log, voice_of(actor))
    return slow_mode_refusal(log.settings.slow_mode, last, post.at)


def voice_of(actor: Actor) -> str:
    """The uid for which slow mode counts a message: a webhook speaks for its maker."""
    return actor.owner if actor.kind == "hook" and actor.owner is not None else actor.uid


def last_post(connection: Connection, cache: WriterCache, log: Log, uid: str) -> Milliseconds:
    """When this member last wrote there, also through webhooks; 0 if that is too long ago to matter for slow mode."""
    at = cache.last_posts.get((log.id, uid))
    if at is None:
        recent = (
            select(events.c.at, events.c.actor_uid)
            .where(events.c.conversation_id == log.id, IS_MESSAGE)
            .order_by(events.c.seq.desc())
            .limit(_RECENT)
        )
        uids = {uid, *hook_uids(connection, uid)}
        at = next((row.at for row in connection.execute(recent) if row.actor_uid in uids), 0)
        cache.last_posts[log.id, uid] = at
    return at


_RECENT = 500
"""How many of the newest messages are searched for a member's last one. In slow mode a room has no more than this within the
time that matters, unless it is so large that slow mode matters little."""
