"""The texts for people in their languages: English, Uzbek (Latin and Cyrillic), Russian.

Keys are error codes, or a code with a dotted detail. A text says what happened and what to do next. `code`s on the wire
never change; these sentences may.
"""

from __future__ import annotations

from .access import ACCESS
from .cyrillic import cyrillic
from .files import FILES
from .languages import LANGUAGES, WRITTEN, Language, Texts, Written, choose, language_of
from .limits import LIMITS
from .pushes import PUSHES
from .reasons import REASONS
from .requests import REQUESTS

__all__ = [
    "LANGUAGES",
    "PUSHES",
    "REASONS",
    "TEXTS",
    "WRITTEN",
    "Language",
    "Written",
    "choose",
    "language_of",
    "say",
    "say_in_push",
]

EXAMPLE = '{"message": "Salom hammaga!", "to_user": ""}'

TEXTS: Texts = {**REQUESTS, **ACCESS, **LIMITS, **FILES}


def say(key: str, language: Language, **params: object) -> str:
    """The text of `key` in `language`, with its placeholders filled. A parameter that is a key of `REASONS` is translated."""
    shown = {name: _translated(value, language) for name, value in params.items()}
    return _in(TEXTS[key], language).format_map(_Params(shown))


def say_in_push(key: str, language: Language, **params: object) -> str:
    """The same for a text of a notification (PUSHES)."""
    return _in(PUSHES[key], language).format(**params)


def _in(texts: dict[Written, str], language: Language) -> str:
    return cyrillic(texts["uz"]) if language == "uz-Cyrl" else texts[language]


class _Params(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "…" if name != "example" else EXAMPLE


def _translated(value: object, language: Language) -> object:
    if isinstance(value, str):
        reason, _, field = value.partition(":")
        if reason in REASONS:
            return _in(REASONS[reason], language).replace("{field}", field)
    return value
