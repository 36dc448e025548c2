"""Finds out who is to be told of new messages, after their commit, with the durable cursor NAME.

It writes a row of `push_due` for everybody who may have to be told, in the transaction that moves the cursor. So each message
is considered exactly once, whenever a process ends. Only whom to ask about is decided here: the level, the membership and
everything else is asked again when a push is sent (`read.push_facts`).

The same people, but only of directs and mentions, are to get a mail about what they missed (`people.mail_queue`), if they want
that.

While nobody has a push subscription or wants such mails there is no cursor, and a message costs nothing here. The first
subscription or address begins one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import structlog
from sqlalchemy import BigInteger, Connection, and_, column, delete, false, literal, select, table

from suhbat.chat.model import Milliseconds
from suhbat.chat.notify import DEFAULTS, is_over
from suhbat.store import cursors
from suhbat.store.dialect import find_rows, put_rows, select_for
from suhbat.store.journal import NoCursor, Range
from suhbat.store.people import mail_queue
from suhbat.store.tables import (
    IS_MESSAGE,
    conversations,
    events,
    everyone,
    mail_addresses,
    members,
    mentions,
    notify_levels,
    push_due,
    push_subscriptions,
    thread_marks,
    thread_mentions,
)
from suhbat.store.tables import (
    cursors as cursor_rows,
)

log = structlog.get_logger("suhbat.store")

NAME = "push"
CHUNK = 256
"""Events considered in one transaction, at most: posts wait for it."""
KEPT: Milliseconds = 24 * 3600 * 1000
KEPT_URGENT: Milliseconds = 72 * 3600 * 1000
"""For how long somebody is told of a message; of a mention and in a direct for longer."""

_KEYS = ("uid", "conversation_id", "subscription_id")
_RANGES = table("wanted", column("log", BigInteger), column("first", BigInteger), column("last", BigInteger))
_MESSAGES = select(
    events.c.conversation_id,
    events.c.seq,
    events.c.actor_uid,
    events.c.at,
    events.c.ordinal,
    events.c.thread,
    events.c.thread_ordinal,
).select_from(
    _RANGES.outerjoin(
        events,
        and_(
            events.c.conversation_id == _RANGES.c.log,
            events.c.seq.between(_RANGES.c.first, _RANGES.c.last),
            IS_MESSAGE,
            events.c.deleted == false(),
        ),
    )
)


class _Message(NamedTuple):
    """`thread`: of a reply, the root."""

    log_id: int
    seq: int
    sender: str
    at: Milliseconds
    ordinal: int | None
    thread: int | None
    thread_ordinal: int | None


def gather(connection: Connection, delay: Milliseconds, now: Milliseconds) -> bool:
    """Consider the next messages. What notifies somebody is due `delay` after it was sent. Returns whether there are more."""
    try:
        cursor = cursors.open_cursor(connection, NAME)
    except NoCursor:
        _begin(connection)
        return False
    if cursor is None:
        return False  # another node is at it
    if not is_anybody_told(connection):
        connection.execute(delete(cursor_rows).where(cursor_rows.c.name == NAME))
        return False
    ranges = cursor.take(CHUNK)
    found = _Found()
    by_log: dict[int, list[_Message]] = defaultdict(list)
    for message in sorted(_messages(connection, ranges)):
        by_log[message.log_id].append(message)
    if by_log:
        _look(connection, by_log, found, now)
        _write(connection, found, delay)
        mail_queue.ask_digests(connection, found.urgent, now)
    cursor.save()
    return sum(last - first + 1 for _, first, last in ranges) >= CHUNK


def is_behind(connection: Connection) -> bool:
    """Whether `gather` has something to do. For a connection that reads."""
    place = select(cursor_rows.c.name).where(cursor_rows.c.name == NAME)
    if connection.execute(place).first() is None:
        return is_anybody_told(connection)
    return cursors.is_behind(connection, NAME)


def is_anybody_told(connection: Connection) -> bool:
    """Whether there is a push subscription at all, or somebody who gets mails about what they missed."""
    if connection.execute(select(literal(1)).select_from(push_subscriptions).limit(1)).first() is not None:
        return True
    wanted = select(literal(1)).where(mail_addresses.c.folded.is_not(None), mail_addresses.c.digest.is_(True))
    return connection.execute(wanted.limit(1)).first() is not None


def _begin(connection: Connection) -> None:
    """There is no cursor, because this database was restored or moved, or fell far behind. Nobody is told of old messages."""
    if is_anybody_told(connection):
        connection.execute(delete(push_due))
        cursors.begin_if_new(connection, NAME)
        log.info("push: begins with the next message; nobody is told of those before it")


def _messages(connection: Connection, ranges: Sequence[Range]) -> list[_Message]:
    """The messages in these ranges that are not deleted."""
    rows = select_for(connection, _MESSAGES, _RANGES, ranges)
    return [_Message(*row) for row in rows if row[0] is not None]


class _Found:
    """Whom to ask about which messages."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], tuple[int, int, Milliseconds, Milliseconds]] = {}
        """By uid and log id: the first and the last message, when the first was sent, and until when to tell."""
        self.urgent: dict[str, Milliseconds] = {}
        """By uid, when the first message was sent that mentions them or is in a direct."""

    def add(self, uid: str, message: _Message, *, urgent: bool) -> None:
        """A message may notify this user, unless it is their own."""
        if uid == message.sender:
            return
        if urgent:
            self.urgent[uid] = min(message.at, self.urgent.get(uid, message.at))
        key, until = (uid, message.log_id), message.at + (KEPT_URGENT if urgent else KEPT)
        first, last, at, kept = self.rows.get(key, (message.seq, message.seq, message.at, until))
        self.rows[key] = (min(first, message.seq), max(last, message.seq), min(at, message.at), max(kept, until))

    def add_all(self, uids: Iterable[str], messages: Sequence[_Message], *, urgent: bool) -> None:
        """Any of these messages, which ascend, may notify these users. Of each user's, only the first and the last count."""
        for uid in uids:
            for order in (messages, reversed(messages)):
                message = next((one for one in order if one.sender != uid), None)
                if message is not None:
                    self.add(uid, message, urgent=urgent)


def _look(connection: Connection, by_log: dict[int, list[_Message]], found: _Found, now: Milliseconds) -> None:
    ids = [(log_id,) for log_id in by_log]
    kinds: dict[int, str] = dict(find_rows(connection, conversations, ("id",), ("id", "kind"), ids))
    directs = {log_id for log_id in by_log if kinds.get(log_id) == "direct"}
    others = {log_id for log_id in by_log if kinds.get(log_id) in DEFAULTS} - directs
    plain = {log_id: [one for one in messages if one.thread_ordinal is None] for log_id, messages in by_log.items()}
    for log_id, people in _people(connection, directs).items():
        found.add_all(people, plain[log_id], urgent=True)
    chosen = ("conversation_id", "uid", "level", "until")
    for log_id, uid, level, until in find_rows(
        connection, notify_levels, chosen[:1], chosen, [(id_,) for id_ in sorted(others)]
    ):
        if level == "all" and not is_over(until, now):
            found.add_all((uid,), plain[log_id], urgent=False)
    _look_for_mentions(connection, {(one.log_id, one.ordinal): one for one in chain(*plain.values())}, found)
    replies = [one for one in chain(*by_log.values()) if one.thread_ordinal is not None]
    if replies:
        _look_into_threads(connection, replies, found)


def _look_for_mentions(connection: Connection, places: dict[Any, _Message], found: _Found) -> None:
    key = ("conversation_id", "ordinal")
    for log_id, ordinal, uid in find_rows(connection, mentions, key, (*key, "uid"), sorted(places)):
        found.add(uid, places[log_id, ordinal], urgent=True)
    to_all = [places[row] for row in find_rows(connection, everyone, key, key, sorted(places))]
    people = _people(connection, {message.log_id for message in to_all})
    for message in to_all:
        for uid in people.get(message.log_id, ()):
            found.add(uid, message, urgent=True)


def _look_into_threads(connection: Connection, replies: Sequence[_Message], found: _Found) -> None:
    """Replies notify the followers of their threads, and whom they mention."""
    key = ("conversation_id", "root", "thread_ordinal")
    followers: dict[tuple[int, int], list[str]] = defaultdict(list)
    roots = sorted({(one.log_id, one.thread) for one in replies})
    for log_id, root, uid in find_rows(connection, thread_marks, key[:2], (*key[:2], "uid"), roots):
        followers[log_id, root].append(uid)
    places = {(one.log_id, one.thread, one.thread_ordinal): one for one in replies}
    for one in replies:
        for uid in followers[one.log_id, one.thread or 0]:
            found.add(uid, one, urgent=False)
    for log_id, root, ordinal, uid in find_rows(connection, thread_mentions, key, (*key, "uid"), sorted(places)):
        found.add(uid, places[log_id, root, ordinal], urgent=True)


def _people(connection: Connection, log_ids: Iterable[int]) -> dict[int, list[str]]:
    """The members of these logs."""
    found: dict[int, list[str]] = defaultdict(list)
    columns = ("conversation_id", "uid")
    for log_id, uid in find_rows(connection, members, columns[:1], columns, [(id_,) for id_ in sorted(log_ids)]):
        found[log_id].append(uid)
    return found


def _write(connection: Connection, found: _Found, delay: Milliseconds) -> None:
    """Add or change the rows of those who have a subscription."""
    uids = sorted({(uid,) for uid, _ in found.rows})
    subscribed = {row[0] for row in find_rows(connection, push_subscriptions, ("uid",), ("uid",), uids)}
    rows = [
        (uid, log_id, "", first, last, at + delay, until, 0)
        for (uid, log_id), (first, last, at, until) in sorted(found.rows.items())
        if uid in subscribed
    ]
    put_rows(connection, push_due, _KEYS, ("seq",), rows)
