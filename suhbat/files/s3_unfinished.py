"""Aborts multipart uploads that killed processes have left in a bucket: nobody sees their parts, but they take room for ever.

obstore has no request for this. So these two are made here, and signed with AWS Signature Version 4
(https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html). They need credentials in the environment; with
those of a machine at Amazon, nothing is aborted here, and the bucket needs a lifecycle rule for it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import unescape
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import NamedTuple
from urllib.parse import quote, urlsplit

SECONDS = 20
_UNRESERVED = "-_.~"
_EMPTY = hashlib.sha256(b"").hexdigest()


class Credentials(NamedTuple):
    """`token`: of temporary ones, else ""."""

    key: str
    secret: str
    token: str


class Unfinished(NamedTuple):
    """A multipart upload of the object `name`, which began at `since` (in milliseconds)."""

    name: str
    id: str
    since: int


def credentials_of(environ: Mapping[str, str]) -> Credentials | None:
    key, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    token = environ.get("AWS_SESSION_TOKEN") or environ.get("AWS_TOKEN") or ""
    return Credentials(key, secret, token) if key and secret else None


class UnfinishedUploads:
    """Those in the bucket at `address`, its whole URL. The methods block and raise OSError."""

    def __init__(self, address: str, region: str, credentials: Credentials) -> None:
        self._address = urlsplit(address.rstrip("/"))
        self._region = region
        self._credentials = credentials

    def list(self, prefix: str) -> Iterator[Unfinished]:
        """Some of objects whose names begin with `prefix`, at most a thousand."""
        text = self._ask("GET", "", {"uploads": "", "prefix": prefix})
        for upload in re.findall(r"<Upload>(.*?)</Upload>", text, re.DOTALL):
            name, id_, since = (_value(upload, field) for field in ("Key", "UploadId", "Initiated"))
            moment = datetime.fromisoformat(since)
            yield Unfinished(name, id_, int(moment.timestamp() * 1000))

    def abort(self, upload: Unfinished) -> None:
        """Its parts are gone afterwards. Idempotent."""
        self._ask("DELETE", f"/{upload.name}", {"uploadId": upload.id})

    def _ask(self, method: str, path: str, query: Mapping[str, str]) -> str:
        whole = quote(self._address.path + path or "/", safe="/" + _UNRESERVED)
        asked = canonical_query(query)
        now = datetime.now(UTC)
        headers = signed_headers(method, self._address.netloc, whole, asked, self._credentials, self._region, now)
        kind = HTTPSConnection if self._address.scheme == "https" else HTTPConnection
        connection = kind(self._address.netloc, timeout=SECONDS)
        try:
            connection.request(method, f"{whole}?{asked}", headers=headers)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except HTTPException as error:
            raise OSError(f"S3: no answer: {error}") from error
        finally:
            connection.close()
        if answer.status not in (200, 204, 404):
            raise OSError(f"S3: {method} of unfinished uploads was refused with {answer.status}")
        return text


def canonical_query(query: Mapping[str, str]) -> str:
    """The query as it is signed, and sent."""
    return "&".join(f"{quote(name, safe=_UNRESERVED)}={quote(query[name], safe=_UNRESERVED)}" for name in sorted(query))


def signed_headers(
    method: str, host: str, path: str, query: str, credentials: Credentials, region: str, now: datetime
) -> dict[str, str]:
    """The headers of a request without a body. `path` and `query` are quoted."""
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": host, "x-amz-content-sha256": _EMPTY, "x-amz-date": moment}
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{_EMPTY}"
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    signed = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, signed.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.key}/{scope},SignedHeaders={names},Signature={signature}"
    )
    return headers


def _value(text: str, field: str) -> str:
    found = re.search(rf"<{field}>([^<]*)</{field}>", text)
    if found is None:
        raise OSError(f"S3: an unfinished upload without {field}")
    return unescape(found[1])
