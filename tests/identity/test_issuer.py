"""Tokens of another issuer: the user of a valid one, and all the invalid ones."""

from __future__ import annotations

import asyncio
import base64
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from suhbat.identity.external import Asked, ExternalPerson
from suhbat.identity.issuer import COOLDOWN_SECONDS, LEEWAY_SECONDS, MAX_TOKEN, Claims, Issuer, Keys

ISSUER, AUDIENCE = "https://login.example.org", "chat"
SECRET = "a secret of sixty-four bytes or more, as every algorithm would like"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


def claims(**changed: Any) -> dict[str, Any]:
    """The claims of a valid token; None removes a claim."""
    said = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "17",
        "exp": int(time.time()) + 600,
        "preferred_username": "ali",
        "name": "Ali Valiyev",
    }
    return {name: value for name, value in (said | changed).items() if value is not None}


def signed(key: Any = SECRET, algorithm: str = "HS256", kid: str | None = None, **changed: Any) -> str:
    return jwt.encode(claims(**changed), key, algorithm, headers=None if kid is None else {"kid": kid})


async def recognised(issuer: Issuer, token: str | None) -> ExternalPerson | None:
    return await issuer(Asked("/api/v1/me", {}, {}, token))


@dataclass
class Jwks:
    """The key server of an issuer, on loopback. `broken`: it answers 503."""

    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    broken: bool = False

    def offer(self, kid: str, key: Any) -> None:
        algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
        self.keys.append({**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"})


@pytest.fixture
def jwks() -> Iterator[Jwks]:
    state = Jwks()

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked += 1
            self.send_response(503 if state.broken else 200)
            self.end_headers()
            self.wfile.write(json.dumps({"keys": state.keys}).encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    state.url = f"http://127.0.0.1:{server.server_address[1]}/keys"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


SHARED = Issuer(ISSUER, AUDIENCE, secret=SECRET)


async def test_a_person() -> None:
    """The claims of OpenID Connect give a member, until the token expires."""
    exp = int(time.time()) + 60
    found = await recognised(SHARED, signed(exp=exp, role="owner"))
    assert found == ExternalPerson("17", "ali", "Ali Valiyev", "member", (exp + LEEWAY_SECONDS) * 1000)
    assert (await recognised(SHARED, signed(preferred_username=None, name=None))) is not None


REFUSED: dict[str, Callable[[], str | None]] = {
    # Built when the test runs: a token signed while tests are collected has expired ten minutes into a slow run,
    # and would then be refused for its age, whatever else is wrong with it.
    "none": lambda: None,
    "empty": lambda: "",
    "a session": lambda: "ss_something",
    "three letters": lambda: "a.b.c",
    "only dots": lambda: "..",
    "not text": lambda: "\udcff.\udcff.x",
    "too long": lambda: "x" * (MAX_TOKEN + 1),
    "another key": lambda: signed(SECRET[::-1]),
    "another algorithm": lambda: signed(algorithm="HS512"),
    "no signature": lambda: signed(None, "none"),
    "expired": lambda: signed(exp=int(time.time()) - LEEWAY_SECONDS - 1),
    "for ever": lambda: signed(exp=None),
    "an end that is no time": lambda: signed(exp="tomorrow"),
    "not yet": lambda: signed(nbf=int(time.time()) + 600),
    "another issuer": lambda: signed(iss="https://evil.example.org"),
    "no issuer": lambda: signed(iss=None),
    "another audience": lambda: signed(aud="another"),
    "no audience": lambda: signed(aud=None),
    "nobody": lambda: signed(sub=None),
    "a key of the issuer's, where a secret is shared": lambda: signed(RSA, "RS256", kid="1"),
}


@pytest.mark.parametrize("token", REFUSED.values(), ids=REFUSED.keys())
async def test_what_is_refused(token: Callable[[], str | None]) -> None:
    """A token is refused without a signature, with a foreign one, with another algorithm, issuer or audience, if it is expired
    or not yet valid, or without a required claim."""
    assert await recognised(SHARED, token()) is None


async def test_keys(jwks: Jwks) -> None:
    """RS256 and ES256 are verified with the issuer's public keys, which are read once for many tokens."""
    jwks.offer("r", RSA)
    jwks.offer("e", EC)
    issuer = Issuer(ISSUER, AUDIENCE, jwks_url=jwks.url)
    tokens = [signed(RSA, "RS256", "r"), signed(EC, "ES256", "e")] * 5
    found = await asyncio.gather(*(recognised(issuer, token) for token in tokens))
    assert [one.name for one in found if one] == ["ali"] * 10
    assert jwks.asked == 1


async def test_a_public_key_is_no_secret(jwks: Jwks) -> None:
    """HS256 with the public key as the secret, which anybody can sign, is refused (RFC 8725 2.1)."""
    jwks.offer("r", RSA)
    issuer = Issuer(ISSUER, AUDIENCE, jwks_url=jwks.url)
    public = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    encode = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")  # noqa: E731
    head = encode(json.dumps({"alg": "HS256", "kid": "r"}).encode()) + b"." + encode(json.dumps(claims()).encode())
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    token = (head + b"." + encode(algorithm.sign(head, public))).decode()
    assert await recognised(issuer, token) is None
    assert await recognised(issuer, signed(RSA, "RS256", "r")) is not None


async def test_unknown_keys_do_not_make_requests(jwks: Jwks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ids tokens have, the address is read once in COOLDOWN_SECONDS. A new key is found then."""
    jwks.offer("r", RSA)
    keys = Keys(jwks.url)
    assert [await keys.of(f"made up {n}") for n in range(20)] == [None] * 20
    assert jwks.asked == 1
    jwks.offer("new", EC)
    assert await keys.of("new") is None
    keys._next_read -= COOLDOWN_SECONDS
    assert await keys.of("new") is not None


async def test_the_address_fails(jwks: Jwks) -> None:
    """While the address does not answer, known keys stay valid and tokens with unknown keys are refused."""
    jwks.broken = True
    keys = Keys(jwks.url)
    assert await keys.of("r") is None
    jwks.broken = False
    jwks.offer("r", RSA)
    keys._next_read = 0
    assert await keys.of("r") is not None
    jwks.broken = True
    keys._next_read = keys._stale_at = 0
    assert await keys.of("r") is not None
    assert keys._reading is not None
    await keys._reading
    assert await keys.of("r") is not None


async def test_who_the_claims_are_is_yours() -> None:
    """`person` decides about the user; None refuses the token. An earlier `until` of its own wins."""

    def person(said: Claims) -> ExternalPerson | None:
        return ExternalPerson(said["sub"], "boss", role="owner", until=1) if said.get("staff") else None

    issuer = Issuer(ISSUER, AUDIENCE, secret=SECRET, person=person)
    assert await recognised(issuer, signed(staff=True)) == ExternalPerson("17", "boss", role="owner", until=1)
    assert await recognised(issuer, signed()) is None


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"secret": "short"},
        {"secret": SECRET, "jwks_url": "https://login.example.org/keys"},
        {"jwks_url": "http://login.example.org/keys"},
        {"jwks_url": "file:///etc/passwd"},
        {"jwks_url": "http://localhost.example.org/keys"},
        {"jwks_url": "https://login.example.org/keys", "algorithms": ["RS256", "HS256"]},
        {"jwks_url": "https://login.example.org/keys", "algorithms": ["none"]},
    ],
)
def test_what_cannot_be_safe(options: dict[str, Any]) -> None:
    """An unsafe configuration is refused when it is made, not at the first login."""
    with pytest.raises(ValueError):
        Issuer(ISSUER, AUDIENCE, **options)
    with pytest.raises(ValueError):
        Issuer("", AUDIENCE, secret=SECRET)
