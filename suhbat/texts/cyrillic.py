"""Transliterates Uzbek from Latin to Cyrillic, so that the texts are written once. Pure.

It follows the alphabets of 1940 and 1995. Parts that are not Uzbek stay unchanged: placeholders, quotations, paths, names of
fields.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORLDWIDE = "|".join(
    (
        "JSON", "NUL", "POST", "GET", "HEAD", "Accept-Language", "https", "WebSocket", "endpoint", "tus(?= )", "Unicode",
        "JPEG", "PNG", "GIF", "WebP", "AVIF", "from:", "in:", "a–z",
    )
)  # fmt: skip
_KEPT = re.compile(
    rf"""\{{\{{.*\}}\}}|\{{[^}}]*\}}|"[^"]*"|`[^`]*`|\S*[/_@]\S*|\b(?:{_WORLDWIDE})|\b\w*\d\w*""", re.DOTALL
)
"""Placeholders, examples, quotations, paths, addresses, names with an underscore, and words with the same spelling in every
script. An ending behind such a word is transliterated."""

_PAIRS = {
    "oʻ": "ў", "gʻ": "ғ", "sh": "ш", "ch": "ч", "yo": "ё", "yu": "ю", "ya": "я", "ye": "е",
}  # fmt: skip
_LOANS = {
    "tsiya": "ция", "ksiya": "кция", "filtr": "фильтр",
}  # fmt: skip
_SOFT = {
    "parol": "пароль", "profil": "профиль", "yanvar": "январь", "fevral": "февраль", "aprel": "апрель", "iyun": "июнь",
    "iyul": "июль", "sentabr": "сентябрь", "oktabr": "октябрь", "noyabr": "ноябрь", "dekabr": "декабрь",
}  # fmt: skip
"""Words with a soft sign, which Latin lacks. Before an ending Cyrillic drops it too."""
_LETTERS = {
    "a": "а", "b": "б", "c": "с", "d": "д", "e": "е", "f": "ф", "g": "г", "h": "ҳ", "i": "и", "j": "ж", "k": "к",
    "l": "л", "m": "м", "n": "н", "o": "о", "p": "п", "q": "қ", "r": "р", "s": "с", "t": "т", "u": "у", "v": "в",
    "w": "в", "x": "х", "y": "й", "z": "з", "ʼ": "ъ",
}  # fmt: skip
_VOWELS = frozenset("aeiouʻ")
_SIGN = re.compile(
    rf"(?:(?:{'|'.join(_SOFT)})(?![a-zʻʼ])|{'|'.join(_LOANS)}|yoʻ|oʻ|gʻ|sh|ch|yo|yu|ya|ye|[a-zʼ])",
    re.IGNORECASE | re.ASCII,  # without ASCII, ſ matches s and ı matches i
)


@lru_cache(maxsize=1024)
def cyrillic(text: str) -> str:
    """The text in Cyrillic. In the Latin text `oʻ` and `gʻ` must have U+02BB, and the glottal stop must be U+02BC."""
    done: list[str] = []
    position = 0
    for kept in _KEPT.finditer(text):
        done += (_words(text[position : kept.start()]), kept[0])
        position = kept.end()
    return "".join((*done, _words(text[position:])))


def _words(text: str) -> str:
    return _SIGN.sub(lambda sign: _sign(sign[0], text[sign.start() - 1 : sign.start()]), text)


def _sign(latin: str, before: str) -> str:
    low = latin.lower()
    if low in _SOFT or low in _LOANS:
        made = _SOFT.get(low) or _LOANS[low]
        if latin.isupper():
            return made.upper()
    elif low == "yoʻ":
        made = "йў"
    elif low in _PAIRS:
        made = _PAIRS[low]
    elif low == "e" and (not before.isalpha() or before.lower() in _VOWELS):
        made = "э"  # at the beginning of a word, and after a vowel
    else:
        made = _LETTERS[low]
    return made if latin == low else made[0].upper() + made[1:]
