"""Rules for messages that grow. Pure: the store passes the facts of its transaction."""

from __future__ import annotations

from typing import Literal

from suhbat.errors import BadRequest, Forbidden, SuhbatError, TooManyStreams
from suhbat.protocol.objects import ConversationKind

from .policy import RANKS, RULES, Rank

MOST_CHARACTERS = 64_000
"""Of all texts that grow in one conversation: everybody who comes there gets them."""

Stopper = Literal["author", "asker", "server"]
"""Who finishes a message: its sender; the one whom it answers, or a moderator; or the server."""


def stop_refusal(*, kind: ConversationKind, rank: Rank, is_asker: bool) -> SuhbatError | None:
    """Of finishing somebody else's message. The author of the message to which it replies may, and whoever reads it in a
    direct, because one of them asked; and so may those who may delete it."""
    rule = RULES[kind]["delete_any"]
    may_delete = rule is not None and RANKS.index(rank) >= RANKS.index(rule)
    return None if is_asker or kind == "direct" or may_delete else Forbidden("forbidden.author")


def growth_refusal(characters: int) -> SuhbatError | None:
    """Of what makes all texts that grow in a conversation together so long."""
    return TooManyStreams("too_many_streams.text", limit=MOST_CHARACTERS) if characters > MOST_CHARACTERS else None


def final_refusal(text: str, *, has_files: bool, is_cut: bool) -> SuhbatError | None:
    """Of the text with which a message is finished. One that was cut may be empty: nothing came."""
    return None if has_files or is_cut or text.strip() else BadRequest(reason="empty_text")
