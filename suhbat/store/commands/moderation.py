"""Moderation: bans, mutes, reports, the word filter."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import delete, func, insert, select, update

from suhbat.chat.model import Actor, Change, CommandResult, Milliseconds
from suhbat.chat.moderation import changes_sanction, mute_refusal, owner_refusal, report_refusal, sanction_refusal
from suhbat.chat.policy import Rank
from suhbat.errors import NotFound, SuhbatError
from suhbat.protocol.commands import Ban, Mute, Report
from suhbat.protocol.events import MemberMuted
from suhbat.protocol.http_commands import SetFilter, SettleReport
from suhbat.protocol.types import LOBBY
from suhbat.store import filtered
from suhbat.store.logs import Log
from suhbat.store.tables import accounts, conversations, reports, sanctions

from .execution import Writing, allow
from .invitations import withdraw
from .membership import depart


def ban(writing: Writing, command: Ban) -> CommandResult:
    """Out, and away until then; or not any more. From the lobby is from the server: the caller closes their sockets."""
    log = _above(writing, command.conversation, "ban", writing.person)
    if not _sanction(writing, log, "ban", command):
        return CommandResult(log.name, log.head)
    writing.note("ban" if command.on else "ban.lift", log, writing.person.uid, command.reason)
    if log.kind == "lobby":
        writing.transaction.changes.append(Change("bans", writing.person.uid))
    if command.on:
        withdraw(writing, log, writing.person.uid)
    if command.on and log.people is not None and writing.person.uid in log.people:
        return CommandResult(log.name, depart(writing, log, writing.person.user))
    return CommandResult(log.name, log.head)


def mute(writing: Writing, command: Mute) -> CommandResult:
    """They may read but not write; everybody may know."""
    log = _above(writing, command.conversation, "mute", writing.person)
    allow(mute_refusal(writing.person, log.people))
    if not _sanction(writing, log, "mute", command):
        return CommandResult(log.name, log.head)
    writing.note("mute" if command.on else "mute.lift", log, writing.person.uid, command.reason)
    if log.kind == "lobby":
        return CommandResult(log.name, log.head)  # the lobby has no member events
    event = writing.append(log, MemberMuted, user=writing.person.user, on=command.on, until=command.until)
    return CommandResult(log.name, event.seq)


def set_filter(writing: Writing, command: SetFilter) -> CommandResult:
    """These words, in any spelling, and no others. What was said before stays."""
    allow(owner_refusal(writing.actor))
    lobby = writing.log(LOBBY, "see")
    filtered.put(writing.connection, writing.cache, command.words, writing.at)
    writing.note("filter", lobby, "", f"{len(command.words)} words")
    return CommandResult(LOBBY, lobby.head)


def report(writing: Writing, command: Report) -> CommandResult:
    """For those who keep order; telling twice of the same is telling once."""
    log = writing.log(command.conversation, "report")
    writing.message(log, command.seq)
    mine = (reports.c.uid == writing.actor.uid, reports.c.closed.is_(False))
    same = (reports.c.conversation_id == log.id, reports.c.target == command.seq)
    if writing.connection.execute(select(reports.c.id).where(*mine, *same)).first() is not None:
        return CommandResult(log.name, log.head)
    open_ones = writing.connection.execute(select(func.count()).select_from(reports).where(*mine)).scalar_one()
    allow(report_refusal(open_ones))
    writing.note_users((writing.actor,))
    writing.connection.execute(
        insert(reports),
        {
            "conversation_id": log.id,
            "target": command.seq,
            "uid": writing.actor.uid,
            "reason": command.reason,
            "at": writing.at,
            "closed": False,
        },
    )
    return CommandResult(log.name, log.head, created=True)


def settle_report(writing: Writing, command: SettleReport) -> CommandResult:
    """By those who see the report; for all others there is none."""
    row = writing.connection.execute(
        select(reports.c.target, reports.c.uid, conversations.c.name)
        .join(conversations, conversations.c.id == reports.c.conversation_id)
        .where(reports.c.id == command.report, reports.c.closed.is_(False))
    ).one_or_none()
    if row is None:
        raise NotFound()
    try:
        log = writing.log(row.name, "delete_any")
    except SuhbatError:
        raise NotFound() from None
    if not writing.may_read(log, row.target):
        raise NotFound()
    writing.connection.execute(update(reports).where(reports.c.id == command.report).values(closed=True))
    writing.note("report.settle", log, row.uid, str(row.target))
    return CommandResult(log.name, log.head)


def _above(writing: Writing, conversation: str, action: Literal["ban", "mute"], person: Actor) -> Log:
    """The log in which the actor may do this to that person."""
    log = writing.log(conversation, action)
    allow(sanction_refusal(writing.actor, writing.rank(log), person, _rank_of(writing, log, person)))
    return log


def _rank_of(writing: Writing, log: Log, person: Actor) -> Rank:
    if log.people is not None:
        return log.people.get(person.uid, "stranger")
    # As it is in the table now: what the caller knows of them may be old.
    role: Rank | None = writing.connection.execute(select(accounts.c.role).where(accounts.c.uid == person.uid)).scalar()
    return role or "member"


def _sanction(writing: Writing, log: Log, kind: Literal["ban", "mute"], command: Ban | Mute) -> bool:
    """Gives whether it changed anything."""
    held = log.bans if kind == "ban" else log.mutes
    uid = writing.person.uid
    if not changes_sanction(held, uid, on=command.on, until=command.until):
        return False
    writing.connection.execute(
        delete(sanctions).where(sanctions.c.conversation_id == log.id, sanctions.c.uid == uid, sanctions.c.kind == kind)
    )
    held.pop(uid, None)
    if command.on:
        until: Milliseconds | None = command.until
        writing.connection.execute(
            insert(sanctions),
            {
                "conversation_id": log.id,
                "uid": uid,
                "kind": kind,
                "until": until,
                "reason": command.reason,
                "actor_uid": writing.actor.uid,
                "at": writing.at,
            },
        )
        held[uid] = until
    return True
