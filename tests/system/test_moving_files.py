"""`suhbat files move` from the directory to S3 and back: killed in the middle, and with servers at work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import s3
from tests.files import samples
from tests.servers import PATIENCE, ROOT, Server, running
from tests.uploading import FileClient, account


@pytest.fixture
def prefix() -> str:
    return s3.new_prefix()


def environment(server: Server, prefix: str) -> dict[str, str]:
    """Of a server with files in S3 from now on, and in the directory before."""
    variables = s3.s3().environment | {"SUHBAT_FILES": f"s3://{s3.BUCKET}/{prefix}"}
    return dict(os.environ) | server.engines() | variables | {"SUHBAT_DATA": str(server.data)}


def command(*arguments: str, env: dict[str, str]) -> subprocess.Popen[str]:
    program = [sys.executable, "-m", "suhbat", "files", *arguments]
    return subprocess.Popen(program, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def said(*arguments: str, env: dict[str, str], code: int = 0) -> str:
    process = command(*arguments, env=env)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, output
    return output


def test_killed_in_the_middle(tmp_path: Path, prefix: str) -> None:
    """Run again, it moves the rest: everything is in S3 once and nothing is in the directory. A server serves files from both,
    before and after; and back it goes the same way."""
    picture = samples.jpeg(6, (800, 600))
    with running("suhbat", tmp_path / "data", send_rate="0", address_rate="0") as server:
        client = FileClient(server.port, account(server, "ali"))
        contents = {f"{number}.bin": os.urandom(400_000) for number in range(25)}
        urls = {client.upload(name, data)["url"]: data for name, data in contents.items()}
        shown = client.upload("rasm.jpg", picture)
        urls |= {url: client.ask("GET", url).body for url in (shown["url"], shown["url"] + "?size=360")}
        env = environment(server, prefix)
        refused = said("move", "--to", "s3", env=env, code=1)
        assert "in use" in refused or "running" in refused or "stop" in refused, refused

    server.settings = {name: env[name] for name in ("SUHBAT_FILES", *s3.s3().environment)}
    server.start()
    try:
        client.port = server.port
        assert {url: client.ask("GET", url).body for url in urls} == urls  # from where they are recorded
        new = client.upload("new.txt", b"in S3")
        urls[new["url"]] = b"in S3"
    finally:
        server.stop()

    bucket = s3.bucket(s3.s3(), prefix)
    with command("move", "--to", "s3", env=env) as process:
        while len(list(bucket.list())) < 12 and process.poll() is None:
            pass
        process.kill()
    assert "with missing bytes: 0" in said("move", "--to", "s3", env=env)
    assert said("check", env=env).splitlines() == [
        "local: 0 files, 0 with missing bytes; bytes of no file: 0",
        "s3: 27 files, 0 with missing bytes; bytes of no file: 0",
    ]
    assert not [path for path in (tmp_path / "data" / "files").rglob("*") if path.is_file()]
    server.start()
    try:
        client.port = server.port
        assert {url: client.ask("GET", url).body for url in urls} == urls
    finally:
        server.stop()
    back = {key: value for key, value in env.items() if key != "SUHBAT_FILES"}
    back |= {"SUHBAT_FILES_BEFORE": env["SUHBAT_FILES"]}
    assert "moved to local: 27 files" in said("move", "--to", "local", env=back)
    assert list(bucket.list()) == []
    assert "local: 27 files, 0 with missing bytes; bytes of no file: 0" in said("check", env=back)


def test_while_servers_run(tmp_path: Path, prefix: str) -> None:
    """On PostgreSQL nobody has to stop: each download gives the bytes, before, during and after."""
    limits = {"send_rate": "0", "address_rate": "0"}
    with s3.running("cluster", tmp_path / "data", prefix, files=str(tmp_path / "shared"), **limits) as server:
        client = FileClient(server.port, account(server, "ali"))
        files = [client.upload(f"{number}.bin", os.urandom(300_000)) for number in range(10)]
        contents = {file["url"]: client.digest(file["url"]) for file in files}
    server.settings = dict(server.settings) | {"SUHBAT_FILES": f"s3://{s3.BUCKET}/{prefix}"}
    server.settings |= {"SUHBAT_FILES_BEFORE": str(tmp_path / "shared")}
    server.start()
    try:
        client.port = server.port
        with command("move", "--to", "s3", env=environment(server, prefix) | dict(server.settings)) as process:
            while process.poll() is None:
                for url, there in contents.items():
                    assert client.digest(url) == there
            output, _ = process.communicate()
        assert process.returncode == 0 and "10 files" in output, output
        assert {url: client.digest(url) for url in contents} == contents
        assert len(list(s3.bucket(s3.s3(), prefix).list())) == 10
    finally:
        server.stop()
