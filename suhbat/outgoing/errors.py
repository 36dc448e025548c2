"""How an outgoing request can fail.

OutgoingError
├── AddressRefused the address may not be reached; the same request never succeeds, so do not repeat it
└── NotReached     there was no answer; the same request can succeed later
    └── TimedOut   the time of the request was over

An answer with any status is no failure. The texts are for logs and name the host at most: the path and the query of an
address that a user gave may be a secret. Users are told the `reason` alone.
"""

from __future__ import annotations

import errno
import ssl
from typing import Literal

OutgoingFailure = Literal["address", "name", "refused", "unreachable", "timeout", "tls", "broken", "busy"]
"""Why there was no answer. `address`: it may not be reached; `name`: it was not found; `refused`: nothing listens there;
`unreachable`: no way leads there; `timeout`: no whole answer in time; `tls`: no encryption, or a certificate that is not valid;
`broken`: the connection broke, or the answer is no HTTP; `busy`: nothing was sent, because too many requests wait."""

_UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL})


class OutgoingError(Exception):
    """A request to an outside address has failed."""

    def __init__(self, text: str, reason: OutgoingFailure) -> None:
        super().__init__(text)
        self.reason: OutgoingFailure = reason


class AddressRefused(OutgoingError):
    """The address may not be reached."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "address")


class NotReached(OutgoingError):
    """There was no answer, or a broken one."""

    def __init__(self, text: str, reason: OutgoingFailure = "broken") -> None:
        super().__init__(text, reason)


class TimedOut(NotReached):
    """There was no whole answer in time."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "timeout")


def failure_of(error: OSError) -> OutgoingFailure:
    """Why a connection failed, or broke."""
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, TimeoutError):
        return "timeout"
    return "unreachable" if error.errno in _UNREACHABLE else "broken"
