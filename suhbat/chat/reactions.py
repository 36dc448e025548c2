"""What may be put under a message. Pure: the facts are given."""

from __future__ import annotations

from collections.abc import Collection

from suhbat.errors import BadRequest, TooManyReactions
from suhbat.protocol.emoji import canonical, without_selector
from suhbat.protocol.types import MAX_REACTIONS


def wanted(emoji: str, *, on: bool) -> str:
    """The emoji that a client names, as it is stored. Raises BadRequest for what is none; to take something back it may be
    anything, since older versions took more."""
    try:
        return canonical(emoji)
    except ValueError as error:
        if not on:
            return emoji
        raise BadRequest(reason=str(error)) from None


def choose(emoji: str, *, on: bool, mine: Collection[str], present: Collection[str]) -> str | None:
    """Under which emoji this is written, or taken away; None where nothing changes.

    `mine`: those that the actor has under the message; `present`: those that anybody has there, as messages show them. One
    that is there already in its other spelling is that one. Raises TooManyReactions.
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
