"""Rules for reactions."""

from __future__ import annotations

import pytest

from suhbat.chat.reactions import choose, valid_emoji
from suhbat.errors import BadRequest, TooManyReactions
from suhbat.protocol.types import MAX_REACTIONS
from suhbat.texts import LANGUAGES

FULL = [chr(0x1F600 + n) for n in range(MAX_REACTIONS)]


def test_what_is_asked_for() -> None:
    """An emoji in the form of Unicode, or a refusal that shows one. To remove a reaction any stored text is valid."""
    assert valid_emoji("\u2764", on=True) == valid_emoji("\u2764\ufe0f", on=False) == "\u2764\ufe0f"
    for text in ("१", ":parrot:"):
        with pytest.raises(BadRequest) as refusal:
            valid_emoji(text, on=True)
        assert all("👍" in refusal.value.message(language) for language in LANGUAGES)
    assert valid_emoji("१", on=False) == "१"


def test_put() -> None:
    """A new emoji, or a present one in its spelling. One that the actor has already changes nothing."""
    assert choose("👍", on=True, mine=(), present=()) == "👍"
    assert choose("\u2764\ufe0f", on=True, mine=(), present=["\u2764"]) == "\u2764"
    assert choose("\u2764\ufe0f", on=True, mine=["\u2764"], present=["\u2764"]) is None


def test_taken_back() -> None:
    """The actor's own, in the spelling that is present; otherwise nothing."""
    assert choose("\u2764\ufe0f", on=False, mine=["\u2764"], present=()) == "\u2764"
    assert choose("👍", on=False, mine=(), present=["👍"]) is None


def test_at_most_so_many() -> None:
    """With twenty emoji a new one is refused, but not one of the twenty."""
    with pytest.raises(TooManyReactions):
        choose("👍", on=True, mine=(), present=FULL)
    assert choose(FULL[7], on=True, mine=FULL[:3], present=FULL) == FULL[7]
