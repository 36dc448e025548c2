"""Commands of moderation: bans, mutes, reports, the word filter."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import and_, delete, func, insert, select, update

from suhbat.chat.model import Actor, Change, CommandResult, Milliseconds
from suhbat.chat.moderation import changes_sanction, mute_refusal, owner_refusal, report_refusal, sanction_refusal
from suhbat.chat.policy import Rank
from suhbat.errors import NotFound, SuhbatError
from suhbat.protocol.commands import Ban, Mute, Report
from suhbat.protocol.events import MemberMuted
from suhbat.protocol.http_commands import SetFilter, SettleReport
from suhbat.protocol.types import LOBBY
from suhbat.store.tables import VISIBLE_ABOVE, accounts, conversations, events, reports, sanctions
from suhbat.store.write import word_filter
from suhbat.store.write.logs import Log

from .execution import Execution, allow
from .invitations import withdraw
from .membership import depart


def ban(execution: Execution, command: Ban) -> CommandResult:
    """Ban a person, or lift the ban. A ban from the lobby is one from the server; the caller closes their connections."""
    log = _sanctionable(execution, command.conversation, "ban", execution.person)
    if not _sanction(execution, log, "ban", command):
        return CommandResult(log.name, log.head)
    execution.audit("ban" if command.on else "ban.lift", log, execution.person.uid, command.reason)
    if log.kind == "lobby":
        execution.transaction.changes.append(Change("bans", execution.person.uid))
    if command.on:
        withdraw(execution, log, execution.person)
    if command.on and log.people is not None and execution.person.uid in log.people:
        return CommandResult(log.name, depart(execution, log, execution.person.user))
    return CommandResult(log.name, log.head)


def mute(execution: Execution, command: Mute) -> CommandResult:
    """Mute a person, or lift the mute. In a room all members are told."""
    log = _sanctionable(execution, command.conversation, "mute", execution.person)
    allow(mute_refusal(execution.person, log.people))
    if not _sanction(execution, log, "mute", command):
        return CommandResult(log.name, log.head)
    execution.audit("mute" if command.on else "mute.lift", log, execution.person.uid, command.reason)
    if log.kind == "lobby":
        return CommandResult(log.name, log.head)  # the lobby has no member events
    event = execution.append(log, MemberMuted, user=execution.person.user, on=command.on, until=command.until)
    return CommandResult(log.name, event.seq)


def set_filter(execution: Execution, command: SetFilter) -> CommandResult:
    """Replace the word filter. Stored messages are not changed."""
    allow(owner_refusal(execution.actor))
    lobby = execution.log(LOBBY, "see")
    word_filter.put(execution.connection, execution.cache, command.words, execution.at)
    execution.audit("filter", lobby, "", f"{len(command.words)} words")
    return CommandResult(LOBBY, lobby.head)


def report(execution: Execution, command: Report) -> CommandResult:
    """Report a message to the moderators. A second report by the same user changes nothing."""
    log = execution.log(command.conversation, "report")
    execution.message_row(log, command.seq)
    mine = (reports.c.uid == execution.actor.uid, reports.c.closed.is_(False))
    same = (reports.c.conversation_id == log.id, reports.c.target == command.seq)
    if execution.connection.execute(select(reports.c.id).where(*mine, *same)).first() is not None:
        return CommandResult(log.name, log.head)
    open_ones = execution.connection.execute(select(func.count()).select_from(reports).where(*mine)).scalar_one()
    allow(report_refusal(open_ones))
    execution.add_users((execution.actor,))
    execution.connection.execute(
        insert(reports),
        {
            "conversation_id": log.id,
            "target": command.seq,
            "uid": execution.actor.uid,
            "reason": command.reason,
            "at": execution.at,
            "closed": False,
        },
    )
    return CommandResult(log.name, log.head, created=True)


def settle_report(execution: Execution, command: SettleReport) -> CommandResult:
    """Close a report. Raises NotFound for users who may not see it."""
    row = execution.connection.execute(
        select(
            func.coalesce(VISIBLE_ABOVE, reports.c.target).label("shown"),
            reports.c.target,
            reports.c.uid,
            conversations.c.name,
        )
        .join(conversations, conversations.c.id == reports.c.conversation_id)
        .outerjoin(
            events, and_(events.c.conversation_id == reports.c.conversation_id, events.c.seq == reports.c.target)
        )
        .where(reports.c.id == command.report, reports.c.closed.is_(False))
    ).one_or_none()
    if row is None:
        raise NotFound()
    try:
        log = execution.log(row.name, "delete_any")
    except SuhbatError:
        raise NotFound() from None
    if not execution.may_read(log, row.shown):
        raise NotFound()
    execution.connection.execute(update(reports).where(reports.c.id == command.report).values(closed=True))
    execution.audit("report.settle", log, row.uid, str(row.target))
    return CommandResult(log.name, log.head)


def _sanctionable(execution: Execution, conversation: str, action: Literal["ban", "mute"], person: Actor) -> Log:
    """The locked log of a conversation in which the actor may do this to that person. Raises the refusal."""
    log = execution.log(conversation, action)
    allow(sanction_refusal(execution.actor, execution.rank(log), person, _rank_of(execution, log, person)))
    return log


def _rank_of(execution: Execution, log: Log, person: Actor) -> Rank:
    if log.people is not None:
        return log.people.get(person.uid, "stranger")
    # From the table, because the caller's copy may be stale.
    role: Rank | None = execution.connection.execute(
        select(accounts.c.role).where(accounts.c.uid == person.uid)
    ).scalar()
    return role or "member"


def _sanction(execution: Execution, log: Log, kind: Literal["ban", "mute"], command: Ban | Mute) -> bool:
    """Write or delete a sanction. False if nothing changed."""
    held = log.bans if kind == "ban" else log.mutes
    uid = execution.person.uid
    if not changes_sanction(held, uid, on=command.on, until=command.until):
        return False
    execution.connection.execute(
        delete(sanctions).where(sanctions.c.conversation_id == log.id, sanctions.c.uid == uid, sanctions.c.kind == kind)
    )
    held.pop(uid, None)
    if command.on:
        until: Milliseconds | None = command.until
        execution.connection.execute(
            insert(sanctions),
            {
                "conversation_id": log.id,
                "uid": uid,
                "kind": kind,
                "until": until,
                "reason": command.reason,
                "actor_uid": execution.actor.uid,
                "at": execution.at,
            },
        )
        held[uid] = until
    return True
