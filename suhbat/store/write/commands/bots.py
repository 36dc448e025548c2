"""Bots in a room: they are there only together with their owner, with a role that is at most the owner's."""

from __future__ import annotations

from sqlalchemy import select

from suhbat.chat.bots import lower_role
from suhbat.chat.model import Actor
from suhbat.protocol.objects import Role, User
from suhbat.store.tables import accounts, invitations
from suhbat.store.write.logs import Log

from .execution import Execution

_BOT = (accounts.c.uid, accounts.c.user_id, accounts.c.lobby_from, accounts.c.owner_uid)


def members_of(execution: Execution, log: Log, owner_uid: str) -> list[Actor]:
    """The bots of this account that are members of the room."""
    rows = execution.connection.execute(select(*_BOT).where(accounts.c.owner_uid == owner_uid).order_by(accounts.c.uid))
    return [_bot(*row) for row in rows if row.uid in (log.people or ())]


def invited(execution: Execution, log: Log, owner_uid: str) -> list[Actor]:
    """The bots of this account that are invited to the room."""
    rows = execution.connection.execute(
        select(*_BOT)
        .join(invitations, invitations.c.uid == accounts.c.uid)
        .where(accounts.c.owner_uid == owner_uid, invitations.c.conversation_id == log.id)
        .order_by(invitations.c.at, accounts.c.uid)
    )
    return [_bot(*row) for row in rows]


def lowered(execution: Execution, log: Log, person: User, role: Role) -> list[tuple[Actor, Role]]:
    """The bots of a member who gets this role that have a higher one, with the role that they get."""
    roles = log.people or {}
    changes: list[tuple[Actor, Role]] = []
    for bot in members_of(execution, log, person.uid):
        lower = lower_role(roles[bot.uid], role)
        if lower is not None and lower != roles[bot.uid]:
            changes.append((bot, lower))
    return changes


def _bot(uid: str, user_id: str, lobby_from: int, owner_uid: str) -> Actor:
    return Actor(uid, user_id, "bot", lobby_from, owner=owner_uid)
