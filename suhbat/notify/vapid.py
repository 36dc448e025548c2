"""Tells push services which server a push comes from: VAPID, RFC 8292, with ES256.

Browsers bind a subscription to the public key, so the key is made once for the life of the data, and all nodes have the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .encoding import decode, encode

if TYPE_CHECKING:  # the child process that signs needs nothing else of it
    from suhbat.chat.ports import Clock

LASTS_SECONDS = 12 * 3600
"""A token is good for this long; RFC 8292 allows a day."""
RENEWED_SECONDS = 6 * 3600
"""How old a token may be when it is used, so that the clock of a push service may go wrong by hours."""
MOST_TOKENS = 200
"""Push services whose token is kept."""


@dataclass(frozen=True, slots=True)
class PushKey:
    """`public`: 65 bytes as base64url, which clients subscribe with. `private`: 32 bytes as base64url."""

    public: str
    private: str = field(repr=False)

    @property
    def text(self) -> str:
        """What is stored."""
        return json.dumps({"public": self.public, "private": self.private})


def read_key(text: str) -> PushKey:
    """The inverse of `PushKey.text`."""
    parts = json.loads(text)
    return PushKey(parts["public"], parts["private"])


def make_key() -> PushKey:
    """A new key. Takes 30 ms the first time (see `encryption`)."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    made = ec.generate_private_key(ec.SECP256R1())
    public = made.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return PushKey(encode(public), encode(made.private_numbers().private_value.to_bytes(32, "big")))


class Vapid:
    """Makes the header Authorization. `subject`: an https address of the server, at which its operator is found; None for none,
    which Apple's push service refuses, as it refuses addresses of localhost."""

    def __init__(self, key: PushKey, subject: str | None, clock: Clock) -> None:
        self._key = key
        self._subject = subject
        self._clock = clock
        self._tokens: dict[str, tuple[int, str]] = {}

    def authorization(self, audience: str) -> str:
        """The header for a push service. `audience`: its origin, such as https://push.example.org."""
        now = self._clock.wall() // 1000
        made, token = self._tokens.pop(audience, (0, ""))
        if not token or not 0 <= now - made < RENEWED_SECONDS:
            made, token = now, self._sign(audience, now + LASTS_SECONDS)
        self._tokens[audience] = (made, token)
        if len(self._tokens) > MOST_TOKENS:
            del self._tokens[next(iter(self._tokens))]
        return f"vapid t={token}, k={self._key.public}"

    def _sign(self, audience: str, expires: int) -> str:
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
        from cryptography.hazmat.primitives.hashes import SHA256

        claims = {"aud": audience, "exp": expires} | ({} if self._subject is None else {"sub": self._subject})
        signed = ".".join(encode(_json(part)) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
        private = ec.derive_private_key(int.from_bytes(decode(self._key.private), "big"), ec.SECP256R1())
        r, s = decode_dss_signature(private.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"  # RFC 7518 section 3.4


def subject_of(public_url: str | None) -> str | None:
    """The subject for a server with this `public_url`."""
    return public_url if public_url is not None and public_url.startswith("https://") else None


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
