"""Makes, hides and shows the one direct of a set of people.

The person who opens a direct sees it at once. The others see it after the first message, so that strangers cannot fill their
lists. Leaving a direct hides it until somebody writes there again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, insert, select, update

from suhbat.chat.conversations import direct_title
from suhbat.chat.model import Actor, Milliseconds
from suhbat.chat.notify import DEFAULTS
from suhbat.protocol.events import ConversationAdded, ConversationRemoved
from suhbat.protocol.objects import ConversationState
from suhbat.store.dialect import find_rows, insert_new, update_rows
from suhbat.store.read.states import states_of_members
from suhbat.store.tables import conversations, directs, drafts, members, reads, thread_marks, thread_mentions

from .logs import Log, new_direct_id, new_log
from .transaction import WriterTransaction


def pair_of(*people: Actor) -> str:
    """The key of the direct of these people (`directs.pair`), in whatever order they are given."""
    return pair_key(*[person.uid for person in people])


def pair_key(*uids: str) -> str:
    """The same by uids."""
    return "|".join(sorted(uids))


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
            notify=DEFAULTS["direct"],
        )
        transaction.appender.append(cache.own[uid], ConversationAdded, actor, at, state=state)
    transaction.appender.add_users(uids.values(), at)
    return log, True


Hidden = dict[int, list[tuple[str, ConversationState]]]
"""By id of a direct: from whom it is hidden (the uid), and the state that they will see."""


def read_hidden(
    transaction: WriterTransaction, logs: Sequence[Log], at: Milliseconds, *, to: str | None = None
) -> Hidden:
    """From whom these directs are hidden, or only whether from the uid `to`. Locks their own logs. The directs must be flushed,
    because the states are read from the tables."""
    connection = transaction.connection
    keys, wanted = ("conversation_id", "hidden"), [(log.id, True) for log in logs if log.hidden]
    found = find_rows(connection, members, keys, ("uid", "conversation_id"), wanted)
    people = sorted((uid, id_) for uid, id_ in found if to in (None, uid))
    transaction.cache.load_own(connection, {uid for uid, _ in people}, at)
    states = states_of_members(connection, people)
    hidden: Hidden = {}
    for key in people:
        hidden.setdefault(key[1], []).append((key[0], states[key]))
    return hidden


def announce_shown(
    transaction: WriterTransaction,
    log: Log,
    people: Sequence[tuple[str, ConversationState]],
    actor: Actor,
    at: Milliseconds,
) -> None:
    """Tell these people of a direct that they see from now on. `write_shown` must follow."""
    log.hidden -= len(people)
    for uid, state in people:
        transaction.appender.append(transaction.cache.own[uid], ConversationAdded, actor, at, state=state)


def write_shown(connection: Connection, logs: Iterable[Log], hidden: Hidden) -> None:
    """Write that these directs are shown to the people in `hidden`."""
    shown = list(logs)
    rows = [(log.id, uid, False) for log in shown for uid, _ in hidden[log.id]]
    update_rows(connection, members, ("conversation_id", "uid"), ("hidden",), rows, add=False)
    update_rows(connection, conversations, ("id",), ("hidden",), [(log.id, log.hidden) for log in shown], add=False)


def show_direct(transaction: WriterTransaction, log: Log, actor: Actor, at: Milliseconds, *, to: str) -> None:
    """Show a direct to the uid `to`, if it is hidden from them."""
    hidden = read_hidden(transaction, [log], at, to=to)
    if people := hidden.get(log.id):
        announce_shown(transaction, log, people, actor, at)
        write_shown(transaction.connection, [log], hidden)


def hide_direct(transaction: WriterTransaction, log: Log, actor: Actor, at: Milliseconds) -> None:
    """Hide a direct from the actor until somebody writes there. Their read mark stays; their draft is
    deleted, and they follow no thread there."""
    connection, cache, uid = transaction.connection, transaction.cache, actor.uid
    mine = (members.c.conversation_id == log.id, members.c.uid == uid)
    if connection.execute(select(members.c.hidden).where(*mine)).scalar_one():
        return
    connection.execute(update(members).where(*mine).values(hidden=True, counts=False))
    for table in (drafts, thread_marks, thread_mentions):
        connection.execute(delete(table).where(table.c.conversation_id == log.id, table.c.uid == uid))
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
