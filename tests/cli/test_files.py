"""`suhbat files check`: what is stored, and what the records say."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from suhbat import cli
from suhbat.cli import checks
from suhbat.config import Settings
from suhbat.files.local import LocalFileStore
from suhbat.files.store import new_key
from tests import s3
from tests.store.parts import ALI, Listener, opened, sqlite
from tests.store.test_files import AT, content, upload


def run(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli.build(), ["files", "check", "--data", str(data), *arguments])


async def fill(data: Path) -> dict[str, str]:
    """A file with a thumbnail that is sent, one that is being uploaded, one that is processed, one whose removal waits; by
    name, the key of each."""
    bytes_ = LocalFileStore(data / "files")
    keys = {name: new_key() for name in ("sent", "half", "work", "gone", "nobody")}
    listener = Listener()
    for key in keys.values():
        incoming = bytes_.receive(key, 0)
        incoming.write(b"0123456789")
        incoming.flush()
        incoming.close()
    small = data / "small"
    small.write_bytes(b"s")
    bytes_.adopt(keys["sent"], small, "360")
    async with opened(sqlite(data), listener) as store:
        for name in ("sent", "half", "work", "gone"):
            file = upload(name, key=keys[name])
            await store.begin_file(file, 0)
            if name == "half":
                await store.advance_file(file, 5, AT)
                continue
            await store.advance_file(file, 10, AT)
            if name == "sent":
                await store.finish_file(file, replace(content(file), thumbnails="360"), AT)
                await listener.send(store, ALI, files=("sent",))
        await store.delete_file(ALI.uid, "gone", AT)
    return keys


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def test_bytes_of_no_file(data: Path) -> None:
    """They are listed, and removed if that is asked for; what is in work or waits for its removal is not one of them."""
    keys = asyncio.run(fill(data))
    found = run(data)
    assert found.exit_code == 0, found.output
    assert found.output.splitlines() == [
        f"of no file: {keys['nobody']}",
        "local: 3 files, 0 with missing bytes; bytes of no file: 1",
    ]
    assert "removed" in run(data, "--remove").output
    assert run(data).output.splitlines() == ["local: 3 files, 0 with missing bytes; bytes of no file: 0"]


@pytest.mark.parametrize("lost", ["sent", "half", "thumbnail", "short"])
def test_missing_bytes(data: Path, lost: str) -> None:
    """Bytes that are gone, whole or in part, give the exit code 1."""
    keys = asyncio.run(fill(data))
    path = data / "files" / keys["sent"][:2] / keys["sent"]
    if lost == "thumbnail":
        path.with_name(f"{path.name}.360").unlink()
    elif lost == "short":
        path.write_bytes(b"0123")
    else:
        (data / "files" / keys[lost][:2] / keys[lost]).unlink()
    found = run(data)
    assert found.exit_code == 1
    assert f"missing: {keys['half' if lost == 'half' else 'sent']}" in found.output


def test_without_a_database(tmp_path: Path) -> None:
    """Nothing is made; the text says what is missing."""
    found = run(tmp_path / "none")
    assert found.exit_code == 1 and not (tmp_path / "none").exists()


def test_a_store_that_no_setting_names(data: Path) -> None:
    """It is no success; the text says what to set."""
    keys = asyncio.run(fill(data))
    database = sqlite3.connect(data / "suhbat.db")
    with database:
        database.execute("UPDATE files SET backend = 's3' WHERE key = ?", (keys["sent"],))
    database.close()
    found = run(data)
    assert found.exit_code == 1 and "1 files are recorded in 's3'" in found.output and "files_before" in found.output
    moved = CliRunner().invoke(cli.build(), ["files", "move", "--data", str(data), "--to", "local"])
    assert moved.exit_code == 1 and "files_before" in moved.output


def test_s3_without_its_extra(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text says what to install, for every command; a server does not start."""
    for module in [name for name in sys.modules if name.startswith("suhbat.files.s3")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.setenv("SUHBAT_FILES", "s3://bucket/prefix")
    for command in (["files", "check"], ["serve"]):
        refused = CliRunner().invoke(cli.build(), [*command, "--data", str(data)])
        assert refused.exit_code and 'pip install ".[s3]"' in refused.output, refused.output
    (finding,) = checks.files.stores(Settings())
    assert finding.level == "FAIL" and 'pip install ".[s3]"' in finding.text


def test_the_doctor_asks_s3(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the bucket can be used, and if not, why; never a secret."""
    server, prefix = s3.s3(), s3.new_prefix()
    for variable, value in server.environment.items():
        monkeypatch.setenv(variable, value)
    settings = Settings(data=data, files=f"s3://{s3.BUCKET}/{prefix}")
    assert list(checks.files.stores(settings)) == [("ok", f"s3://{s3.BUCKET}/{prefix} can be read")]
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret")
    (refused,) = checks.files.stores(settings)
    assert refused.level == "FAIL" and "403" in refused.text and "wrong-secret" not in refused.text
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "maybe")
    (refused,) = checks.files.stores(settings)
    assert refused.level == "FAIL" and "maybe" in refused.text and "\n" not in refused.text


def test_where_to(data: Path) -> None:
    """It must be one of two."""
    refused = CliRunner().invoke(cli.build(), ["files", "move", "--data", str(data), "--to", "moon"])
    assert refused.exit_code == 2 and "--to s3" in refused.output
