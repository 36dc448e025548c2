"""The reactions to messages. Counts are stored and the first people marked, so that showing a message costs the same for any
number of reactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, Table, and_, select

from suhbat.chat.model import ReactionPage
from suhbat.protocol.emoji import without_selector
from suhbat.protocol.objects import Reaction
from suhbat.store.dialect import find_rows
from suhbat.store.tables import reaction_counts, reactions, reactions_shown

MessageKey = tuple[int, int]
"""A log id and the `seq` of a message."""


def shown(
    connection: Connection, messages: Sequence[MessageKey], reader: str | None
) -> Mapping[MessageKey, tuple[Reaction, ...]]:
    """The reactions that these messages show: by emoji, each with its first people in the order of time.

    `reader`: the uid whose own reactions are marked (`mine`); None if the result is for everybody.
    """
    found = shown_to(connection, [(reader, key) for key in messages])
    return {key: chosen for (_, key), chosen in found.items()}


def shown_to(
    connection: Connection, wanted: Sequence[tuple[str | None, MessageKey]]
) -> Mapping[tuple[str | None, MessageKey], tuple[Reaction, ...]]:
    """The same for many readers, each with a message."""
    people = _people(connection, list({key for _, key in wanted}))
    chosen = [(reader, key) for reader, key in wanted if key in people]
    own = [(*key, reader) for reader, key in chosen if reader is not None]
    columns = ("conversation_id", "target", "uid")
    mine = set(find_rows(connection, reactions, columns, (*columns, "emoji"), own))
    return {
        (reader, key): tuple(
            Reaction(
                emoji=emoji,
                count=who[0][2],
                mine=None if reader is None else (*key, reader, emoji) in mine,
                users=tuple(name for _, name, _ in who),
                uids=tuple(uid for uid, _, _ in who),
            )
            for emoji, who in people[key].items()
        )
        for reader, key in chosen
    }


def _people(
    connection: Connection, messages: Sequence[MessageKey]
) -> dict[MessageKey, dict[str, list[tuple[str, str, int]]]]:
    """For each message that has reactions, by emoji: the uid and the name of the first people, and the number of all."""
    keys = ("conversation_id", "target")
    columns = (*keys, "emoji", "seq", "uid", "user_id", "people")
    found: dict[MessageKey, dict[str, list[tuple[str, str, int]]]] = {}
    for log_id, target, emoji, _, uid, user_id, count in sorted(
        find_rows(connection, reactions_shown, keys, columns, messages)
    ):
        found.setdefault((log_id, target), {}).setdefault(emoji, []).append((uid, user_id, count))
    return found


def present(connection: Connection, log_id: int, target: int) -> list[str]:
    """The emoji of the reactions to a message, in their stored spelling."""
    found = select(reaction_counts.c.emoji).where(
        reaction_counts.c.conversation_id == log_id, reaction_counts.c.target == target
    )
    return list(connection.execute(found).scalars())


def page(
    connection: Connection, log_id: int, target: int, emoji: str, reader: str, after: int, limit: int
) -> ReactionPage:
    """A page of the people who reacted with one emoji, in the order of their events: those above the `seq` `after`."""
    existing = present(connection, log_id, target) + of_person(connection, log_id, target, reader)
    emoji = next((one for one in existing if without_selector(one) == without_selector(emoji)), emoji)
    matches = of_emoji(reactions, log_id, target, emoji)
    count = select(reaction_counts.c.people).where(of_emoji(reaction_counts, log_id, target, emoji))
    mine = select(reactions.c.seq).where(matches, reactions.c.uid == reader)
    rows = connection.execute(
        select(reactions.c.seq, reactions.c.uid, reactions.c.user_id)
        .where(matches, reactions.c.seq > after)
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
    """The emoji with which this user reacted to a message."""
    mine = (reactions.c.conversation_id == log_id, reactions.c.target == target, reactions.c.uid == uid)
    return list(connection.execute(select(reactions.c.emoji).where(*mine)).scalars())


def of_emoji(table: Table, log_id: int, target: int, emoji: str) -> ColumnElement[bool]:
    """The condition for rows of one emoji and one message."""
    return and_(table.c.conversation_id == log_id, table.c.target == target, table.c.emoji == emoji)
