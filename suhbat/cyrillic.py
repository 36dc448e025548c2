"""Uzbek in Cyrillic, made from Uzbek in Latin: the texts are written once. Pure.

After the alphabets of 1940 and 1995. What is no Uzbek stays as it is: placeholders, quotations, paths, names of fields.
"""

from __future__ import annotations

import re
from functools import lru_cache

_KEPT = re.compile(
    r"""\{\{.*\}\}|\{[^}]*\}|"[^"]*"|`[^`]*`|\S*[/_]\S*|\b(?:JSON|NUL|POST|GET|Accept-Language)|\b\w*\d\w*""", re.DOTALL
)
"""Placeholders, examples, quotations, paths and names with an underscore, words that are spelt so everywhere."""

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
"""Words with a sign that Latin does not write; before an ending it is not written in Cyrillic either."""
_LETTERS = {
    "a": "а", "b": "б", "c": "с", "d": "д", "e": "е", "f": "ф", "g": "г", "h": "ҳ", "i": "и", "j": "ж", "k": "к",
    "l": "л", "m": "м", "n": "н", "o": "о", "p": "п", "q": "қ", "r": "р", "s": "с", "t": "т", "u": "у", "v": "в",
    "w": "в", "x": "х", "y": "й", "z": "з", "ʼ": "ъ",
}  # fmt: skip
_VOWELS = frozenset("aeiouʻ")
_SIGN = re.compile(
    rf"(?:(?:{'|'.join(_SOFT)})(?![a-zʻʼ])|{'|'.join(_LOANS)}|yoʻ|oʻ|gʻ|sh|ch|yo|yu|ya|ye|[a-zʼ])",
    re.IGNORECASE | re.ASCII,  # or it takes ſ for s, and ı for i
)


@lru_cache(maxsize=1024)
def cyrillic(text: str) -> str:
    """The same in Cyrillic. `oʻ` and `gʻ` are written with U+02BB, the sign of the glottal stop is U+02BC."""
    done: list[str] = []
    place = 0
    for kept in _KEPT.finditer(text):
        done += (_words(text[place : kept.start()]), kept[0])
        place = kept.end()
    return "".join((*done, _words(text[place:])))


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
