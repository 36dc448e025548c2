"""The parameters of a method, from a query, a form or JSON, as strictly typed values. Pure.

Forms and queries have only texts, in which Telegram expects JSON for everything that is no text, and libraries send numbers as
texts even within JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .errors import TelegramError

_DEEPEST = 32
MAX_NUMBER = 2**53 - 1
_NOT_UTF8 = "strings must be encoded in UTF-8"
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Parameters:
    """`given`: by name, as they were sent. Every method raises TelegramError for a value of another type."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def has(self, name: str) -> bool:
        return self._given.get(name) not in (None, "")

    def text(self, name: str, default: str = "") -> str:
        value = self._given.get(name)
        if value is None:
            return default
        if isinstance(value, bool | int | float):
            return json.dumps(value)
        if not isinstance(value, str):
            raise TelegramError(f'parameter "{name}" must be a string')
        if not _is_storable(value):
            raise TelegramError(_NOT_UTF8)
        return value

    def number(self, name: str, default: int | None = None) -> int:
        value = self._given.get(name)
        if isinstance(value, str) and value.strip():
            digits = value.strip()
            value = int(digits) if len(digits) < 20 and digits.lstrip("-").isascii() and _is_integer(digits) else "?"
        if value in (None, "") and default is not None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > MAX_NUMBER:
            raise TelegramError(f'parameter "{name}" must be an integer')
        return value

    def flag(self, name: str) -> bool:
        return str(self._given.get(name, "")).lower() in ("true", "1", "yes", "t", "y")

    def value(self, name: str) -> Any:
        """An object or a list; None if it is left out. JSON in a text is parsed. Every text within can be stored."""
        value = self._given.get(name)
        if value in (None, ""):
            return None
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                raise TelegramError(f"can't parse {name.replace('_', ' ')} JSON object") from None
        if not isinstance(value, dict | list) or _depth(value) > _DEEPEST:
            raise TelegramError(f"can't parse {name.replace('_', ' ')} JSON object")
        if not all(map(_is_storable, _texts(value))):
            raise TelegramError(_NOT_UTF8)
        return value

    def object(self, name: str) -> dict[str, Any] | None:
        value = self.value(name)
        if value is not None and not isinstance(value, dict):
            raise TelegramError(f"object expected as {name.replace('_', ' ')}")
        return value

    def list_of_objects(self, name: str) -> list[dict[str, Any]]:
        value = self.value(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise TelegramError(f"expected an Array of {name.replace('_', ' ')}")
        return value


def _is_integer(digits: str) -> bool:
    return digits.removeprefix("-").isdecimal()


def _is_storable(text: str) -> bool:
    return _UNSTORABLE.search(text) is None


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        inner = (*value, *value.values()) if isinstance(value, dict) else value
        for one in inner:
            yield from _texts(one)


def _depth(value: Any) -> int:
    """How deep lists and objects are within each other, up to the limit."""
    level, depth = [value], 0
    while level and depth <= _DEEPEST:
        depth += 1
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return depth
