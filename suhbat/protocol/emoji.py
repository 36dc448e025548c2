"""Recognises Unicode's emoji in both spellings, with and without U+FE0F.

It uses a table of its own, because the package `emoji` has all names in all languages: 60 ms and 20 MB for a yes or no.
"""

from __future__ import annotations

import re
from functools import lru_cache

SELECTOR = "\ufe0f"
"""U+FE0F: the character before it is shown as an emoji. Some keyboards leave it out."""

_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")
_CUSTOM = re.compile(r":[\w+-]+:")


def without_selector(emoji: str) -> str:
    """The emoji without U+FE0F. Two emoji are the same if this is."""
    return emoji.replace(SELECTOR, "")


@lru_cache(maxsize=1024)
def canonical(text: str) -> str:
    """The fully-qualified form of an emoji (UTS 51), whether or not `text` has U+FE0F.

    Raises ValueError with the key of the reason: `not_emoji`, or `custom_emoji` for `:name:`.
    """
    # Imported at the first use, because the table is large and not every server needs it.
    from .emoji_table import SEQUENCES, TEXT_BY_DEFAULT

    if _CUSTOM.fullmatch(text):
        raise ValueError("custom_emoji")
    plain = without_selector(text)
    if not plain or " " in plain or f" {plain} " not in SEQUENCES:
        raise ValueError("not_emoji")
    return "".join(
        letter + SELECTOR if letter in TEXT_BY_DEFAULT and not _TONE.match(plain, at + 1) else letter
        for at, letter in enumerate(plain)
    )
