"""Finds out who is to be told of new messages, after their commit, with the durable cursor NAME.

It writes a row of `push_due` for everybody who may have to be told, and one of `push_due_rooms` for all who want to be told of
everything in a room, in the transaction that moves the cursor. So each message is considered exactly once, whenever a process
ends. Only whom to ask about is decided here: the level, the membership and
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
from typing import Any

import structlog
from sqlalchemy import Connection, delete, literal, select

from suhbat.chat.model import Milliseconds
from suhbat.chat.notify import DEFAULTS
from suhbat.errors import log_text
from suhbat.store import cursors
from suhbat.store.dialect import find_rows, is_contended, is_trouble, put_rows
from suhbat.store.journal import NoCursor, Range
from suhbat.store.people import mail_queue
from suhbat.store.read.new_messages import GatheredMessage, mentions_in, mentions_of_all_in, messages_in, plain_ones
from suhbat.store.tables import (
    conversations,
    mail_addresses,
    members,
    push_due,
    push_due_rooms,
    push_subscriptions,
    thread_marks,
    thread_mentions,
)
from suhbat.store.tables import (
    cursors as cursor_rows,
)

from . import push_rooms

log = structlog.get_logger("suhbat.store")

NAME = "push"
CHUNK = 128
"""Events considered in one transaction, at most: posts wait for it, some 1.5 ms."""
KEPT: Milliseconds = 24 * 3600 * 1000
KEPT_URGENT: Milliseconds = 72 * 3600 * 1000
"""For how long somebody is told of a message; of a mention and in a direct for longer."""

_KEYS = ("uid", "conversation_id", "subscription_id")
_CURSOR = select(cursor_rows.c.name).where(cursor_rows.c.name == NAME)
_SUBSCRIBED = select(literal(1)).select_from(push_subscriptions).limit(1)
_MAILED = select(literal(1)).where(mail_addresses.c.folded.is_not(None), mail_addresses.c.digest.is_(True)).limit(1)


def gather(connection: Connection, delay: Milliseconds, now: Milliseconds, *, singly: bool = False) -> bool:
    """Consider the next messages. What notifies somebody is due `delay` after it was sent. Returns whether there are more.
    `singly`: one by one, without those that fail."""
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
    most = 1 if singly else CHUNK
    ranges = cursor.take(most)
    if singly:
        _queue_singly(connection, ranges, delay, now)
    else:
        _queue(connection, ranges, delay, now)
    cursor.save()
    return sum(last - first + 1 for _, first, last in ranges) >= most


def _queue(connection: Connection, ranges: Sequence[Range], delay: Milliseconds, now: Milliseconds) -> None:
    """Queue what is to be told of the messages in these ranges."""
    by_log: dict[int, list[GatheredMessage]] = defaultdict(list)
    for message in sorted(messages_in(connection, ranges)):
        by_log[message.log_id].append(message)
    if not by_log:
        return
    found = _Found()
    kinds = _look(connection, by_log, found)
    for log_id, messages in by_log.items():  # rooms before people, in the order in which `push_rooms.spread` locks rows
        plain = plain_ones(messages) if kinds.get(log_id) in ("room", "lobby") else []
        if plain:
            push_rooms.queue(connection, plain, plain[0].at + delay, plain[0].at + KEPT, now)
    _write(connection, found, delay)
    mail_queue.ask_digests(connection, found.urgent, now)


def _queue_singly(connection: Connection, ranges: Sequence[Range], delay: Milliseconds, now: Milliseconds) -> None:
    """The same, without what fails."""
    savepoint = connection.begin_nested()
    try:
        _queue(connection, ranges, delay, now)
    except Exception as error:
        if is_trouble(error) or is_contended(error):
            raise
        savepoint.rollback()
        log.error("push: nobody is told of a message", ranges=ranges, error=log_text(error))
    else:
        savepoint.commit()


def is_behind(connection: Connection) -> bool:
    """Whether `gather` has something to do. For a connection that reads."""
    if connection.execute(_CURSOR).first() is None:
        return is_anybody_told(connection)
    return cursors.is_behind(connection, NAME)


def is_anybody_told(connection: Connection) -> bool:
    """Whether there is a push subscription at all, or somebody who gets mails about what they missed."""
    return any(connection.execute(one).first() is not None for one in (_SUBSCRIBED, _MAILED))


def _begin(connection: Connection) -> None:
    """There is no cursor, because this database was restored or moved, or fell far behind. Nobody is told of old messages."""
    if is_anybody_told(connection) and cursors.begin_if_new(connection, NAME):
        for table in (push_due_rooms, push_due):  # in the order in which `push_rooms.spread` locks rows
            connection.execute(delete(table))
        log.info("push: begins with the next message; nobody is told of those before it")


class _Found:
    """Whom to ask about which messages."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], tuple[int, int, Milliseconds, Milliseconds]] = {}
        """By uid and log id: the first and the last message, when the first was sent, and until when to tell."""
        self.urgent: dict[str, Milliseconds] = {}
        """By uid, when the first message was sent that mentions them or is in a direct."""

    def add(self, uid: str, message: GatheredMessage, *, urgent: bool) -> None:
        """A message may notify this user, unless it is their own."""
        if uid == message.sender:
            return
        if urgent:
            self.urgent[uid] = min(message.at, self.urgent.get(uid, message.at))
        key, until = (uid, message.log_id), message.at + (KEPT_URGENT if urgent else KEPT)
        first, last, at, kept = self.rows.get(key, (message.seq, message.seq, message.at, until))
        self.rows[key] = (min(first, message.seq), max(last, message.seq), min(at, message.at), max(kept, until))

    def add_all(self, uids: Iterable[str], messages: Sequence[GatheredMessage], *, urgent: bool) -> None:
        """Any of these messages, which ascend, may notify these users. Of each user's, only the first and the last count: users
        times messages may be millions."""
        for uid in uids:
            for order in (messages, reversed(messages)):
                message = next((one for one in order if one.sender != uid), None)
                if message is not None:
                    self.add(uid, message, urgent=urgent)


def _look(connection: Connection, by_log: dict[int, list[GatheredMessage]], found: _Found) -> dict[int, str]:
    """Find whom to ask, but for those who want to be told of everything in a room. Returns the kinds of the logs."""
    ids = [(log_id,) for log_id in by_log]
    kinds: dict[int, str] = dict(find_rows(connection, conversations, ("id",), ("id", "kind"), ids))
    plain = {log_id: plain_ones(messages) for log_id, messages in by_log.items() if kinds.get(log_id) in DEFAULTS}
    directs = [log_id for log_id in plain if kinds[log_id] == "direct"]
    for log_id, people in _people(connection, directs).items():
        found.add_all(people, plain[log_id], urgent=True)
    _look_for_mentions(connection, {(one.log_id, one.ordinal): one for one in chain(*plain.values())}, found)
    replies = [one for one in chain(*by_log.values()) if one.thread_ordinal is not None]
    if replies:
        _look_into_threads(connection, replies, found)
    return kinds


def _look_for_mentions(connection: Connection, places: dict[Any, GatheredMessage], found: _Found) -> None:
    for log_id, ordinal, uid in mentions_in(connection, places):
        found.add(uid, places[log_id, ordinal], urgent=True)
    to_all: dict[int, list[GatheredMessage]] = defaultdict(list)
    for place in sorted(mentions_of_all_in(connection, places)):
        to_all[place[0]].append(places[place])
    for log_id, people in _people(connection, to_all).items():
        found.add_all(people, to_all[log_id], urgent=True)


def _look_into_threads(connection: Connection, replies: Sequence[GatheredMessage], found: _Found) -> None:
    """Replies notify the followers of their threads, and whom they mention."""
    key = ("conversation_id", "root", "thread_ordinal")
    by_root: dict[tuple[int, int], list[GatheredMessage]] = defaultdict(list)
    for one in replies:
        by_root[one.log_id, one.thread or 0].append(one)
    followers: dict[tuple[int, int], list[str]] = defaultdict(list)
    for log_id, root, uid in find_rows(connection, thread_marks, key[:2], (*key[:2], "uid"), sorted(by_root)):
        followers[log_id, root].append(uid)
    for place, people in followers.items():
        found.add_all(people, by_root[place], urgent=False)
    places = {(one.log_id, one.thread, one.thread_ordinal): one for one in replies}
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
