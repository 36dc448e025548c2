"""The lock of a data directory. It is a lock of the operating system, so kill -9 releases it too."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from suhbat.directories import make_directory

from . import permissions
from .errors import UnusableStore

_FAR = 1 << 30
"""The byte that is locked on Windows. A locked range cannot be read there, and the process id at the start must be readable."""


class DirectoryLock:
    """Holds the lock on the file `data/lock` from `acquire` to `release`. The file stays."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._path = data / "lock"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock and write this process's id into the file. Raises UnusableStore if another process holds the lock."""
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
        with suppress(OSError):  # the process id is only information
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Release the lock. Idempotent."""
        if self._descriptor is not None:
            os.close(self._descriptor)  # closing the only descriptor releases the lock
            self._descriptor = None

    def is_held(self) -> bool:
        """Whether a process holds the lock. Takes it for a moment to find out; makes no file."""
        if not self._path.exists():
            return False
        try:
            descriptor = os.open(self._path, os.O_RDWR)
        except OSError:
            return True  # a file of another user, where acquiring would fail as well
        try:
            _lock(descriptor)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def holder(self) -> int | None:
        """The process id in the file; None if it cannot be read."""
        try:
            return int(self._path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None


@contextmanager
def owned(data: Path) -> Iterator[None]:
    """Hold the lock of a data directory, which is made if it does not exist. Raises OSError, UnusableStore."""
    make_directory(data)
    lock = DirectoryLock(data)
    lock.acquire()
    try:
        permissions.restrict(data)
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
