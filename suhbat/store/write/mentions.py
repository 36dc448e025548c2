"""Mentions: counted until the message is read, and announced in the own logs of the people mentioned.

A message that mentions everybody is one row of `everyone`, whatever the number of members, and goes to no own log: its event in
the conversation's log has `everyone` set, and each member whose read mark is below it counts it.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, and_, delete, func, select

from suhbat.chat.mentions import NO_TARGETS, MentionTargets, lobby_targets, member_targets
from suhbat.chat.model import Actor, Milliseconds
from suhbat.errors import RateLimited
from suhbat.protocol.events import Mentioned
from suhbat.store.dialect import find_rows, insert_new
from suhbat.store.tables import everyone, mentions, reads

from .logs import Log, facts_of
from .transaction import WriterTransaction


def resolve_mentions(log: Log, actor: Actor, named: Collection[str], at: Milliseconds) -> MentionTargets:
    """Those of `named` (uids, or EVERYBODY) whom a message of the actor mentions in this log."""
    if not named:
        return NO_TARGETS
    if log.people is None:
        return lobby_targets(actor, named, log.bans, at)
    return member_targets(actor, named, log.people.keys(), facts_of(log, actor, at))


def spend_mentions(
    transaction: WriterTransaction, log: Log, actor: Actor, targets: MentionTargets, at: Milliseconds
) -> RateLimited | None:
    """Spend one unit of the actor's budget for each person mentioned; or return the refusal."""
    cost = len(log.people or ()) if targets.everyone else len(targets.uids)
    if not cost:
        return None
    budget = transaction.rules.mention_budgets[actor.owner or actor.uid]
    if wait := budget.spend(at / 1000, cost):
        return RateLimited("rate_limited.mentions", retry_after=wait, scope="command")
    transaction.spent.append((budget, cost))
    return None


def add_mentions(connection: Connection, log: Log, ordinal: int, actor: Actor, targets: MentionTargets) -> None:
    """Write that a message mentions these people."""
    rows = [{"uid": uid, "conversation_id": log.id, "ordinal": ordinal} for uid in sorted(targets.uids)]
    insert_new(connection, mentions, rows)
    if targets.everyone:
        insert_new(connection, everyone, [{"conversation_id": log.id, "ordinal": ordinal, "uid": actor.uid}])


def remove_mentions(connection: Connection, log: Log, ordinal: int) -> MentionTargets:
    """Delete the mentions of a message. Returns the uids that it mentioned, without those of people who had read it."""
    condition = (mentions.c.conversation_id == log.id, mentions.c.ordinal == ordinal)
    uids = frozenset(connection.execute(select(mentions.c.uid).where(*condition)).scalars())
    if uids:
        connection.execute(delete(mentions).where(*condition))
    all_place = (everyone.c.conversation_id == log.id, everyone.c.ordinal == ordinal)
    deleted = connection.execute(delete(everyone).where(*all_place)).rowcount
    return MentionTargets(uids, everyone=deleted > 0)


def mark_mentions_read(connection: Connection, log: Log, uid: str, ordinal: int) -> int:
    """Delete the mentions of a user up to this ordinal. Returns how many unread messages still mention them."""
    mine = (mentions.c.uid == uid, mentions.c.conversation_id == log.id)
    connection.execute(delete(mentions).where(*mine, mentions.c.ordinal <= ordinal))
    return count_unread_mentions(connection, log, (uid,)).get(uid, 0)


def without_readers(
    connection: Connection, log: Log, ordinal: int, targets: MentionTargets, *, is_new: bool = False
) -> MentionTargets:
    """The mentions without people who have read this ordinal: an edit does not mention those who read the message before, and a
    message that grew (`is_new`) is not unread for those who have watched it. For readers without a mark,
    only a new message counts."""
    keys, columns = ("uid", "conversation_id"), ("uid", "read_ordinal")
    wanted = [(uid, log.id) for uid in sorted(targets.uids)]
    marks: dict[str, int] = dict(find_rows(connection, reads, keys, columns, wanted))
    return MentionTargets(
        frozenset(uid for uid in targets.uids if (marks[uid] < ordinal if uid in marks else is_new)), targets.everyone
    )


def count_unread_mentions(connection: Connection, log: Log, uids: Collection[str]) -> dict[str, int]:
    """How many unread messages mention each of these people in a log, by uid; people without a count have none."""
    wanted = sorted(uids)
    own = (
        select(mentions.c.uid, func.count())
        .where(mentions.c.conversation_id == log.id, mentions.c.uid.in_(wanted))
        .group_by(mentions.c.uid)
    )
    counts: dict[str, int] = {row[0]: row[1] for row in connection.execute(own)}
    if log.people is None:
        return counts  # nobody may mention everybody in the lobby
    above = and_(
        everyone.c.conversation_id == reads.c.conversation_id,
        everyone.c.ordinal > reads.c.read_ordinal,
        everyone.c.uid != reads.c.uid,
    )
    shared = (
        select(reads.c.uid, func.count())
        .select_from(reads.join(everyone, above))
        .where(reads.c.conversation_id == log.id, reads.c.uid.in_(wanted))
        .group_by(reads.c.uid)
    )
    for uid, count in connection.execute(shared):
        counts[uid] = counts.get(uid, 0) + count
    return counts


def append_mentioned(
    transaction: WriterTransaction, log: Log, seq: int, uids: Collection[str], actor: Actor, at: Milliseconds
) -> None:
    """Append `mentioned` to the own logs of these people, with their present counts, because of the message `seq`."""
    if not uids:
        return
    cache, append = transaction.cache, transaction.appender.append
    cache.load_own(transaction.connection, uids, at)
    counts = count_unread_mentions(transaction.connection, log, uids)
    for uid in sorted(uids):
        count = counts.get(uid, 0)
        append(cache.own[uid], Mentioned, actor, at, target=log.name, message=seq, mentions=count, head=log.head)
