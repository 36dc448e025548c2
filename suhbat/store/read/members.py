"""The names and the numbers of the members of many logs at once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Connection, column, func, select, table

from suhbat.store.dialect import select_for
from suhbat.store.tables import members, users

_LOGS = table("wanted", column("id", BigInteger))
"""The logs of a statement: see `dialect.select_for`."""
_NAMES = select(_LOGS.c.id, users.c.uid, users.c.user_id).select_from(
    _LOGS.outerjoin(members, members.c.conversation_id == _LOGS.c.id).outerjoin(users, users.c.uid == members.c.uid)
)
_NUMBERS = select(
    _LOGS.c.id, select(func.count()).where(members.c.conversation_id == _LOGS.c.id).correlate(_LOGS).scalar_subquery()
)


def names_of_members(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """The names of the members of these logs, by log id and uid."""
    found: dict[int, dict[str, str]] = {}
    for id_, uid, user_id in select_for(connection, _NAMES, _LOGS, [(id_,) for id_ in ids]):
        if uid is not None:
            found.setdefault(id_, {})[uid] = user_id
    return found


def count_members(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """How many members these logs have, by log id."""
    return dict(select_for(connection, _NUMBERS, _LOGS, [(id_,) for id_ in ids]))
