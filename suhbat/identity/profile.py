"""The profile of an account, and the rules for its display name."""

from __future__ import annotations

import unicodedata

from suhbat.chat.model import Account
from suhbat.errors import BadRequest
from suhbat.protocol.objects import Person, Profile

MAX_DISPLAY_NAME = 64
"""Code points of a display name."""

_JOINERS = "\u200c\u200d"  # Persian and Indian scripts, and emoji, are written with these
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Controls, formats (direction marks turn the text around them), halves of surrogate pairs, unassigned, line separators.


def profile_of(account: Account) -> Profile:
    """An account as its owner sees it."""
    return Profile(
        uid=account.uid,
        user_id=account.user_id,
        kind=account.kind,
        display_name=account.display_name,
        role=account.role,
        locale=account.locale,
        added_by=account.added_by,
        picture=account.picture,
        quiet=account.quiet,
        push_text=account.push_text,
    )


def person_of(account: Account) -> Person:
    """An account as others see it. A disabled one has no picture."""
    return Person(
        uid=account.uid,
        user_id=account.user_id,
        kind=account.kind,
        display_name=account.display_name,
        role=account.role,
        picture=None if account.disabled else account.picture,
    )


def display_name(text: str) -> str:
    """The normalised display name: NFC, single blanks, none around it. Raises BadRequest.

    Unlike a `user_id` it need not be unique and grants nothing. Clients show the `user_id` with it where it matters who
    somebody is, and everywhere if two people have one display name.
    """
    if len(text) > 2 * MAX_DISPLAY_NAME:
        raise BadRequest(reason="display_name")
    shown = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(shown) <= MAX_DISPLAY_NAME:
        raise BadRequest(reason="display_name")
    if any(unicodedata.category(character) in _HIDDEN and character not in _JOINERS for character in shown):
        raise BadRequest(reason="display_name.hidden")
    return shown
