"""What one person may make and be in: asked in the transaction that would add to it. See `chat.bounds`."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, insert, select, update

from suhbat.chat.bounds import Allowance, Made, conversations_refusal, spend
from suhbat.chat.model import Milliseconds
from suhbat.errors import RateLimited, SuhbatError
from suhbat.store.tables import allowances, members

from .transaction import WriterTransaction


def crowded(transaction: WriterTransaction, uid: str, *, of: str | None = None) -> SuhbatError | None:
    """The refusal of one more conversation for this person; `of`: their name, where somebody else would add them."""
    limit = transaction.rules.bounds.conversations
    if not limit:
        return None
    counted = select(func.count()).select_from(members).where(members.c.uid == uid, members.c.counts)
    return conversations_refusal(transaction.connection.execute(counted).scalar_one(), limit, of=of)


def spent(connection: Connection, uid: str, what: Made, limit: int, at: Milliseconds) -> SuhbatError | None:
    """Count one more of these for the day; or the refusal, when there were `limit` of them. 0: no limit."""
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


def forget_allowances(connection: Connection, before: Milliseconds) -> None:
    """Take away those of days that began before then."""
    connection.execute(delete(allowances).where(allowances.c.since < before))
