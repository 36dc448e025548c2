"""The header that tells a push service which server a push comes from."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from suhbat.notify.encoding import decode
from suhbat.notify.vapid import LASTS_SECONDS, RENEWED_SECONDS, Vapid, make_key, read_key, subject_of
from tests.fakes import FakeClock

# RFC 8292, section 2.4.
TOKEN = (
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0b"
    "zpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA"
)
PUBLIC = "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"
HOST = "https://push.example.net"


def claims_of(header: str, audience: str = HOST) -> tuple[dict[str, Any], str]:
    """The claims of a header, verified by another implementation with the key that the header names; and its token."""
    scheme, _, rest = header.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert (scheme, set(parts)) == ("vapid", {"t", "k"})
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(parts["k"]))
    options: Any = {"verify_exp": False}
    return jwt.decode(parts["t"], key, algorithms=["ES256"], audience=audience, options=options), parts["t"]


def test_the_example_of_the_rfc() -> None:
    """What stands in the RFC is read as what we write: the same first two parts, and a signature of the same form."""
    claims, _ = claims_of(f"vapid t={TOKEN}, k={PUBLIC}")
    clock = FakeClock()
    clock.now = claims["exp"] - LASTS_SECONDS
    ours = Vapid(make_key(), "mailto:push@example.com", clock).authorization(HOST)
    made, token = claims_of(ours)
    assert made == claims
    assert token.split(".")[:2] == TOKEN.split(".")[:2]
    assert len(decode(token.split(".")[2])) == len(decode(TOKEN.split(".")[2])) == 64


def test_a_token_is_for_one_push_service_and_some_hours() -> None:
    """It is used again for the same service, renewed in time, and never lasts longer than a day."""
    clock = FakeClock()
    vapid = Vapid(make_key(), "https://chat.example.org", clock)
    first = vapid.authorization(HOST)
    claims, _ = claims_of(first)
    assert claims == {"aud": HOST, "exp": int(clock.now) + LASTS_SECONDS, "sub": "https://chat.example.org"}
    assert LASTS_SECONDS <= 24 * 3600
    assert vapid.authorization(HOST) == first
    other, _ = claims_of(vapid.authorization("https://other.example"), "https://other.example")
    assert other["aud"] == "https://other.example"
    clock.now += RENEWED_SECONDS
    assert vapid.authorization(HOST) != first
    clock.now -= 3 * RENEWED_SECONDS  # a clock that was wrong made a token that is not valid for long
    assert claims_of(vapid.authorization(HOST))[0]["exp"] == int(clock.now) + LASTS_SECONDS


def test_many_push_services_take_little_memory() -> None:
    """Users choose the push services: their number in memory is limited."""
    vapid = Vapid(make_key(), None, FakeClock())
    vapid._sign = lambda audience, expires: "token"
    for n in range(1000):
        vapid.authorization(f"https://{n}.example")
    assert len(vapid._tokens) == 200


@pytest.mark.parametrize(
    ("public_url", "subject"),
    [
        ("https://chat.example.org/chat", "https://chat.example.org/chat"),
        ("http://chat.local:8000", None),
        (None, None),
    ],
)
def test_the_subject(public_url: str | None, subject: str | None) -> None:
    """It is the https address of the server, or none: Apple refuses addresses of localhost."""
    assert subject_of(public_url) == subject
    claims, _ = claims_of(Vapid(make_key(), subject_of(public_url), FakeClock()).authorization(HOST))
    assert claims.get("sub") == subject


def test_a_key_is_stored_and_not_shown() -> None:
    """The stored text gives the same key again, with 65 public and 32 private bytes; `repr` shows the public part only."""
    key = make_key()
    assert read_key(key.text) == key and key.private not in repr(key)
    assert (len(decode(key.public)), len(decode(key.private))) == (65, 32)
    assert make_key() != key
