"""Putting and taking away reactions, with their counts and the mark of the first people (see `read.reactions`)."""

from __future__ import annotations

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from suhbat.protocol.types import MAX_REACTION_USERS
from suhbat.store.read.reactions import of_emoji
from suhbat.store.tables import reaction_counts, reactions


def put(connection: Connection, log_id: int, target: int, emoji: str, uid: str, user_id: str, seq: int) -> None:
    """Somebody's, which was not there. `seq`: that of its event."""
    place = {"conversation_id": log_id, "target": target, "emoji": emoji}
    connection.execute(insert(reactions), place | {"uid": uid, "user_id": user_id, "seq": seq})
    counted = of_emoji(reaction_counts, log_id, target, emoji)
    count = connection.execute(select(reaction_counts.c.people).where(counted)).scalar()
    if count is None:
        connection.execute(insert(reaction_counts), place | _counted(connection, log_id, target, emoji))
        return
    changed = {"people": count + 1} | ({"shown": seq} if count < MAX_REACTION_USERS else {})
    connection.execute(update(reaction_counts).where(counted).values(changed))


def take(connection: Connection, log_id: int, target: int, emoji: str, uid: str) -> bool:
    """Somebody's, away. Whether it was there."""
    theirs = and_(of_emoji(reactions, log_id, target, emoji), reactions.c.uid == uid)
    seq = connection.execute(select(reactions.c.seq).where(theirs)).scalar()
    if seq is None:
        return False
    connection.execute(delete(reactions).where(theirs))
    counted = of_emoji(reaction_counts, log_id, target, emoji)
    row = connection.execute(select(reaction_counts.c.people, reaction_counts.c.shown).where(counted)).one_or_none()
    if row is None:
        return True  # of a time when a message could have more emoji than it shows
    if row.people <= 1:
        connection.execute(delete(reaction_counts).where(counted))
        return True
    changed = {"people": row.people - 1}
    if seq <= row.shown and row.people > MAX_REACTION_USERS:
        # The next in line is shown instead.
        following = select(func.min(reactions.c.seq)).where(
            of_emoji(reactions, log_id, target, emoji), reactions.c.seq > row.shown
        )
        changed["shown"] = connection.execute(following).scalar() or row.shown
    connection.execute(update(reaction_counts).where(counted).values(changed))
    return True


def drop(connection: Connection, log_id: int, target: int) -> None:
    """All of a message that is deleted."""
    for table in (reactions, reaction_counts):
        connection.execute(delete(table).where(table.c.conversation_id == log_id, table.c.target == target))


def forget(connection: Connection, uid: str) -> None:
    """All of a person."""
    columns = (reactions.c.conversation_id, reactions.c.target, reactions.c.emoji)
    for log_id, target, emoji in connection.execute(select(*columns).where(reactions.c.uid == uid)).all():
        take(connection, log_id, target, emoji, uid)


def _counted(connection: Connection, log_id: int, target: int, emoji: str) -> dict[str, int]:
    here = of_emoji(reactions, log_id, target, emoji)
    count = connection.execute(select(func.count()).select_from(reactions).where(here)).scalar_one()
    first = select(reactions.c.seq).where(here).order_by(reactions.c.seq).limit(MAX_REACTION_USERS).subquery()
    return {"people": count, "shown": connection.execute(select(func.max(first.c.seq))).scalar_one()}
