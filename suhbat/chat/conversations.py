"""Rules for new conversations and for their settings. Pure: the store passes the facts of its transaction.

A function `…_refusal` returns the error with which to refuse, or None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suhbat.errors import BadRequest, Forbidden, SuhbatError
from suhbat.protocol.commands import Update
from suhbat.protocol.mentions import fold
from suhbat.protocol.objects import ConversationSettings

from .model import Actor, ConversationFacts
from .policy import Action, decide

LARGEST_DIRECT = 20
"""Users of a direct."""
SETTING_ACTIONS: Mapping[str, Action] = {
    "title": "rename",
    "topic": "rename",
    "slow_mode": "rename",
    "visibility": "configure",
    "history": "configure",
    "retention": "configure",
    "files": "configure",
    "archived": "archive",
}
"""The action that a user must be allowed in order to change a setting."""
_NOT_ONLY_ROOMS = frozenset(("topic", "slow_mode", "retention", "files"))
"""Settings that the lobby has too."""


def room_refusal(actor: Actor) -> SuhbatError | None:
    """Of making a room. A bare guest could not come back to it, and a bot is only where its owner is."""
    if actor.kind == "bot":
        return Forbidden("forbidden.bots.room")
    return None if actor.lasting else Forbidden("forbidden.bare")


def people_of_direct(actor: Actor, others: Iterable[Actor]) -> tuple[Actor, ...]:
    """The users of a direct, each once, the actor first."""
    return tuple({person.uid: person for person in (actor, *others)}.values())


def direct_title(names: Mapping[str, str], uid: str) -> str:
    """The title of a direct as one of its people sees it: the names of the others in alphabetical order, or their own name
    if they are alone. `names`: of its people, by uid."""
    others = sorted((name for other, name in names.items() if other != uid), key=lambda name: (fold(name), name))
    return ", ".join(others) or names.get(uid, "")


def direct_refusal(people: tuple[Actor, ...]) -> SuhbatError | None:
    """Of a direct of these users."""
    if len(people) <= LARGEST_DIRECT:
        return None
    return BadRequest(reason=f"a direct has at most {LARGEST_DIRECT} people; make a room")


def changed_settings(update: Update, settings: ConversationSettings) -> dict[str, Any]:
    """The given settings that differ from the present ones."""
    return {name: value for name, value in _given(update).items() if value != getattr(settings, name)}


def update_refusal(
    actor: Actor, facts: ConversationFacts | None, update: Update, changed: Mapping[str, Any]
) -> SuhbatError | None:
    """Of changing settings. A setting that the actor may not change is refused also if its value would stay the same."""
    asked = changed or _given(update)
    if not asked:
        return BadRequest(reason="nothing to change was given")
    for action in dict.fromkeys(SETTING_ACTIONS[name] for name in asked):
        if (refusal := decide(actor, action, facts)) is not None:
            return refusal
    if facts is not None and facts.kind != "room" and not _NOT_ONLY_ROOMS.issuperset(asked):
        return Forbidden("forbidden.kind")
    return None


def picture_refusal(actor: Actor, facts: ConversationFacts | None) -> SuhbatError | None:
    """Of changing the picture: who may change the title of a room may."""
    if (refusal := decide(actor, SETTING_ACTIONS["title"], facts)) is not None:
        return refusal
    return None if facts is not None and facts.kind == "room" else Forbidden("forbidden.kind")


def _given(update: Update) -> dict[str, Any]:
    values = ((name, getattr(update, name)) for name in SETTING_ACTIONS)
    return {name: value for name, value in values if value is not None}
