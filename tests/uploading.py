"""A small client of files for tests over real sockets. It uploads with tus, sends, downloads, and knows nothing of retries."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from .servers import PATIENCE, Server

PASSWORD = "correct horse battery"
PIECE = 1 << 20
FILES = "/api/v1/files"


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of an error; "" if it is none."""
        return str(self.json.get("code", "")) if self.status >= 400 and self.body.startswith(b"{") else ""


def account(server: Server, name: str) -> str:
    """Make an account; gives its token."""
    status, answer = server.request("POST", "/api/v1/accounts", {"user_id": name, "password": PASSWORD})
    assert status == 201, answer
    return str(answer["token"])


class FileClient:
    """One user. Each request has its own connection to `port`, which may change. Broken ones raise OSError or
    http.client.HTTPException."""

    def __init__(self, port: int, token: str) -> None:
        self.port = port
        self.token = token

    def ask(
        self, method: str, path: str, body: bytes | Iterable[bytes] | dict[str, Any] | None = None, **headers: str
    ) -> Answer:
        """A request with these headers (`upload_offset` is `upload-offset`). A dictionary is sent as JSON."""
        sent = {"authorization": f"Bearer {self.token}"} | {key.replace("_", "-"): it for key, it in headers.items()}
        if isinstance(body, dict):
            sent["content-type"], body = "application/json", json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def tus(self, method: str, path: str, body: bytes | Iterable[bytes] | None = None, **headers: str) -> Answer:
        return self.ask(method, path, body, tus_resumable="1.0.0", **headers)

    def begin(self, name: str, length: int) -> Answer:
        metadata = f"filename {base64.b64encode(name.encode()).decode()}"
        return self.tus("POST", FILES, upload_length=str(length), upload_metadata=metadata)

    def send_bytes(self, id_: str, offset: int, data: bytes | Iterable[bytes]) -> Answer:
        octets = "application/offset+octet-stream"
        return self.tus("PATCH", f"{FILES}/{id_}", data, upload_offset=str(offset), content_type=octets)

    def upload(self, name: str, data: bytes) -> dict[str, Any]:
        """Upload in one piece and wait until the file is ready."""
        begun = self.begin(name, len(data))
        assert begun.status == 201, begun
        id_ = begun.headers["location"].rpartition("/")[2]
        done = self.send_bytes(id_, 0, data)
        assert done.status == 204, done
        return self.ready(id_)

    def ready(self, id_: str) -> dict[str, Any]:
        """The file, once it is ready."""
        limit = time.monotonic() + PATIENCE
        while (file := self.file(id_))["state"] != "ready":
            assert time.monotonic() < limit, file
            time.sleep(0.02)
        return file

    def file(self, id_: str) -> dict[str, Any]:
        answer = self.ask("GET", f"{FILES}/{id_}")
        assert answer.status == 200, answer
        file: dict[str, Any] = answer.json["file"]
        return file

    def send(self, files: list[str], text: str = "", conversation: str = "lobby", **more: Any) -> Answer:
        """A message with these files."""
        body = {"text": text, "files": files, **more}
        return self.ask("POST", f"/api/v1/conversations/{conversation}/messages", body)

    def digest(self, url: str) -> tuple[int, str]:
        """The status, and the SHA-256 of what comes from there. However large it is, little of it is in memory."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", url, headers={"authorization": f"Bearer {self.token}"})
            answer, found = connection.getresponse(), hashlib.sha256()
            while data := answer.read(PIECE):
                found.update(data)
            return answer.status, found.hexdigest()
        finally:
            connection.close()
