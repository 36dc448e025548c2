"""Invitations: offered memberships, made and withdrawn."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from suhbat.chat.bounds import INVITED_A_DAY
from suhbat.chat.membership import invitation_refusal, is_added_at_once
from suhbat.chat.model import Actor, CommandResult
from suhbat.protocol.events import ConversationInvited, ConversationRemoved
from suhbat.protocol.objects import Invitation
from suhbat.store.read.invitations import acquainted, added_by, count_open, inviter_of
from suhbat.store.tables import conversations, invitations
from suhbat.store.write.logs import Log

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
    """Invite a person. The caller has asked the policy. Inviting again changes nothing."""
    result = CommandResult(log.name, log.head, invited=True)
    if inviter_of(execution.connection, log.id, person.uid) is not None:
        return result
    of_person, by_actor = count_open(execution.connection, person.uid, execution.actor.uid)
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
    )
    execution.append(execution.own_log(person.uid), ConversationInvited, invitation=invitation)
    return result


def withdraw(execution: Execution, log: Log, uid: str) -> bool:
    """End the invitation of this user without a membership, and append `conversation.removed`. False if there is none."""
    if not delete_invitation(execution, log, uid):
        return False
    execution.append(execution.own_log(uid), ConversationRemoved, removed=log.name)
    return True


def delete_invitation(execution: Execution, log: Log, uid: str) -> bool:
    """Delete the invitation without an event. False if there is none."""
    invitation = (invitations.c.conversation_id == log.id, invitations.c.uid == uid)
    return execution.connection.execute(delete(invitations).where(*invitation)).rowcount > 0


def withdraw_all(execution: Execution, log: Log) -> None:
    """Withdraw all invitations to a room."""
    uids = execution.connection.execute(
        select(invitations.c.uid).where(invitations.c.conversation_id == log.id).order_by(invitations.c.uid)
    ).scalars()
    for uid in uids.all():
        withdraw(execution, log, uid)


def withdraw_of(execution: Execution, uid: str) -> None:
    """Withdraw the invitations that this user made, and delete those for them."""
    rows = execution.connection.execute(
        select(conversations.c.name, invitations.c.uid)
        .join(conversations, conversations.c.id == invitations.c.conversation_id)
        .where(invitations.c.inviter_uid == uid)
        .order_by(conversations.c.id, invitations.c.uid)
    )
    for name, invited in rows.all():
        if (log := execution.find(name)) is not None:
            withdraw(execution, log, invited)
    execution.connection.execute(delete(invitations).where(invitations.c.uid == uid))
