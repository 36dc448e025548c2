"""From a v1 command that changes something to the act of the domain."""

from __future__ import annotations

from suhbat.chat import acts
from suhbat.chat.acting import Acting
from suhbat.chat.model import Actor
from suhbat.chat.naming import named
from suhbat.chat.reactions import wanted
from suhbat.protocol import commands


def names_in(command: commands.Acting) -> list[str]:
    """Whom a command is about, as typed."""
    match command:
        case commands.Meet():
            return command.users
        case commands.Admit() | commands.Remove() | commands.Ban() | commands.Mute():
            return [command.user_id]
    return []


def act_of(command: commands.Acting, actor: Actor, acting: Acting) -> acts.Act:
    """The act. Raises UserNotFound where somebody is named who is not there, BadRequest for what is no emoji."""
    at = acting.now()
    match command:
        case commands.Create():
            return acts.Create(
                actor=actor,
                at=at,
                title=command.title,
                topic=command.topic,
                visibility=command.visibility,
                history=command.history,
            )
        case commands.Meet():
            return acts.Meet(actor=actor, at=at, people=acting.people(command.users, command.uids))
    place = command.conversation
    match command:
        case commands.Edit():
            names = named(command.text, acting.directory)
            return acts.Edit(actor=actor, at=at, conversation=place, seq=command.seq, text=command.text, named=names)
        case commands.Delete():
            return acts.Delete(actor=actor, at=at, conversation=place, seq=command.seq)
        case commands.React():
            emoji = wanted(command.emoji, on=command.on)
            return acts.React(actor=actor, at=at, conversation=place, seq=command.seq, emoji=emoji, on=command.on)
        case commands.Pin():
            return acts.Pin(actor=actor, at=at, conversation=place, seq=command.seq, on=command.on)
        case commands.Report():
            return acts.Report(actor=actor, at=at, conversation=place, seq=command.seq, reason=command.reason)
        case commands.Read():
            return acts.Mark(actor=actor, at=at, conversation=place, ordinal=command.ordinal)
        case commands.Draft():
            return acts.Draft(actor=actor, at=at, conversation=place, text=command.text)
        case commands.Update():
            return acts.Update(
                actor=actor,
                at=at,
                conversation=place,
                title=command.title,
                topic=command.topic,
                visibility=command.visibility,
                history=command.history,
                archived=command.archived,
                slow_mode=command.slow_mode,
                retention=command.retention,
            )
        case commands.Erase():
            return acts.Erase(actor=actor, at=at, conversation=place)
        case commands.Join():
            return acts.Join(actor=actor, at=at, conversation=place)
        case commands.Leave():
            return acts.Leave(actor=actor, at=at, conversation=place)
    person = acting.person(command.user_id, command.uid)
    match command:
        case commands.Admit():
            return acts.Admit(actor=actor, at=at, conversation=place, person=person, role=command.role)
        case commands.Remove():
            return acts.Remove(actor=actor, at=at, conversation=place, person=person)
        case commands.Ban():
            return acts.Ban(
                actor=actor,
                at=at,
                conversation=place,
                person=person,
                on=command.on,
                until=command.until,
                reason=command.reason,
            )
        case commands.Mute():
            return acts.Mute(
                actor=actor,
                at=at,
                conversation=place,
                person=person,
                on=command.on,
                until=command.until,
                reason=command.reason,
            )
