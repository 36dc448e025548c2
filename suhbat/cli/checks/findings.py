"""The result of a check."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """One line: the level, and a text that says what was found and, unless it is ok, what to do."""

    level: Literal["ok", "warn", "FAIL"]
    text: str
