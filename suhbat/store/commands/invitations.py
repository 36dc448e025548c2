"""Asking somebody into a room whom one does not know, and what becomes of that."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from suhbat.chat.bounds import INVITATIONS, INVITED_A_DAY, INVITED_BY_ONE
from suhbat.chat.model import Actor, CommandResult
from suhbat.chat.policy import knows
from suhbat.errors import TooManyInvitations
from suhbat.protocol.events import ConversationInvited, ConversationRemoved
from suhbat.protocol.objects import Invitation
from suhbat.store.invitations import acquainted, added_by, counts, inviter_of
from suhbat.store.logs import Log
from suhbat.store.tables import conversations, invitations

from .execution import Writing


def may_be_added(writing: Writing, person: Actor) -> bool:
    """Whether somebody is made a member at once, without being asked."""
    chosen = added_by(writing.connection, person.uid)
    if chosen != "known":
        return chosen == "everyone"
    return knows(person, writing.actor, team=writing.rules.bounds.team) or acquainted(
        writing.connection, person, writing.actor
    )


def invite(writing: Writing, log: Log, person: Actor) -> CommandResult:
    """Ask somebody in. The policy was asked. Asking again changes nothing."""
    done = CommandResult(log.name, log.head, invited=True)
    if inviter_of(writing.connection, log.id, person.uid) is not None:
        return done
    theirs, mine = counts(writing.connection, person.uid, writing.actor.uid)
    if mine >= INVITED_BY_ONE:
        raise TooManyInvitations(limit=INVITED_BY_ONE)
    if theirs >= INVITATIONS:
        raise TooManyInvitations("too_many_invitations.person", user_id=person.user_id)
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
    return done


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
