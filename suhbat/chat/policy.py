"""May X do Y? Pure, asked in the writer's transaction with the facts as they are there.

Before the queue the same question is only a courtesy; the answer that counts is the one given here.
"""

from __future__ import annotations

from suhbat.errors import NotFound, SuhbatError

from .model import Actor, ConversationFacts


def may_post(actor: Actor, conversation: ConversationFacts | None) -> SuhbatError | None:
    """None if `actor` may write there, else the refusal. What may not be seen is answered like what does not exist."""
    if conversation is None:
        return NotFound()
    if conversation.kind == "lobby" or conversation.is_member:
        return None
    return NotFound()


def may_see(actor: Actor, conversation: ConversationFacts | None) -> SuhbatError | None:
    """None if `actor` may read there, else the refusal."""
    return may_post(actor, conversation)
