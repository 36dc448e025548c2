"""Multipart uploads of killed processes: our signatures are Amazon's, and a real server aborts what is old."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from suhbat.files.s3_unfinished import (
    Credentials,
    Unfinished,
    UnfinishedUploads,
    canonical_query,
    credentials_of,
    signed_headers,
)
from tests import s3

EXAMPLE = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "")


@pytest.mark.parametrize(
    ("query", "signature"),
    [
        ({"lifecycle": ""}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ({"prefix": "J", "max-keys": "2"}, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)
def test_signatures(query: dict[str, str], signature: str) -> None:
    """They are those of the examples in Amazon's description."""
    moment = datetime(2013, 5, 24, tzinfo=UTC)
    headers = signed_headers(
        "GET", "examplebucket.s3.amazonaws.com", "/", canonical_query(query), EXAMPLE, "us-east-1", moment
    )
    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature={signature}"
    )


def test_credentials() -> None:
    """They come from the environment, whole or not at all."""
    both = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    assert credentials_of(both) == ("a", "b", "")
    assert credentials_of(both | {"AWS_SESSION_TOKEN": "c"}) == ("a", "b", "c")
    assert credentials_of({"AWS_ACCESS_KEY_ID": "a"}) is None


def test_what_is_aborted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Old ones below our prefix, and nothing else. What is complete stays."""
    server, prefix = s3.s3(), s3.new_prefix()
    for variable, value in server.environment.items():
        monkeypatch.setenv(variable, value)
    uploads = UnfinishedUploads(f"{server.url}/{s3.BUCKET}", "us-east-1", Credentials(s3.KEY, s3.SECRET, ""))

    def begun(name: str) -> list[Unfinished]:
        return [one for one in uploads.list("chats/") if one.name == name]

    ours, theirs = f"{prefix}/a b+ü/whole", f"{prefix}2/whole"
    for name in (ours, theirs):
        uploads._ask("POST", f"/{name}", {"uploads": ""})
    bucket = s3.bucket(server, prefix)
    bucket.put("whole", b"complete")
    now = int(time.time() * 1000)
    (found,) = begun(ours)
    assert abs(found.since - now) < 3_600_000
    bucket.abort_unfinished(now - 3_600_000)
    assert len(begun(ours)) == 1
    bucket.abort_unfinished(now + 3_600_000)
    assert (begun(ours), len(begun(theirs))) == ([], 1)
    assert bucket.read("whole", 0, 8) == b"complete"
    uploads.abort(found)


def test_wrong_credentials() -> None:
    """They are an error without a secret in it."""
    server = s3.s3()
    uploads = UnfinishedUploads(f"{server.url}/{s3.BUCKET}", "us-east-1", Credentials(s3.KEY, "wrong-secret", ""))
    with pytest.raises(OSError, match="403") as refused:
        list(uploads.list(""))
    assert "wrong-secret" not in str(refused.value)
