"""What an account says of itself, and what may not be said."""

from __future__ import annotations

import unicodedata

from suhbat.errors import BadRequest

MAX_DISPLAY_NAME = 64
"""Code points of a shown name."""

_JOINERS = "\u200c\u200d"  # Persian and Indian scripts, and emoji, are written with these
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Controls, formats (marks of direction turn the text around them), halves of pairs, the unassigned, line ends.


def display_name(text: str) -> str:
    """The shown name that was meant: NFC, without blanks around it or doubled. Raises BadRequest.

    Unlike a `user_id` it need not be unique, and holds no rights: it is never shown without the `user_id`.
    """
    if len(text) > 2 * MAX_DISPLAY_NAME:
        raise BadRequest(reason="display_name")
    shown = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(shown) <= MAX_DISPLAY_NAME:
        raise BadRequest(reason="display_name")
    if any(unicodedata.category(character) in _HIDDEN and character not in _JOINERS for character in shown):
        raise BadRequest(reason="display_name")
    return shown
