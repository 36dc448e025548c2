"""What became of an attempt, as one number: a status of HTTP, or below 1 why there was no answer."""

from __future__ import annotations

from suhbat.chat.model import NoAnswer

_REASONS: tuple[NoAnswer, ...] = (
    "address", "name", "refused", "unreachable", "timeout", "tls", "broken", "busy",
)  # fmt: skip
"""-1 is the first. Databases have these numbers, so their order stays, and others are added at the end."""


def as_stored(status: int, reason: NoAnswer | None) -> int:
    """`status`: of the answer; 0 without one."""
    return status if reason is None else -1 - _REASONS.index(reason)


def as_told(stored: int) -> tuple[int, NoAnswer | None]:
    """The status, 0 without an answer, and then the reason, if it is known."""
    if stored >= 0:
        return stored, None
    return 0, _REASONS[-1 - stored] if -stored <= len(_REASONS) else None
