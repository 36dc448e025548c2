"""Which messages mention or quote a user, for `read.inbox` and for marking them as unread again (see `tables.inbox.named`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from suhbat.chat.model import Milliseconds
from suhbat.store.dialect import insert_new
from suhbat.store.tables import events, mentions, named


class Concern(NamedTuple):
    """A message that concerns a user: it mentions them, or (`mentioned` false) it quotes a message of theirs."""

    log_id: int
    seq: int
    at: Milliseconds
    uid: str
    mentioned: bool


def add(connection: Connection, concerns: Iterable[Concern]) -> None:
    """Write that these messages concern these users. One that mentions and quotes a user is written once, as a mention."""
    insert_new(
        connection,
        named,
        [
            {"conversation_id": one.log_id, "seq": one.seq, "uid": one.uid, "at": one.at, "mentioned": one.mentioned}
            for one in sorted(concerns, key=lambda one: not one.mentioned)
        ],
    )


def mentioned(connection: Connection, log_id: int, seq: int) -> frozenset[str]:
    """Whom a message mentions, whether they have read it or not."""
    place = (named.c.conversation_id == log_id, named.c.seq == seq, named.c.mentioned)
    return frozenset(connection.execute(select(named.c.uid).where(*place)).scalars())


def change(connection: Connection, log_id: int, seq: int, uids: Collection[str]) -> None:
    """After an edit: the message mentions these people now, and quotes whom it quoted."""
    remove(connection, log_id, seq)
    place = (events.c.conversation_id == log_id, events.c.seq == seq)
    row = connection.execute(select(events.c.at, events.c.actor_uid, events.c.reply_to).where(*place)).one()
    concerns = [Concern(log_id, seq, row.at, uid, True) for uid in sorted(uids)]
    if row.reply_to is not None:
        quoted = (events.c.conversation_id == log_id, events.c.seq == row.reply_to)
        uid = connection.execute(select(events.c.actor_uid).where(*quoted)).scalar()
        if uid is not None and uid != row.actor_uid:
            concerns.append(Concern(log_id, seq, row.at, uid, False))
    add(connection, concerns)


def remove(connection: Connection, log_id: int, seq: int) -> None:
    """The message is deleted, and concerns nobody any more."""
    connection.execute(delete(named).where(named.c.conversation_id == log_id, named.c.seq == seq))


def count_again(connection: Connection, log_id: int, uid: str, seq: int, read: int) -> None:
    """The messages from this `seq` on are unread again, so those that mention the user count again; `read`: the mark before, up
    to which none counted. Replies in threads have marks of their own."""
    same = (events.c.conversation_id == named.c.conversation_id) & (events.c.seq == named.c.seq)
    mine = (named.c.uid == uid, named.c.conversation_id == log_id, named.c.seq >= seq, named.c.mentioned)
    wanted = select(named.c.uid, named.c.conversation_id, events.c.ordinal).join_from(named, events, same)
    columns = ("uid", "conversation_id", "ordinal")
    connection.execute(insert(mentions).from_select(columns, wanted.where(*mine, events.c.ordinal <= read)))
