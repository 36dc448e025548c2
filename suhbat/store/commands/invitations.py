"""Asking somebody into a room whom one does not know, and what becomes of that."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from suhbat.chat.bounds import INVITED_A_DAY
from suhbat.chat.membership import invitation_refusal, is_added_at_once
from suhbat.chat.model import Actor, CommandResult
from suhbat.protocol.events import ConversationInvited, ConversationRemoved
from suhbat.protocol.objects import Invitation
from suhbat.store.invitations import acquainted, added_by, counts, inviter_of
from suhbat.store.logs import Log
from suhbat.store.tables import conversations, invitations

from .execution import Writing, allow


def may_be_added(writing: Writing, person: Actor) -> bool:
    """Whether somebody is made a member at once, without being asked."""
    return is_added_at_once(
        person,
        writing.actor,
        added_by(writing.connection, person.uid),
        team=writing.rules.bounds.team,
        acquainted=acquainted(writing.connection, person, writing.actor),
    )


def invite(writing: Writing, log: Log, person: Actor) -> CommandResult:
    """Ask somebody in. The policy was asked. Asking again changes nothing."""
    result = CommandResult(log.name, log.head, invited=True)
    if inviter_of(writing.connection, log.id, person.uid) is not None:
        return result
    of_person, by_actor = counts(writing.connection, person.uid, writing.actor.uid)
    allow(invitation_refusal(person, by_actor=by_actor, of_person=of_person))
    writing.spend("invitations", INVITED_A_DAY)
    writing.note_users((writing.actor, person))
    row = {"conversation_id": log.id, "uid": person.uid, "inviter_uid": writing.actor.uid, "at": writing.at}
    writing.connection.execute(insert(invitations), row)
    invitation = Invitation(
        conversation=log.name,
        title=log.settings.title,
        inviter=writing.actor.user_id,
        inviter_uid=writing.actor.uid,
        invited_at=writing.at,
    )
    writing.append(writing.own(person.uid), ConversationInvited, invitation=invitation)
    return result


def withdraw(writing: Writing, log: Log, uid: str) -> bool:
    """End an invitation without a membership, if there is one; they are told."""
    if not forget(writing, log, uid):
        return False
    writing.append(writing.own(uid), ConversationRemoved, removed=log.name)
    return True


def forget(writing: Writing, log: Log, uid: str) -> bool:
    """The same where they are told otherwise: they came in."""
    asked = (invitations.c.conversation_id == log.id, invitations.c.uid == uid)
    return writing.connection.execute(delete(invitations).where(*asked)).rowcount > 0


def withdraw_all(writing: Writing, log: Log) -> None:
    """Nobody can come into this room any more."""
    uids = writing.connection.execute(
        select(invitations.c.uid).where(invitations.c.conversation_id == log.id).order_by(invitations.c.uid)
    ).scalars()
    for uid in uids.all():
        withdraw(writing, log, uid)


def withdraw_of(writing: Writing, uid: str) -> None:
    """Somebody is gone: whom they asked is asked no more, and who asked them has asked nobody."""
    rows = writing.connection.execute(
        select(conversations.c.name, invitations.c.uid)
        .join(conversations, conversations.c.id == invitations.c.conversation_id)
        .where(invitations.c.inviter_uid == uid)
        .order_by(conversations.c.id, invitations.c.uid)
    )
    for name, invited in rows.all():
        if (log := writing.find(name)) is not None:
            withdraw(writing, log, invited)
    writing.connection.execute(delete(invitations).where(invitations.c.uid == uid))
