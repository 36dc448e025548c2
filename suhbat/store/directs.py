"""Making the one direct of a set of identities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from suhbat.chat.model import Actor, Milliseconds
from suhbat.protocol.events import ConversationAdded, LogEntry
from suhbat.protocol.objects import ConversationState

from .dialect import insert_new
from .known import Known, Log, new_log, pair_of
from .ledger import Ledger
from .tables import conversations, directs, members, reads
from .titles import title_of


@dataclass(frozen=True, slots=True)
class Made:
    """A direct, and what its making puts into the own logs: rows of `events`, events to publish, the logs moved."""

    log: Log
    rows: list[tuple[Any, ...]]
    entries: list[LogEntry]
    own: list[Log]


def make_direct(connection: Connection, known: Known, actor: Actor, people: Sequence[Actor], at: Milliseconds) -> Made:
    """Make the direct of these people, the actor among them. `Known.load` must have looked for it before.

    With oneself it is (actor, actor), and has one member. Where another writer made it at the same moment, that one is
    taken and nothing is added.
    """
    pair = pair_of(*people)
    name = known.new_id()
    connection.execute(insert(conversations), new_log(name, "direct", at))
    id_ = connection.execute(select(conversations.c.id).where(conversations.c.name == name)).scalar_one()
    insert_new(connection, directs, [{"pair": pair, "conversation_id": id_}])
    won = connection.execute(select(directs.c.conversation_id).where(directs.c.pair == pair)).scalar_one()
    if won != id_:
        connection.execute(delete(conversations).where(conversations.c.id == id_))
        known.load(connection, (), {pair: people}, at)
        return Made(known.pairs[pair], [], [], [])
    uids = {person.uid: person for person in people}
    connection.execute(
        insert(members),
        [{"conversation_id": id_, "uid": uid, "role": "member", "since": 0, "joined_at": at} for uid in uids],
    )
    connection.execute(
        insert(reads), [{"uid": uid, "conversation_id": id_, "read_ordinal": 0, "own_since": 0} for uid in uids]
    )
    log = Log(id_, name, "direct", 0, 0, 0, dict.fromkeys(uids, "member"))
    known.named[name] = known.pairs[pair] = log
    known.readers.update((id_, uid) for uid in uids)
    known.load_own(connection, uids, at)
    ledger = Ledger(actor, at)
    for uid, person in uids.items():
        others = {other.uid: other.user_id for other in people if other.uid != uid}
        state = ConversationState(
            conversation=name,
            kind="direct",
            title=title_of(others) or person.user_id,
            head=0,
            member_count=len(uids),
            role="member",
        )
        ledger.add(known.own[uid], ConversationAdded, state=state)
    return Made(log, ledger.rows, ledger.entries, list(ledger.touched.values()))
