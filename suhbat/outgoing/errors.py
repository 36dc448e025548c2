"""How an outgoing request can fail.

OutgoingError
├── AddressRefused the address may not be reached; the same request never succeeds, so do not repeat it
└── NotReached     there was no answer; the same request can succeed later
    └── TimedOut   the time of the request was over

An answer with any status is no failure. The texts are for logs and name the host at most: the path and the query of an
address that a user gave may be a secret.
"""

from __future__ import annotations


class OutgoingError(Exception):
    """A request to an outside address has failed."""


class AddressRefused(OutgoingError):
    """The address may not be reached."""


class NotReached(OutgoingError):
    """There was no answer, or a broken one."""


class TimedOut(NotReached):
    """There was no whole answer in time."""
