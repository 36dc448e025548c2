"""Commands about the members of a room and their roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import delete, insert, select, update

from suhbat.chat.bots import lower_role
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
from suhbat.errors import Forbidden, NotFound, UserNotFound
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
from suhbat.store.people.invites import use
from suhbat.store.read.invitations import inviter_of
from suhbat.store.read.states import state_of
from suhbat.store.read.unread import ordinal_at
from suhbat.store.tables import (
    drafts,
    members,
    mentions,
    named,
    notify_levels,
    reads,
    saved,
    thread_marks,
    thread_mentions,
    users,
)
from suhbat.store.write.directs import hide_direct
from suhbat.store.write.limits import crowding_refusal
from suhbat.store.write.logs import Log

from . import bots
from .execution import Execution, allow
from .invitations import delete_invitation, end_offer, invite, may_be_added, withdraw, withdraw_from


def join(execution: Execution, command: Join) -> CommandResult:
    """Join a public room, or a room to which the actor or a bot of theirs is invited; such bots become members, too. For a
    member nothing changes otherwise."""
    actor, log = execution.actor, execution.find(command.conversation)
    offered = [] if log is None or log.kind != "room" else bots.invited(execution, log, actor.uid)
    if log is not None and log.people is not None and actor.uid in log.people:
        return _enter_bots(execution, log, offered) or CommandResult(log.name, log.head)
    facts = None if log is None else execution.facts(log)
    if log is not None and facts is not None and log.kind == "room" and actor.owner is None:
        is_invited = inviter_of(execution.connection, log.id, actor.uid) is not None
        facts = replace(facts, invited=is_invited or bool(offered))
    allow(decide(actor, "join", facts))
    assert log is not None
    result = enter(execution, log, actor, "member")
    _enter_bots(execution, log, offered)
    return result


def _enter_bots(execution: Execution, log: Log, offered: Sequence[Actor]) -> CommandResult | None:
    """Make these bots members: the actor, their owner, is one already. Returns the last result, if any."""
    result = None
    for bot in offered:
        if log.settings.archived or in_force(log.bans, bot.uid, execution.at):
            withdraw(execution, log, bot)
        else:
            result = enter(execution, log, bot, "member")
    if result is not None:
        end_offer(execution, log, execution.actor.uid)
    return result


def accept_invite(execution: Execution, command: AcceptInvite) -> CommandResult:
    """Join by an invite, which also admits to a private room. If it cannot let the user in, nothing happens, and the invite is
    not used. Raises Forbidden if it has no use left."""
    uid, log = execution.actor.uid, execution.find(command.conversation)
    if log is None or log.kind != "room" or log.people is None or execution.actor.owner is not None:
        return CommandResult(command.conversation, 0)
    banned = in_force(log.bans, uid, execution.at)
    is_crowded = crowding_refusal(execution.transaction, uid) is not None
    if invite_lets_in(uid, log.people, archived=log.settings.archived, banned=banned, crowded=is_crowded):
        if command.code_hash is not None:
            use(execution.connection, bytes.fromhex(command.code_hash), execution.at)
        return enter(execution, log, execution.actor, "member")
    return CommandResult(log.name, log.head)


def admit(execution: Execution, command: Admit) -> CommandResult:
    """Add a person, or change the role of a member. A person who does not know the actor is invited instead."""
    person, wanted, exempt = execution.person, command.role, execution.context.exempt
    log = execution.log(command.conversation, "see")
    roles = log.people or {}
    offered = [] if person.owner != execution.actor.uid else bots.invited(execution, log, execution.actor.uid)
    if execution.actor.uid in roles and (asked := [bot for bot in offered if bot.uid == person.uid]):
        # Somebody who may add people has invited it.
        return _enter_bots(execution, log, asked) or CommandResult(log.name, log.head)
    execution.require(log, admission_action(person, wanted, roles))
    if roles.get(person.uid) == wanted:
        return CommandResult(log.name, log.head)
    banned = in_force(log.bans, person.uid, execution.at)
    allow(admission_refusal(execution.rank(log), person, wanted, roles, banned=banned))
    if person.owner is not None:
        return _admit_bot(execution, log, person, wanted)
    if person.uid in roles:
        return CommandResult(log.name, set_role(execution, log, person.user, wanted))
    if exempt or may_be_added(execution, person):
        return enter(execution, log, person, wanted, exempt=exempt)
    return invite(execution, log, person)


def _admit_bot(execution: Execution, log: Log, bot: Actor, wanted: Role) -> CommandResult:
    """Add a bot if its owner asks for it, or change its role; otherwise its owner is invited to bring it."""
    roles = log.people or {}
    role_of_owner = roles.get(bot.owner or "")
    if role_of_owner is not None and lower_role(wanted, role_of_owner) != wanted:
        raise Forbidden("forbidden.bots.role")
    if bot.uid in roles:
        return CommandResult(log.name, set_role(execution, log, bot.user, wanted))
    exempt = execution.context.exempt
    if role_of_owner is not None and (exempt or bot.owner == execution.actor.uid):
        result = enter(execution, log, bot, wanted, exempt=exempt)
        end_offer(execution, log, bot.owner or "")
        return result
    return invite(execution, log, bot)


def leave(execution: Execution, command: Leave) -> CommandResult:
    """Leave, or decline an invitation. After the last owner left, the senior member becomes owner."""
    return _leave(execution, command.conversation)


def _leave(execution: Execution, conversation: str) -> CommandResult:
    invited = execution.find(conversation)
    actor = execution.actor
    if invited is not None and actor.owner is None and withdraw_from(execution, invited, actor.uid):
        return CommandResult(invited.name, 0)  # an invited user may not know the head of the room
    log = execution.log(conversation, "see")
    if log.people is not None and execution.actor.uid not in log.people:
        raise NotFound()
    execution.require(log, "leave")
    if log.kind == "direct":
        hide_direct(execution.transaction, log, execution.actor, execution.at)
        return CommandResult(log.name, log.head)
    return CommandResult(log.name, depart(execution, log, execution.actor.user))


def remove(execution: Execution, command: Remove) -> CommandResult:
    """Remove a member of lower rank; or leave, if the person is the actor; or withdraw the person's invitation."""
    if execution.person.uid == execution.actor.uid:
        return _leave(execution, command.conversation)
    if (result := _uninvite(execution, command)) is not None:
        return result
    if execution.person.owner == execution.actor.uid:
        log = execution.log(command.conversation, "leave")  # who may leave may take their bot along
        if execution.person.uid not in (log.people or {}):
            raise UserNotFound(user_id=execution.person.user_id)
        return CommandResult(log.name, depart(execution, log, execution.person.user))
    log = execution.log(command.conversation, "remove")
    allow(removal_refusal(execution.rank(log), execution.person, log.people or {}))
    execution.audit("member.remove", log, execution.person.uid)
    return CommandResult(log.name, depart(execution, log, execution.person.user))


def _uninvite(execution: Execution, command: Remove) -> CommandResult | None:
    """Withdraw an invitation that the actor made, or any, if they may remove people. None if there is no invitation."""
    log = execution.find(command.conversation)
    inviter = None if log is None else inviter_of(execution.connection, log.id, execution.person.uid)
    if log is None or inviter is None:
        return None
    if execution.actor.uid not in (inviter, execution.person.owner):
        execution.log(command.conversation, "remove")
    withdraw(execution, log, execution.person)
    return CommandResult(log.name, log.head if execution.actor.uid in (log.people or ()) else 0)


def enter(execution: Execution, log: Log, person: Actor, role: Role, *, exempt: bool = False) -> CommandResult:
    """Make a person a member. The caller has asked the policy."""
    assert log.people is not None
    allow(full_room(log.people))
    execution.require_room_for(person, exempt=exempt)
    delete_invitation(execution, log, person.uid)
    role = role_on_entry(role, log.people)
    key = {"conversation_id": log.id, "uid": person.uid}
    since = log.head
    execution.add_users((person,))
    execution.connection.execute(insert(members), key | {"role": role, "since": since, "joined_at": execution.at})
    read = ordinal_at(execution.connection, log.id, since)
    execution.connection.execute(insert(reads), key | {"read_ordinal": read, "own_since": 0})
    execution.cache.readers.add((log.id, person.uid))
    log.people[person.uid] = role
    event = execution.append(log, MemberJoined, user=person.user, role=role)
    # The state in `conversation.added` is that after `member.joined`.
    execution.flush()
    execution.append(
        execution.own_log(person.uid), ConversationAdded, state=state_of(execution.connection, person.uid, log.id)
    )
    return CommandResult(log.name, event.seq, created=True)


def depart(execution: Execution, log: Log, person: User) -> int:
    """End a membership, with its read marks, draft and mentions, and those of the person's bots before. Returns the `seq` of
    `member.left`."""
    assert log.people is not None
    if person.kind == "account":
        for bot in bots.members_of(execution, log, person.uid):
            depart(execution, log, bot.user)
        for bot in bots.invited(execution, log, person.uid):
            delete_invitation(execution, log, bot.uid)
    for table in (members, reads, drafts, notify_levels, mentions, named, saved, thread_marks, thread_mentions):
        execution.connection.execute(delete(table).where(table.c.conversation_id == log.id, table.c.uid == person.uid))
    execution.cache.readers.discard((log.id, person.uid))
    was = log.people.pop(person.uid)
    # `conversation.removed` comes first, so that the person receives nothing from after the removal.
    execution.append(execution.own_log(person.uid), ConversationRemoved, removed=log.name)
    seq = execution.append(log, MemberLeft, user=person).seq
    if needs_owner(was, log.people):
        _appoint_owner(execution, log)
    return seq


def set_role(execution: Execution, log: Log, person: User, role: Role) -> int:
    """Change the role of a member. Returns the `seq` of `member.updated`."""
    assert log.people is not None
    log.people[person.uid] = role
    execution.connection.execute(
        update(members).where(members.c.conversation_id == log.id, members.c.uid == person.uid).values(role=role)
    )
    execution.audit("member.role", log, person.uid, role)
    seq = execution.append(log, MemberUpdated, user=person, role=role).seq
    if person.kind == "account":
        for bot, lower in bots.lowered(execution, log, person, role):
            set_role(execution, log, bot.user, lower)
    return seq


def _appoint_owner(execution: Execution, log: Log) -> None:
    """Make the senior member the owner."""
    rows = execution.connection.execute(
        select(members.c.uid, members.c.role, members.c.joined_at, users.c.user_id, users.c.kind)
        .join(users, users.c.uid == members.c.uid)
        .where(members.c.conversation_id == log.id, users.c.kind != "bot")
    ).all()
    uid = successor(Candidate(row.uid, row.role, row.joined_at) for row in rows)
    (heir,) = (row for row in rows if row.uid == uid)
    set_role(execution, log, User(uid=heir.uid, user_id=heir.user_id, kind=heir.kind), "owner")
