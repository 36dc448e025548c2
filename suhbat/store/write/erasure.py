"""The erasure of a user: first their account and all rows that are theirs alone, then their events, in small steps.

`begin` deletes the account, the login sessions and the like. `step` goes through the logs; it may be killed and repeated, as
the row in `erasures` stores how far it came. Messages of the user stay under the name NOBODY, or are deleted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, tuple_, update

from suhbat.chat.model import Actor, Milliseconds
from suhbat.protocol.events import ReactionRemoved
from suhbat.protocol.objects import User
from suhbat.store.message_data import without_content
from suhbat.store.tables import (
    accounts,
    allowances,
    audit,
    conversations,
    delivered,
    drafts,
    erasures,
    events,
    guests,
    idempotency,
    invocations,
    members,
    mentions,
    named,
    notify_levels,
    numbers,
    outgoing_hooks,
    push_due,
    reactions,
    reads,
    reports,
    sanctions,
    saved,
    sessions,
    thread_marks,
    thread_mentions,
    users,
)
from suhbat.store.write import files, pictures
from suhbat.store.write import reactions as reaction_rows

from .commands.execution import Execution
from .commands.invitations import withdraw_of
from .commands.membership import depart
from .commands.messages import scrub
from .logs import Log
from .transaction import WriterTransaction

NOBODY = "deleted account"
"""The name shown for an erased user. Nobody can register it, because names have no spaces."""
CHUNK = 200
"""Events changed per transaction, at most."""
SCANNED = 50_000
"""Events searched per transaction, at most, whether they are the user's or not."""

EventKey = tuple[int, int]
"""A log id and a `seq`."""


@dataclass(frozen=True, slots=True)
class ErasureRange:
    """The next range of events in the erasure of `uid`: above `after`, up to `end` (None: all the rest). `found`: the events in
    it that name the user."""

    uid: str
    after: EventKey
    found: list[EventKey]
    end: EventKey | None


def begin(transaction: WriterTransaction, actor: Actor, at: Milliseconds, *, with_messages: bool) -> list[str]:
    """Delete the user's own rows, append the events of their leaving, and add the row in `erasures` for `step`; the same for
    each of their bots, whose uids are returned. Another node may have made a bot a moment ago, and none can be made once the
    account is deleted, so the bots are looked up after that."""
    _begin_one(transaction, actor, at, with_messages=with_messages)
    bots = transaction.connection.execute(
        select(accounts.c.uid, accounts.c.user_id, accounts.c.lobby_from)
        .where(accounts.c.owner_uid == actor.uid)
        .order_by(accounts.c.uid)
    ).all()
    for uid, user_id, lobby_from in bots:
        bot = Actor(uid, user_id, "bot", lobby_from, owner=actor.uid)
        _begin_one(transaction, bot, at, with_messages=with_messages)
    return [row.uid for row in bots]


def _begin_one(transaction: WriterTransaction, actor: Actor, at: Milliseconds, *, with_messages: bool) -> None:
    connection, cache = transaction.connection, transaction.cache
    nobody = Actor(actor.uid, NOBODY, actor.kind, actor.lobby_from)
    execution = Execution(transaction, nobody, at)
    rooms = connection.execute(
        select(conversations.c.name)
        .join(members, members.c.conversation_id == conversations.c.id)
        .where(members.c.uid == actor.uid, conversations.c.kind == "room")
        .order_by(conversations.c.id)
    ).scalars()
    for name in rooms.all():
        cache.load(connection, (name,), {}, at)
        depart(execution, cache.named[name], User(uid=actor.uid, user_id=NOBODY, kind=actor.kind))
    withdraw_of(execution, actor.uid)
    execution.flush()
    for table in (
        allowances,
        accounts,
        sessions,
        guests,
        drafts,
        notify_levels,
        push_due,
        delivered,
        reads,
        mentions,
        named,
        saved,
        thread_marks,
        thread_mentions,
        sanctions,
        reports,
        idempotency,
        outgoing_hooks,  # of a bot
    ):
        connection.execute(delete(table).where(table.c.uid == actor.uid))
    connection.execute(delete(invocations).where(invocations.c.actor_uid == actor.uid))
    connection.execute(delete(numbers).where(numbers.c.ref == actor.uid))
    files.drop_loose_of(connection, actor.uid, at)
    pictures.remove(connection, actor.uid, at)
    connection.execute(update(users).where(users.c.uid == actor.uid).values(user_id=NOBODY))
    connection.execute(update(audit).where(audit.c.actor_uid == actor.uid).values(actor=NOBODY))
    connection.execute(delete(erasures).where(erasures.c.uid == actor.uid))
    row = {"uid": actor.uid, "with_messages": with_messages, "conversation_id": 0, "seq": 0}
    connection.execute(insert(erasures), row)
    # The cache refers to the user in many places.
    cache.clear()


def pending(connection: Connection) -> ErasureRange | None:
    """The next range of an unfinished erasure; None if there is none."""
    row = connection.execute(select(erasures).limit(1)).one_or_none()
    if row is None:
        return None
    key = (events.c.conversation_id, events.c.seq)
    following = tuple_(*key) > tuple_(row.conversation_id, row.seq)
    border = connection.execute(select(*key).where(following).order_by(*key).offset(SCANNED - 1).limit(1)).first()
    end = None if border is None else (border[0], border[1])
    theirs = or_(events.c.actor_uid == row.uid, events.c.data.contains(f'"uid":"{row.uid}"', autoescape=True))
    within = following if end is None else and_(following, tuple_(*key) <= tuple_(*end))
    found = connection.execute(select(*key).where(within, theirs).order_by(*key).limit(CHUNK))
    keys = [(one[0], one[1]) for one in found]
    return ErasureRange(row.uid, (row.conversation_id, row.seq), keys, keys[-1] if len(keys) == CHUNK else end)


def step(transaction: WriterTransaction, span: ErasureRange, at: Milliseconds) -> None:
    """Erase the user from this range. After the last range the erasure is finished."""
    connection, uid = transaction.connection, span.uid
    row = connection.execute(select(erasures).where(erasures.c.uid == uid).with_for_update()).one_or_none()
    if row is None or (row.conversation_id, row.seq) != span.after:
        return  # another node has done it
    execution = Execution(transaction, Actor(uid, NOBODY, "account", 0), at)
    for log_id, seq in span.found:
        _erase_event(execution, log_id, seq, uid, bool(row.with_messages))
    execution.flush()
    if span.end is None:
        connection.execute(delete(erasures).where(erasures.c.uid == uid))
        if row.with_messages:
            reaction_rows.delete_of_user(connection, uid)
        connection.execute(update(reactions).where(reactions.c.uid == uid).values(user_id=NOBODY))
    else:
        log_id, seq = span.end
        connection.execute(update(erasures).where(erasures.c.uid == uid).values(conversation_id=log_id, seq=seq))


def _erase_event(execution: Execution, log_id: int, seq: int, uid: str, with_message: bool) -> None:
    connection = execution.connection
    condition = and_(events.c.conversation_id == log_id, events.c.seq == seq)
    row = connection.execute(select(events).where(condition)).one_or_none()
    if row is None:
        return
    changed: dict[str, Any] = {}
    if row.actor_uid == uid:
        changed["actor"] = NOBODY
    if row.data is not None:
        changed["data"] = json.dumps(
            _without_name(json.loads(row.data), uid), ensure_ascii=False, separators=(",", ":")
        )
    is_theirs = row.type == "message.created" and row.actor_uid == uid
    if is_theirs:
        changed["client_id"] = None
    is_scrubbed = is_theirs and with_message and not row.deleted
    if is_scrubbed:
        changed |= {"text": "", "deleted": True}
        if row.data is not None:
            changed["data"] = without_content(changed["data"])
    if with_message and row.type == "command.invoked" and row.actor_uid == uid:
        changed["data"] = json.dumps(
            json.loads(changed["data"]) | {"args": ""}, ensure_ascii=False, separators=(",", ":")
        )
    if with_message and row.type == "reaction.added" and row.actor_uid == uid:
        emoji = json.loads(row.data)["emoji"]
        if reaction_rows.remove(connection, log_id, row.target, emoji, uid):
            execution.append(
                _log(execution, log_id),
                ReactionRemoved,
                about=row.target,
                within=row.thread,
                target=row.target,
                emoji=emoji,
            )
    connection.execute(update(events).where(condition).values(changed))
    if is_scrubbed:
        scrub(execution, _log(execution, log_id), row)  # after the row has changed: see `search.forget`


def _log(execution: Execution, log_id: int) -> Log:
    name = execution.connection.execute(select(conversations.c.name).where(conversations.c.id == log_id)).scalar_one()
    execution.cache.load(execution.connection, (name,), {}, execution.at)
    return execution.cache.named[name]


def _without_name(value: Any, uid: str) -> Any:
    """The same JSON value, with the name of this uid replaced at any depth."""
    if isinstance(value, dict):
        found = {key: _without_name(one, uid) for key, one in value.items()}
        if found.get("uid") == uid and "user_id" in found:
            found["user_id"] = NOBODY
        return found
    if isinstance(value, list):
        return [_without_name(one, uid) for one in value]
    return value
