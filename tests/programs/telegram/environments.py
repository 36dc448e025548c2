"""Virtual environments with the libraries of Telegram's bots, which cannot be installed beside each other: made once, kept in
the directory for temporary files, and shared by all runs of the tests."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

LIBRARIES = {
    "aiogram": "aiogram==3.31.0",
    "ptb": "python-telegram-bot[webhooks]==22.8",
    "telebot": "pyTelegramBotAPI==4.37.1",
}
"""By the name of the bot in `bots`."""


def python_with(name: str) -> Path:
    """The interpreter of the environment with this library. Several processes may call this at once."""
    wanted = f"{LIBRARIES[name]} {sys.version}"
    digest = hashlib.sha256(wanted.encode()).hexdigest()[:16]
    place = Path(tempfile.gettempdir()) / f"suhbat-bots-{name}-{digest}"
    python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not (place / "complete").exists():
        _make(place, LIBRARIES[name])
    return python


def _make(place: Path, library: str) -> None:
    """Make the environment beside its place, because it is usable only when it is complete. A virtual environment knows its
    path, so it is made with the final one and marked at the end."""
    lock = place.with_suffix(".lock")
    with lock.open("a") as file:
        _lock(file.fileno())
        if (place / "complete").exists():
            return
        shutil.rmtree(place, ignore_errors=True)
        uv = [sys.executable, "-m", "uv", "--quiet"]
        python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        subprocess.run([*uv, "venv", "--python", sys.executable, place], check=True, timeout=60)
        subprocess.run([*uv, "pip", "install", "--python", python, library], check=True, timeout=150)
        (place / "complete").touch()


def _lock(descriptor: int) -> None:
    """Hold the lock until the file is closed."""
    if sys.platform == "win32":
        import msvcrt

        with suppress(OSError):
            msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)
