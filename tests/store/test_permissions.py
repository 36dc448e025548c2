"""The data directory is for the user of the server only, whoever made what lies in it, and under whatever umask."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from suhbat.cli.checks import examine
from suhbat.config import Settings
from suhbat.identity.control import Control
from suhbat.store import permissions
from suhbat.store.migrate import migrate
from suhbat.store.migrations import HEAD
from suhbat.store.sqlite import connect

from .parts import ALI, Listener, opened, sqlite
from .test_migrations import AT, NEXT, SCRIPTS

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(data: Path) -> dict[str, str]:
    """The files whose mode is not the expected one."""
    return {
        str(path.relative_to(data.parent)): oct(mode)
        for path in (data, *data.rglob("*"))
        if (mode := stat.S_IMODE(path.lstat().st_mode)) != (0o700 if path.is_dir() else 0o600)
    }


async def test_what_the_server_makes(tmp_path: Path, umask: int) -> None:
    """The database, what SQLite puts beside it, the lock, the instance, the secret."""
    data = tmp_path / "data"
    async with opened(sqlite(data), listener := Listener()) as store:
        await listener.send(store, ALI)
        Control(data).begin("http://127.0.0.1:8000")
        assert {"suhbat.db", "suhbat.db-wal", "lock", "instance", "control"} <= {path.name for path in data.iterdir()}
        assert modes(data) == {}
    assert modes(data) == {}


async def test_what_was_put_back(tmp_path: Path, umask: int) -> None:
    """A restored database, a directory made by hand, files of an older version: closed at the next start."""
    async with opened(sqlite(tmp_path / "data"), listener := Listener()) as store:
        await listener.send(store, ALI)
    restored = tmp_path / "restored"
    (restored / "backups").mkdir(parents=True)
    for name in ("suhbat.db", "backups/suhbat-0001-20261118T110640.db", "suhbat.db.bak", "lock", "control"):
        shutil.copyfile(tmp_path / "data" / "suhbat.db", restored / name)
    for path in (restored, *restored.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (restored / "lock").write_text("")
    async with opened(sqlite(restored)):
        assert modes(restored) == {}


async def test_a_copy_before_a_migration(tmp_path: Path, umask: int) -> None:
    """It holds what the database holds."""
    async with opened(sqlite(tmp_path / "data"), listener := Listener()) as store:
        await listener.send(store, ALI)
    scripts = tmp_path / "scripts"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "9999_extra.py").write_text(NEXT.format(head=HEAD, more=""), encoding="utf-8")
    engine = connect.writing(tmp_path / "data" / "suhbat.db")
    with engine.connect() as connection:
        migrate(connection, tmp_path / "data" / "backups", AT, scripts=scripts, head="9999")
    engine.dispose()
    assert len(list((tmp_path / "data" / "backups").iterdir())) == 1
    assert modes(tmp_path / "data") == {}


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    """Somebody may have put other things there; and a link leads elsewhere."""
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "elsewhere").write_text("theirs")
    (tmp_path / "elsewhere").chmod(0o644)
    (tmp_path / "notes.txt").chmod(0o644)
    (tmp_path / "instance").symlink_to(tmp_path / "elsewhere")
    permissions.restrict(tmp_path)
    assert [oct(stat.S_IMODE((tmp_path / name).stat().st_mode)) for name in ("notes.txt", "elsewhere")] == ["0o644"] * 2


def test_the_doctor_says_so(tmp_path: Path) -> None:
    """Each path with its mode and what to do; one line where all is well."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "suhbat.db").touch(mode=0o600)
    assert [found for found in said(data) if "mode" in found or "owner only" in found] == [
        f"ok {data} is for its owner only"
    ]
    data.chmod(0o755)
    (data / "suhbat.db").chmod(0o644)
    wrong = [found for found in said(data) if "has mode" in found]
    assert [found.partition(", so")[0] for found in wrong] == [
        f"warn {data} has mode 0755", f"warn {data / 'suhbat.db'} has mode 0644",
    ]  # fmt: skip
    assert "chmod 0600" in wrong[1]


def said(data: Path) -> list[str]:
    return [f"{found.level} {found.text}" for found in examine(Settings(data=data, port=0), {})]
