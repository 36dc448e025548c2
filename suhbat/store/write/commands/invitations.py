"""Invitations: offered memberships, made and withdrawn."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from suhbat.chat.bounds import INVITED_A_DAY
from suhbat.chat.membership import invitation_refusal, is_added_at_once
from suhbat.chat.model import Actor, CommandResult
from suhbat.protocol.events import ConversationAdded, ConversationInvited, ConversationRemoved
from suhbat.protocol.objects import Invitation
from suhbat.store.read.invitations import acquainted, added_by, count_open, inviter_of
from suhbat.store.read.states import state_of
from suhbat.store.tables import accounts, conversations, invitations
from suhbat.store.write.logs import Log

from . import bots
from .execution import Execution, allow


def may_be_added(execution: Execution, person: Actor) -> bool:
    """Whether this person becomes a member at once instead of being invited."""
    return is_added_at_once(
        person,
        execution.actor,
        added_by(execution.connection, person.uid),
        team=execution.rules.bounds.team,
        acquainted=acquainted(execution.connection, person, execution.actor),
    )


def invite(execution: Execution, log: Log, person: Actor) -> CommandResult:
    """Invite a person, or the owner of a bot to bring it. The caller has asked the policy. Inviting again changes nothing."""
    result = CommandResult(log.name, log.head, invited=True)
    if inviter_of(execution.connection, log.id, person.uid) is not None:
        return result
    recipient = person.owner or person.uid
    of_person, by_actor = count_open(execution.connection, recipient, execution.actor.uid)
    allow(invitation_refusal(person, by_actor=by_actor, of_person=of_person))
    execution.spend_allowance("invitations", INVITED_A_DAY)
    execution.add_users((execution.actor, person))
    row = {"conversation_id": log.id, "uid": person.uid, "inviter_uid": execution.actor.uid, "at": execution.at}
    execution.connection.execute(insert(invitations), row)
    invitation = Invitation(
        conversation=log.name,
        title=log.settings.title,
        inviter=execution.actor.user_id,
        inviter_uid=execution.actor.uid,
        invited_at=execution.at,
        bot=None if person.owner is None else person.user,
    )
    execution.append(execution.own_log(recipient), ConversationInvited, invitation=invitation)
    return result


def withdraw(execution: Execution, log: Log, person: Actor) -> bool:
    """End the invitation of this user without a membership, and tell them, or of a bot its owner. False if there is none."""
    if not delete_invitation(execution, log, person.uid):
        return False
    end_offer(execution, log, person.owner or person.uid)
    return True


def withdraw_from(execution: Execution, log: Log, uid: str) -> bool:
    """The same for all invitations that this user has to a room of which they are no member, of their own and of their bots."""
    if uid in (log.people or ()):
        return False
    offered = [uid, *(bot.uid for bot in bots.invited(execution, log, uid))]
    ended = [one for one in offered if delete_invitation(execution, log, one)]
    if ended:
        end_offer(execution, log, uid)
    return bool(ended)


def end_offer(execution: Execution, log: Log, uid: str) -> None:
    """Tell a user that one of their invitations to a room is settled. To a member the room is told again: a client takes the
    invitation away and keeps the room as it is."""
    if uid in (log.people or ()):
        execution.flush()
        state = state_of(execution.connection, uid, log.id)
        execution.append(execution.own_log(uid), ConversationAdded, state=state)
    elif inviter_of(execution.connection, log.id, uid) is None and not bots.invited(execution, log, uid):
        execution.append(execution.own_log(uid), ConversationRemoved, removed=log.name)


def delete_invitation(execution: Execution, log: Log, uid: str) -> bool:
    """Delete the invitation without an event. False if there is none."""
    invitation = (invitations.c.conversation_id == log.id, invitations.c.uid == uid)
    return execution.connection.execute(delete(invitations).where(*invitation)).rowcount > 0


def withdraw_all(execution: Execution, log: Log) -> None:
    """Withdraw all invitations to a room."""
    rows = execution.connection.execute(
        select(invitations.c.uid, accounts.c.owner_uid)
        .outerjoin(accounts, accounts.c.uid == invitations.c.uid)
        .where(invitations.c.conversation_id == log.id)
        .order_by(invitations.c.uid)
    )
    for uid, owner in rows.all():
        if owner is None or owner not in (log.people or ()):
            withdraw(execution, log, Actor(uid, "", owner=owner))


def withdraw_of(execution: Execution, uid: str) -> None:
    """Withdraw the invitations that this user made, and delete those for them; the owner of a bot is told."""
    is_bot = (invitations.c.uid == uid) & accounts.c.owner_uid.is_not(None)
    rows = execution.connection.execute(
        select(conversations.c.name, invitations.c.uid, accounts.c.owner_uid)
        .join(conversations, conversations.c.id == invitations.c.conversation_id)
        .outerjoin(accounts, accounts.c.uid == invitations.c.uid)
        .where((invitations.c.inviter_uid == uid) | is_bot)
        .order_by(conversations.c.id, invitations.c.uid)
    )
    for name, invited, owner in rows.all():
        if (log := execution.find(name)) is not None:
            withdraw(execution, log, Actor(invited, "", owner=owner))
    execution.connection.execute(delete(invitations).where(invitations.c.uid == uid))
