"""Normalised words for the search: one form for all spellings that a reader takes for the same word.

Uzbek is written in two alphabets and with half a dozen apostrophes, Russian with and without the dots of yo, Turkish with a
dotless i. The index and the query use the same function, so the form need not be correct, only unique. When it changes, a
migration must rebuild the index.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_WORD = 64
"""Letters of a word; further ones are cut off."""
LONGEST = 8_000
"""Letters of a text. The longest message in Cyrillic has no more, but some signs expand to eighteen."""

APOSTROPHES = "'`\u00b4\u02b9\u02bb\u02bc\u2018\u2019\u201b\uff07"
_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "j", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "x", "ц": "s", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ы": "i", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    "ў": "o", "қ": "q", "ғ": "g", "ҳ": "h", "і": "i", "ї": "i", "є": "e", "ґ": "g", "ң": "n", "ө": "o", "ү": "u",
    "ұ": "u", "һ": "h", "ә": "a", "ҷ": "j", "ӣ": "i", "ӯ": "u",
}  # fmt: skip
_BARE = {"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ħ": "h"}
# Latin letters that are also written without the stroke, or with the dot. Unicode does not decompose them.
_WITHOUT_SPACES = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3041, 0x3096), (0x309D, 0x309F),
    (0x30A1, 0x30FA), (0x30FC, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA9E0, 0xA9FE),
    (0xAA60, 0xAA7F), (0xF900, 0xFAFF), (0x20000, 0x3FFFF),
)  # fmt: skip
# Thai and Lao, Burmese, Khmer, kana and Han: each character is indexed as a word, so that a word is a phrase.
_ALONE = "\x1f"
# Marks such a character until the text is split into words. A control character, which no text needs.
# й and ў are separate letters and must keep their marks, so their decomposed forms are composed first.
_IN_PARTS = (("и\u0306", "й"), ("у\u0306", "ў"), ("И\u0306", "й"), ("У\u0306", "ў"))
_REMEMBERED = 10_000
_ASCII = str.maketrans("", "", "'`")
_ASCII_WORDS = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))
"""For `bytes.translate`: each letter and digit in lower case, a space for anything else."""
_ASCII_DROPPED = b"'`"
_WORD = re.compile(r"[^\W_]+")
# Indexes drop marks, but vowels are marks in these scripts: they are mapped to letters of Yi.
_SIGNS = 0xA000
_CHARACTER = re.compile(f"{_ALONE}(.[\ua000-\ua48c]*)", re.DOTALL)
# Possessive quantifiers: linear time for any text.
_E, _S, _SH = re.compile(r"(?<!y)y++[oe]"), re.compile(r"(?<!t)t++s"), re.compile(r"sh(?:ch)++")


def normalise(text: str) -> str:
    """The words of a text in normalised form, with single spaces between them. Never fails. Idempotent.

    Letters lose their marks and their case; Cyrillic becomes Latin as in Uzbek; `yo`, `ye`, `e` and the Russian letters for
    them are one, and so are `ts` and `s`; apostrophes are dropped: `o'zbek` in any spelling is `ozbek`. In scripts without
    spaces each character is a word. At most LONGEST characters, in linear time, because the writer of the store calls this.
    """
    if text.isascii():
        # Three times as fast as the expression for words, with the same result: most messages are of ASCII characters.
        words = text.encode().translate(_ASCII_WORDS, _ASCII_DROPPED)[:LONGEST].decode().split()
        if len(text) > LONGEST_WORD:
            words = [word[:LONGEST_WORD] for word in words]
        return _folded(" ".join(words))
    latin = _latin(text)
    if _ALONE not in latin:
        return _folded(_words(latin[:LONGEST]))
    # Spaces are added around each character, so it is cut again afterwards.
    return _folded(_words(_CHARACTER.sub(r" \1 ", latin)[: 4 * LONGEST]))[:LONGEST].rstrip()


def letters(text: str) -> str:
    """A text with each letter normalised, and single spaces. A prefix of the text gives a prefix of the result.

    For searching names by prefix. `normalise` does not have this property: there `y` is a prefix of `yo`, but not of `e`.
    """
    folded = text.lower().translate(_ASCII) if text.isascii() else _latin(text).replace(_ALONE, "")
    return " ".join(folded.split())


def _words(text: str) -> str:
    return " ".join([word[:LONGEST_WORD] for word in _WORD.findall(text)])


def _latin(text: str) -> str:
    # Not by unicodedata, whose time grows with the square of the marks under one letter.
    if "\u0306" in text:
        for parts, letter in _IN_PARTS:
            text = text.replace(parts, letter)
    return text.translate(_LETTERS)


def _folded(words: str) -> str:
    """One spelling of `yo`, `ye` and `e`, of `ts` and `s`, and of `shch` and `sh`. Removes a whole run of `y`, as in `yyo`."""
    if "yo" in words or "ye" in words:
        words = _E.sub("e", words)
    if "ts" in words:
        words = _S.sub("s", words)
    return _SH.sub("sh", words) if "shch" in words else words


class _Letters(dict[int, str]):
    """The replacement of each letter, computed when the letter first occurs."""

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
        # A letter in the Cyrillic table keeps its marks until it is looked up.
        for bare in part if part in _CYRILLIC else unicodedata.normalize("NFD", part):
            if any(first <= ord(bare) <= last for first, last in _WITHOUT_SPACES):
                said += _character(bare)
            elif not unicodedata.combining(bare) and bare not in APOSTROPHES:
                said += _CYRILLIC.get(bare, _BARE.get(bare, bare))
    return said


def _character(bare: str) -> str:
    """A character of a script without spaces; a combining sign becomes a letter of Yi."""
    if unicodedata.category(bare)[0] == "M":
        return chr(_SIGNS + ord(bare) % 0x480)
    return _ALONE + bare if bare.isalnum() else " "


_LETTERS = _Letters()
