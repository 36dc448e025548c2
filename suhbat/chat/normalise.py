"""Words as search sees them: one form for everything that a reader takes for the same word.

Uzbek is written in two alphabets and with half a dozen apostrophes, Russian with and without the dots of yo. Index and query go
through the same function, so that it matters less that the form is right than that it is one.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_WORD = 64
"""Letters of a word that count; what follows is cut off."""

APOSTROPHES = "'`\u00b4\u02b9\u02bb\u02bc\u2018\u2019\u201b\uff07"
_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "j", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "x", "ц": "s", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ы": "i", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    "ў": "o", "қ": "q", "ғ": "g", "ҳ": "h", "і": "i", "ї": "i", "є": "e", "ґ": "g", "ң": "n", "ө": "o", "ү": "u",
    "ұ": "u", "һ": "h", "ә": "a", "ҷ": "j", "ӣ": "i", "ӯ": "u",
}  # fmt: skip
_NOTHING = str.maketrans(dict.fromkeys(APOSTROPHES, ""))
_TABLE = str.maketrans({**_CYRILLIC, **dict.fromkeys(APOSTROPHES, "")})
# й and ё are letters of their own: they must not lose their marks with the others, before they are looked up.
_WHOLE = str.maketrans({"\u0439": "\u0001", "\u0451": "\u0435", "\u045e": "\u0002"})
_BACK = str.maketrans({"\u0001": "y", "\u0002": "o"})
_FOLDS = (("yo", "e"), ("ye", "e"), ("ts", "s"), ("shch", "sh"))
_WORD = re.compile(r"[^\W_]+")
_ASCII = str.maketrans("", "", "'`")


def normalise(text: str) -> str:
    """The words of a text in their one form, with single spaces between them. Total, and the same again changes nothing.

    Letters without their marks and in lower case; Cyrillic as Uzbek writes it in Latin; `yo`, `ye`, `e` and the Russian
    letters for them are one, so are `ts` and `s`; apostrophes are nothing: `o'zbek` in any spelling is `ozbek`.
    """
    latin = text.lower().translate(_ASCII) if text.isascii() else _latin(text)
    words = " ".join([word[:LONGEST_WORD] for word in _WORD.findall(latin)])
    # Until nothing changes: taking letters out can bring others together.
    while True:
        folded = words
        for said, one in _FOLDS:
            folded = folded.replace(said, one)
        if folded == words:
            return words
        words = folded


def _latin(text: str) -> str:
    # Apostrophes first: of some NFKC makes a space and a mark.
    plain = unicodedata.normalize("NFKC", text.translate(_NOTHING)).casefold().translate(_WHOLE)
    plain = unicodedata.normalize("NFKC", plain).translate(_WHOLE)
    bare = "".join([letter for letter in unicodedata.normalize("NFD", plain) if not unicodedata.combining(letter)])
    return bare.translate(_BACK).translate(_TABLE)
