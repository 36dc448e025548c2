"""Filters: which messages, commands and presses a handler is for.

A filter is a function of the update, async or not. It gives a falsy value to refuse; a dict is given to the handler as named
arguments. `F` makes filters out of attributes: `F.text == "salom"`, `F.chat.kind == "direct"`.
"""

from __future__ import annotations

import inspect
import operator
import re
from collections.abc import Awaitable, Callable, Container, Sequence
from typing import Any

Filter = Callable[[Any], object | Awaitable[object]]


async def passes(filters: Sequence[Filter], update: Any) -> dict[str, Any] | None:
    """What the filters give to the handler; None if one of them refuses."""
    given: dict[str, Any] = {}
    for one in filters:
        result = one(update)
        if inspect.isawaitable(result):
            result = await result
        if isinstance(result, dict):
            given |= result
        elif not result:
            return None
    return given


class MagicFilter:
    """A value that is computed from the update: attributes, then a comparison or a call. If something on the way is missing,
    the result is None, which refuses. `&`, `|` and `~` combine filters."""

    def __init__(self, compute: Callable[[Any], Any] = lambda update: update) -> None:
        self._compute = compute

    def __call__(self, update: Any) -> Any:
        return self._compute(update)

    def __getattr__(self, name: str) -> MagicFilter:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._then(lambda value: getattr(value, name, None))

    def __getitem__(self, key: Any) -> MagicFilter:
        return self._then(lambda value: _item(value, key))

    def __eq__(self, other: object) -> MagicFilter:  # type: ignore[override]  # compares later, with an update
        return MagicFilter(lambda update: self._compute(update) == other)

    def __ne__(self, other: object) -> MagicFilter:  # type: ignore[override]  # as above
        return MagicFilter(lambda update: self._compute(update) != other)

    __hash__ = object.__hash__

    def __lt__(self, other: Any) -> MagicFilter:
        return self._then(lambda value: operator.lt(value, other))

    def __le__(self, other: Any) -> MagicFilter:
        return self._then(lambda value: operator.le(value, other))

    def __gt__(self, other: Any) -> MagicFilter:
        return self._then(lambda value: operator.gt(value, other))

    def __ge__(self, other: Any) -> MagicFilter:
        return self._then(lambda value: operator.ge(value, other))

    def __invert__(self) -> MagicFilter:
        return MagicFilter(lambda update: not self._compute(update))

    def __and__(self, other: Filter) -> MagicFilter:
        return MagicFilter(lambda update: self._compute(update) and other(update))

    def __or__(self, other: Filter) -> MagicFilter:
        return MagicFilter(lambda update: self._compute(update) or other(update))

    def lower(self) -> MagicFilter:
        return self._then(lambda value: value.lower())

    def startswith(self, beginning: str) -> MagicFilter:
        return self._then(lambda value: value.startswith(beginning))

    def endswith(self, end: str) -> MagicFilter:
        return self._then(lambda value: value.endswith(end))

    def contains(self, part: Any) -> MagicFilter:
        return self._then(lambda value: part in value)

    def in_(self, values: Container[Any]) -> MagicFilter:
        return self._then(lambda value: value in values)

    def len(self) -> MagicFilter:
        return self._then(len)

    def regexp(self, pattern: str | re.Pattern[str]) -> MagicFilter:
        """Whether the whole text matches from its beginning, as `re.match`; `.as_("match")` gives the match to the handler."""
        compiled = re.compile(pattern)
        return self._then(compiled.match)

    def func(self, function: Callable[[Any], Any]) -> MagicFilter:
        """Whatever else: the function gets the value."""
        return self._then(function)

    def as_(self, name: str) -> MagicFilter:
        """Give the value to the handler under this name."""

        def named(update: Any) -> Any:
            value = self._compute(update)
            return {name: value} if value else None

        return MagicFilter(named)

    def _then(self, step: Callable[[Any], Any]) -> MagicFilter:
        def compute(update: Any) -> Any:
            value = self._compute(update)
            return None if value is None else step(value)

        return MagicFilter(compute)


def _item(value: Any, key: Any) -> Any:
    try:
        return value[key]
    except (KeyError, IndexError):
        return None


F = MagicFilter()
"""The update itself."""
