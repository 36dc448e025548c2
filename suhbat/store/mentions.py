"""Who is named in a message: counted until it is read, and told in their own logs."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, func, select

from suhbat.chat.model import Actor, Milliseconds
from suhbat.chat.naming import EVERYBODY
from suhbat.chat.policy import decide
from suhbat.protocol.events import Mentioned

from .dialect import find_rows, insert_new
from .known import Known, Log
from .ledger import Ledger
from .tables import mentions, reads


def meant(log: Log, actor: Actor, named: Collection[str], at: Milliseconds) -> set[str]:
    """Those of `named` (uids, or EVERYBODY where the actor may say so) who are there; not the actor."""
    uids = set(named) - {EVERYBODY, actor.uid}
    if log.people is not None:
        uids &= log.people.keys()
        if EVERYBODY in named and decide(actor, "mention_all", log.facts(actor.uid, at)) is None:
            uids |= log.people.keys() - {actor.uid}
    return uids


def note_mentions(connection: Connection, log: Log, ordinal: int, uids: Collection[str]) -> None:
    """A message names these people."""
    insert_new(
        connection, mentions, [{"uid": uid, "conversation_id": log.id, "ordinal": ordinal} for uid in sorted(uids)]
    )


def forget_mentions(connection: Connection, log: Log, ordinal: int) -> set[str]:
    """A message names nobody any more; gives those who had not read it."""
    place = (mentions.c.conversation_id == log.id, mentions.c.ordinal == ordinal)
    uids = set(connection.execute(select(mentions.c.uid).where(*place)).scalars())
    connection.execute(delete(mentions).where(*place))
    return uids


def read_mentions(connection: Connection, log: Log, uid: str, ordinal: int) -> int:
    """What was read up to this ordinal is counted no more; gives how many are left."""
    mine = (mentions.c.uid == uid, mentions.c.conversation_id == log.id)
    connection.execute(delete(mentions).where(*mine, mentions.c.ordinal <= ordinal))
    return connection.execute(select(func.count()).select_from(mentions).where(*mine)).scalar_one()


def still_unread(connection: Connection, log: Log, ordinal: int, uids: Collection[str]) -> set[str]:
    """Those who have not read as far as this: what somebody has read already does not name them later."""
    keys, columns = ("uid", "conversation_id"), ("uid", "read_ordinal")
    marks: dict[str, int] = dict(find_rows(connection, reads, keys, columns, [(uid, log.id) for uid in sorted(uids)]))
    return {uid for uid in uids if uid in marks and marks[uid] < ordinal}


def tell_mentions(
    connection: Connection, known: Known, ledger: Ledger, log: Log, seq: int, uids: Collection[str], at: Milliseconds
) -> None:
    """Tell these people how many unread messages name them there now, since that of the message `seq` changed."""
    if not uids:
        return
    known.load_own(connection, uids, at)
    counted = (
        select(mentions.c.uid, func.count().label("unread"))
        .where(mentions.c.conversation_id == log.id, mentions.c.uid.in_(sorted(uids)))
        .group_by(mentions.c.uid)
    )
    counts = {row.uid: row.unread for row in connection.execute(counted)}
    for uid in sorted(uids):
        ledger.add(known.own[uid], Mentioned, target=log.name, message=seq, mentions=counts.get(uid, 0))
