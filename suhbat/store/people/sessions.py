"""Rows of login sessions."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, case, delete, insert, or_, select, update

from suhbat.chat.model import Milliseconds, Session
from suhbat.store.tables import sessions

_COLUMNS = tuple(sessions.c[name] for name in Session.__slots__)


def add(connection: Connection, session: Session) -> None:
    """Insert a login session."""
    connection.execute(insert(sessions), {name: getattr(session, name) for name in Session.__slots__})


def by_id(connection: Connection, ids: Collection[str]) -> list[Session]:
    """Those of these ids that are login sessions."""
    return [Session(*row) for row in connection.execute(select(*_COLUMNS).where(sessions.c.id.in_(ids)))]


def by_token(connection: Connection, token_hash: bytes) -> Session | None:
    """The login session of a token, present or previous; None if there is none."""
    held = or_(sessions.c.token_hash == token_hash, sessions.c.previous_hash == token_hash)
    row = connection.execute(select(*_COLUMNS).where(held)).first()
    return None if row is None else Session(*row)


def of(connection: Connection, uid: str) -> list[Session]:
    """The login sessions of an account, the oldest first."""
    rows = connection.execute(
        select(*_COLUMNS).where(sessions.c.uid == uid).order_by(sessions.c.created_at, sessions.c.id)
    )
    return [Session(*row) for row in rows]


def rotate(
    connection: Connection, known: Session, token_hash: bytes, previous_hash: bytes | None, at: Milliseconds
) -> bool:
    """See `chat.ports.SessionStore.rotate_session`."""
    tokens = {"token_hash": token_hash, "previous_hash": previous_hash, "rotated_at": at}
    same = (sessions.c.id == known.id, sessions.c.token_hash == known.token_hash)
    return connection.execute(update(sessions).where(*same).values(tokens)).rowcount > 0


def touch(connection: Connection, used: Mapping[str, tuple[Milliseconds, Milliseconds]]) -> None:
    """Move the last use and the expiry of these sessions forward; never back."""
    if used:
        later = sessions.c.expires_at > bindparam("until")  # a bot's never expires
        expires = case((later, sessions.c.expires_at), else_=bindparam("until"))
        statement = (
            update(sessions)
            .where(sessions.c.id == bindparam("of"), sessions.c.last_used_at < bindparam("used_at"))
            .values(last_used_at=bindparam("used_at"), expires_at=expires)
        )
        rows = [{"of": id, "used_at": used_at, "until": until} for id, (used_at, until) in used.items()]
        connection.execute(statement, rows)


def end(connection: Connection, ids: Collection[str]) -> None:
    """Delete these sessions."""
    if ids:
        connection.execute(delete(sessions).where(sessions.c.id == bindparam("of")), [{"of": id} for id in ids])


def drop(connection: Connection, before: Milliseconds) -> None:
    """Delete the sessions that expired at this time or before."""
    connection.execute(delete(sessions).where(sessions.c.expires_at <= before))
