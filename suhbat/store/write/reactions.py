"""Adds and removes reactions, with their counts and the marks of the people shown (see `read.reactions`)."""

from __future__ import annotations

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from suhbat.protocol.types import MAX_REACTION_USERS
from suhbat.store.read.reactions import of_emoji
from suhbat.store.tables import reaction_counts, reactions


def add(connection: Connection, log_id: int, target: int, emoji: str, uid: str, user_id: str, seq: int) -> None:
    """Add a new reaction of a user. `seq`: that of its event."""
    key = {"conversation_id": log_id, "target": target, "emoji": emoji}
    connection.execute(insert(reactions), key | {"uid": uid, "user_id": user_id, "seq": seq})
    counted = of_emoji(reaction_counts, log_id, target, emoji)
    count = connection.execute(select(reaction_counts.c.people).where(counted)).scalar()
    if count is None:
        connection.execute(insert(reaction_counts), key | _counted(connection, log_id, target, emoji))
        return
    changed = {"people": count + 1} | ({"shown": seq} if count < MAX_REACTION_USERS else {})
    connection.execute(update(reaction_counts).where(counted).values(changed))


def remove(connection: Connection, log_id: int, target: int, emoji: str, uid: str) -> bool:
    """Remove a reaction of a user. False if there is none."""
    theirs = and_(of_emoji(reactions, log_id, target, emoji), reactions.c.uid == uid)
    seq = connection.execute(select(reactions.c.seq).where(theirs)).scalar()
    if seq is None:
        return False
    connection.execute(delete(reactions).where(theirs))
    counted = of_emoji(reaction_counts, log_id, target, emoji)
    row = connection.execute(select(reaction_counts.c.people, reaction_counts.c.shown).where(counted)).one_or_none()
    if row is None:
        return True  # an old reaction: once a message could have more emoji than it shows
    if row.people <= 1:
        connection.execute(delete(reaction_counts).where(counted))
        return True
    changed = {"people": row.people - 1}
    if seq <= row.shown and row.people > MAX_REACTION_USERS:
        # The message shows the next person instead.
        following = select(func.min(reactions.c.seq)).where(
            of_emoji(reactions, log_id, target, emoji), reactions.c.seq > row.shown
        )
        changed["shown"] = connection.execute(following).scalar() or row.shown
    connection.execute(update(reaction_counts).where(counted).values(changed))
    return True


def delete_of_message(connection: Connection, log_id: int, target: int) -> None:
    """Delete all reactions to a message."""
    for table in (reactions, reaction_counts):
        connection.execute(delete(table).where(table.c.conversation_id == log_id, table.c.target == target))


def delete_of_user(connection: Connection, uid: str) -> None:
    """Remove all reactions of a user."""
    columns = (reactions.c.conversation_id, reactions.c.target, reactions.c.emoji)
    for log_id, target, emoji in connection.execute(select(*columns).where(reactions.c.uid == uid)).all():
        remove(connection, log_id, target, emoji, uid)


def _counted(connection: Connection, log_id: int, target: int, emoji: str) -> dict[str, int]:
    matches = of_emoji(reactions, log_id, target, emoji)
    count = connection.execute(select(func.count()).select_from(reactions).where(matches)).scalar_one()
    first = select(reactions.c.seq).where(matches).order_by(reactions.c.seq).limit(MAX_REACTION_USERS).subquery()
    return {"people": count, "shown": connection.execute(select(func.max(first.c.seq))).scalar_one()}
