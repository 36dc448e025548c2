"""What one person may make and be in: asked in the transaction that would add to it. See `chat.bounds`."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection, delete, func, insert, select, update

from suhbat.chat.bounds import DAY
from suhbat.chat.model import Milliseconds
from suhbat.errors import RateLimited, SuhbatError, TooManyConversations

from .tables import allowances, members
from .transaction import WriterTransaction

Made = Literal["rooms", "directs", "invitations"]


def crowded(transaction: WriterTransaction, uid: str, *, of: str | None = None) -> SuhbatError | None:
    """The refusal of one more conversation for this person; `of`: their name, where somebody else would add them."""
    limit = transaction.rules.bounds.conversations
    if not limit:
        return None
    counted = select(func.count()).select_from(members).where(members.c.uid == uid, members.c.counts)
    if transaction.connection.execute(counted).scalar_one() < limit:
        return None
    if of is None:
        return TooManyConversations(limit=limit)
    return TooManyConversations("too_many_conversations.person", user_id=of)


def spent(connection: Connection, uid: str, what: Made, limit: int, at: Milliseconds) -> SuhbatError | None:
    """Count one more of these for the day; or the refusal, when there were `limit` of them. 0: no limit."""
    if not limit:
        return None
    mine = (allowances.c.uid == uid, allowances.c.what == what)
    row = connection.execute(select(allowances.c.since, allowances.c.used).where(*mine)).one_or_none()
    if row is not None and row.since <= at < row.since + DAY:
        if row.used >= limit:
            wait = (row.since + DAY - at) / 1000
            return RateLimited(f"rate_limited.{what}", retry_after=wait, limit=limit)
        connection.execute(update(allowances).where(*mine).values(used=row.used + 1))
        return None
    if row is not None:
        connection.execute(delete(allowances).where(*mine))
    connection.execute(insert(allowances), {"uid": uid, "what": what, "since": at, "used": 1})
    return None


def forget_allowances(connection: Connection, before: Milliseconds) -> None:
    """Take away those of days that began before then."""
    connection.execute(delete(allowances).where(allowances.c.since < before))
