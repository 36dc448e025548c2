"""Files in S3 on real servers: what was acknowledged survives, S3 may fail, and the chat goes on without it."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import s3
from tests.servers import PATIENCE, Server
from tests.uploading import FILES, Answer, FileClient, account

PIECE = random.Random(20).randbytes(1 << 20)
MEGABYTES = 30


@pytest.fixture
def prefix() -> Iterator[str]:
    server = s3.s3()
    yield s3.new_prefix()
    if server.process is None or server.process.poll() is not None:
        server.start()


def stored(prefix: str) -> int:
    """The bytes below a prefix."""
    return sum(one.size for one in s3.bucket(s3.s3(), prefix).list())


def begun(client: FileClient, length: int) -> str:
    answer = client.begin("a.bin", length)
    assert answer.status == 201, answer
    return answer.headers["location"].rpartition("/")[2]


def offset(client: FileClient, id_: str) -> int:
    return int(client.tus("HEAD", f"{FILES}/{id_}").headers["upload-offset"])


class Sending:
    """A request with all pieces that stops after `pause` of them, until `go` is set."""

    def __init__(self, client: FileClient, id_: str, pause: int) -> None:
        self.go = threading.Event()
        self.answer: Answer | Exception | None = None
        self._pause = pause
        self._thread = threading.Thread(target=self._run, args=(client, id_))
        self._thread.start()

    def _run(self, client: FileClient, id_: str) -> None:
        try:
            self.answer = client.send_bytes(id_, 0, self._pieces())
        except Exception as error:
            self.answer = error

    def _pieces(self) -> Iterator[bytes]:
        for number in range(MEGABYTES):
            if number == self._pause:
                self.go.wait(PATIENCE)
            yield PIECE

    def join(self) -> None:
        self.go.set()
        self._thread.join(PATIENCE)


def until_stored(prefix: str, length: int) -> None:
    limit = time.monotonic() + PATIENCE
    while stored(prefix) < length:
        assert time.monotonic() < limit
        time.sleep(0.02)


def finish(server: Server, client: FileClient, id_: str) -> None:
    """Upload the rest and try again after 503, as clients do. Then compare the download."""
    limit = time.monotonic() + PATIENCE
    while True:
        at = offset(client, id_)
        answer = client.send_bytes(id_, at, (PIECE * MEGABYTES)[at:])
        if answer.status != 503:
            break
        assert time.monotonic() < limit
        time.sleep(float(answer.headers["retry-after"]))
    assert answer.status == 204
    url = client.ready(id_)["url"]
    assert client.ask("GET", url).body == PIECE * MEGABYTES
    assert client.ask("GET", url, range="bytes=9999999-10000009").body == (PIECE * MEGABYTES)[9_999_999:10_000_010]


def test_kill_9_in_the_middle(tmp_path: Path, prefix: str) -> None:
    """After it, another node over the same database continues the upload at the acknowledged offset."""
    with s3.running("cluster", tmp_path / "data", prefix) as first:
        client = FileClient(first.port, account(first, "ali"))
        id_ = begun(client, MEGABYTES * len(PIECE))
        sending = Sending(client, id_, 20)
        until_stored(prefix, 16 << 20)
        first.kill()
        sending.join()
        assert not isinstance(sending.answer, Answer)
    second = Server("cluster", tmp_path / "data", settings=first.settings)
    second.start()
    try:
        client.port = second.port
        assert 8 << 20 <= offset(client, id_) <= 20 << 20
        finish(second, client, id_)
    finally:
        second.stop()


def test_s3_fails_in_the_middle(tmp_path: Path, prefix: str) -> None:
    """The upload is refused with 503 and a code, and nothing that was acknowledged is lost. People go on chatting. When S3 is
    back, everything continues by itself."""
    with s3.running("suhbat", tmp_path / "data", prefix) as server:
        client = FileClient(server.port, account(server, "ali"))
        there = client.upload("b.txt", b"salom")
        id_ = begun(client, MEGABYTES * len(PIECE))
        sending = Sending(client, id_, 20)
        until_stored(prefix, 16 << 20)
        s3.s3().kill()
        sending.join()
        assert isinstance(sending.answer, Answer) and sending.answer.status == 503
        assert sending.answer.code == "storage_unavailable" and sending.answer.headers["retry-after"]
        gone = client.ask("GET", there["url"])
        assert (gone.status, gone.code) == (503, "storage_unavailable")
        assert client.send([], "still here").status == 201
        acknowledged = offset(client, id_)
        assert 8 << 20 <= acknowledged <= 20 << 20
        refused = client.send_bytes(id_, acknowledged, PIECE)
        assert (refused.status, refused.code) == (503, "storage_unavailable")
        s3.s3().start()
        assert offset(client, id_) == acknowledged
        finish(server, client, id_)
        assert client.ask("GET", there["url"]).body == b"salom"
        assert client.send([id_, there["id"]]).status == 201
        assert "Traceback" not in server.printed()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot pause a process")
def test_s3_hangs(tmp_path: Path, prefix: str) -> None:
    """It accepts connections and says nothing. Uploads are refused after a while, and people do not wait for that."""
    with s3.running("suhbat", tmp_path / "data", prefix) as server:
        client = FileClient(server.port, account(server, "ali"))
        id_ = begun(client, MEGABYTES * len(PIECE))
        s3.s3().pause()
        try:
            sending = Sending(client, id_, 0)
            sending.go.set()
            assert client.send([], "still here").status == 201
            sending.join()
            assert isinstance(sending.answer, Answer)
            assert (sending.answer.status, sending.answer.code) == (503, "storage_unavailable")
        finally:
            s3.s3().resume()
        finish(server, client, id_)


def test_wrong_credentials(tmp_path: Path, prefix: str) -> None:
    """The log says so at the start, without a secret; files are refused, and people chat."""
    with s3.running("suhbat", tmp_path / "data", prefix) as server:
        server.stop()
        server.settings = {**server.settings, "AWS_SECRET_ACCESS_KEY": "wrong-secret"}
        server.start()
        client = FileClient(server.port, account(server, "ali"))
        id_ = begun(client, 5)
        refused = client.send_bytes(id_, 0, b"salom")
        assert (refused.status, refused.code) == (503, "storage_unavailable")
        assert client.send([], "still here").status == 201
        limit = time.monotonic() + PATIENCE
        while "store cannot be used" not in server.printed():
            assert time.monotonic() < limit
            time.sleep(0.02)
        assert "403" in server.printed()
        for secret in ("wrong-secret", s3.SECRET, "Signature"):
            assert secret not in server.printed().replace("SignatureDoesNotMatch", "")
        assert stored(prefix) == 0
