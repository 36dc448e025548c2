"""Making the one direct of two identities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from suhbat.chat.model import Actor, Milliseconds
from suhbat.protocol.events import ConversationAdded, LogEntry
from suhbat.protocol.objects import ConversationState
from suhbat.protocol.types import ME

from .dialect import insert_new
from .known import Known, Log, new_log, pair_of
from .tables import conversations, directs, members, reads


@dataclass(frozen=True, slots=True)
class Made:
    """A direct, and what its making puts into the own logs: rows of `events`, events to publish, the logs moved."""

    log: Log
    rows: list[tuple[Any, ...]]
    entries: list[LogEntry]
    own: list[Log]


def make_direct(connection: Connection, known: Known, actor: Actor, peer: Actor, at: Milliseconds) -> Made:
    """Make the direct with its members; with oneself it has one. `Known.load` must have looked for it before.

    Where another writer made it at the same moment, that one is taken and nothing is added.
    """
    pair = pair_of(actor, peer)
    name = known.new_id()
    connection.execute(insert(conversations), new_log(name, "direct", at))
    id_ = connection.execute(select(conversations.c.id).where(conversations.c.name == name)).scalar_one()
    insert_new(connection, directs, [{"pair": pair, "conversation_id": id_}])
    won = connection.execute(select(directs.c.conversation_id).where(directs.c.pair == pair)).scalar_one()
    if won != id_:
        connection.execute(delete(conversations).where(conversations.c.id == id_))
        known.load(connection, (), {pair: (actor, peer)}, at)
        return Made(known.pairs[pair], [], [], [])
    people = {actor.uid: peer, peer.uid: actor}
    connection.execute(insert(members), [{"conversation_id": id_, "uid": uid, "role": "member"} for uid in people])
    connection.execute(
        insert(reads), [{"uid": uid, "conversation_id": id_, "read_ordinal": 0, "own_since": 0} for uid in people]
    )
    log = Log(id_, name, "direct", 0, 0, 0, frozenset(people))
    known.named[name] = known.pairs[pair] = log
    known.readers.update((id_, uid) for uid in people)
    known.load_own(connection, people, at)
    made = Made(log, [], [], [known.own[uid] for uid in people])
    for own, other in zip(made.own, people.values(), strict=True):
        own.head += 1
        state = ConversationState(
            conversation=name, kind="direct", title=other.user_id, head=0, member_count=len(people), role="member"
        )
        event = ConversationAdded(
            conversation=ME, seq=own.head, at=at, actor=actor.user_id, actor_uid=actor.uid, state=state
        )
        data = event.model_dump_json(include={"state"})
        made.rows.append(
            (
                own.id,
                own.head,
                event.type,
                at,
                actor.user_id,
                actor.uid,
                None,
                None,
                None,
                None,
                None,
                False,
                None,
                data,
            )
        )
        made.entries.append(LogEntry(own.name, event))
    return made
