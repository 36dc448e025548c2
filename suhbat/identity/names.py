"""Names: which are valid, which spellings are the same name, and which names look the same.

`normalise` gives the name for a typed spelling; `skeleton` gives the same text for all names that look the same. Two names with
the same skeleton are the same name (docs/reference/simple.md, "Names").

Rules: RFC 8265 (PRECIS UsernameCaseMapped) for case, width and normal form; Unicode UTS #39 §4 (confusables) and §5
(one script, one number system).
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from typing import NoReturn, Protocol, cast

from suhbat.errors import InvalidName

MAX_NAME = 32
"""Code points of a normalised name."""
MAX_TYPED = 128
"""Code points of a typed name; longer ones are refused without any work."""
MAX_MARKS = 2
"""Consecutive combining marks that NFC could not compose: Thai and Devanagari need two, decoration needs more."""

TURNED_COMMA = "\u02bb"
"""The letter that Uzbek oʻ and gʻ are written with, and that keyboards do not have."""

RESERVED = frozenset(
    {
        "lobby", "all", "everybody", "everyone", "hamma", "here", "channel", "me", "admin", "administrator",
        "root", "system", "server", "suhbat", "moderator", "support", "null", "undefined", "anonymous",
    }
)  # fmt: skip
"""Names that could be mistaken for the server itself or for everybody."""

HONEST = frozenset({"ali"})
"""Real names with the skeleton of a reserved name (`ali`: I looks like l, and `all` is reserved)."""

_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc`'", TURNED_COMMA))
_ASCII_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-.")
_PUNCTUATION = frozenset("_-." + TURNED_COMMA)
_ASCII_FOLD = str.maketrans({"0": "o", "1": "l", "i": "l", "m": "rn"})
# The table says 0 -> O and I -> l. Names have no case, so O is o and I is i: `user1`, `userl` and `userI` are the same.
_PROTOTYPE_FOLD = str.maketrans({**{chr(c): chr(c + 32) for c in range(ord("A"), ord("Z") + 1)}, "I": "l", "i": "l"})

_WRITTEN_TOGETHER = {
    "HAN": frozenset({"HAN", "JAPANESE", "KOREAN"}),
    "BOPOMOFO": frozenset({"HAN"}),
    "HIRAGANA": frozenset({"JAPANESE"}),
    "KATAKANA": frozenset({"JAPANESE"}),
    "HANGUL": frozenset({"KOREAN"}),
}
# UTS #39 §5.1: scripts that one language writes together count as one.
_SCRIPT_OF_COMMON = {"\u30fc": "KATAKANA", **{chr(c): "ARABIC" for c in range(0x0660, 0x066A)}}
# Characters that are Common in Unicode but belong to one script in a name: the long-vowel mark, Arabic digits.


def normalise(name: str) -> str:
    """The normalised name for a typed one. Idempotent.

    Raises InvalidName with `reason`: name.empty, name.long, name.characters, name.scripts or name.reserved.
    """
    lowered = name.lower() if name.isascii() else name
    if 0 < len(lowered) <= MAX_NAME and _ASCII_NAME.issuperset(lowered):
        _require_letter(lowered)
        _require_free(lowered)
        return lowered
    if not name:
        _refuse("name.empty")
    if len(name) > MAX_TYPED:
        _refuse("name.long")
    return _normalise_unicode(name)


def entered(name: str) -> str:
    """The normalised name for an entry in a form field, without spaces around it. Raises InvalidName as `normalise` does.

    Not for the path of a socket: there a name with a space looks like another name, and is refused.
    """
    return normalise(name.strip())


def skeleton(name: str) -> str:
    """The skeleton of a normalised name: equal for names that differ only by confusables (UTS #39 §4). Idempotent.

    Not for display. It depends on the version of the table, so only skeletons of the same server version are comparable.
    """
    if name.isascii():
        return name.translate(_ASCII_FOLD)
    return _skeleton_unicode(name)


def fold(name: str) -> str | None:
    """The skeleton of an entered name; None if it is invalid."""
    try:
        return skeleton(entered(name))
    except InvalidName:
        return None


def _normalise_unicode(typed: str) -> str:
    name = _normalised(typed)
    if isinstance(name, InvalidName):
        raise InvalidName(reason=name.params["reason"])
    return name


@lru_cache(maxsize=8192)
def _normalised(typed: str) -> str | InvalidName:
    """Caches refusals too, because a refusal may cost a millisecond."""
    try:
        return _compute(typed)
    except InvalidName as refusal:
        return refusal


def _compute(typed: str) -> str:
    try:
        name = _profile().enforce(typed.translate(_APOSTROPHES))
    except UnicodeError:
        _refuse("name.characters")
    # Width mapping may have produced ' and ` from their full-width forms.
    name = name.translate(_APOSTROPHES)
    if len(name) > MAX_NAME:
        _refuse("name.long")
    _require_characters(name)
    _require_one_script(name)
    _require_letter(name)
    _require_free(name)
    return name


def _require_characters(name: str) -> None:
    """Permit letters, digits, `_ - .`, U+02BB, and MAX_MARKS marks on a letter."""
    marks = MAX_MARKS  # a name must not begin with a mark
    zeros = set()
    for character in name:
        category = unicodedata.category(character)
        if category[0] == "M":
            marks += 1
            if marks > MAX_MARKS:
                _refuse("name.characters")
            continue
        # A mark on punctuation or a digit would only be a disguise.
        marks = 0 if category[0] == "L" and character != TURNED_COMMA else MAX_MARKS
        if character in _PUNCTUATION:
            continue
        if category == "Nd":
            zeros.add(ord(character) - unicodedata.digit(character))
        elif category[0] != "L" or "SMALL CAPITAL" in unicodedata.name(character, "SMALL CAPITAL"):
            # Latin small capitals are phonetic notation; in a name they only imitate, and the table does not have them.
            _refuse("name.characters")
    if len(zeros) > 1:
        _refuse("name.scripts")


def _require_one_script(name: str) -> None:
    common: frozenset[str] | None = None
    for character in name:
        if character in _PUNCTUATION or (character.isascii() and character.isdigit()):
            continue
        script = _SCRIPT_OF_COMMON.get(character) or _script(character)
        if script == "INHERITED":
            continue
        if script in ("COMMON", "Unknown"):
            _refuse("name.characters")
        together = _WRITTEN_TOGETHER.get(script) or frozenset({script})
        common = together if common is None else common & together
        if not common:
            _refuse("name.scripts")


def _require_letter(name: str) -> None:
    if not any(character.isalnum() and character != TURNED_COMMA for character in name):
        _refuse("name.characters")


def _require_free(name: str) -> None:
    if name not in HONEST and skeleton(name) in _reserved():
        _refuse("name.reserved")


def _refuse(reason: str) -> NoReturn:
    raise InvalidName(reason=reason)


@lru_cache(maxsize=8192)
def _skeleton_unicode(name: str) -> str:
    folded = name
    while True:
        # The table has a few composed characters, and many that only occur after decomposition.
        looks = _replace(unicodedata.normalize("NFC", folded))
        looks = _replace(unicodedata.normalize("NFD", looks))
        # A second dot above an i is not visible.
        after = unicodedata.normalize("NFD", looks).translate(_PROTOTYPE_FOLD).replace("l\u0307", "l")
        if after == folded:
            return folded
        folded = after


def _replace(text: str) -> str:
    return text.translate(_confusables())


class _Profile(Protocol):
    def enforce(self, value: str) -> str: ...


@cache
def _profile() -> _Profile:
    from precis_i18n import get_profile

    return cast(_Profile, get_profile("UsernameCaseMapped"))


@cache
def _reserved() -> frozenset[str]:
    return frozenset(skeleton(word) for word in RESERVED)


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    from confusable_homoglyphs import categories  # reads its table when imported

    return cast(str, categories.alias(character))


@cache
def _confusables() -> dict[int, str]:
    """The prototype of each character that looks like another.

    The package has the pairs of confusables.txt without their direction. In that file a prototype is never mapped itself, so
    each group is a star: a character with one partner maps to it, and a partner with several is the prototype. Of an isolated
    pair the lower one is chosen; either would do.
    """
    from confusable_homoglyphs.confusables import confusables_data  # 900 KB, read when imported

    # The file has right-to-left characters between direction marks, which do not belong to the characters.
    pairs = {
        source.replace("\u200e", ""): {entry["c"].replace("\u200e", "") for entry in entries}
        for source, entries in confusables_data.items()
    }
    table: dict[int, str] = {}
    for source, partners in pairs.items():
        if len(source) != 1 or len(partners) != 1:
            continue
        (target,) = partners
        alone = len(target) == 1 and len(pairs[target]) == 1
        if not alone or target < source:
            table[ord(source)] = target
    return table
