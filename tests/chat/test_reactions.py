"""What may be put under a message."""

from __future__ import annotations

import pytest

from suhbat.chat.reactions import choose, valid_emoji
from suhbat.errors import BadRequest, TooManyReactions
from suhbat.protocol.types import MAX_REACTIONS
from suhbat.texts import LANGUAGES

FULL = [chr(0x1F600 + n) for n in range(MAX_REACTIONS)]


def test_what_is_asked_for() -> None:
    """An emoji as Unicode writes it, or a refusal that shows one; taken back may be what older versions stored."""
    assert valid_emoji("\u2764", on=True) == valid_emoji("\u2764\ufe0f", on=False) == "\u2764\ufe0f"
    for text in ("१", ":parrot:"):
        with pytest.raises(BadRequest) as refusal:
            valid_emoji(text, on=True)
        assert all("👍" in refusal.value.message(language) for language in LANGUAGES)
    assert valid_emoji("१", on=False) == "१"


def test_put() -> None:
    """New, or one that is there, in the spelling that is there; what one has already changes nothing."""
    assert choose("👍", on=True, mine=(), present=()) == "👍"
    assert choose("\u2764\ufe0f", on=True, mine=(), present=["\u2764"]) == "\u2764"
    assert choose("\u2764\ufe0f", on=True, mine=["\u2764"], present=["\u2764"]) is None


def test_taken_back() -> None:
    """One's own, in the spelling in which it is there; nothing where it is not."""
    assert choose("\u2764\ufe0f", on=False, mine=["\u2764"], present=()) == "\u2764"
    assert choose("👍", on=False, mine=(), present=["👍"]) is None


def test_at_most_so_many() -> None:
    """A new one is refused where there are twenty; one of the twenty is not."""
    with pytest.raises(TooManyReactions):
        choose("👍", on=True, mine=(), present=FULL)
    assert choose(FULL[7], on=True, mine=FULL[:3], present=FULL) == FULL[7]
