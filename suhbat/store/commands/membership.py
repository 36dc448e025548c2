"""Who is in a room, and what they are there."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import delete, insert, select, update

from suhbat.chat.membership import (
    Candidate,
    admission_action,
    admission_refusal,
    full_room,
    invite_lets_in,
    needs_owner,
    removal_refusal,
    role_on_entry,
    successor,
)
from suhbat.chat.model import Actor, CommandResult
from suhbat.chat.policy import decide, in_force
from suhbat.errors import NotFound
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

from .execution import Writing, allow
from .invitations import forget, invite, may_be_added, withdraw


def join(writing: Writing, command: Join) -> CommandResult:
    """Become a member of a public room, or of one with an invitation; a member stays what they are."""
    actor, log = writing.actor, writing.find(command.conversation)
    if log is not None and log.people is not None and actor.uid in log.people:
        return CommandResult(log.name, log.head)
    facts = None if log is None else writing.facts(log)
    if log is not None and facts is not None and log.kind == "room":
        facts = replace(facts, invited=inviter_of(writing.connection, log.id, actor.uid) is not None)
    allow(decide(actor, "join", facts))
    assert log is not None
    return enter(writing, log, actor, "member")


def accept_invite(writing: Writing, command: AcceptInvite) -> CommandResult:
    """Come in by invite: into a private room too, for the invite is the permission."""
    uid, log = writing.actor.uid, writing.find(command.conversation)
    if log is None or log.kind != "room" or log.people is None:
        return CommandResult(command.conversation, 0)
    banned = in_force(log.bans, uid, writing.at)
    is_crowded = crowded(writing.transaction, uid) is not None
    if invite_lets_in(uid, log.people, archived=log.settings.archived, banned=banned, crowded=is_crowded):
        return enter(writing, log, writing.actor, "member")
    return CommandResult(log.name, log.head)


def admit(writing: Writing, command: Admit) -> CommandResult:
    """Make somebody a member; or, if they are one, something else. Somebody who does not know the actor is invited."""
    person, wanted, exempt = writing.person, command.role, writing.context.exempt
    log = writing.log(command.conversation, "see")
    roles = log.people or {}
    writing.require(log, admission_action(person, wanted, roles))
    if roles.get(person.uid) == wanted:
        return CommandResult(log.name, log.head)
    banned = in_force(log.bans, person.uid, writing.at)
    allow(admission_refusal(writing.rank(log), person, wanted, roles, banned=banned))
    if person.uid in roles:
        return CommandResult(log.name, set_role(writing, log, person.user, wanted))
    if exempt or may_be_added(writing, person):
        return enter(writing, log, person, wanted, exempt=exempt)
    return invite(writing, log, person)


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
    if (result := _uninvite(writing, command)) is not None:
        return result
    log = writing.log(command.conversation, "remove")
    allow(removal_refusal(writing.rank(log), writing.person, log.people or {}))
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
    """Make somebody a member from here on. The policy was asked."""
    assert log.people is not None
    allow(full_room(log.people))
    writing.conversations(person, exempt=exempt)
    forget(writing, log, person.uid)
    role = role_on_entry(role, log.people)
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
    if needs_owner(was, log.people):
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


def _succeed(writing: Writing, log: Log) -> None:
    rows = writing.connection.execute(
        select(members.c.uid, members.c.role, members.c.joined_at, users.c.user_id, users.c.kind)
        .join(users, users.c.uid == members.c.uid)
        .where(members.c.conversation_id == log.id)
    ).all()
    uid = successor(Candidate(row.uid, row.role, row.joined_at) for row in rows)
    (heir,) = (row for row in rows if row.uid == uid)
    set_role(writing, log, User(uid=heir.uid, user_id=heir.user_id, kind=heir.kind), "owner")
