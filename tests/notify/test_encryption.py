"""The body of a push: the vector of RFC 8291, and what another implementation reads."""

from __future__ import annotations

import json
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from suhbat.notify.encoding import decode, encode
from suhbat.notify.encryption import MOST_PLAIN, encrypt, is_public_key
from tests.node import NODE, packages

# RFC 8291, appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
OUR_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
THEIR_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SALT, AUTH = "DGv6ra1nlYgDCS1FRnbzlw", "BTBZMqHH6r4Tts7J_aSIgg"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95b"
    "Qpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)

READ = """
const ece = require('http_ece'), crypto = require('crypto');
const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
  const read = JSON.parse(Buffer.concat(chunks)).map(({body, secret, auth}) => {
    const key = crypto.createECDH('prime256v1');
    key.setPrivateKey(Buffer.from(secret, 'base64url'));
    const options = {version: 'aes128gcm', privateKey: key, authSecret: auth};
    return ece.decrypt(Buffer.from(body, 'base64url'), options).toString('base64url');
  });
  process.stdout.write(JSON.stringify(read));
});
"""


def test_the_vector_of_the_rfc() -> None:
    """With the keys and the salt of the RFC, the body is that of the RFC, byte by byte."""
    private = int.from_bytes(decode(OUR_PRIVATE), "big")
    keys = (decode(THEIR_PUBLIC), decode(AUTH))
    assert encode(encrypt(PLAIN, *keys, private_value=private, salt=decode(SALT), padded=1)) == BODY


def test_another_implementation_reads_it() -> None:
    """http_ece, by the author of RFC 8188, decrypts bodies of every length, also with the padding that hides it."""
    plains = [b"", b"x", PLAIN, "Salom 👋 dunyo".encode(), b"y" * 126, b"y" * 127, b"y" * 128, b"z" * MOST_PLAIN]
    made = []
    for plain in plains:
        theirs, auth = ec.generate_private_key(ec.SECP256R1()), bytes(range(16))
        public = theirs.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        secret = theirs.private_numbers().private_value.to_bytes(32, "big")
        body = encrypt(plain, public, auth)
        assert len(body) <= 4096 and (len(body) - 86 - 16) % 128 == 0
        made.append({"body": encode(body), "secret": encode(secret), "auth": encode(auth)})
    packages()
    done = subprocess.run(
        [NODE, "-e", READ],
        input=json.dumps(made),
        capture_output=True,
        text=True,
        timeout=100,
        cwd=packages().parent,
    )
    assert done.returncode == 0, done.stderr
    assert [decode(text) for text in json.loads(done.stdout)] == plains


def test_each_body_is_new() -> None:
    """The same text is never encrypted in the same way: salt and key of the server are made for each body."""
    bodies = {encrypt(PLAIN, decode(THEIR_PUBLIC), decode(AUTH)) for _ in range(3)}
    assert len({body[:16] for body in bodies}) == len({body[21:86] for body in bodies}) == 3


@pytest.mark.parametrize(
    "data",
    [
        b"",
        decode(THEIR_PUBLIC)[:-1],
        decode(THEIR_PUBLIC) + b"x",
        b"\x04" + bytes(64),
        b"\x04" + b"\xff" * 64,
        b"\x02" + decode(THEIR_PUBLIC)[1:33],
        b"\x06" + decode(THEIR_PUBLIC)[1:],
        decode(THEIR_PUBLIC)[:-1] + b"\x0f",
    ],
)
def test_a_point_that_is_not_on_the_curve(data: bytes) -> None:
    """A key of a subscription is a point of P-256 in the uncompressed form, and nothing else."""
    assert is_public_key(decode(THEIR_PUBLIC))
    assert not is_public_key(data)


def test_base64url() -> None:
    """Padding may be there; other alphabets, blanks and impossible lengths are refused."""
    assert decode("_-8=") == decode("_-8") == b"\xff\xef" and encode(b"\xff\xef") == "_-8"
    for text in ("+/8", "a", "ab cd", "ab\n", "é"):
        with pytest.raises(ValueError, match="base64url"):
            decode(text)
