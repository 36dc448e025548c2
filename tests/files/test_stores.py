"""The contract of files.store.FileStore, over every implementation."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from suhbat.files.local import LocalFileStore
from suhbat.files.s3 import S3FileStore
from suhbat.files.store import HOLD, FileStore, new_key
from tests import s3


def local(place: Path) -> Callable[[], FileStore]:
    return lambda: LocalFileStore(place / "files")


def shared(place: Path) -> Callable[[], FileStore]:
    return lambda: LocalFileStore(place / "files", shared=True)


def in_s3(place: Path) -> Callable[[], FileStore]:
    server, prefix = s3.s3(), s3.new_prefix()
    return lambda: S3FileStore(s3.bucket(server, prefix))


@pytest.fixture(params=[local, shared, in_s3], ids=["local", "shared", "s3"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], FileStore]:
    """Makes the store of the test, again and again the same."""
    made: Callable[[], FileStore] = request.param(tmp_path)
    return made


@pytest.fixture
def store(make: Callable[[], FileStore]) -> FileStore:
    return make()


def uploaded(store: FileStore, data: bytes, key: str | None = None) -> str:
    """The key of an upload with these bytes."""
    key = key or new_key()
    incoming = store.receive(key, 0)
    incoming.write(data)
    incoming.flush()
    incoming.close()
    return key


def contents(store: FileStore, key: str) -> bytes:
    """The bytes of an upload, or complete ones, as whoever looks at them gets them."""
    with tempfile.TemporaryDirectory() as work:
        data = store.local(key, Path(work)).read_bytes()
    assert store.size(key) == len(data)
    return data


def test_an_upload_in_pieces(store: FileStore) -> None:
    """The bytes are what was written, in the order of writing, across requests and flushes."""
    key = new_key()
    incoming = store.receive(key, 0)
    incoming.write(b"sal")
    incoming.write(b"om")
    incoming.flush()
    incoming.write(b"!")
    incoming.flush()
    incoming.close()
    incoming.close()
    more = store.receive(key, 6)
    more.write(b" hammaga")
    more.flush()
    more.close()
    assert contents(store, key) == b"salom! hammaga"


def test_a_large_upload(store: FileStore) -> None:
    """Writes and flushes of any size, again and again from where the last request ended, give what was written."""
    key, pick = new_key(), random.Random(5)
    data, at = pick.randbytes(7_000_000), 0
    while at < len(data):
        request = store.receive(key, at)
        for _ in range(pick.randrange(1, 4)):
            for _ in range(pick.randrange(1, 4)):
                piece = data[at : at + pick.choice((1, 100, 70_000, 400_000, 1_500_000))]
                request.write(piece)
                at += len(piece)
            request.flush()
        request.close()
    assert contents(store, key) == data


def test_reading_at_any_place(store: FileStore, tmp_path: Path) -> None:
    """Complete bytes can be read from anywhere, in any order, up to their end and not beyond."""
    key, pick = new_key(), random.Random(6)
    data = pick.randbytes(20_000_000)
    (tmp_path / "made").write_bytes(data)
    store.adopt(key, tmp_path / "made")
    assert store.size(key) == len(data) and contents(store, key) == data
    with store.open(key) as file:
        assert file.seek(0, 2) == len(data)
        assert file.read(5) == b""
        for _ in range(20):
            at, length = pick.randrange(len(data)), pick.choice((1, 2, 5_000, 262_144, 3_000_000))
            file.seek(at)
            assert file.read(length) == data[at : at + length]
        file.seek(-3, 2)
        assert file.read() == data[-3:]


def test_what_is_above_the_offset_is_lost(store: FileStore) -> None:
    """A request continues where the last one was acknowledged, whatever came in after that."""
    key = uploaded(store, b"salom, dunyo")
    again = store.receive(key, 5)
    again.write(b"! Yana.")
    again.flush()
    again.close()
    assert contents(store, key) == b"salom! Yana."


def test_a_request_that_comes_late_to_another_node(tmp_path: Path) -> None:
    """It knows an old offset. Until the record tells it, it must not take away what was acknowledged meanwhile."""
    key = uploaded(shared(tmp_path)(), b"salom, dunyo")
    late = shared(tmp_path)().receive(key, 0)
    assert contents(shared(tmp_path)(), key) == b"salom, dunyo"
    late.close()
    assert contents(shared(tmp_path)(), key) == b"salom, dunyo"


def test_an_upload_that_lost_its_bytes(store: FileStore) -> None:
    """It does not go on with a hole."""
    with pytest.raises(OSError):
        store.receive(new_key(), 5)
    key = uploaded(store, b"abc")
    with pytest.raises(OSError):
        store.receive(key, 4)


def test_another_process_continues(make: Callable[[], FileStore]) -> None:
    """Nothing about an upload is in memory only."""
    key = uploaded(make(), b"salom")
    other = make().receive(key, 5)
    other.write(b"!")
    other.flush()
    other.close()
    assert contents(make(), key) == b"salom!"


def test_local_files_are_taken_over(store: FileStore, tmp_path: Path) -> None:
    """As complete bytes and as parts; they are gone afterwards."""
    key = new_key()
    for part in ("", "360"):
        local = tmp_path / f"made{part}"
        local.write_bytes(b"rasm" + part.encode())
        store.adopt(key, local, part)
        assert not local.exists()
    with store.open(key) as whole, store.open(key, "360") as small:
        assert (whole.read(), small.read()) == (b"rasm", b"rasm360")
    with pytest.raises(FileNotFoundError):
        store.open(key, "1440")


def test_removal(store: FileStore, tmp_path: Path) -> None:
    """Bytes go with their parts, and once more costs nothing."""
    key, other = uploaded(store, b"a"), uploaded(store, b"b")
    (tmp_path / "small").write_bytes(b"s")
    store.adopt(key, tmp_path / "small", "360")
    assert sorted(store.keys()) == sorted((key, other))
    for _ in range(2):
        store.remove(key)
        assert list(store.keys()) == [other]
    for part in ("", "360"):
        with pytest.raises(FileNotFoundError):
            store.open(key, part)
        with pytest.raises(FileNotFoundError):
            store.size(key, part)
    with pytest.raises(FileNotFoundError):
        store.local(key, tmp_path)
    store.remove(new_key())


@pytest.mark.parametrize("key", ["", "..", "../../etc/passwd", "a" * 25, "A" * 26, "a" * 26 + "/x", "é" * 26])
def test_a_key_that_is_none(store: FileStore, key: str) -> None:
    """Whatever stands in the database, it leads nowhere outside of the store."""
    with pytest.raises(FileNotFoundError):
        store.open(key)
    with pytest.raises(FileNotFoundError):
        store.open(new_key(), "../x")


def test_a_backup_holds_removals(make: Callable[[], FileStore]) -> None:
    """Whoever makes a backup says so in the store, where all nodes see it."""
    store = make()
    assert store.held_since() is None
    if isinstance(store, LocalFileStore):
        uploaded(store, b"x")
        (store._place / HOLD).touch()
    elif isinstance(store, S3FileStore):
        store._bucket.put(HOLD, b"")
    since = store.held_since()
    assert since is not None and abs(since / 1000 - time.time()) < 3600
    assert HOLD not in list(store.keys())
    store.check()


def test_free_space(store: FileStore) -> None:
    """It is known before the first upload, where it can be known."""
    free = store.free()
    assert free is None or free > 0


def test_the_directory(tmp_path: Path) -> None:
    """At most 256 directories, and everything in them is for the user of the server only."""
    store = LocalFileStore(tmp_path / "files")
    keys = [uploaded(store, b"x") for _ in range(40)]
    directories = list((tmp_path / "files").iterdir())
    assert {directory.name for directory in directories} == {key[:2] for key in keys}
    modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "files").rglob("*")}
    assert modes == {0} or __import__("os").name == "nt"
