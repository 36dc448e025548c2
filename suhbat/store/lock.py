"""One process owns a data directory: an operating-system lock, which also kill -9 releases."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import private
from .directory import make_directory
from .errors import UnusableStore

_FAR = 1 << 30
"""Where Windows locks a byte: locked ranges cannot be read there, and the process id at the start should be."""


class DirectoryLock:
    """Holds `data/lock` from `acquire` to `release`. The file stays; what counts is the lock on it."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._path = data / "lock"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock and write this process's id beside it. Raises UnusableStore if another process holds it."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise UnusableStore(
                f"the data directory {self._data} cannot be written to ({error.strerror}); "
                "correct its permissions, or use another data directory (--data, or SUHBAT_DATA)"
            ) from error
        try:
            _lock(descriptor)
        except BlockingIOError:
            os.close(descriptor)
            raise UnusableStore(
                f"the data directory {self._data} is in use by another Suhbat process (pid {self.holder() or 'unknown'}); "
                "stop it, or use another data directory (--data, or SUHBAT_DATA)"
            ) from None
        except OSError as error:
            os.close(descriptor)
            raise UnusableStore(
                f"the data directory {self._data} cannot be locked ({error.strerror}); put it on a local disk"
            ) from error
        with suppress(OSError):  # who holds it is good to know, but the lock is what counts
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go. Idempotent."""
        if self._descriptor is not None:
            os.close(self._descriptor)  # closing the only descriptor of it releases the lock
            self._descriptor = None

    def is_held(self) -> bool:
        """Whether a process holds it now. It is taken for a moment to find out; nothing is made."""
        if not self._path.exists():
            return False
        try:
            descriptor = os.open(self._path, os.O_RDWR)
        except OSError:
            return True  # somebody else's: to write there would be refused as well
        try:
            _lock(descriptor)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def holder(self) -> int | None:
        """The process id that was written last; None if it cannot be read."""
        try:
            return int(self._path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None


@contextmanager
def owned(data: Path) -> Iterator[None]:
    """This process owns the directory, which is made if it is not there. Raises OSError, UnusableStore."""
    make_directory(data)
    lock = DirectoryLock(data)
    lock.acquire()
    try:
        private.keep(data)
        yield
    finally:
        lock.release()


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            raise BlockingIOError from None
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
