"""Where a text may be cut: between what readers take for characters (UAX 29's extended grapheme clusters). Pure.

Close to the standard with what Python knows of Unicode, and it joins rather too much than too little. The page's twin is
`web/js/text/graphemes.js`; both are held by tests/vectors/graphemes.json.
"""

from __future__ import annotations

import unicodedata

_JOINER = "\u200d"
_EXTENDS = frozenset("\u200c\u200d\u0e33\u0eb3")
_VIRAMAS = frozenset("\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d")


def cut(text: str, limit: int) -> str:
    """The beginning of a text, of at most `limit` code points; it never ends in half a character.

    But for a character that is longer than the limit, as a letter under a thousand marks: that is cut all the same.
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
        # Emoji that are joined into one; and a consonant after a virama and a joiner.
        return not (kind[0] == "S" or _is_conjunct(text[at - 2 : at - 1], after, kind))
    if _is_conjunct(before, after, kind):
        return False
    if _is_regional(before) and _is_regional(after):
        # Flags are pairs, from the beginning of the row on.
        start = at
        while start > 0 and _is_regional(text[start - 1]):
            start -= 1
        return (at - start) % 2 == 0
    return not (_is_jamo(after, final=True) and _is_hangul(before)) and not (
        _is_jamo(before, final=False) and _is_hangul(after)
    )


def _is_modifier(sign: str) -> bool:
    """A skin tone, or a part of a flag like that of England."""
    return "\U0001f3fb" <= sign <= "\U0001f3ff" or "\U000e0020" <= sign <= "\U000e007f"


def _is_conjunct(before: str, after: str, kind: str) -> bool:
    return before in _VIRAMAS and kind == "Lo" and "\u0900" <= after <= "\u0d7f"


def _is_regional(sign: str) -> bool:
    return "\U0001f1e6" <= sign <= "\U0001f1ff"


def _is_hangul(sign: str) -> bool:
    return "\u1100" <= sign <= "\u11ff" or "\ua960" <= sign <= "\ua97c" or "\uac00" <= sign <= "\ud7fb"


def _is_jamo(sign: str, *, final: bool) -> bool:
    """A vowel or an end of a syllable; or, if not `final`, its beginning."""
    if final:
        return "\u1160" <= sign <= "\u11ff" or "\ud7b0" <= sign <= "\ud7fb"
    return "\u1100" <= sign <= "\u115f" or "\ua960" <= sign <= "\ua97c"
