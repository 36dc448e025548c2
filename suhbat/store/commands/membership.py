"""Who is in a room, and what they are there."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import delete, insert, select, update

from suhbat.chat.model import Actor, CommandResult
from suhbat.chat.policy import RANKS, decide, in_force, may_change_role, outranks
from suhbat.errors import BadRequest, Forbidden, NotFound, UserNotFound
from suhbat.protocol.commands import Admit, Join, Leave, Remove
from suhbat.protocol.events import (
    ConversationAdded,
    ConversationRemoved,
    MemberJoined,
    MemberLeft,
    MemberUpdated,
)
from suhbat.protocol.http_commands import AcceptInvite
from suhbat.protocol.objects import Role, User
from suhbat.store.directs import hide_direct
from suhbat.store.growth import crowded
from suhbat.store.invitations import inviter_of
from suhbat.store.logs import Log
from suhbat.store.marks import ordinal_at
from suhbat.store.queries import state_of
from suhbat.store.tables import drafts, members, mentions, reads, users

from .execution import Writing
from .invitations import forget, invite, may_be_added, withdraw

LARGEST_ROOM = 10_000
"""Members of one room."""


def join(writing: Writing, command: Join) -> CommandResult:
    """Become a member of a public room, or of one with an invitation; who is one already stays what they are."""
    present = _present(writing, command.conversation)
    if present is not None:
        return CommandResult(present.name, present.head)
    log = writing.find(command.conversation)
    if log is None or log.kind != "room" or inviter_of(writing.connection, log.id, writing.actor.uid) is None:
        return enter(writing, writing.log(command.conversation, "join"), writing.actor, "member")
    facts = writing.facts(log)
    refusal = decide(writing.actor, "join", None if facts is None else replace(facts, invited=True))
    if refusal is not None:
        raise refusal
    return enter(writing, log, writing.actor, "member")


def accept_invite(writing: Writing, command: AcceptInvite) -> CommandResult:
    """Come in by invitation: into a private room too, for the invitation is the permission."""
    log = writing.find(command.conversation)
    if log is None or log.kind != "room" or log.people is None:
        return CommandResult(command.conversation, 0)
    shut = log.settings.archived or len(log.people) >= LARGEST_ROOM or in_force(log.bans, writing.actor.uid, writing.at)
    shut = shut or crowded(writing.transaction, writing.actor.uid) is not None
    if shut or writing.actor.uid in log.people:
        return CommandResult(log.name, log.head)
    return enter(writing, log, writing.actor, "member")


def admit(writing: Writing, command: Admit) -> CommandResult:
    """Make somebody a member; or, if they are one, something else. Who does not know the actor is asked."""
    log = writing.log(command.conversation, "see")
    present = None if log.people is None else log.people.get(writing.person.uid)
    writing.require(log, "add" if present in (None, command.role) else "set_role")
    if present == command.role:
        return CommandResult(log.name, log.head)
    if not writing.person.lasting:
        raise UserNotFound("user_not_found.guest", user_id=writing.person.user_id)
    if not may_change_role(writing.rank(log), command.role):
        raise Forbidden()
    if present is None:
        if in_force(log.bans, writing.person.uid, writing.at):
            raise Forbidden("forbidden.person_banned")
        _require_room(log)
        if writing.context.exempt or may_be_added(writing, writing.person):
            return enter(writing, log, writing.person, command.role, exempt=writing.context.exempt)
        return invite(writing, log, writing.person)
    if present == "owner" and _owners(log) == 1:
        raise BadRequest(reason="a room needs an owner: make somebody else one first")
    return CommandResult(log.name, set_role(writing, log, writing.person.user, command.role))


def leave(writing: Writing, command: Leave) -> CommandResult:
    """Go, or decline an invitation. When the last owner goes, who is highest and was there first becomes one."""
    return _leave(writing, command.conversation)


def _leave(writing: Writing, conversation: str) -> CommandResult:
    invited = writing.find(conversation)
    if invited is not None and withdraw(writing, invited, writing.actor.uid):
        return CommandResult(invited.name, 0)  # where the room stands is not theirs to know
    log = writing.log(conversation, "see")
    if log.people is not None and writing.actor.uid not in log.people:
        raise NotFound()
    writing.require(log, "leave")
    if log.kind == "direct":
        hide_direct(writing.transaction, log, writing.actor, writing.at)
        return CommandResult(log.name, log.head)
    return CommandResult(log.name, depart(writing, log, writing.actor.user))


def remove(writing: Writing, command: Remove) -> CommandResult:
    """Put somebody out, who must be below; oneself, who need not be. Or take back the invitation of somebody."""
    if writing.person.uid == writing.actor.uid:
        return _leave(writing, command.conversation)
    if (done := _uninvite(writing, command)) is not None:
        return done
    log = writing.log(command.conversation, "remove")
    if log.people is None or writing.person.uid not in log.people:
        raise UserNotFound(user_id=writing.person.user_id)
    if not outranks(writing.rank(log), log.people[writing.person.uid]):
        raise Forbidden("forbidden.rank")
    writing.note("member.remove", log, writing.person.uid)
    return CommandResult(log.name, depart(writing, log, writing.person.user))


def _uninvite(writing: Writing, command: Remove) -> CommandResult | None:
    """Take back an invitation: one's own, or as somebody who may put people out. None where there is none to take back."""
    log = writing.find(command.conversation)
    inviter = None if log is None else inviter_of(writing.connection, log.id, writing.person.uid)
    if log is None or inviter is None:
        return None
    if inviter != writing.actor.uid:
        writing.log(command.conversation, "remove")
    withdraw(writing, log, writing.person.uid)
    return CommandResult(log.name, log.head if writing.actor.uid in (log.people or ()) else 0)


def enter(writing: Writing, log: Log, person: Actor, role: Role, *, exempt: bool = False) -> CommandResult:
    """Make somebody a member from here on. The policy was asked. A room that all have left belongs to who comes first."""
    assert log.people is not None
    _require_room(log)
    writing.conversations(person, exempt=exempt)
    forget(writing, log, person.uid)
    if not log.people:
        role = "owner"
    place = {"conversation_id": log.id, "uid": person.uid}
    since = log.head
    writing.note_users((person,))
    writing.connection.execute(insert(members), place | {"role": role, "since": since, "joined_at": writing.at})
    read = ordinal_at(writing.connection, log.id, since)
    writing.connection.execute(insert(reads), place | {"read_ordinal": read, "own_since": 0})
    writing.cache.readers.add((log.id, person.uid))
    log.people[person.uid] = role
    event = writing.append(log, MemberJoined, user=person.user, role=role)
    # The state they are told is that after their joining.
    writing.flush()
    writing.append(writing.own(person.uid), ConversationAdded, state=state_of(writing.connection, person.uid, log.id))
    return CommandResult(log.name, event.seq, created=True)


def depart(writing: Writing, log: Log, person: User) -> int:
    """Make somebody a member no more, and forget what was theirs there. Gives the `seq` of `member.left`."""
    assert log.people is not None
    for table in (members, reads, drafts, mentions):
        writing.connection.execute(delete(table).where(table.c.conversation_id == log.id, table.c.uid == person.uid))
    writing.cache.readers.discard((log.id, person.uid))
    was = log.people.pop(person.uid)
    # First they are out, then the others hear of it: nothing of after their removal reaches them.
    writing.append(writing.own(person.uid), ConversationRemoved, removed=log.name)
    seq = writing.append(log, MemberLeft, user=person).seq
    if was == "owner" and log.people and not _owners(log):
        _succeed(writing, log)
    return seq


def set_role(writing: Writing, log: Log, person: User, role: Role) -> int:
    """Gives the `seq` of `member.updated`."""
    assert log.people is not None
    log.people[person.uid] = role
    writing.connection.execute(
        update(members).where(members.c.conversation_id == log.id, members.c.uid == person.uid).values(role=role)
    )
    writing.note("member.role", log, person.uid, role)
    return writing.append(log, MemberUpdated, user=person, role=role).seq


def _require_room(log: Log) -> None:
    if len(log.people or ()) >= LARGEST_ROOM:
        raise BadRequest(reason=f"the room is full: it has {LARGEST_ROOM} members")


def _present(writing: Writing, conversation: str) -> Log | None:
    """The log, if the actor is a member there."""
    log = writing.find(conversation)
    return log if log is not None and log.people is not None and writing.actor.uid in log.people else None


def _owners(log: Log) -> int:
    return sum(role == "owner" for role in (log.people or {}).values())


def _succeed(writing: Writing, log: Log) -> None:
    rows = writing.connection.execute(
        select(members.c.uid, members.c.role, members.c.joined_at, users.c.user_id, users.c.kind)
        .join(users, users.c.uid == members.c.uid)
        .where(members.c.conversation_id == log.id)
    ).all()
    heir = min(rows, key=lambda row: (-RANKS.index(row.role), row.joined_at, row.uid))
    set_role(writing, log, User(uid=heir.uid, user_id=heir.user_id, kind=heir.kind), "owner")
