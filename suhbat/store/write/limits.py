"""Limits on the objects a user makes and the conversations they are in, checked in the transaction that would exceed
them. See `chat.bounds`."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, insert, select, update

from suhbat.chat.bounds import Allowance, Made, conversations_refusal, spend
from suhbat.chat.model import Milliseconds
from suhbat.errors import RateLimited, SuhbatError
from suhbat.store.tables import IS_COUNTED, allowances, members

from .transaction import WriterTransaction


def crowding_refusal(transaction: WriterTransaction, uid: str, *, of: str | None = None) -> SuhbatError | None:
    """The refusal of one more conversation for this user, if they are in too many. `of`: their name, where another user adds
    them."""
    limit = transaction.rules.bounds.conversations
    if not limit:
        return None
    return conversations_refusal(count_conversations(transaction.connection, uid), limit, of=of)


def count_conversations(connection: Connection, uid: str) -> int:
    """How many conversations count towards the user's limit."""
    counted = select(func.count()).select_from(members).where(members.c.uid == uid, IS_COUNTED)
    return connection.execute(counted).scalar_one()


def spend_allowance(connection: Connection, uid: str, what: Made, limit: int, at: Milliseconds) -> SuhbatError | None:
    """Count one more of these for the day; or return the refusal, if there are `limit` already (0: no limit)."""
    if not limit:
        return None
    mine = (allowances.c.uid == uid, allowances.c.what == what)
    row = connection.execute(select(allowances.c.since, allowances.c.used).where(*mine)).one_or_none()
    after = spend(what, None if row is None else Allowance(row.since, row.used), limit, at)
    if isinstance(after, RateLimited):
        return after
    if row is None:
        connection.execute(insert(allowances), {"uid": uid, "what": what, **after._asdict()})
    else:
        connection.execute(update(allowances).where(*mine).values(**after._asdict()))
    return None


def delete_allowances(connection: Connection, before: Milliseconds) -> None:
    """Delete the counts of days that began before this time."""
    connection.execute(delete(allowances).where(allowances.c.since < before))
