"""Whom a message mentions with @."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass

from suhbat.protocol.mentions import EVERYBODY as WORDS
from suhbat.protocol.mentions import mentions

from .model import Actor, ConversationFacts, Milliseconds
from .policy import Until, decide, in_force
from .ports import Directory
from .rate import MOST_NAMES

EVERYBODY = "*"
"""Stands for everybody among the uids."""


def mentioned_uids(text: str, directory: Directory) -> tuple[str, ...]:
    """The uids of the users whom a text mentions and who can come back to read it, and EVERYBODY if it says so.

    Looks up at most MOST_NAMES names. A name that does not exist is looked up again in shorter spellings.
    """
    if "@" not in text:
        return ()
    found: dict[str, None] = {}
    looked_up: set[str] = set()
    for spellings in mentions(text):
        for name in spellings:
            if name in looked_up:
                break  # the shorter spellings were looked up with it
            if name in WORDS:
                found[EVERYBODY] = None
                break
            if len(looked_up) >= MOST_NAMES:
                return tuple(found)
            looked_up.add(name)
            person = directory.holder(name)
            if person is not None:
                if person.lasting:
                    found[person.uid] = None
                break
    return tuple(found)


@dataclass(frozen=True, slots=True)
class MentionTargets:
    """The users whom a message mentions in its conversation: these uids, or everybody except the sender."""

    uids: frozenset[str] = frozenset()
    everyone: bool = False


NO_TARGETS = MentionTargets()


def lobby_targets(actor: Actor, named: Collection[str], bans: Mapping[str, Until], at: Milliseconds) -> MentionTargets:
    """The users of `named` who may read the lobby, except the actor. In the lobby nobody may mention everybody."""
    uids = {*named} - {EVERYBODY, actor.uid}
    return MentionTargets(frozenset(uid for uid in uids if not in_force(bans, uid, at)))


def member_targets(
    actor: Actor, named: Collection[str], members: Set[str], facts: ConversationFacts | None
) -> MentionTargets:
    """The users of `named` who are members, except the actor; or everybody, if that is named and the actor (`facts`) may."""
    others = members - {actor.uid}
    if EVERYBODY in named and others and decide(actor, "mention_all", facts) is None:
        return MentionTargets(everyone=True)
    return MentionTargets(frozenset(others & set(named)))
