"""Cuts a text between the characters that a reader sees (the extended grapheme clusters of UAX 29). Pure.

It approximates the standard with Python's Unicode data; in doubt it does not cut. The page has the same in
`web/js/text/graphemes.js`, and tests/vectors/graphemes.json checks both.
"""

from __future__ import annotations

import unicodedata

_JOINER = "\u200d"
_EXTENDS = frozenset("\u200c\u200d\u0e33\u0eb3")
_VIRAMAS = frozenset("\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d")


def cut(text: str, limit: int) -> str:
    """The beginning of a text, at most `limit` code points long, without half a character at its end.

    If the first character alone exceeds the limit, such as a letter with a thousand marks, it is cut.
    """
    if len(text) <= limit:
        return text
    at = limit
    while at > 0 and not _ends_before(text, at):
        at -= 1
    return text[: at or limit]


def _ends_before(text: str, at: int) -> bool:
    """Whether a character ends between text[at - 1] and text[at]."""
    before, after = text[at - 1], text[at]
    if before == "\r" and after == "\n":
        return False
    kind = unicodedata.category(after)
    if kind[0] == "M" or after in _EXTENDS or _is_modifier(after):
        return False
    if before == _JOINER:
        # Joined emoji, or a consonant after a virama and a joiner.
        return not (kind[0] == "S" or _is_conjunct(text[at - 2 : at - 1], after, kind))
    if _is_conjunct(before, after, kind):
        return False
    if _is_regional(before) and _is_regional(after):
        # A flag is a pair of regional indicators, counted from the beginning of their row.
        start = at
        while start > 0 and _is_regional(text[start - 1]):
            start -= 1
        return (at - start) % 2 == 0
    return not (_is_jamo(after, final=True) and _is_hangul(before)) and not (
        _is_jamo(before, final=False) and _is_hangul(after)
    )


def _is_modifier(sign: str) -> bool:
    """Whether it is a skin tone, or a tag as in the flag of England."""
    return "\U0001f3fb" <= sign <= "\U0001f3ff" or "\U000e0020" <= sign <= "\U000e007f"


def _is_conjunct(before: str, after: str, kind: str) -> bool:
    return before in _VIRAMAS and kind == "Lo" and "\u0900" <= after <= "\u0d7f"


def _is_regional(sign: str) -> bool:
    return "\U0001f1e6" <= sign <= "\U0001f1ff"


def _is_hangul(sign: str) -> bool:
    return "\u1100" <= sign <= "\u11ff" or "\ua960" <= sign <= "\ua97c" or "\uac00" <= sign <= "\ud7fb"


def _is_jamo(sign: str, *, final: bool) -> bool:
    """Whether it is a vowel or the end of a syllable; with `final` false, whether it is the beginning of one."""
    if final:
        return "\u1160" <= sign <= "\u11ff" or "\ud7b0" <= sign <= "\ud7fb"
    return "\u1100" <= sign <= "\u115f" or "\ua960" <= sign <= "\ua97c"
