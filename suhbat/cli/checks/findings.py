"""What a check says."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """One line: how it is, what was looked at, and what to do if it is not well."""

    level: Literal["ok", "warn", "FAIL"]
    text: str
