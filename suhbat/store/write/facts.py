"""What the policy is told of a log, in the writer's transaction."""

from __future__ import annotations

from suhbat.chat.model import ConversationFacts, Milliseconds
from suhbat.chat.policy import in_force
from suhbat.protocol.types import LOBBY

from .logs import Log

_LOBBY_FACTS = ConversationFacts(LOBBY, "lobby", "member")


def facts_of(log: Log, uid: str, at: Milliseconds) -> ConversationFacts | None:
    """The facts about a log and this person there; None for what is no conversation."""
    if log.kind == "lobby":
        if not log.mutes and not log.bans:
            return _LOBBY_FACTS
        return ConversationFacts(
            LOBBY, "lobby", "member", banned=in_force(log.bans, uid, at), muted=in_force(log.mutes, uid, at)
        )
    if log.kind == "own" or log.people is None:
        return None
    return ConversationFacts(
        log.name,
        "room" if log.kind == "room" else "direct",
        log.people.get(uid),
        log.settings.visibility,
        log.settings.archived,
        banned=in_force(log.bans, uid, at),
        muted=in_force(log.mutes, uid, at),
    )
