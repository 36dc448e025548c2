"""One process owns a data directory, and clients hear of it when the store could have gone back."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from suhbat.directories import make_directory
from suhbat.store.errors import UnusableStore
from suhbat.store.lock import DirectoryLock
from suhbat.store.sqlite.epoch import Instance, recall, remember
from tests.store.parts import ALI, Listener, opened, sqlite

HOLD = """
import sys
from pathlib import Path
from suhbat.store.lock import DirectoryLock
DirectoryLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""


async def epoch_of(place: Path, messages: int = 0) -> str:
    """Start, write, stop."""
    async with opened(sqlite(place), listener := Listener()) as store:
        for _ in range(messages):
            await listener.send(store, ALI)
        return store.epoch


def copy(source: Path, target: Path) -> None:
    """Over the contents of the target, as `cp` does: the file stays the same one."""
    target.write_bytes(source.read_bytes())


class TestLock:
    def test_another_process_is_refused_until_it_is_killed(self, tmp_path: Path) -> None:
        """The refusal names the directory and the process; kill -9 frees the lock at once."""
        with subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == "held\n"
            lock = DirectoryLock(tmp_path)
            with pytest.raises(UnusableStore) as refusal:
                lock.acquire()
            assert str(refusal.value) == (
                f"the data directory {tmp_path} is in use by another Suhbat process (pid {other.pid}); "
                "stop it, or use another data directory (--data, or SUHBAT_DATA)"
            )
            other.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
            other.wait()
            lock.acquire()
            assert lock.holder() == os.getpid()
            lock.release()

    async def test_one_store_in_one_process_too(self, tmp_path: Path) -> None:
        """The same application started twice; the first goes on undisturbed."""
        async with opened(sqlite(tmp_path), listener := Listener()) as store:
            with pytest.raises(UnusableStore, match=f"pid {os.getpid()}"):
                await sqlite(tmp_path).open(Listener().committed)
            await listener.send(store, ALI)
        await epoch_of(tmp_path)

    def test_release_is_idempotent(self, tmp_path: Path) -> None:
        """And frees it for others."""
        lock = DirectoryLock(tmp_path)
        lock.release()
        lock.acquire()
        lock.release()
        lock.release()
        DirectoryLock(tmp_path).acquire()

    def test_an_unreadable_holder_is_unknown(self, tmp_path: Path) -> None:
        """The lock decides whether a directory is in use, not the contents of the lock file."""
        lock = DirectoryLock(tmp_path)
        assert lock.holder() is None
        lock.acquire()
        (tmp_path / "lock").write_text("?", encoding="utf-8")
        with pytest.raises(UnusableStore, match="pid unknown"):
            DirectoryLock(tmp_path).acquire()
        lock.release()

    async def test_a_directory_that_cannot_be_made(self, tmp_path: Path) -> None:
        """The refusal says which, and what to do."""
        (tmp_path / "file").write_text("", encoding="utf-8")
        with pytest.raises(UnusableStore, match="use another data directory"):
            await sqlite(tmp_path / "file" / "data").open(Listener().committed)
        with pytest.raises(UnusableStore, match="use another data directory"):
            DirectoryLock(tmp_path / "nowhere").acquire()

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
    async def test_nobody_else_may_read(self, tmp_path: Path) -> None:
        """The directory is its owner's alone, and so is the database in a directory that others may read."""
        open_to_all = tmp_path / "open"
        open_to_all.mkdir(mode=0o755)
        await epoch_of(tmp_path / "data")
        await epoch_of(open_to_all)
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
        assert stat.S_IMODE((open_to_all / "suhbat.db").stat().st_mode) == 0o600


class TestEpoch:
    async def test_an_older_copy_put_back(self, tmp_path: Path) -> None:
        """A copy of before the last start has fewer starts than this place remembers."""
        first = await epoch_of(tmp_path, 3)
        shutil.copy(tmp_path / "suhbat.db", tmp_path / "copy")
        assert await epoch_of(tmp_path, 3) == first
        copy(tmp_path / "copy", tmp_path / "suhbat.db")
        second = await epoch_of(tmp_path)
        assert second != first
        assert await epoch_of(tmp_path) == second

    async def test_a_copy_of_the_last_run_put_back(self, tmp_path: Path) -> None:
        """A copy taken while it ran has as many starts, but fewer events than there were at the end."""
        async with opened(sqlite(tmp_path), listener := Listener()) as store:
            await listener.send(store, ALI)
            with sqlite3.connect(tmp_path / "suhbat.db") as raw:
                raw.execute("VACUUM INTO ?", (str(tmp_path / "copy"),))
            raw.close()
            await listener.send(store, ALI)
            first = store.epoch
        copy(tmp_path / "copy", tmp_path / "suhbat.db")
        assert await epoch_of(tmp_path) != first

    async def test_another_file_in_its_place(self, tmp_path: Path) -> None:
        """A database file that was moved here has another epoch, even with the same contents, because its past is
        unknown."""
        first = await epoch_of(tmp_path, 3)
        shutil.copy(tmp_path / "suhbat.db", tmp_path / "copy")
        (tmp_path / "copy").replace(tmp_path / "suhbat.db")
        assert await epoch_of(tmp_path) != first

    @pytest.mark.parametrize(
        "content", [None, "", "{", "[]", '{"epoch": "x"}', '{"epoch": "x", "starts": 1, "inode": 1}']
    )
    async def test_a_database_alone(self, tmp_path: Path, content: str | None) -> None:
        """Without what this place remembers (a restore on another machine), or with nonsense, a new epoch."""
        first = await epoch_of(tmp_path)
        if content is None:
            (tmp_path / "instance").unlink()
        else:
            (tmp_path / "instance").write_text(content, encoding="utf-8")
        second = await epoch_of(tmp_path)
        assert second != first
        assert await epoch_of(tmp_path) == second

    async def test_the_database_gone(self, tmp_path: Path) -> None:
        """A new database is a new history, whatever this place remembers."""
        first = await epoch_of(tmp_path, 3)
        (tmp_path / "suhbat.db").unlink()
        assert await epoch_of(tmp_path) != first

    async def test_killed_and_started_again(self, tmp_path: Path) -> None:
        """After kill -9 the epoch stays: all acknowledged messages are there, so cursors are valid."""
        first = await epoch_of(tmp_path, 3)
        remembered = recall(tmp_path / "instance")
        assert remembered is not None
        assert remembered.events == 3
        remember(tmp_path / "instance", Instance(remembered.epoch, remembered.starts, remembered.inode))
        assert await epoch_of(tmp_path) == first

    def test_remembering_replaces_the_whole_file(self, tmp_path: Path) -> None:
        """Reading returns the contents written last. No other file is left behind."""
        for instance in (Instance("a", 1, 2), Instance("b", 2, 2, 99)):
            remember(tmp_path / "instance", instance)
            assert recall(tmp_path / "instance") == instance
        assert [file.name for file in tmp_path.iterdir()] == ["instance"]


def test_a_new_directory_is_flushed_where_its_name_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each one that had to be made is found again after a power loss; where all were there, there is nothing to flush."""
    flushed: list[Path] = []
    monkeypatch.setattr("suhbat.directories.sync_directory", flushed.append)
    make_directory(tmp_path / "a" / "b" / "data")
    assert sorted(flushed) == [tmp_path, tmp_path / "a", tmp_path / "a" / "b"]
    make_directory(tmp_path / "a" / "b" / "data")
    assert len(flushed) == 3
