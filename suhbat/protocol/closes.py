"""Close codes (docs/reference/close-codes.md). After 4000-4499 a client reconnects, after 4500-4999 it does not."""

from __future__ import annotations

from enum import IntEnum


class Close(IntEnum):
    """WebSocket close codes that Suhbat sends or reacts to (RFC 6455 §7.4)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    ABNORMAL = 1006
    INVALID_DATA = 1007
    POLICY = 1008
    TOO_BIG = 1009
    INTERNAL = 1011
    RESTART = 1012
    BUSY = 1013
    TOO_SLOW = 4008
    RATE_LIMITED = 4029
    UNAUTHENTICATED = 4501
    FORBIDDEN = 4503
    SESSION_REVOKED = 4505
    NAME_IN_USE = 4509
    INVALID_NAME = 4510


RECONNECT = frozenset(
    {
        Close.GOING_AWAY,
        Close.ABNORMAL,
        Close.INTERNAL,
        Close.RESTART,
        Close.BUSY,
        Close.TOO_SLOW,
        Close.RATE_LIMITED,
    }
)
"""After these a client reconnects with its cursors. It waits with full jitter, from 0.5 s doubling to 20 s."""


def may_reconnect(code: int) -> bool:
    """Whether a client should reconnect after this close. Unknown private codes are decided by their range."""
    return code in RECONNECT or 4000 <= code < 4500 or code == 1005
