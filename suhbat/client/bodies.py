"""HTTP requests with bodies of bytes, for files. They block, so they run in threads. A failure is an answer, too."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from suhbat.errors import Busy

from .errors import Refused
from .web import json_object, refusal_of

TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class BodyAnswer:
    """status: 0 if there was none. headers: by lower-case names. body: the JSON object, empty for anything else. data: the
    bytes. seconds: how long it took. at: where in a file the bytes of a download end."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    at: int = 0
    data: bytes = b""
    reason: str = ""

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_unclear(self) -> bool:
        """Whether the request may have been carried out although the answer is not good."""
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return self.body.get("code") != Busy.code
        return self.status in (0, HTTPStatus.REQUEST_TIMEOUT)

    @property
    def refusal(self) -> Refused:
        """The error of an answer that is not good."""
        return refusal_of(self.status, dict(self.body)) if self.status else Refused("unreachable", self.reason)


def fetch(method: str, url: str, token: str, headers: Mapping[str, str], sent: bytes | None) -> BodyAnswer:
    """Send bytes. Never raises for the network or the server."""
    began = time.monotonic()
    request = _request(method, url, token, headers, sent)
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310  # nosec B310
            data = response.read()
            return BodyAnswer(
                response.status,
                {name.lower(): value for name, value in response.headers.items()},
                json_object(data),
                time.monotonic() - began,
                data=data,
            )
    except HTTPError as refused:
        return _refused(refused)
    except (OSError, HTTPException) as error:
        return BodyAnswer(0, reason=str(error) or type(error).__name__)


def save(url: str, token: str, headers: Mapping[str, str], path: Path, at: int, block: int) -> BodyAnswer:
    """Write the bytes of a URL into a file from the offset `at`, or from 0 if the server sends all of them. `at` of the answer
    is where they end, maybe because the connection broke. Raises OSError only if the file cannot be written."""
    try:
        response = urlopen(_request("GET", url, token, headers, None), timeout=TIMEOUT_SECONDS)  # noqa: S310  # nosec B310
    except HTTPError as refused:
        return _refused(refused, at)
    except (OSError, HTTPException) as error:
        return BodyAnswer(0, at=at, reason=str(error) or type(error).__name__)
    told = {name.lower(): value for name, value in response.headers.items()}
    if response.status != HTTPStatus.PARTIAL_CONTENT:
        at = 0
    with response, path.open("r+b") as file:
        file.truncate(at)
        file.seek(at)
        while True:
            try:
                data = response.read(block)
            except (OSError, HTTPException) as error:
                return BodyAnswer(0, told, at=at, reason=str(error) or type(error).__name__)
            if not data:
                return BodyAnswer(response.status, told, at=at)
            at += file.write(data)


def _request(method: str, url: str, token: str, headers: Mapping[str, str], data: bytes | None) -> Request:
    every = {"Authorization": f"Bearer {token}", **headers}
    return Request(url, data, every, method=method)  # noqa: S310 (Address lets http and https through, nothing else)


def _refused(refused: HTTPError, at: int = 0) -> BodyAnswer:
    with refused:
        try:
            body = json_object(refused.read())
        except (OSError, HTTPException):
            body = {}
        return BodyAnswer(refused.code, body=body, at=at)
