"""Whom a text names with @, of those who are there."""

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
"""Among the uids: all who are there."""
LOOKED = MOST_NAMES
"""Names looked up for one message. Most are found at once; those of nobody are shortened and looked up again."""


def named(text: str, directory: Directory) -> tuple[str, ...]:
    """The uids of those who are named and can come back to read it; EVERYBODY where all are meant."""
    if "@" not in text:
        return ()
    found: dict[str, None] = {}
    looked: set[str] = set()
    for spellings in mentions(text):
        for name in spellings:
            if name in looked:
                break  # it was somebody's, or nobody's, and so are those that are shorter
            if name in WORDS:
                found[EVERYBODY] = None
                break
            if len(looked) >= LOOKED:
                return tuple(found)
            looked.add(name)
            person = directory.holder(name)
            if person is not None:
                if person.lasting:
                    found[person.uid] = None
                break
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom a message names: these people (uids), or everybody there but the sender."""

    uids: frozenset[str] = frozenset()
    everyone: bool = False


NOBODY = Meant()


def meant_in_lobby(actor: Actor, named: Collection[str], bans: Mapping[str, Until], at: Milliseconds) -> Meant:
    """Those of `named` who may be in the lobby, but for the actor. There nobody may name everybody."""
    return Meant(frozenset(uid for uid in {*named} - {EVERYBODY, actor.uid} if not in_force(bans, uid, at)))


def meant_among(actor: Actor, named: Collection[str], members: Set[str], facts: ConversationFacts | None) -> Meant:
    """Those of `named` who are members, but for the actor; everybody, where the actor may say so. `facts`: of the actor."""
    others = members - {actor.uid}
    if EVERYBODY in named and others and decide(actor, "mention_all", facts) is None:
        return Meant(everyone=True)
    return Meant(frozenset(others & set(named)))
