"""What somebody is to be told now: asked when a push is sent, so that it is about a message that is still there, that they may
read and have not read yet."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Text, and_, bindparam, column, false, select, table

from suhbat.chat.conversations import direct_title
from suhbat.chat.model import Actor, DuePush, Milliseconds, PushFacts, PushSubscription
from suhbat.chat.notify import level_at, notifies
from suhbat.chat.policy import in_force
from suhbat.protocol.files import restored
from suhbat.protocol.objects import Notify
from suhbat.store.dialect import AnyRow, find_rows, select_for
from suhbat.store.message_data import is_streaming, says_something
from suhbat.store.tables import (
    IS_MESSAGE,
    accounts,
    conversations,
    events,
    everyone,
    members,
    mentions,
    push_due,
    push_subscriptions,
    reads,
    thread_marks,
    thread_mentions,
)

from .badge import count_all_unread
from .floor import LobbyHistory, floor_of
from .members import names_of_members
from .moderation import server_bans
from .notify import chosen_levels, quiet_of

SCANNED = 50
"""Messages among which the newest that notifies is looked for. Nearly always it is the first of them."""

_WANTED = table("wanted", column("uid", Text))
_REPEATED = select(_WANTED.c.uid, push_due.c.subscription_id, push_due.c.due_at).select_from(
    _WANTED.outerjoin(push_due, and_(push_due.c.uid == _WANTED.c.uid, push_due.c.subscription_id != ""))
)
_NEWEST = (
    select(
        events.c.seq,
        events.c.ordinal,
        events.c.actor,
        events.c.actor_uid,
        events.c.text,
        events.c.data,
        events.c.thread,
        events.c.thread_ordinal,
    )
    .where(
        events.c.conversation_id == bindparam("log"),
        events.c.seq.between(bindparam("first"), bindparam("last")),
        IS_MESSAGE,
        events.c.deleted == false(),
    )
    .order_by(events.c.seq.desc())
    .limit(SCANNED)
)
_OF_SUBSCRIPTION = tuple(PushSubscription.__slots__)
_OF_ACCOUNT = ("uid", "user_id", "display_name", "locale", "disabled", "lobby_from", "role", "quiet", "push_text")
_OF_LOG = ("id", "name", "kind", "title", "head", "history")


class _Person(NamedTuple):
    uid: str
    user_id: str
    display_name: str
    locale: str | None
    disabled: bool
    lobby_from: int
    role: Any
    quiet: str | None
    push_text: bool

    @property
    def actor(self) -> Actor:
        return Actor(self.uid, self.user_id, "account", self.lobby_from, self.role)


class _Log(NamedTuple):
    """A conversation, and since when the user is a member; None in the lobby."""

    id: int
    name: str
    kind: Any
    title: str
    head: int
    history: str
    since: int | None = None


class _Known(NamedTuple):
    """What was read for all rows together."""

    people: Mapping[str, _Person]
    logs: Mapping[int, _Log]
    since: Mapping[tuple[str, int], int]
    levels: Mapping[str, Mapping[int, Notify]]
    read: Mapping[tuple[str, int], int]
    bans: Mapping[str, int | None]
    subscriptions: Mapping[str, list[PushSubscription]]
    repeated: Mapping[str, dict[str, Milliseconds]]


class _Shared:
    """What is read for one of the rows and serves others, too: they often are about the same messages."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._messages: dict[tuple[int, int, int], Sequence[AnyRow]] = {}
        self._mentioned: dict[tuple[int, int], set[str]] = {}
        self._to_all: dict[tuple[int, int], bool] = {}
        self._names: dict[str, str] = {}

    def messages(self, log_id: int, first: int, last: int) -> Sequence[AnyRow]:
        """The newest messages in this range that are not deleted, the newest first."""
        key = (log_id, first, last)
        if key not in self._messages:
            place = {"log": log_id, "first": first, "last": last}
            self._messages[key] = self._connection.execute(_NEWEST, place).all()
        return self._messages[key]

    def mentioned(self, log_id: int, ordinal: int) -> set[str]:
        """Those whom a message mentions by name."""
        key = (log_id, ordinal)
        if key not in self._mentioned:
            rows = find_rows(self._connection, mentions, ("conversation_id", "ordinal"), ("uid",), [key])
            self._mentioned[key] = {uid for (uid,) in rows}
        return self._mentioned[key]

    def is_to_all(self, log_id: int, ordinal: int) -> bool:
        """Whether a message mentions everybody."""
        key = (log_id, ordinal)
        if key not in self._to_all:
            place = ("conversation_id", "ordinal")
            self._to_all[key] = bool(find_rows(self._connection, everyone, place, ("uid",), [key]))
        return self._to_all[key]

    def name(self, uid: str, user_id: str) -> str:
        """How a sender is called."""
        if uid not in self._names:
            found = find_rows(self._connection, accounts, ("uid",), ("display_name",), [(uid,)])
            self._names[uid] = (found[0][0] if found else "") or user_id
        return self._names[uid]


def push_facts(
    connection: Connection, due: Sequence[DuePush], now: Milliseconds, lobby_history: LobbyHistory
) -> list[PushFacts | None]:
    """See `chat.ports.PushQueue.push_facts`."""
    known, shared = _know(connection, due), _Shared(connection)
    told = [_what(connection, shared, known, one, now, lobby_history) for one in due]
    chosen = {one.due.uid: known.levels.get(one.due.uid, {}) for one in told if one is not None}
    badges = count_all_unread(connection, chosen, now)
    return [None if one is None else _facts(connection, shared, known, one, badges[one.due.uid], now) for one in told]


class _What(NamedTuple):
    """What somebody is told of."""

    due: DuePush
    person: _Person
    log: _Log
    row: AnyRow
    is_mentioned: bool


def _what(
    connection: Connection,
    shared: _Shared,
    known: _Known,
    due: DuePush,
    now: Milliseconds,
    lobby_history: LobbyHistory,
) -> _What | None:
    person, log = known.people.get(due.uid), known.logs.get(due.log_id)
    if person is None or person.disabled or log is None or not _subscriptions(known, due):
        return None
    if not _may_read(known, person, log, now):
        return None
    log = log._replace(since=known.since.get((due.uid, log.id)))
    floor = floor_of(person.actor, log, lobby_history)
    message = _newest(connection, shared, known, due, log, floor, now)
    return None if message is None else _What(due, person, log, *message)


def _facts(
    connection: Connection, shared: _Shared, known: _Known, what: _What, badge: int, now: Milliseconds
) -> PushFacts:
    due, person, log, row, is_mentioned = what
    waiting = known.repeated.get(due.uid, {})
    return PushFacts(
        due=due,
        conversation=log.name,
        kind=log.kind,
        title=_title(connection, log, due.uid),
        seq=row.seq,
        thread=None if row.thread_ordinal is None else row.thread,
        sender=shared.name(row.actor_uid, row.actor),
        text=row.text or "",
        files=() if row.data is None else tuple(map(restored, json.loads(row.data).get("files", ()))),
        urgent=is_mentioned or log.kind == "direct",
        locale=person.locale,
        push_text=bool(person.push_text),
        quiet=quiet_of(person.quiet),
        badge=badge,
        subscriptions=tuple(_subscriptions(known, due)),
        waiting={id: at for id, at in waiting.items() if at > now} if not due.subscription else {},
    )


def _know(connection: Connection, due: Sequence[DuePush]) -> _Known:
    uids = sorted({(one.uid,) for one in due})
    places = sorted({(one.uid, one.log_id) for one in due})
    key = ("uid", "conversation_id")
    subscriptions: dict[str, list[PushSubscription]] = defaultdict(list)
    for row in find_rows(connection, push_subscriptions, ("uid",), _OF_SUBSCRIPTION, uids):
        one = PushSubscription(*row)
        subscriptions[one.uid].append(one)
    repeated: dict[str, dict[str, Milliseconds]] = defaultdict(dict)
    for uid, id, at in select_for(connection, _REPEATED, _WANTED, uids):
        if id is not None:
            repeated[uid][id] = max(at, repeated[uid].get(id, 0))
    logs = [(log_id,) for log_id in sorted({log_id for _, log_id in places})]
    return _Known(
        people={row[0]: _Person(*row) for row in find_rows(connection, accounts, ("uid",), _OF_ACCOUNT, uids)},
        logs={row[0]: _Log(*row) for row in find_rows(connection, conversations, ("id",), _OF_LOG, logs)},
        since={
            (uid, log_id): since
            for uid, log_id, since, hidden in find_rows(connection, members, key, (*key, "since", "hidden"), places)
            if not hidden
        },
        levels=chosen_levels(connection, [uid for (uid,) in uids]),
        read={
            (uid, log_id): ordinal
            for uid, log_id, ordinal in find_rows(connection, reads, key, (*key, "read_ordinal"), places)
        },
        bans=server_bans(connection),
        subscriptions=subscriptions,
        repeated=repeated,
    )


def _subscriptions(known: _Known, due: DuePush) -> list[PushSubscription]:
    mine = known.subscriptions.get(due.uid, [])
    return [one for one in mine if one.id == due.subscription] if due.subscription else mine


def _may_read(known: _Known, person: _Person, log: _Log, now: Milliseconds) -> bool:
    if in_force(known.bans, person.uid, now):
        return False
    return log.kind == "lobby" or (log.kind in ("direct", "room") and (person.uid, log.id) in known.since)


def _newest(
    connection: Connection, shared: _Shared, known: _Known, due: DuePush, log: _Log, floor: int, now: Milliseconds
) -> tuple[AnyRow, bool] | None:
    """The newest message of these that notifies the user, and whether it mentions them. None if there is none any more."""
    level = level_at(log.kind, known.levels.get(due.uid, {}).get(log.id), now)
    if level == "none":
        return None
    read = known.read.get((due.uid, log.id), 0)
    for row in shared.messages(log.id, due.first, due.seq):
        is_reply = row.thread_ordinal is not None
        if row.actor_uid == due.uid or is_streaming(row.data) or not says_something(row.text, row.data):
            continue
        if (row.thread if is_reply else row.seq) <= floor or (not is_reply and row.ordinal <= read):
            continue
        mark = _thread_mark(connection, due.uid, log.id, row.thread) if is_reply else None
        if is_reply and mark is not None and row.thread_ordinal <= mark:
            continue
        is_mentioned = _is_mentioned(connection, shared, due.uid, log.id, row)
        if notifies(level, mentioned=is_mentioned, reply=is_reply, follows=mark is not None):
            return row, is_mentioned
    return None


def _thread_mark(connection: Connection, uid: str, log_id: int, root: int) -> int | None:
    """How far a user has read a thread that they follow; None if they do not."""
    key = ("uid", "conversation_id", "root")
    found = find_rows(connection, thread_marks, key, ("read_ordinal",), [(uid, log_id, root)])
    return int(found[0][0]) if found else None


def _is_mentioned(connection: Connection, shared: _Shared, uid: str, log_id: int, row: AnyRow) -> bool:
    if row.thread_ordinal is not None:
        key = ("uid", "conversation_id", "root", "thread_ordinal")
        wanted = [(uid, log_id, row.thread, row.thread_ordinal)]
        return bool(find_rows(connection, thread_mentions, key, ("uid",), wanted))
    return uid in shared.mentioned(log_id, row.ordinal) or shared.is_to_all(log_id, row.ordinal)


def _title(connection: Connection, log: _Log, uid: str) -> str:
    if log.kind != "direct":
        return log.title
    people = names_of_members(connection, [log.id]).get(log.id, {})
    return direct_title(people, uid) if len(people) > 2 else ""
