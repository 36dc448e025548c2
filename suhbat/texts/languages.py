"""The languages of the texts, and the choice of one. Pure."""

from __future__ import annotations

from typing import Literal, get_args

Written = Literal["en", "uz", "ru"]
Language = Literal["en", "uz", "uz-Cyrl", "ru"]
"""Language tags (RFC 5646). `uz` is Uzbek in Latin letters."""
WRITTEN: tuple[Written, ...] = get_args(Written)
LANGUAGES: tuple[Language, ...] = get_args(Language)

Texts = dict[str, dict[Written, str]]
"""By key, the text in each written language. Uzbek in Cyrillic is derived."""


def choose(accept_language: str, asked: str | None = None) -> Language:
    """The language of an answer: `asked` (from `?lang=`) if known, else the best of `Accept-Language` (RFC 9110 §12.5.4)."""
    if asked and (known := language_of(asked)):
        return known
    best: Language = "en"
    best_weight = 0.0
    for part in accept_language.split(",")[:20]:
        tag, _, weight_text = part.strip().partition(";q=")
        try:
            weight = float(weight_text) if weight_text else 1.0
        except ValueError:
            continue
        language = language_of(tag)
        if language is not None and weight > best_weight:
            best, best_weight = language, weight
    return best


def language_of(tag: str) -> Language | None:
    """The language of a tag such as `ru-RU`, `uz_Cyrl` or `uz-Cyrl-UZ`; None for another language."""
    first, _, rest = tag.strip().lower().replace("_", "-")[:35].partition("-")
    if first[:2] == "uz" and rest.partition("-")[0] == "cyrl":
        return "uz-Cyrl"
    return next((language for language in WRITTEN if first[:2] == language), None)
