"""The reactions under messages. Counts are kept, and the first people marked, so that what is shown of a message costs the
same however many reacted to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, insert, select, update

from suhbat.chat.model import ReactionPage
from suhbat.protocol.emoji import bare
from suhbat.protocol.objects import Reaction
from suhbat.protocol.types import REACTED

from .dialect import find_rows
from .tables import reaction_counts, reactions, reactions_shown

Place = tuple[int, int]
"""A log's id and the `seq` of a message in it."""


def shown(connection: Connection, places: Sequence[Place], reader: str | None) -> Mapping[Place, tuple[Reaction, ...]]:
    """What messages show: by emoji, and of each the first people in the order of time.

    `reader`: the uid of whoever it is shown to; None where it is the same for everybody.
    """
    keys = ("conversation_id", "target")
    columns = (*keys, "emoji", "seq", "uid", "user_id", "people")
    people: dict[Place, dict[str, list[tuple[str, str, int]]]] = {}
    for log_id, target, emoji, _, uid, user_id, count in sorted(
        find_rows(connection, reactions_shown, keys, columns, places)
    ):
        people.setdefault((log_id, target), {}).setdefault(emoji, []).append((uid, user_id, count))
    mine: set[tuple[int, int, str]] = set()
    if reader is not None and people:
        own = [(log_id, target, reader) for log_id, target in people]
        mine.update(find_rows(connection, reactions, (*keys, "uid"), (*keys, "emoji"), own))
    return {
        place: tuple(
            Reaction(
                emoji=emoji,
                count=who[0][2],
                mine=None if reader is None else (*place, emoji) in mine,
                users=tuple(name for _, name, _ in who),
                uids=tuple(uid for uid, _, _ in who),
            )
            for emoji, who in emojis.items()
        )
        for place, emojis in people.items()
    }


def present(connection: Connection, log_id: int, target: int) -> list[str]:
    """The emoji under a message, as it shows them."""
    found = select(reaction_counts.c.emoji).where(
        reaction_counts.c.conversation_id == log_id, reaction_counts.c.target == target
    )
    return list(connection.execute(found).scalars())


def page(
    connection: Connection, log_id: int, target: int, emoji: str, reader: str, after: int, limit: int
) -> ReactionPage:
    """The people of one emoji whose events are above `after`."""
    there = present(connection, log_id, target) + of_person(connection, log_id, target, reader)
    emoji = next((one for one in there if bare(one) == bare(emoji)), emoji)
    here = _of(reactions, log_id, target, emoji)
    count = select(reaction_counts.c.people).where(_of(reaction_counts, log_id, target, emoji))
    mine = select(reactions.c.seq).where(here, reactions.c.uid == reader)
    rows = connection.execute(
        select(reactions.c.seq, reactions.c.uid, reactions.c.user_id)
        .where(here, reactions.c.seq > after)
        .order_by(reactions.c.seq)
        .limit(limit + 1)
    ).all()
    shown = rows[:limit]
    reaction = Reaction(
        emoji=emoji,
        count=connection.execute(count).scalar() or 0,
        mine=connection.execute(mine).first() is not None,
        users=tuple(row.user_id for row in shown),
        uids=tuple(row.uid for row in shown),
    )
    return ReactionPage(reaction, shown[-1].seq if len(rows) > limit else None)


def of_person(connection: Connection, log_id: int, target: int, uid: str) -> list[str]:
    """The emoji that somebody has under a message."""
    mine = (reactions.c.conversation_id == log_id, reactions.c.target == target, reactions.c.uid == uid)
    return list(connection.execute(select(reactions.c.emoji).where(*mine)).scalars())


def put(connection: Connection, log_id: int, target: int, emoji: str, uid: str, user_id: str, seq: int) -> None:
    """Somebody's, which was not there. `seq`: that of its event."""
    place = {"conversation_id": log_id, "target": target, "emoji": emoji}
    connection.execute(insert(reactions), place | {"uid": uid, "user_id": user_id, "seq": seq})
    counted = _of(reaction_counts, log_id, target, emoji)
    count = connection.execute(select(reaction_counts.c.people).where(counted)).scalar()
    if count is None:
        connection.execute(insert(reaction_counts), place | _counted(connection, log_id, target, emoji))
        return
    changed = {"people": count + 1} | ({"shown": seq} if count < REACTED else {})
    connection.execute(update(reaction_counts).where(counted).values(changed))


def take(connection: Connection, log_id: int, target: int, emoji: str, uid: str) -> bool:
    """Somebody's, away. Whether it was there."""
    theirs = and_(_of(reactions, log_id, target, emoji), reactions.c.uid == uid)
    seq = connection.execute(select(reactions.c.seq).where(theirs)).scalar()
    if seq is None:
        return False
    connection.execute(delete(reactions).where(theirs))
    counted = _of(reaction_counts, log_id, target, emoji)
    row = connection.execute(select(reaction_counts.c.people, reaction_counts.c.shown).where(counted)).one_or_none()
    if row is None:
        return True  # of a time when a message could have more emoji than it shows
    if row.people <= 1:
        connection.execute(delete(reaction_counts).where(counted))
        return True
    changed = {"people": row.people - 1}
    if seq <= row.shown and row.people > REACTED:
        # The next in line is shown instead.
        following = select(func.min(reactions.c.seq)).where(
            _of(reactions, log_id, target, emoji), reactions.c.seq > row.shown
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
    here = _of(reactions, log_id, target, emoji)
    count = connection.execute(select(func.count()).select_from(reactions).where(here)).scalar_one()
    first = select(reactions.c.seq).where(here).order_by(reactions.c.seq).limit(REACTED).subquery()
    return {"people": count, "shown": connection.execute(select(func.max(first.c.seq))).scalar_one()}


def _of(table: Table, log_id: int, target: int, emoji: str) -> ColumnElement[bool]:
    return and_(table.c.conversation_id == log_id, table.c.target == target, table.c.emoji == emoji)
