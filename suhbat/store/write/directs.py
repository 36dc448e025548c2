"""Makes, hides and shows the one direct of a set of people.

The person who opens a direct sees it at once. The others see it after the first message, so that strangers cannot fill their
lists. Leaving a direct hides it until somebody writes there again.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from suhbat.chat.conversations import direct_title
from suhbat.chat.model import Actor, Milliseconds
from suhbat.protocol.events import ConversationAdded, ConversationRemoved
from suhbat.protocol.objects import ConversationState
from suhbat.store.dialect import insert_new
from suhbat.store.read.states import state_of
from suhbat.store.tables import conversations, directs, drafts, members, reads

from .logs import Log, new_direct_id, new_log
from .transaction import WriterTransaction


def pair_of(*people: Actor) -> str:
    """The key of the direct of these people (`directs.pair`), in whatever order they are given."""
    return "|".join(sorted(person.uid for person in people))


def make_direct(
    transaction: WriterTransaction, actor: Actor, people: Sequence[Actor], at: Milliseconds, *, writes: bool
) -> tuple[Log, bool]:
    """Make the direct of these people, the actor among them. Returns its log, and whether it is new.

    `WriterCache.load` must have found no direct. `writes`: the actor's first message follows in the same transaction, so all
    people see the direct. A direct with oneself is (actor, actor) and has one member. If another writer made the direct at the
    same moment, that one is returned and nothing is appended.
    """
    connection, cache = transaction.connection, transaction.cache
    pair = pair_of(*people)
    name = new_direct_id()
    connection.execute(insert(conversations), new_log(name, "direct", at))
    id_ = connection.execute(select(conversations.c.id).where(conversations.c.name == name)).scalar_one()
    insert_new(connection, directs, [{"pair": pair, "conversation_id": id_}])
    won = connection.execute(select(directs.c.conversation_id).where(directs.c.pair == pair)).scalar_one()
    if won != id_:
        connection.execute(delete(conversations).where(conversations.c.id == id_))
        cache.load(connection, (), {pair: people}, at)
        return cache.pairs[pair], False
    uids = {person.uid: person for person in people}
    seeing = uids.keys() if writes else {actor.uid}
    connection.execute(
        insert(members),
        [
            {
                "conversation_id": id_, "uid": uid, "role": "member", "since": 0, "joined_at": at,
                "hidden": uid not in seeing, "counts": uid == actor.uid, "wrote": writes and uid == actor.uid,
            }
            for uid in uids
        ],
    )  # fmt: skip
    connection.execute(
        insert(reads), [{"uid": uid, "conversation_id": id_, "read_ordinal": 0, "own_since": 0} for uid in uids]
    )
    log = Log(id_, name, "direct", 0, 0, 0, dict.fromkeys(uids, "member"), hidden=len(uids) - len(seeing))
    if log.hidden:
        connection.execute(update(conversations).where(conversations.c.id == id_).values(hidden=log.hidden))
    if writes:
        cache.writers.add((id_, actor.uid))
    cache.named[name] = cache.pairs[pair] = log
    cache.readers.update((id_, uid) for uid in uids)
    cache.load_own(connection, uids, at)
    names = {uid: person.user_id for uid, person in uids.items()}
    for uid in uids:
        if uid not in seeing:
            continue
        state = ConversationState(
            conversation=name,
            kind="direct",
            title=direct_title(names, uid),
            head=0,
            member_count=len(uids),
            role="member",
        )
        transaction.appender.append(cache.own[uid], ConversationAdded, actor, at, state=state)
    transaction.appender.add_users(uids.values(), at)
    return log, True


def show_direct(
    transaction: WriterTransaction, log: Log, actor: Actor, at: Milliseconds, *, to: str | None = None
) -> None:
    """Show a direct to all people from whom it is hidden, or only to the uid `to`. The log must be flushed, because its state
    is read from the tables."""
    connection, cache = transaction.connection, transaction.cache
    hidden = (members.c.conversation_id == log.id, members.c.hidden, *(() if to is None else (members.c.uid == to,)))
    uids = sorted(connection.execute(select(members.c.uid).where(*hidden)).scalars())
    if not uids:
        return
    connection.execute(update(members).where(*hidden).values(hidden=False))
    _count_hidden(connection, log, -len(uids))
    cache.load_own(connection, uids, at)
    for uid in uids:
        transaction.appender.append(
            cache.own[uid], ConversationAdded, actor, at, state=state_of(connection, uid, log.id)
        )


def hide_direct(transaction: WriterTransaction, log: Log, actor: Actor, at: Milliseconds) -> None:
    """Hide a direct from the actor until somebody writes there. Their read mark stays, their draft is deleted."""
    connection, cache, uid = transaction.connection, transaction.cache, actor.uid
    mine = (members.c.conversation_id == log.id, members.c.uid == uid)
    if connection.execute(select(members.c.hidden).where(*mine)).scalar_one():
        return
    connection.execute(update(members).where(*mine).values(hidden=True, counts=False))
    connection.execute(delete(drafts).where(drafts.c.conversation_id == log.id, drafts.c.uid == uid))
    _count_hidden(connection, log, 1)
    cache.writers.discard((log.id, uid))
    cache.load_own(connection, (uid,), at)
    transaction.appender.append(cache.own[uid], ConversationRemoved, actor, at, removed=log.name)


def counts_for(connection: Connection, log: Log, uid: str) -> bool:
    """Whether a direct counts towards the limit of conversations of this user."""
    mine = (members.c.conversation_id == log.id, members.c.uid == uid)
    return bool(connection.execute(select(members.c.counts).where(*mine)).scalar())


def _count_hidden(connection: Connection, log: Log, more: int) -> None:
    log.hidden += more
    connection.execute(update(conversations).where(conversations.c.id == log.id).values(hidden=log.hidden))
