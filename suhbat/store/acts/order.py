"""Keeping order: bans, mutes, reports."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import delete, func, insert, select, update

from suhbat.chat import acts
from suhbat.chat.acts import Done
from suhbat.chat.model import Actor, Change, Milliseconds
from suhbat.chat.policy import Rank, outranks
from suhbat.errors import BadRequest, Forbidden, NotFound, RateLimited, SuhbatError
from suhbat.protocol.events import MemberMuted
from suhbat.protocol.types import LOBBY
from suhbat.store import filtered
from suhbat.store.logs import Log
from suhbat.store.tables import accounts, conversations, reports, sanctions

from .inviting import withdraw
from .people import depart
from .writing import Writing

OPEN_REPORTS = 100
"""Reports of one person that nobody has looked at yet."""


def ban(writing: Writing, act: acts.Ban) -> Done:
    """Out, and away until then; or not any more. From the lobby is from the server: the caller closes their sockets."""
    log = _above(writing, act.conversation, "ban", act.person)
    if not _sanction(writing, log, "ban", act):
        return Done(log.name, log.head)
    writing.note("ban" if act.on else "ban.lift", log, act.person.uid, act.reason)
    if log.kind == "lobby":
        writing.transaction.changes.append(Change("bans", act.person.uid))
    if act.on:
        withdraw(writing, log, act.person.uid)
    if act.on and log.people is not None and act.person.uid in log.people:
        return Done(log.name, depart(writing, log, act.person.user))
    return Done(log.name, log.head)


def mute(writing: Writing, act: acts.Mute) -> Done:
    """They may read but not write; everybody may know."""
    log = _above(writing, act.conversation, "mute", act.person)
    if log.people is not None and act.person.uid not in log.people:
        raise BadRequest(reason="this person is no member")
    if not _sanction(writing, log, "mute", act):
        return Done(log.name, log.head)
    writing.note("mute" if act.on else "mute.lift", log, act.person.uid, act.reason)
    if log.kind == "lobby":
        return Done(log.name, log.head)  # the lobby has no member events
    event = writing.append(log, MemberMuted, user=act.person.user, on=act.on, until=act.until)
    return Done(log.name, event.seq)


def filter_words(writing: Writing, act: acts.Filter) -> Done:
    """These words, in any spelling, and no others. What was said before stays."""
    if act.actor.role != "owner":
        raise Forbidden()
    lobby = writing.log(LOBBY, "see")
    filtered.put(writing.connection, writing.cache, act.words, act.at)
    writing.note("filter", lobby, "", f"{len(act.words)} words")
    return Done(LOBBY, lobby.head)


def report(writing: Writing, act: acts.Report) -> Done:
    """For those who keep order; telling twice of the same is telling once."""
    log = writing.log(act.conversation, "report")
    writing.message(log, act.seq)
    mine = (reports.c.uid == act.actor.uid, reports.c.closed.is_(False))
    same = (reports.c.conversation_id == log.id, reports.c.target == act.seq)
    if writing.connection.execute(select(reports.c.id).where(*mine, *same)).first() is not None:
        return Done(log.name, log.head)
    open_ones = writing.connection.execute(select(func.count()).select_from(reports).where(*mine)).scalar_one()
    if open_ones >= OPEN_REPORTS:
        raise RateLimited("rate_limited.reports", retry_after=3600, seconds=3600)
    writing.note_users((act.actor,))
    writing.connection.execute(
        insert(reports),
        {
            "conversation_id": log.id,
            "target": act.seq,
            "uid": act.actor.uid,
            "reason": act.reason,
            "at": act.at,
            "closed": False,
        },
    )
    return Done(log.name, log.head, created=True)


def settle(writing: Writing, act: acts.Settle) -> Done:
    """By those who see the report; for all others there is none."""
    row = writing.connection.execute(
        select(reports.c.target, reports.c.uid, conversations.c.name)
        .join(conversations, conversations.c.id == reports.c.conversation_id)
        .where(reports.c.id == act.report, reports.c.closed.is_(False))
    ).one_or_none()
    if row is None:
        raise NotFound()
    try:
        log = writing.log(row.name, "delete_any")
    except SuhbatError:
        raise NotFound() from None
    if not writing.may_read(log, row.target):
        raise NotFound()
    writing.connection.execute(update(reports).where(reports.c.id == act.report).values(closed=True))
    writing.note("report.settle", log, row.uid, str(row.target))
    return Done(log.name, log.head)


def _above(writing: Writing, conversation: str, action: Literal["ban", "mute"], person: Actor) -> Log:
    """The log in which the actor may do this to that person."""
    log = writing.log(conversation, action)
    if person.uid == writing.actor.uid:
        raise BadRequest(reason="that would be yourself")
    if not outranks(writing.rank(log), _rank_of(writing, log, person)):
        raise Forbidden("forbidden.rank")
    return log


def _rank_of(writing: Writing, log: Log, person: Actor) -> Rank:
    if log.people is not None:
        return log.people.get(person.uid, "stranger")
    # As it is in the table now: what the caller knows of them may be old.
    role: Rank | None = writing.connection.execute(select(accounts.c.role).where(accounts.c.uid == person.uid)).scalar()
    return role or "member"


def _sanction(writing: Writing, log: Log, kind: Literal["ban", "mute"], act: acts.Ban | acts.Mute) -> bool:
    """Whether it changed anything: what holds until the same moment, and what is lifted twice, does not."""
    held = log.bans if kind == "ban" else log.mutes
    uid = act.person.uid
    if (uid in held) == act.on and held.get(uid) == (act.until if act.on else None):
        return False
    writing.connection.execute(
        delete(sanctions).where(sanctions.c.conversation_id == log.id, sanctions.c.uid == uid, sanctions.c.kind == kind)
    )
    held.pop(uid, None)
    if act.on:
        until: Milliseconds | None = act.until
        writing.connection.execute(
            insert(sanctions),
            {
                "conversation_id": log.id,
                "uid": uid,
                "kind": kind,
                "until": until,
                "reason": act.reason,
                "actor_uid": act.actor.uid,
                "at": act.at,
            },
        )
        held[uid] = until
    return True
