"""What an emoji is: one of Unicode's, whichever of its two spellings is sent.

A table instead of the package `emoji`: that knows every name in every language, 60 ms and 20 MB for a yes or no.
"""

from __future__ import annotations

import re
from functools import lru_cache

SELECTOR = "\ufe0f"
"""U+FE0F: the sign before it is shown as an emoji. Keyboards leave it out, or put it in, as they like."""

_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")
_CUSTOM = re.compile(r":[\w+-]+:")


def bare(emoji: str) -> str:
    """Without U+FE0F: two emoji are the same when this is."""
    return emoji.replace(SELECTOR, "")


@lru_cache(maxsize=1024)
def canonical(text: str) -> str:
    """The emoji as Unicode writes it ("fully-qualified"), with or without U+FE0F in what was sent.

    Raises ValueError with the key of the reason: `not_emoji`, or `custom_emoji` for `:name:`.
    """
    # Imported late: a server where nobody reacts does not need it.
    from .emoji_table import SEQUENCES, TEXT_BY_DEFAULT

    if _CUSTOM.fullmatch(text):
        raise ValueError("custom_emoji")
    plain = bare(text)
    if not plain or " " in plain or f" {plain} " not in SEQUENCES:
        raise ValueError("not_emoji")
    return "".join(
        letter + SELECTOR if letter in TEXT_BY_DEFAULT and not _TONE.match(plain, at + 1) else letter
        for at, letter in enumerate(plain)
    )
