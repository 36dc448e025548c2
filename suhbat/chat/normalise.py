"""Words as search sees them: one form for everything that a reader takes for the same word.

Uzbek is written in two alphabets and with half a dozen apostrophes, Russian with and without the dots of yo, Turkish with an i
that has no dot. Index and query go through the same function, so that it matters less that the form is right than that it is
one. When it changes, a migration makes the index anew.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_WORD = 64
"""Letters of a word that count; what follows is cut off."""
LONGEST = 8_000
"""Letters of a text that count. The longest message in Cyrillic has no more; but there are signs that stand for eighteen."""

APOSTROPHES = "'`\u00b4\u02b9\u02bb\u02bc\u2018\u2019\u201b\uff07"
_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "j", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "x", "ц": "s", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ы": "i", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    "ў": "o", "қ": "q", "ғ": "g", "ҳ": "h", "і": "i", "ї": "i", "є": "e", "ґ": "g", "ң": "n", "ө": "o", "ү": "u",
    "ұ": "u", "һ": "h", "ә": "a", "ҷ": "j", "ӣ": "i", "ӯ": "u",
}  # fmt: skip
_BARE = {"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ħ": "h"}
# Latin letters that others write without the stroke, or with the dot. Unicode takes them for letters of their own.
_WITHOUT_SPACES = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3041, 0x3096), (0x309D, 0x309F),
    (0x30A1, 0x30FA), (0x30FC, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA9E0, 0xA9FE),
    (0xAA60, 0xAA7F), (0xF900, 0xFAFF), (0x20000, 0x3FFFF),
)  # fmt: skip
# Thai and Lao, Burmese, Khmer, kana and Han: each character is a word, and a word of theirs is a phrase.
_ALONE = "\x1f"
# Stands before such a character until the words are taken apart. It is a control, which no text needs.
# й and ў are letters of their own: they must not lose their marks with the others. So they may not come in two parts.
_IN_PARTS = (("и\u0306", "й"), ("у\u0306", "ў"), ("И\u0306", "й"), ("У\u0306", "ў"))
_REMEMBERED = 10_000
_ASCII = str.maketrans("", "", "'`")
_WORD = re.compile(r"[^\W_]+")
# Indexes take no marks for letters, and vowels are marks in these scripts: they are written with letters of Yi instead.
_SIGNS = 0xA000
_CHARACTER = re.compile(f"{_ALONE}(.[\ua000-\ua48c]*)", re.DOTALL)
# Once over the text, whatever was sent: each run is looked at from its beginning only, and given up as a whole.
_E, _S, _SH = re.compile(r"(?<!y)y++[oe]"), re.compile(r"(?<!t)t++s"), re.compile(r"sh(?:ch)++")


def normalise(text: str) -> str:
    """The words of a text in their one form, with single spaces between them. Total, and the same again changes nothing.

    Letters without their marks and in lower case; Cyrillic as Uzbek writes it in Latin; `yo`, `ye`, `e` and the Russian
    letters for them are one, so are `ts` and `s`; apostrophes are nothing: `o'zbek` in any spelling is `ozbek`. Where words
    have no spaces between them, each character is one. At most LONGEST characters, in a time that grows with the text and not
    faster: the writer of the store calls this.
    """
    if text.isascii():
        return _folded(_words(text.lower().translate(_ASCII)[:LONGEST]))
    latin = _latin(text)
    if _ALONE not in latin:
        return _folded(_words(latin[:LONGEST]))
    # With a space for each character; after that it is cut once more.
    return _folded(_words(_CHARACTER.sub(r" \1 ", latin)[: 4 * LONGEST]))[:LONGEST].rstrip()


def letters(text: str) -> str:
    """A text with each of its letters in its one form, and single spaces: what begins a text gives what begins its form.

    For names by their beginnings. Not so far as `normalise`, where `y` begins `yo` but nothing of `e`.
    """
    folded = text.lower().translate(_ASCII) if text.isascii() else _latin(text).replace(_ALONE, "")
    return " ".join(folded.split())


def _words(text: str) -> str:
    return " ".join([word[:LONGEST_WORD] for word in _WORD.findall(text)])


def _latin(text: str) -> str:
    # Not by unicodedata: a thousand marks under a letter take it the square of that.
    if "\u0306" in text:
        for parts, letter in _IN_PARTS:
            text = text.replace(parts, letter)
    return text.translate(_LETTERS)


def _folded(words: str) -> str:
    """What is spelled in several ways, in one. Of `yyo` the end makes `ye`, so all that stand before go with it."""
    if "yo" in words or "ye" in words:
        words = _E.sub("e", words)
    if "ts" in words:
        words = _S.sub("s", words)
    return _SH.sub("sh", words) if "shch" in words else words


class _Letters(dict[int, str]):
    """What becomes of each letter, worked out when it comes for the first time."""

    def __missing__(self, code: int) -> str:
        letter = _letter(chr(code))
        if len(self) < _REMEMBERED:
            self[code] = letter
        return letter


def _letter(letter: str) -> str:
    if letter in APOSTROPHES:
        return ""
    if letter == _ALONE:
        return " "
    said = ""
    for part in unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", letter).casefold()):
        # What Cyrillic has a letter for keeps its marks until it is looked up.
        for bare in part if part in _CYRILLIC else unicodedata.normalize("NFD", part):
            if any(first <= ord(bare) <= last for first, last in _WITHOUT_SPACES):
                said += _character(bare)
            elif not unicodedata.combining(bare) and bare not in APOSTROPHES:
                said += _CYRILLIC.get(bare, _BARE.get(bare, bare))
    return said


def _character(bare: str) -> str:
    """A character of a script without spaces; a sign that belongs to the one before it is a letter of Yi."""
    if unicodedata.category(bare)[0] == "M":
        return chr(_SIGNS + ord(bare) % 0x480)
    return _ALONE + bare if bare.isalnum() else " "


_LETTERS = _Letters()
