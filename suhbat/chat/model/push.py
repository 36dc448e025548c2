"""Push subscriptions as they are stored."""

from __future__ import annotations

from dataclasses import dataclass, field

from .people import Milliseconds


@dataclass(frozen=True, slots=True)
class PushSubscription:
    """A browser of an account that wants pushes (RFC 8030). It ends with the login session `session_id`.

    `endpoint`: whoever knows it and the private key of the server can push, so it is shown to nobody. `public_key`: 65 bytes, a
    point of P-256. `auth`: 16 bytes. `label`: what its owner recognises it by. `last_used_at`: the last push that was accepted,
    or the last time that the browser sent the subscription.
    """

    id: str
    uid: str
    session_id: str
    endpoint: str = field(repr=False)
    public_key: bytes = field(repr=False)
    auth: bytes = field(repr=False)
    label: str
    created_at: Milliseconds
    last_used_at: Milliseconds
