"""Rules for reactions. Pure: the store passes the facts of its transaction."""

from __future__ import annotations

from collections.abc import Collection

from suhbat.errors import BadRequest, TooManyReactions
from suhbat.protocol.emoji import canonical, without_selector
from suhbat.protocol.types import MAX_REACTIONS


def valid_emoji(emoji: str, *, on: bool) -> str:
    """The stored form of an emoji that a client sent. Raises BadRequest if it is not an emoji; but to remove a reaction any
    text is valid, because older versions stored more."""
    try:
        return canonical(emoji)
    except ValueError as error:
        if not on:
            return emoji
        raise BadRequest(reason=str(error)) from None


def choose(emoji: str, *, on: bool, mine: Collection[str], present: Collection[str]) -> str | None:
    """The emoji under which a reaction is added or removed; None if nothing changes. An emoji that is already present in its
    other spelling is used in that spelling.

    `mine`: the actor's emoji under the message; `present`: those of all users. Raises TooManyReactions.
    """
    own = next((one for one in mine if without_selector(one) == without_selector(emoji)), None)
    if not on:
        return own
    if own is not None:
        return None
    there = next((one for one in present if without_selector(one) == without_selector(emoji)), None)
    if there is None and len(present) >= MAX_REACTIONS:
        raise TooManyReactions(limit=MAX_REACTIONS)
    return there or emoji
