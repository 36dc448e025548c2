"""Which users have few conversations, so that one read can serve many of them. The others are read one at a time and do not
hold these up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Text, column, func, literal, select, table

from suhbat.protocol.logged_events import own_log
from suhbat.store.dialect import select_for
from suhbat.store.tables import IS_SHOWN, conversations, members

FEW = 20
"""Directs and rooms of a user, at most."""

WANTED = table("wanted", column("uid", Text))
"""The users of a statement: see `dialect.select_for`."""

_WITH_LOGS = table("wanted", column("uid", Text), column("own", Text))
_SOME = select(literal(1)).where(members.c.uid == _WITH_LOGS.c.uid, IS_SHOWN).limit(FEW + 1).correlate(_WITH_LOGS)
_OWN = select(
    _WITH_LOGS.c.uid,
    conversations.c.head,
    conversations.c.oldest,
    select(func.count()).select_from(_SOME.subquery()).scalar_subquery(),
).select_from(_WITH_LOGS.outerjoin(conversations, conversations.c.name == _WITH_LOGS.c.own))


class OwnLog(NamedTuple):
    """The own log of a user, and how many directs and rooms they see."""

    head: int
    oldest: int
    conversations: int


def own_logs(connection: Connection, uids: Sequence[str]) -> dict[str, OwnLog]:
    """By uid, those of these users who have at most FEW conversations."""
    rows = select_for(connection, _OWN, _WITH_LOGS, [(uid, own_log(uid)) for uid in dict.fromkeys(uids)])
    return {uid: OwnLog(head or 0, oldest or 0, few) for uid, head, oldest, few in rows if uid and few <= FEW}
