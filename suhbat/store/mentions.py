"""Who is named in a message: counted until it is read."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, func, select

from suhbat.chat.model import Actor, Milliseconds
from suhbat.chat.policy import decide

from .dialect import insert_new
from .known import Log
from .tables import mentions

EVERYBODY = "*"


def note_mentions(
    connection: Connection, log: Log, ordinal: int, actor: Actor, named: Collection[str], at: Milliseconds
) -> None:
    """Note those of `named` (uids, or EVERYBODY where the actor may say so) who can read this; not the actor."""
    uids = set(named) - {EVERYBODY, actor.uid}
    if log.people is not None:
        uids &= log.people.keys()
        if EVERYBODY in named and decide(actor, "mention_all", log.facts(actor.uid, at)) is None:
            uids |= log.people.keys() - {actor.uid}
    insert_new(
        connection, mentions, [{"uid": uid, "conversation_id": log.id, "ordinal": ordinal} for uid in sorted(uids)]
    )


def forget_mentions(connection: Connection, log: Log, ordinal: int) -> None:
    """A message names nobody any more."""
    connection.execute(delete(mentions).where(mentions.c.conversation_id == log.id, mentions.c.ordinal == ordinal))


def read_mentions(connection: Connection, log: Log, uid: str, ordinal: int) -> int:
    """What was read up to this ordinal is counted no more; gives how many are left."""
    mine = (mentions.c.uid == uid, mentions.c.conversation_id == log.id)
    connection.execute(delete(mentions).where(*mine, mentions.c.ordinal <= ordinal))
    return connection.execute(select(func.count()).select_from(mentions).where(*mine)).scalar_one()
