"""A person's right to be forgotten: at once where it is seen, then through all the logs, a little in each transaction.

`begin` takes away who they were: the account, the sessions, what was theirs alone. `step` goes through the logs, and may be
killed and called again: the row in `erasures` says how far it came. What they wrote stays under NOBODY, or goes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, tuple_, update

from suhbat.chat.model import Actor, Milliseconds
from suhbat.protocol.events import MessageDeleted, ReactionRemoved
from suhbat.protocol.objects import User
from suhbat.store import search
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
    members,
    mentions,
    pins,
    reactions,
    reads,
    reports,
    sanctions,
    sessions,
    users,
)
from suhbat.store.write import reactions as chosen

from .commands.execution import Execution
from .commands.invitations import withdraw_of
from .commands.membership import depart
from .logs import Log
from .mentions import remove_mentions
from .transaction import WriterTransaction

NOBODY = "deleted account"
"""What stands in place of the name. Nobody can take it: names have no spaces."""
CHUNK = 200
"""Events changed in one transaction."""
SCANNED = 50_000
"""Events looked through for them at the most, which may be all there are of somebody else: then it is noted how far."""

Place = tuple[int, int]
"""A log's id and a `seq`."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the logs that comes next in the erasure of `uid`: what is above `after`, up to `end` (None: all the rest);
    and the places in it where they are."""

    uid: str
    after: Place
    places: list[Place]
    end: Place | None


def begin(transaction: WriterTransaction, actor: Actor, at: Milliseconds, *, with_messages: bool) -> None:
    """Forget who somebody is, appending the events of their leaving; and note that the logs must be gone through."""
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
        delivered,
        reads,
        mentions,
        sanctions,
        reports,
        idempotency,
    ):
        connection.execute(delete(table).where(table.c.uid == actor.uid))
    connection.execute(update(users).where(users.c.uid == actor.uid).values(user_id=NOBODY))
    connection.execute(update(audit).where(audit.c.actor_uid == actor.uid).values(actor=NOBODY))
    connection.execute(delete(erasures).where(erasures.c.uid == actor.uid))
    row = {"uid": actor.uid, "with_messages": with_messages, "conversation_id": 0, "seq": 0}
    connection.execute(insert(erasures), row)
    # The cache has marks, members and names in many places.
    cache.clear()


def pending(connection: Connection) -> Stretch | None:
    """What comes next in an erasure that is under way, if one is."""
    row = connection.execute(select(erasures).limit(1)).one_or_none()
    if row is None:
        return None
    place = (events.c.conversation_id, events.c.seq)
    following = tuple_(*place) > tuple_(row.conversation_id, row.seq)
    border = connection.execute(select(*place).where(following).order_by(*place).offset(SCANNED - 1).limit(1)).first()
    end = None if border is None else (border[0], border[1])
    there = or_(events.c.actor_uid == row.uid, events.c.data.contains(f'"uid":"{row.uid}"', autoescape=True))
    within = following if end is None else and_(following, tuple_(*place) <= tuple_(*end))
    found = connection.execute(select(*place).where(within, there).order_by(*place).limit(CHUNK))
    places = [(one[0], one[1]) for one in found]
    return Stretch(row.uid, (row.conversation_id, row.seq), places, places[-1] if len(places) == CHUNK else end)


def step(transaction: WriterTransaction, stretch: Stretch, at: Milliseconds) -> None:
    """Take somebody out of this stretch; behind the last one the erasure is done."""
    connection, uid = transaction.connection, stretch.uid
    row = connection.execute(select(erasures).where(erasures.c.uid == uid).with_for_update()).one_or_none()
    if row is None or (row.conversation_id, row.seq) != stretch.after:
        return  # another node was there first
    execution = Execution(transaction, Actor(uid, NOBODY, "account", 0), at)
    for log_id, seq in stretch.places:
        _take_out(execution, log_id, seq, uid, bool(row.with_messages))
    execution.flush()
    if stretch.end is None:
        connection.execute(delete(erasures).where(erasures.c.uid == uid))
        if row.with_messages:
            chosen.forget(connection, uid)
        connection.execute(update(reactions).where(reactions.c.uid == uid).values(user_id=NOBODY))
    else:
        log_id, seq = stretch.end
        connection.execute(update(erasures).where(erasures.c.uid == uid).values(conversation_id=log_id, seq=seq))


def _take_out(execution: Execution, log_id: int, seq: int, uid: str, with_message: bool) -> None:
    connection = execution.connection
    place = and_(events.c.conversation_id == log_id, events.c.seq == seq)
    row = connection.execute(select(events).where(place)).one_or_none()
    if row is None:
        return
    changed: dict[str, Any] = {}
    if row.actor_uid == uid:
        changed["actor"] = NOBODY
    if row.data is not None:
        changed["data"] = json.dumps(_nameless(json.loads(row.data), uid), ensure_ascii=False, separators=(",", ":"))
    is_theirs = row.ordinal is not None and row.actor_uid == uid
    if is_theirs:
        changed["client_id"] = None
    if is_theirs and with_message and not row.deleted:
        search.forget(connection, [(log_id, seq, uid, row.text)])
        changed |= {"text": "", "deleted": True}
        chosen.drop(connection, log_id, seq)
        connection.execute(delete(pins).where(pins.c.conversation_id == log_id, pins.c.target == seq))
        log = _log(execution, log_id)
        named = remove_mentions(connection, log, row.ordinal)
        execution.append(
            log,
            MessageDeleted,
            about=seq,
            target=seq,
            ordinal=row.ordinal,
            sender_uid=uid,
            everyone=-1 if named.everyone else 0,
        )
        execution.append_mentioned(log, seq, named.uids)
    if with_message and row.type == "reaction.added" and row.actor_uid == uid:
        emoji = json.loads(row.data)["emoji"]
        if chosen.take(connection, log_id, row.target, emoji, uid):
            execution.append(_log(execution, log_id), ReactionRemoved, about=row.target, target=row.target, emoji=emoji)
    connection.execute(update(events).where(place).values(changed))


def _log(execution: Execution, log_id: int) -> Log:
    name = execution.connection.execute(select(conversations.c.name).where(conversations.c.id == log_id)).scalar_one()
    execution.cache.load(execution.connection, (name,), {}, execution.at)
    return execution.cache.named[name]


def _nameless(value: Any, uid: str) -> Any:
    """The same without the name of this identity, however deep it stands."""
    if isinstance(value, dict):
        found = {key: _nameless(one, uid) for key, one in value.items()}
        if found.get("uid") == uid and "user_id" in found:
            found["user_id"] = NOBODY
        return found
    if isinstance(value, list):
        return [_nameless(one, uid) for one in value]
    return value
