"""Encrypts the body of a push for one browser: RFC 8291, with the content encoding aes128gcm of RFC 8188.

A push service passes the body on and cannot read it. `cryptography` is imported when it is first needed: it takes 10 MB and
30 ms, which a server without subscriptions saves.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256

PUBLIC_KEY_BYTES = 65
"""An uncompressed point of P-256: 4, x, y."""
AUTH_BYTES = 16
MOST_PLAIN = 3_000
"""Bytes that are encrypted, at most. With header, tag and padding they stay below the 4,096 that each push service takes."""
PADDED = 128
"""The length is rounded up to a multiple of this, so that it tells the push service little about the text."""
_RECORD = 4_096


def is_public_key(data: bytes) -> bool:
    """Whether this is a point of P-256 in the uncompressed form. Takes some 50 µs."""
    from cryptography.hazmat.primitives.asymmetric import ec

    if len(data) != PUBLIC_KEY_BYTES or data[0] != 4:
        return False
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)
    except ValueError:
        return False
    return True


def encrypt(
    plain: bytes,
    public_key: bytes,
    auth: bytes,
    *,
    private_value: int | None = None,
    salt: bytes | None = None,
    padded: int = PADDED,
) -> bytes:
    """The body of a push with `Content-Encoding: aes128gcm`. `public_key` and `auth`: those of the subscription, checked.

    `private_value` and `salt` are for the vectors of the RFC: both must be new for each body.
    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    assert len(plain) <= MOST_PLAIN
    curve = ec.SECP256R1()
    ours = ec.generate_private_key(curve) if private_value is None else ec.derive_private_key(private_value, curve)
    our_public = ours.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = ours.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(curve, public_key))
    salt = secrets.token_bytes(16) if salt is None else salt
    # RFC 8291 section 3.4; each HKDF gives at most 32 bytes, so it is two rounds of HMAC.
    material = _hkdf(auth, shared, b"WebPush: info\0" + public_key + our_public, 32)
    key = _hkdf(salt, material, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(salt, material, b"Content-Encoding: nonce\0", 12)
    last = plain + b"\x02"  # the delimiter of the last record
    sealed = AESGCM(key).encrypt(nonce, last + bytes(-len(last) % padded), None)
    return salt + _RECORD.to_bytes(4, "big") + bytes([len(our_public)]) + our_public + sealed


def _hkdf(salt: bytes, material: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869, for one block."""
    extracted = hmac.digest(salt, material, sha256)
    return hmac.digest(extracted, info + b"\x01", sha256)[:length]
