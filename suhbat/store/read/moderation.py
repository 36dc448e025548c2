"""Reads for moderators: reports, the audit log, bans."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, and_, or_, select

from suhbat.chat.model import Actor, Audited, Reported
from suhbat.protocol.objects import User
from suhbat.protocol.types import LOBBY
from suhbat.store.tables import VISIBLE_ABOVE, audit, conversations, events, members, reports, sanctions, users

from .floor import LobbyHistory, any_floor
from .messages import MESSAGE, message


def reports_page(
    connection: Connection, actor: Actor, after: int, limit: int, lobby_history: LobbyHistory
) -> tuple[Reported, ...]:
    """See `chat.ports.Store.reports`. Reports in directs are shown to nobody, because only its people may know a direct."""
    mine = and_(members.c.conversation_id == conversations.c.id, members.c.uid == actor.uid)
    moderates = and_(conversations.c.kind == "room", members.c.role.in_(("owner", "moderator")))
    if actor.role != "member":
        public = and_(
            conversations.c.kind == "room", conversations.c.visibility == "public", members.c.uid == actor.uid
        )
        moderates = or_(moderates, conversations.c.name == LOBBY, public)
    rows = connection.execute(
        select(
            *MESSAGE,
            conversations.c.name.label("conversation"),
            reports.c.id.label("report"),
            reports.c.reason,
            reports.c.at.label("reported_at"),
            users.c.uid,
            users.c.user_id,
            users.c.kind.label("user_kind"),
        )
        .select_from(
            reports.join(conversations, conversations.c.id == reports.c.conversation_id)
            .join(events, and_(events.c.conversation_id == reports.c.conversation_id, events.c.seq == reports.c.target))
            .join(users, users.c.uid == reports.c.uid)
            .outerjoin(members, mine)
        )
        .where(moderates, reports.c.closed.is_(False), reports.c.id > after)
        .where(any_floor(actor, lobby_history) < VISIBLE_ABOVE)
        .order_by(reports.c.id)
        .limit(limit)
    )
    return tuple(
        Reported(
            row.report,
            message(row.conversation, row),
            User(uid=row.uid, user_id=row.user_id, kind=row.user_kind),
            row.reason,
            row.reported_at,
        )
        for row in rows
    )


def audit_page(connection: Connection, before: int | None, limit: int) -> tuple[Audited, ...]:
    """See `chat.ports.Store.audit`."""
    chosen = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        chosen = chosen.where(audit.c.id < before)
    return tuple(
        Audited(row.id, row.at, row.actor, row.actor_uid, row.action, row.conversation, row.subject, row.data)
        for row in connection.execute(chosen)
    )


_SERVER_BANS = (
    select(sanctions.c.uid, sanctions.c.until)
    .join(conversations, conversations.c.id == sanctions.c.conversation_id)
    .where(conversations.c.name == LOBBY, sanctions.c.kind == "ban")
)


def server_bans(connection: Connection) -> Mapping[str, int | None]:
    """See `chat.ports.Store.bans`. A ban from the lobby is one from the server."""
    return {row.uid: row.until for row in connection.execute(_SERVER_BANS)}
