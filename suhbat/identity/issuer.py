"""Authentication with JSON Web Tokens (RFC 7519) that another service signs: an `authenticate` for `suhbat.mount`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog

try:
    import jwt
except ImportError as error:
    raise ImportError('suhbat.Issuer needs PyJWT: pip install "pyjwt[crypto]"') from error

from .address import is_loopback
from .external import Asked, ExternalPerson

log = structlog.get_logger("suhbat.identity")

SIGNED = ("RS256", "ES256", "EdDSA")
"""Algorithms for the keys of `jwks_url`. A secret is used with HS256 only, so that a public key is never used as a secret
(RFC 8725 §2.1)."""
SECRET_BYTES = 32
"""The shortest secret for HS256 (RFC 7518 §3.2)."""
LEEWAY_SECONDS = 30
"""The tolerated difference of clocks."""
FRESH_SECONDS = 300.0
"""How long keys are used before they are read again."""
COOLDOWN_SECONDS = 30.0
"""The shortest time between two reads of the keys, whatever tokens arrive."""
TIMEOUT_SECONDS = 5
MAX_TOKEN = 8_192
"""Characters of a token."""

Claims = Mapping[str, Any]
"""The claims of a token whose signature, issuer, audience and times were verified."""


def person_of(claims: Claims) -> ExternalPerson:
    """The user for the usual claims of OpenID Connect: `sub`, `preferred_username`, `name`. The role is `member`."""
    subject = str(claims["sub"])
    shown = claims.get("name")
    return ExternalPerson(
        id=subject,
        name=str(claims.get("preferred_username") or claims.get("nickname") or subject),
        shown=None if shown is None else str(shown),
    )


class Issuer:
    """Accepts tokens of one issuer for one audience, signed with the keys at `jwks_url` or with `secret` (HS256).

    `person`: returns the user for the claims, or None. Tokens need `exp`, `iss`, `aud` and `sub`; a socket is closed (4505)
    when its token expires. Raises ValueError for an unsafe configuration: a short secret, an address without https.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        *,
        jwks_url: str | None = None,
        secret: str | bytes | None = None,
        algorithms: Collection[str] = SIGNED,
        person: Callable[[Claims], ExternalPerson | None] = person_of,
    ) -> None:
        if (jwks_url is None) == (secret is None):
            raise ValueError("give either jwks_url or secret")
        if not issuer or not audience:
            raise ValueError("issuer and audience must not be empty")
        key = secret.encode() if isinstance(secret, str) else secret
        if key is not None and len(key) < SECRET_BYTES:
            raise ValueError(f"the secret needs at least {SECRET_BYTES} bytes")
        if unknown := set(algorithms) - set(SIGNED):
            raise ValueError(f"algorithms can be {', '.join(SIGNED)}, not {', '.join(sorted(unknown))}")
        self._issuer = issuer
        self._audience = audience
        self._secret = key
        self._keys = None if jwks_url is None else Keys(jwks_url)
        self._algorithms = ["HS256"] if key is not None else list(algorithms)
        self._person = person

    async def __call__(self, asked: Asked) -> ExternalPerson | None:
        """The user of the token of a request; None if it is missing, invalid, expired or of another issuer."""
        if asked.token is None or len(asked.token) > MAX_TOKEN or not asked.token.isascii():
            return None
        try:
            key = await self._key(asked.token)
            if key is None:
                return None
            claims = jwt.decode(
                asked.token,
                key,
                algorithms=self._algorithms,
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as refusal:
            log.debug("issuer: token refused", reason=type(refusal).__name__)
            return None
        person = self._person(claims)
        return None if person is None else person.until_at_most(int((claims["exp"] + LEEWAY_SECONDS) * 1000))

    async def _key(self, token: str) -> jwt.PyJWK | bytes | None:
        if self._keys is None:
            return self._secret
        return await self._keys.of(str(jwt.get_unverified_header(token).get("kid")))


class Keys:
    """The public keys at an address (RFC 7517 §5), read when they are first needed and again after FRESH_SECONDS.

    An address in a token (`jku`) is never used. The keys are read at most every COOLDOWN_SECONDS. While the address does not
    answer, known keys stay valid.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme != "https" and not (parts.scheme == "http" and (host == "localhost" or is_loopback(host))):
            raise ValueError("jwks_url must begin with https:// (http:// only for this machine)")
        self._client = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=TIMEOUT_SECONDS)
        self._keys: dict[str, jwt.PyJWK] = {}
        self._reading: asyncio.Task[None] | None = None
        self._next_read = 0.0
        self._stale_at = 0.0

    async def of(self, kid: str) -> jwt.PyJWK | None:
        """The key with this id, if there is one. Waits for a read only if the key is unknown."""
        now = asyncio.get_running_loop().time()
        known = self._keys.get(kid)
        if (known is None or now >= self._stale_at) and now >= self._next_read and self._reading is None:
            self._next_read = now + COOLDOWN_SECONDS
            self._reading = asyncio.create_task(self._read())
        if known is None and self._reading is not None:
            await asyncio.shield(self._reading)
            known = self._keys.get(kid)
        return known

    async def _read(self) -> None:
        try:
            keys = await asyncio.to_thread(self._client.get_signing_keys)
        except (jwt.PyJWTError, OSError, ValueError) as error:
            log.warning("issuer: keys not read", url=self._client.uri, error=str(error))
        else:
            self._keys = {str(key.key_id): key for key in keys}
            self._stale_at = asyncio.get_running_loop().time() + FRESH_SECONDS
        finally:
            self._reading = None
